// RESP2 and RESP3, from bytes to replies. Incremental: a reply may be cut anywhere, and what was read is not read again.
// https://redis.io/docs/latest/develop/reference/protocol-spec/
//
//   chunk: ... │ *3\r\n  $3\r\nfoo\r\n  :1\r\n  $50000\r\nthe first half of
//                  │        │             │        └ PartialBulk: gathers the bytes until the string is whole
//                  │        └─────────────┴ values, placed into
//                  └ a frame of Nesting
//
// The chunk's memory belongs to whoever pushed it and holds the next chunk soon: whatever survives is copied, and
// INCOMPLETE means that nothing of the chunk is needed any more.
import { ProtocolError } from '../core/errors.js'
import { type Limits, resolveLimits } from './limits.js'
import { Malformed, malformed, showByte } from './malformed.js'
import { FrameKind, Nesting, NOTHING, STREAMED, type Value } from './nesting.js'
import { MAX_INLINE_BYTES, ownBytes } from './own-bytes.js'
import { PartialBulk } from './partial-bulk.js'
import { PartialLine } from './partial-line.js'
import { PUSH_MODE, readError, readScalar, readText } from './scalar.js'
import { CR, findLineEnd, LF, NULL_LENGTH, STREAMED_LENGTH, scanLength } from './scan.js'
import { decodeText } from './text.js'
import { type Push, type Reply, ReplyMode } from './types.js'
import { ByteWindow, MAX_COPIED_TEXT, MAX_WINDOWED, TextWindow } from './window.js'

/** More bytes are needed. */
export const INCOMPLETE: unique symbol = Symbol('slotwise.resp.incomplete')

const Stage = { AT_VALUE: 0, IN_LINE: 1, IN_BULK: 2, DEAD: 3 } as const
type Stage = (typeof Stage)[keyof typeof Stage]

const BulkKind = { TEXT: 0, ERROR: 1, VERBATIM: 2, PART: 3 } as const
type BulkKind = (typeof BulkKind)[keyof typeof BulkKind]

// A string of which this much is still to come is worth reads of its own, straight into its memory.
const MIN_DIRECT_READ = 16 * 1024
// A type byte and the digits that a number surely holds without loss.
const MAX_DIGITS = 16

const TYPES = Buffer.from('+-:$*_,#!=(~%|>;.')
const EMPTY = Buffer.alloc(0)

export class Parser {
  readonly #maxBulkBytes: number
  readonly #maxLineBytes: number

  #chunk: Buffer = EMPTY
  #pos = 0
  #end = 0
  /** Bytes consumed in all, less `#pos`. */
  #base = 0
  /** Where the current reply began, relative to the chunk; negative if in an earlier one. */
  #replyAt = 0

  #stage: Stage = Stage.AT_VALUE
  #mode: ReplyMode = 0
  #failure: Error | undefined = undefined
  readonly #nesting: Nesting
  readonly #line = new PartialLine()
  readonly #bulk = new PartialBulk()
  #bulkKind: BulkKind = BulkKind.TEXT
  readonly #texts = new TextWindow()
  readonly #byteStrings = new ByteWindow()
  /** Very short texts met at top level in this chunk. */
  #shortTexts = 0

  constructor(limits?: Partial<Limits>) {
    const resolved = resolveLimits(limits)
    this.#maxBulkBytes = resolved.maxBulkBytes
    this.#maxLineBytes = resolved.maxLineBytes
    this.#nesting = new Nesting(resolved)
  }

  /** Bytes consumed since the connection began. */
  get offset(): number {
    return this.#base + this.#pos
  }

