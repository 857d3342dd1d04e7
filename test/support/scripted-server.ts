// A TCP server that does what it is told: for what a real one cannot be made to do. Each connection runs the script;
// what a script throws is thrown again by `close`, so that a test cannot pass over it.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What a server that knows RESP3 answers to HELLO 3. */
export const HELLO_REPLY = '%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n'

export type Script = (peer: Peer, index: number) => Promise<void> | void

/** One connection, seen from the server. */
export class Peer {
  /** What came, as the socket gave it: one entry per read. */
  readonly chunks: Buffer[] = []
  readonly #socket: Socket
  readonly #commands: string[][] = []
  #rest: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      this.#rest = Buffer.concat([this.#rest, chunk])
      this.#rest = takeCommands(this.#rest, this.#commands)
      this.#wake?.()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
    // A client that leaves in anger is part of many scripts.
    socket.on('error', () => {})
  }

  /** The next command, its words as latin1; undefined when the client has left. */
  async next(): Promise<string[] | undefined> {
    while (this.#commands.length === 0 && !this.#ended) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#commands.shift()
  }

  /** Takes the next command, which must be this one (its first words, where it has more). */
  async expect(...words: string[]): Promise<string[]> {
    const command = await this.next()
    if (command === undefined) throw new Error(`expected ${words.join(' ')}, but the client left`)
    if (words.some((word, i) => command[i] !== word)) {
      throw new Error(`expected ${words.join(' ')}, got ${command.join(' ')}`)
    }
    return command
  }

  /** Expects HELLO 3 and answers as a server that knows it. */
  async greet(): Promise<void> {
    await this.expect('HELLO', '3')
    this.reply(HELLO_REPLY)
  }

  /** Answers every command alike until the client leaves. */
  async answerAll(reply: string | ((command: string[]) => string)): Promise<void> {
    for (let command = await this.next(); command !== undefined; command = await this.next()) {
      this.reply(typeof reply === 'string' ? reply : reply(command))
    }
  }

  reply(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Writes one byte after the other, each in a segment of its own. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.#socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
  }

  /** Writes, and ends politely. */
  last(bytes: string | Buffer): void {
    this.#socket.end(bytes)
  }

  /** Ends politely (FIN). */
  end(): void {
    this.#socket.end()
  }

  /** Cuts the connection (RST). */
  cut(): void {
    this.#socket.resetAndDestroy()
  }

  /** Resolves when the client has closed the connection. */
  async left(): Promise<void> {
    if (!this.#ended) await new Promise(resolve => this.#socket.once('close', resolve))
  }
}

export class ScriptedServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #failures: unknown[] = []
  readonly peers: Peer[] = []
  #closed = false

  constructor(script: Script) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      const peer = new Peer(socket)
      const index = this.peers.push(peer) - 1
      new Promise<void>(resolve => resolve(script(peer, index))).catch((error: unknown) => {
        if (!this.#closed) this.#failures.push(error)
        socket.destroy()
      })
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get host(): string {
    return '127.0.0.1'
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  /** Connections taken so far. */
  get dials(): number {
    return this.peers.length
  }

  /** Ends everything; throws what the first failed script threw. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

export function scriptedServer(script: Script): Promise<ScriptedServer> {
  return new ScriptedServer(script).listen()
}

/** A port of this machine on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

// *2\r\n$3\r\nGET\r\n$1\r\nk\r\n
function takeCommands(bytes: Buffer, into: string[][]): Buffer {
  let rest = bytes
  for (;;) {
    const taken = takeCommand(rest)
    if (taken === undefined) return rest
    into.push(taken.words)
    rest = rest.subarray(taken.end)
  }
}

function takeCommand(bytes: Buffer): { words: string[]; end: number } | undefined {
  const head = lineAt(bytes, 0)
  if (head === undefined) return undefined
  const words: string[] = []
  let at = head.end
  for (let i = 0; i < Number(head.text.slice(1)); i++) {
    const size = lineAt(bytes, at)
    if (size === undefined) return undefined
    const length = Number(size.text.slice(1))
    if (bytes.length < size.end + length + 2) return undefined
    words.push(bytes.toString('latin1', size.end, size.end + length))
    at = size.end + length + 2
  }
  return { words, end: at }
}

function lineAt(bytes: Buffer, start: number): { text: string; end: number } | undefined {
  const end = bytes.indexOf('\r\n', start)
  return end === -1 ? undefined : { text: bytes.toString('latin1', start, end), end: end + 2 }
}
