// Asks a server one question, or a few in a row, over a connection made for it.
//
// Deliberately separate from the library's own encoder, parser and connection: what starts and inspects servers in
// the library's tests must not share the faults of what is tested. So it is small and plain: RESP2, one connection
// per conversation, the answer parsed anew as each chunk arrives, one deadline over all.
import { createConnection, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  ProtocolError,
  ReplyError,
} from '../core/errors.js'

/** What a server answered: text, a number, nothing, or a list of these. Integers beyond 2^53 stay text. */
export type ProbeReply = string | number | null | ProbeReply[]

/** One question: the command's name and its arguments. */
export type Question = readonly (string | number | Buffer)[]

/** Where to ask, and as whom. */
export interface ProbeTarget {
  readonly host: string
  readonly port: number
  /** Asked here rather than over TCP, where given. */
  readonly socketPath?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Contents of PEM files. */
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | undefined
}

export interface ProbeOptions {
  /** From dialling to the last answer. Default: 5,000 ms. */
  readonly timeoutMs?: number
  /** Of text both ways; `latin1` carries any bytes unharmed. Default: `utf8`. */
  readonly encoding?: BufferEncoding
}

/** Asks one question. Rejects with {@link ReplyError} when the server answers with an error. */
export async function ask(
  target: ProbeTarget,
  question: Question,
  options?: ProbeOptions,
): Promise<ProbeReply> {
  const answers = await askAll(target, [question], options)
  return answers[0]!
}

/** Asks several questions on one connection, in order. Rejects at the first error. */
export function askAll(
  target: ProbeTarget,
  questions: readonly Question[],
  { timeoutMs = 5_000, encoding = 'utf8' }: ProbeOptions = {},
): Promise<ProbeReply[]> {
  const address = target.socketPath ?? `${target.host}:${target.port}`
  const all = [...authentication(target), ...questions]
  return new Promise((resolve, reject) => {
    const answers: ProbeReply[] = []
    let received: Buffer = Buffer.alloc(0)
    let isConnected = false

    const socket = dial(target, () => {
      isConnected = true
      for (const question of all) socket.write(encode(question, encoding))
    })
    const timer = setTimeout(() => {
      const waitedFor = isConnected ? `an answer to ${nameOf(all[answers.length])}` : 'a connection'
      end(new DeadlineExceededError(`${waitedFor} from ${address}`, isConnected ? 'unknown' : 'not-sent'))
    }, timeoutMs)
    const end = (error?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      if (error === undefined) resolve(answers.slice(all.length - questions.length))
      else reject(error)
    }

    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      while (answers.length < all.length) {
        const parsed = parse(received, 0, encoding)
        if (parsed === undefined) return
        if (parsed.value instanceof Error) return end(parsed.value)
        answers.push(parsed.value)
        received = received.subarray(parsed.next)
      }
      end()
    })
    socket.on('error', error => {
      end(
        isConnected
          ? new ConnectionLostError(address, 'unknown', { cause: error })
          : new ConnectError(address, 'connect', { cause: error }),
      )
    })
    socket.on('close', () => end(new ConnectionLostError(address, isConnected ? 'unknown' : 'not-sent')))
  })
}

function authentication({ username, password }: ProbeTarget): Question[] {
  if (password === undefined) return []
  return [username === undefined ? ['AUTH', password] : ['AUTH', username, password]]
}

function dial({ host, port, socketPath, tls }: ProbeTarget, onConnected: () => void): Socket {
  if (socketPath !== undefined) return createConnection({ path: socketPath }, onConnected)
  if (tls === undefined) return createConnection({ host, port, noDelay: true }, onConnected)
  // The chain is verified, the name is not: we started that process ourselves, and test certificates seldom name an IP.
  return connectTls({ host, port, ...tls, checkServerIdentity: () => undefined }, onConnected)
}

function nameOf(question: Question | undefined): string {
  return question === undefined ? 'nothing' : String(question[0])
}

// *<count>\r\n then per argument $<bytes>\r\n<the bytes>\r\n
function encode(question: Question, encoding: BufferEncoding): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${question.length}\r\n`)]
  for (const argument of question) {
    const bytes = Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument), encoding)
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

interface Parsed {
  readonly value: ProbeReply | Error
  readonly next: number
}

// +text  -error  :integer  $bytes\r\n…  *count\r\n…   each ended by \r\n; a length of -1 is null.
// Answers undefined while the reply is not whole.
function parse(bytes: Buffer, from: number, encoding: BufferEncoding): Parsed | undefined {
  const end = bytes.indexOf('\r\n', from)
  if (end === -1) return undefined
  const line = bytes.toString(encoding, from + 1, end)
  const next = end + 2
  switch (bytes[from]) {
    case 0x2b: // +
      return { value: line, next }
    case 0x2d: // -
      return { value: new ReplyError(line), next }
    case 0x3a: // :
      return { value: Number.isSafeInteger(Number(line)) ? Number(line) : line, next }
    case 0x24: {
      // $
      const length = Number(line)
      if (length === -1) return { value: null, next }
      if (bytes.length < next + length + 2) return undefined
      return { value: bytes.toString(encoding, next, next + length), next: next + length + 2 }
    }
    case 0x2a: // *
      return parseList(bytes, next, Number(line), encoding)
    default:
      return { value: new ProtocolError(`no RESP2 type starts with byte ${bytes[from]}`, from), next }
  }
}

function parseList(bytes: Buffer, from: number, count: number, encoding: BufferEncoding): Parsed | undefined {
  if (count === -1) return { value: null, next: from }
  const list: ProbeReply[] = []
  let next = from
  while (list.length < count) {
    const parsed = parse(bytes, next, encoding)
    if (parsed === undefined) return undefined
    next = parsed.next
    // An error inside a list (of EXEC) is told as its text: the list itself did succeed.
    list.push(parsed.value instanceof Error ? parsed.value.message : parsed.value)
  }
  return { value: list, next }
}