  /**
   * Hands over `chunk[start, end)`. Then call `read` until it answers INCOMPLETE; from there on the chunk's memory is
   * free again.
   */
  push(chunk: Buffer, start: number, end: number): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#pos !== this.#end) throw new Error('push() before read() had answered INCOMPLETE')
    this.#move(this.#pos - start)
    this.#chunk = chunk
    this.#pos = start
    this.#end = end
    this.#texts.reset()
    this.#byteStrings.reset()
    this.#shortTexts = 0
  }

  /**
   * The next whole reply or push, or INCOMPLETE. `mode` is that of the command whose reply is due; pushes do not heed it.
   * Throws a ProtocolError for what is no RESP or is beyond a ceiling. The stream is lost then: so does every later call.
   */
  read(mode: ReplyMode): Reply | Push | typeof INCOMPLETE {
    if (this.#stage !== Stage.AT_VALUE || this.#nesting.depth !== 0) return this.#readOn(mode)

    const chunk = this.#chunk
    const pos = this.#pos
    const end = this.#end
    if (pos === end) return INCOMPLETE
    this.#replyAt = pos
    // The three most frequent replies, if whole in this chunk; whatever is not just so is left to #readOn.
    const type = chunk[pos]
    if (type === 0x2b) {
      if ((mode & ReplyMode.BUFFER) === 0 && isOk(chunk, pos, end)) {
        this.#pos = pos + 5
        return 'OK'
      }
    } else if (type === 0x24 || type === 0x3a) {
      const most = Math.min(end, pos + MAX_DIGITS)
      let at = pos + 1
      let number = 0
      for (; at < most; at++) {
        const digit = chunk[at]! ^ 0x30
        if (digit > 9) break
        number = number * 10 + digit
      }
      const start = at + 2
      if (start <= end && at > pos + 1 && chunk[at] === CR && chunk[at + 1] === LF) {
        // :<number>\r\n
        if (type === 0x3a) {
          this.#pos = start
          return (mode & ReplyMode.BIGINT) === 0 ? number : BigInt(number)
        }
        // $<number>\r\n<bytes>\r\n
        const stop = start + number
        if (stop + 2 <= end && chunk[stop] === CR && chunk[stop + 1] === LF && number <= this.#maxBulkBytes) {
          this.#pos = stop + 2
          if ((mode & ReplyMode.BUFFER) !== 0) return ownBytes(chunk, start, stop)
          // One or two very short ones are decoded by themselves; then it is taken for the rule.
          if (number <= MAX_COPIED_TEXT && (this.#texts.covers(stop) || this.#shortTexts++ > 1)) {
            return this.#texts.text(chunk, start, stop, end)
          }
          return decodeText(chunk, start, stop)
        }
      }
    }
    return this.#readOn(mode)
  }

  /**
   * Where the socket may read into when in the midst of a long string, which saves copying it out of a chunk. Ask before
   * every read; after a read into it, call `filled` in place of `push`.
   */
  nextBuffer(): Buffer | undefined {
    return this.#stage === Stage.IN_BULK ? this.#bulk.space(MIN_DIRECT_READ) : undefined
  }

  /** `count` bytes were read into what `nextBuffer` answered last. Then call `read` until INCOMPLETE. */
  filled(count: number): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#bulk.filled(count)
    this.#move(count)
  }

  /** The origin of positions moves by `count` bytes. */
  #move(count: number): void {
    this.#base += count
    this.#replyAt -= count
  }

  /** Everything that `read` does not do at a glance. */
  #readOn(mode: ReplyMode): Reply | Push | typeof INCOMPLETE {
    if (this.#failure !== undefined) throw this.#failure
    const nesting = this.#nesting
    if (nesting.depth === 0 && this.#stage !== Stage.IN_BULK) {
      this.#mode = mode
      nesting.begin()
    }
    try {
      for (;;) {
        let value: Value | typeof INCOMPLETE = NOTHING
        if (this.#stage === Stage.IN_LINE) value = this.#readRestOfLine()
        else if (this.#stage === Stage.IN_BULK) value = this.#readRestOfBulk()
        else {
          if (nesting.depth > 0) value = this.#readElements()
          if (value !== NOTHING) return value as Reply | Push
          value = this.#readValue()
        }
        if (value === INCOMPLETE) return INCOMPLETE
        const whole = nesting.place(value)
        if (whole !== NOTHING) return whole
      }
    } catch (error) {
      throw this.#die(error as Error)
    }
  }

  /**
   * The quick way through open aggregates: texts and Buffers that are short, integers, OK, and aggregates of them. Stops
   * at whatever is something else or not whole. Answers the reply if that completed it.
   */
  #readElements(): Value {
    const chunk = this.#chunk
    const end = this.#end
    const nesting = this.#nesting
    const asText = (this.#mode & ReplyMode.BUFFER) === 0
    const asNumber = (this.#mode & ReplyMode.BIGINT) === 0
    let pos = this.#pos
    let frame = nesting.top
    if (frame.kind === FrameKind.TEXT) return NOTHING
    for (;;) {
      // <type><digits>\r\n
      const most = Math.min(end, pos + MAX_DIGITS)
      let at = pos + 1
      let number = 0
      for (; at < most; at++) {
        const digit = chunk[at]! ^ 0x30
        if (digit > 9) break
        number = number * 10 + digit
      }
      const start = at + 2
      const type = chunk[pos]
      let value: Value
      if (start > end || at === pos + 1 || chunk[at] !== CR || chunk[at + 1] !== LF) {
        if (!asText || !isOk(chunk, pos, end)) break
        value = 'OK'
        pos += 5
      } else if (type === 0x24) {
        const stop = start + number
        if (stop + 2 > end || number > MAX_WINDOWED || number > this.#maxBulkBytes) break
        if (chunk[stop] !== CR || chunk[stop + 1] !== LF) break
        if (asText) value = this.#texts.text(chunk, start, stop, end)
        else if (number <= MAX_INLINE_BYTES) value = ownBytes(chunk, start, stop)
        else value = this.#byteStrings.bytes(chunk, start, stop, end)
        pos = stop + 2
      } else if (type === 0x3a) {
        value = asNumber ? number : BigInt(number)
        pos = start
      } else if (type === 0x2a) {
        value = nesting.open(FrameKind.ARRAY, number)
        pos = start
      } else if (type === 0x25) {
        value = nesting.open(FrameKind.MAP, number)
        pos = start
      } else {
        break
      }
      if (value !== NOTHING && frame.left > 1) {
        frame.items[frame.filled++] = value as Reply
        frame.left--
        continue
      }
      this.#pos = pos
      const whole = nesting.place(value)
      if (whole !== NOTHING || nesting.depth === 0) return whole
      frame = nesting.top
    }
    this.#pos = pos
    return NOTHING
  }

  #readValue(): Value | typeof INCOMPLETE {
    const chunk = this.#chunk
    const pos = this.#pos
    if (pos === this.#end) return INCOMPLETE
    const lineEnd = findLineEnd(chunk, pos, this.#end)
    if (lineEnd !== -1) {
      this.#pos = lineEnd + 2
      return this.#readLine(chunk, pos, lineEnd)
    }
    // Other protocols are found out by their first byte.
    if (!TYPES.includes(chunk[pos]!)) refuseType(chunk[pos]!)
    this.#line.begin()
    this.#stage = Stage.IN_LINE
    return this.#readRestOfLine()
  }

  #readRestOfLine(): Value | typeof INCOMPLETE {
    const line = this.#line
    this.#pos = line.take(this.#chunk, this.#pos, this.#end)
    if (line.complete) {
      this.#stage = Stage.AT_VALUE
      return this.#readLine(line.bytes, 0, line.length)
    }
    // A type, the line, and perhaps its CR.
    if (line.length > this.#maxLineBytes + 2) this.#refuseLine()
    return INCOMPLETE
  }

  /** `<type><content>`, its CR LF left out. */
  #readLine(bytes: Buffer, start: number, end: number): Value | typeof INCOMPLETE {
    const from = start + 1
    const type = bytes[start]!
    const nesting = this.#nesting
    if (end - from > this.#maxLineBytes) this.#refuseLine()
    if (nesting.depth > 0 && nesting.top.kind === FrameKind.TEXT && type !== 0x3b) {
      malformed(`expected ';', a part of a streamed string, got ${showByte(type)}`)
    }
    switch (type) {
      case 0x24: // $<length>, $-1, $?
        return this.#readBulk(BulkKind.TEXT, scanLength(bytes, from, end))
      case 0x2a: // *<count>, *-1, *?
        return this.#open(FrameKind.ARRAY, scanLength(bytes, from, end), type)
      case 0x25: // %<pairs>, %?
        return this.#open(FrameKind.MAP, scanLength(bytes, from, end), type)
      case 0x7e: // ~<count>, ~?
        return this.#open(FrameKind.ARRAY, scanLength(bytes, from, end), type)
      case 0x7c: // |<pairs>, |?
        return this.#open(FrameKind.ATTRIBUTE, scanLength(bytes, from, end), type)
      case 0x3e: // ><count>
        return this.#open(FrameKind.PUSH, scanLength(bytes, from, end), type)
      case 0x21: // !<length>
        return this.#readBulk(BulkKind.ERROR, scanLength(bytes, from, end))
      case 0x3d: // =<length>
        return this.#readBulk(BulkKind.VERBATIM, scanLength(bytes, from, end))
      case 0x3b: // ;<length>, ;0
        return this.#readPart(scanLength(bytes, from, end))
      case 0x2e: // .
        return from === end ? nesting.endStream() : malformed("expected nothing after '.'")
      default: {
        const value = readScalar(bytes, start, end, this.#mode, nesting)
        return value === undefined ? refuseType(type) : value
      }
    }
  }

  #open(kind: FrameKind, count: number, type: number): Value {
    if (count === NULL_LENGTH && kind === FrameKind.ARRAY && type === 0x2a) return null
    if (count === STREAMED_LENGTH && kind !== FrameKind.PUSH) return this.#nesting.open(kind, STREAMED)
    if (count < 0) malformed(`expected a count after ${showByte(type)}`)
    if (kind === FrameKind.PUSH) {
      if (this.#nesting.depth > 0) malformed('a push within a reply')
      this.#mode = PUSH_MODE
    }
    return this.#nesting.open(kind, count)
  }

  #readBulk(kind: BulkKind, length: number): Value | typeof INCOMPLETE {
    if (length < 0) {
      if (kind === BulkKind.TEXT && length === NULL_LENGTH) return null
      if (kind === BulkKind.TEXT && length === STREAMED_LENGTH)
        return this.#nesting.open(FrameKind.TEXT, STREAMED)
      malformed('expected a length')
    }
    if (length > this.#maxBulkBytes) {
      malformed(`a string of ${length} bytes, more than maxBulkBytes = ${this.#maxBulkBytes}`)
    }
    const start = this.#pos
    const stop = start + length
    if (stop + 2 <= this.#end) {
      this.#pos = stop + 2
      return this.#bulkValue(kind, this.#chunk, start, stop, false)
    }
    const toKeep =
      kind === BulkKind.PART || (kind !== BulkKind.ERROR && (this.#mode & ReplyMode.BUFFER) !== 0)
    this.#bulk.begin(length + 2, toKeep)
    this.#bulkKind = kind
    this.#stage = Stage.IN_BULK
    return this.#readRestOfBulk()
  }

  #readRestOfBulk(): Value | typeof INCOMPLETE {
    const bulk = this.#bulk
    this.#pos += bulk.take(this.#chunk, this.#pos, this.#end)
    if (!bulk.complete) return INCOMPLETE
    this.#stage = Stage.AT_VALUE
    const value = this.#bulkValue(this.#bulkKind, bulk.bytes, 0, bulk.size - 2, true)
    bulk.end()
    return value
  }

  /** `bytes[start, stop)` and a CR LF. `isOwn`: the bytes may be handed out as they are. */
  #bulkValue(kind: BulkKind, bytes: Buffer, start: number, stop: number, isOwn: boolean): Value {
    if (bytes[stop] !== CR || bytes[stop + 1] !== LF) {
      malformed('expected CR LF after a string of the length announced')
    }
    if (kind === BulkKind.ERROR) return readError(bytes, start, stop, this.#nesting)
    let from = start
    if (kind === BulkKind.VERBATIM) {
      // =15\r\ntxt:Some string\r\n
      if (stop - start < 4 || bytes[start + 3] !== 0x3a)
        malformed("expected a format of three letters and ':'")
      from = start + 4
    } else if (kind === BulkKind.PART) {
      return isOwn ? bytes.subarray(from, stop) : ownBytes(bytes, from, stop)
    }
    if ((this.#mode & ReplyMode.BUFFER) === 0) return readText(bytes, from, stop, this.#nesting)
    return isOwn ? bytes.subarray(from, stop) : ownBytes(bytes, from, stop)
  }

  // $?\r\n  ;4\r\nHell\r\n  ;1\r\no\r\n  ;0\r\n
  #readPart(length: number): Value | typeof INCOMPLETE {
    const nesting = this.#nesting
    const frame = nesting.top
    if (nesting.depth === 0 || frame.kind !== FrameKind.TEXT)
      malformed("';' where no streamed string is open")
    if (length < 0) malformed("expected a length after ';'")
    if (length > 0) {
      frame.bytes += length
      if (frame.bytes > this.#maxBulkBytes) {
        malformed(`a streamed string of more bytes than maxBulkBytes = ${this.#maxBulkBytes}`)
      }
      return this.#readBulk(BulkKind.PART, length)
    }
    // Of a text frame the items are Buffers.
    const whole = Buffer.concat(nesting.close() as Buffer[])
    return (this.#mode & ReplyMode.BUFFER) === 0 ? readText(whole, 0, whole.length, this.#nesting) : whole
  }

  #refuseLine(): never {
    return malformed(`a line of more than maxLineBytes = ${this.#maxLineBytes} bytes`)
  }

  /** Nothing can be read any more; what was under way is let go. */
  #die(error: Error): Error {
    const at = this.#base + this.#replyAt
    const failure =
      error instanceof Malformed
        ? new ProtocolError(`malformed reply at byte ${at} of the connection: ${error.message}`, at)
        : error
    this.#failure = failure
    this.#stage = Stage.DEAD
    this.#chunk = EMPTY
    this.#bulk.end()
    this.#nesting.clear()
    return failure
  }
}

// +OK\r\n
function isOk(bytes: Buffer, at: number, end: number): boolean {
  return (
    at + 5 <= end &&
    bytes[at] === 0x2b &&
    bytes[at + 1] === 0x4f &&
    bytes[at + 2] === 0x4b &&
    bytes[at + 3] === CR &&
    bytes[at + 4] === LF
  )
}

function refuseType(type: number): never {
  return malformed(`expected the type of a reply, got ${showByte(type)}`)
}
