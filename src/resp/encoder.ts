// Commands to bytes. The commands of one tick become one string, written at once: concatenation is the cheapest encoder
// there is in JavaScript, and most of what it cost was counting bytes. So they are not counted: every string is taken
// for ASCII, and the finished text is checked at once (0.2 ns per byte in place of 40 ns per argument).
//
//   *2\r\n$3\r\nGET │ \r\n$5\r\n │ key:1 │ \r\n*2\r\n$3\r\nGET │ \r\n$5\r\n │ key:2 │ \r\n
//   head              bulk head    arg     head                                      by take()
//
// A text that turns out to hold something else is encoded again, carefully: as bytes, one per char code (latin1), with
// the UTF-8 of such strings and the bytes of Buffers in their places. Careful it stays until a batch was all ASCII.
// Strings are UTF-8 on the wire; a lone surrogate is sent as U+FFFD.
import { isAscii } from 'node:buffer'
import { latin1Text } from './text.js'

type Args = readonly (string | Buffer)[]

const CACHED = 1024
// The CR LF that opens a head closes what stands before.
const BULK_HEADS: readonly string[] = Array.from({ length: CACHED }, (_, length) => `\r\n$${length}\r\n`)

// Heads of commands by name and count of arguments; bounded, since names may be the user's.
const MAX_HEADS = 1024
const MAX_HEAD_ARGS = 16
const COMMAND_HEADS = new Map<string, string[]>()
const FIRST_HEADS = new Map<string, string[]>()

// From here on a string is a piece of its own. Each piece costs the socket some 2 µs, joining some 4 µs per 16 KB.
const LONG_STRING = 16 * 1024
// Buffers, and strings that are not ASCII, up to this size join the text; longer ones are pieces of their own.
const MAX_JOINED = 4096
const SCRATCH = Buffer.allocUnsafeSlow(3 * MAX_JOINED)
// The text is cut into pieces, none of which comes near the longest string (2^29 units) or takes long to flatten.
const MAX_PIECE = 256 * 1024
// Places kept for the commands of the next batch.
const MAX_KEPT_BATCH = 4096
const NO_ARGS: Args = []
// A loop over char codes up to here, a native call above.
const SHORT_STRING = 48

export class Encoder {
  #text = ''
  #pieces: (string | Buffer)[] = []
  /** Bytes in `#pieces`. */
  #bytes = 0
  /** The commands since `take`, in `[0, #count)`, in case they have to be encoded again. */
  readonly #batch: Args[] = []
  #count = 0
  #isCareful = false
  /** Careful, and met something that is not ASCII: in the text, in the batch. */
  #isBinary = false
  #wasBinary = false

  /** About how many bytes wait. */
  get bytes(): number {
    return this.#bytes + this.#text.length
  }

  /**
   * Adds one command, its name first. Call `take` in the same turn of the event loop. Buffers, unless they are short, are
   * not copied: leave them alone until the reply has come.
   */
  append(args: Args): void {
    const isFirst = this.#count === 0
    this.#batch[this.#count++] = args
    if (this.#isCareful) {
      this.#appendCarefully(args, isFirst)
      return
    }
    let text = isFirst ? commandHead(args, FIRST_HEADS) : this.#text + commandHead(args, COMMAND_HEADS)
    for (let i = 1; i < args.length; i++) {
      const arg = args[i]!
      const length = arg.length
      let isOwnPiece = false
      if (typeof arg === 'string') {
        if (length < LONG_STRING) text = text + bulkHead(length) + arg
        else isOwnPiece = true
      } else if (length <= MAX_JOINED) {
        text = text + bulkHead(length) + latin1Text(arg, 0, length)
      } else {
        isOwnPiece = true
      }
      if (!isOwnPiece && text.length < MAX_PIECE) continue
      if (!isAsciiText(text) || (isOwnPiece && typeof arg === 'string' && !isAsciiText(arg))) {
        this.#encodeAgain()
        return
      }
      this.#text = text
      if (isOwnPiece) this.#appendPiece(arg)
      else this.#cut()
      text = ''
    }
    this.#text = text
  }

  /** The batch in order, usually as one piece; the encoder is empty then. Text is ASCII. */
  take(): (string | Buffer)[] {
    if (this.#count === 0) return []
    this.#text += '\r\n'
    if (!this.#isCareful && !isAsciiText(this.#text)) {
      this.#encodeAgain()
      this.#text += '\r\n'
    }
    let pieces: (string | Buffer)[]
    if (this.#pieces.length === 0 && !this.#isBinary) {
      pieces = [this.#text]
    } else {
      this.#cut()
      pieces = this.#pieces
      this.#pieces = []
      this.#bytes = 0
    }
    this.#text = ''
    this.#forget()
    this.#isCareful = this.#wasBinary
    this.#wasBinary = false
    return pieces
  }

  #appendCarefully(args: Args, isFirst: boolean): void {
    this.#text += isFirst ? `*${args.length}` : `\r\n*${args.length}`
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!
      if (typeof arg === 'string') this.#appendString(arg)
      else this.#appendBuffer(arg)
      if (this.#text.length >= MAX_PIECE) this.#cut()
    }
  }

  #appendString(arg: string): void {
    const length = arg.length
    if (length > MAX_JOINED) {
      if (isAsciiText(arg)) {
        if (length < LONG_STRING) this.#text = this.#text + bulkHead(length) + arg
        else this.#appendPiece(arg)
      } else {
        this.#wasBinary = true
        this.#appendPiece(Buffer.from(arg))
      }
    } else if (length <= SHORT_STRING && isAsciiString(arg)) {
      this.#text = this.#text + bulkHead(length) + arg
    } else {
      const size = SCRATCH.write(arg)
      if (size === length) {
        this.#text = this.#text + bulkHead(length) + arg
      } else {
        this.#isBinary = true
        this.#text = this.#text + bulkHead(size) + latin1Text(SCRATCH, 0, size)
      }
    }
  }

  #appendBuffer(arg: Buffer): void {
    const length = arg.length
    if (length > MAX_JOINED) {
      this.#appendPiece(arg)
    } else {
      this.#isBinary ||= !isAscii(arg)
      this.#text = this.#text + bulkHead(length) + latin1Text(arg, 0, length)
    }
  }

  /** Not all was ASCII, and the lengths of text are wrong. */
  #encodeAgain(): void {
    this.#text = ''
    this.#pieces = []
    this.#bytes = 0
    this.#isCareful = true
    for (let i = 0; i < this.#count; i++) this.#appendCarefully(this.#batch[i]!, i === 0)
  }

  // Setting the length of a short array to 0 would make it allocate anew each time.
  #forget(): void {
    const batch = this.#batch
    if (this.#count > MAX_KEPT_BATCH) batch.length = 0
    else batch.fill(NO_ARGS, 0, this.#count)
    this.#count = 0
  }

  #appendPiece(piece: string | Buffer): void {
    this.#text += bulkHead(piece.length)
    this.#cut()
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }

  #cut(): void {
    const text = this.#text
    this.#pieces.push(this.#isBinary ? Buffer.from(text, 'latin1') : text)
    this.#bytes += text.length
    this.#text = ''
    this.#wasBinary ||= this.#isBinary
    this.#isBinary = false
  }
}

function bulkHead(length: number): string {
  return length < CACHED ? BULK_HEADS[length]! : `\r\n$${length}\r\n`
}

/** The count of arguments and the name, behind a CR LF except in `FIRST_HEADS`. */
function commandHead(args: Args, cache: Map<string, string[]>): string {
  const count = args.length
  const name = args[0]!
  if (typeof name !== 'string' || count >= MAX_HEAD_ARGS) return makeHead(name, count, cache)
  const heads = cache.get(name)
  if (heads === undefined) {
    if (cache.size < MAX_HEADS && isAsciiString(name)) cache.set(name, [])
    return makeHead(name, count, cache)
  }
  // No gaps, whatever count comes first.
  for (let i = heads.length; i <= count; i++) heads.push(flat(makeHead(name, i, cache)))
  return heads[count]!
}

function makeHead(name: string | Buffer, count: number, cache: Map<string, string[]>): string {
  const text = typeof name === 'string' ? name : latin1Text(name, 0, name.length)
  return `${cache === FIRST_HEADS ? '' : '\r\n'}*${count}\r\n$${name.length}\r\n${text}`
}

/** The same ASCII text in one part: what is copied often should not have to be gathered each time. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** Flattens the text if it is not, which its writing would have to do anyway. */
function isAsciiText(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

function isAsciiString(text: string): boolean {
  if (text.length > SHORT_STRING) return isAsciiText(text)
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false
  }
  return true
}
