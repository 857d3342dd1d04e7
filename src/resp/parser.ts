// RESP2 and RESP3, from bytes to replies. Incremental: a reply may be cut anywhere, no byte is looked at twice
// but for the few of a cut header, and depth is a stack of frames, not of calls.
// https://redis.io/docs/latest/develop/reference/protocol-spec/
//
//   chunk:  ... | *3 \r\n $3 \r\n foo \r\n :1 \r\n $50 \r\n half of a str
//                 │       │                        └ PartialBulk: its bytes are gathered until it is whole
//                 │       └ a value: added to the frame on top; a full frame is a value of the frame below
//                 └ a Frame
//
// The chunk's memory belongs to whoever pushed it and is reused for the next: whatever survives is copied.
import { isAscii } from 'node:buffer'
import {
  IntegerRangeError,
  ProtocolError,
  ReplyError,
  type TextTooLongError,
  type UnrepresentableReplyError,
} from '../core/errors.js'
import { Frame, FrameKind } from './frame.js'
import { type Limits, resolveLimits } from './limits.js'
import { ownBytes } from './own-bytes.js'
import { PartialBulk } from './partial-bulk.js'
import {
  BAD_LENGTH,
  CR,
  findLineEnd,
  LF,
  NULL_LENGTH,
  STREAMED_LENGTH,
  scanBigNumber,
  scanDouble,
  scanInteger,
  scanLength,
  showByte,
} from './scan.js'
import { decodeText, latin1Text, utf8Text } from './text.js'
import { Push, type Reply, ReplyMode, RespMap } from './types.js'

/** More bytes are needed. */
export const INCOMPLETE: unique symbol = Symbol('slotwise.resp.incomplete')
// Something was read that is no value in itself: the head of an aggregate, an attribute, a part of a streamed string.
const NOTHING: unique symbol = Symbol('slotwise.resp.nothing')

type Value = Reply | Push | typeof NOTHING

const Stage = { AT_VALUE: 0, IN_LINE: 1, IN_BULK: 2, DEAD: 3 } as const
type Stage = (typeof Stage)[keyof typeof Stage]

const BulkKind = { TEXT: 0, ERROR: 1, VERBATIM: 2, PART: 3 } as const
type BulkKind = (typeof BulkKind)[keyof typeof BulkKind]

// Inside a push: blobs are Buffers, simple strings text, and no integer is out of range.
const IN_PUSH = 4
const PUSH_MODE = ReplyMode.BUFFER | IN_PUSH

// A bulk of which this much is to come is worth a read of its own, straight into its memory.
const MIN_DIRECT_READ = 16 * 1024
// Short texts inside aggregates are substrings of a window of the chunk, decoded at once (see #windowText).
const WINDOW = 4096
const MAX_WINDOWED = 512

// A type byte and the digits that a number surely holds without loss.
const MAX_DIGITS = 16
// A carried line is seldom longer; the memory for one that was is not kept.
const MAX_KEPT_LINE = 1024

const EMPTY = Buffer.alloc(0)

export class Parser {
  readonly #maxBulkBytes: number
  readonly #maxElements: number
  readonly #maxDepth: number
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
  readonly #frames: Frame[] = []
  #depth = 0
  #elements = 0
  #flaw: UnrepresentableReplyError | undefined = undefined

  /** A line that began in an earlier chunk. */
  #line: Buffer = EMPTY
  #lineLength = 0
  #bulkKind: BulkKind = BulkKind.TEXT
  readonly #bulk = new PartialBulk()

  #window = ''
  #windowStart = 0
  #windowEnd = 0
  #failure: ProtocolError | undefined = undefined

  constructor(limits?: Partial<Limits>) {
    const resolved = resolveLimits(limits)
    this.#maxBulkBytes = resolved.maxBulkBytes
    this.#maxElements = resolved.maxElements
    this.#maxDepth = resolved.maxDepth
    this.#maxLineBytes = resolved.maxLineBytes
  }

  /** Bytes consumed since the connection began. */
  get offset(): number {
    return this.#base + this.#pos
  }

  /**
   * Hands over `chunk[start, end)`. Then call `read` until it answers INCOMPLETE; from there on the chunk's memory
   * is free again. Throws the ProtocolError that ended the stream, if one did.
   */
  push(chunk: Buffer, start: number, end: number): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#pos !== this.#end) throw new Error('push() before read() had answered INCOMPLETE')
    const consumed = this.#pos - start
    this.#base += consumed
    this.#replyAt -= consumed
    this.#chunk = chunk
    this.#pos = start
    this.#end = end
    this.#windowEnd = 0
  }

  /**
   * The next complete reply or push, or INCOMPLETE. `mode` is that of the command whose reply is next; pushes do not
   * heed it. Throws ProtocolError for what is no RESP or beyond a ceiling; then the stream is lost, and so is every
   * later call.
   */
  read(mode: ReplyMode): Reply | Push | typeof INCOMPLETE {
    if (this.#depth !== 0 || this.#stage !== Stage.AT_VALUE) return this.#readOn(mode)

    const chunk = this.#chunk
    const pos = this.#pos
    const end = this.#end
    if (pos === end) return INCOMPLETE
    this.#replyAt = pos
    this.#elements = 0
    // The three most frequent replies, whole in this chunk; whatever does not look right is left to #readOn.
    switch (chunk[pos]) {
      case 0x2b: // +OK\r\n
        if (
          pos + 5 <= end &&
          chunk[pos + 1] === 0x4f &&
          chunk[pos + 2] === 0x4b &&
          chunk[pos + 3] === CR &&
          chunk[pos + 4] === LF &&
          (mode & ReplyMode.BUFFER) === 0
        ) {
          this.#pos = pos + 5
          return 'OK'
        }
        break
      case 0x24: {
        // $<length>\r\n<bytes>\r\n
        const most = Math.min(end, pos + MAX_DIGITS)
        let at = pos + 1
        let length = 0
        for (; at < most; at++) {
          const digit = chunk[at]! ^ 0x30
          if (digit > 9) break
          length = length * 10 + digit
        }
        const start = at + 2
        const stop = start + length
        if (
          stop + 2 <= end &&
          chunk[at] === CR &&
          at > pos + 1 &&
          chunk[at + 1] === LF &&
          chunk[stop] === CR &&
          chunk[stop + 1] === LF &&
          length <= this.#maxBulkBytes
        ) {
          this.#pos = stop + 2
          if ((mode & ReplyMode.BUFFER) !== 0) return ownBytes(chunk, start, stop)
          return decodeText(chunk, start, stop)
        }
        break
      }
      case 0x3a: {
        // :<digits>\r\n, none of which can be lost
        const most = Math.min(end, pos + MAX_DIGITS)
        let at = pos + 1
        let value = 0
        for (; at < most; at++) {
          const digit = chunk[at]! ^ 0x30
          if (digit > 9) break
          value = value * 10 + digit
        }
        if (at + 2 <= end && chunk[at] === CR && chunk[at + 1] === LF && at > pos + 1) {
          this.#pos = at + 2
          return (mode & ReplyMode.BIGINT) === 0 ? value : BigInt(value)
        }
        break
      }
    }
    return this.#readOn(mode)
  }

  /**
   * Where the socket may read into, when in the midst of a large string: saves copying it out of a chunk. Ask again
   * before every read; after one, call `filled` in place of `push`.
   */
  nextBuffer(): Buffer | undefined {
    return this.#stage === Stage.IN_BULK ? this.#bulk.space(MIN_DIRECT_READ) : undefined
  }

  /** `count` bytes were read into what `nextBuffer` answered last. Then call `read` until INCOMPLETE. */
  filled(count: number): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#base += count
    this.#replyAt -= count
    this.#bulk.filled(count)
  }

  /** Everything `read` does not do at a glance. */
  #readOn(mode: ReplyMode): Reply | Push | typeof INCOMPLETE {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#depth === 0 && this.#stage !== Stage.IN_BULK) this.#mode = mode
    for (;;) {
      if (this.#stage === Stage.AT_VALUE && this.#depth > 0) {
        const whole = this.#readElements()
        if (whole !== NOTHING) return whole
      }
      const value =
        this.#stage === Stage.AT_VALUE
          ? this.#readValue()
          : this.#stage === Stage.IN_LINE
            ? this.#readRestOfLine()
            : this.#readRestOfBulk()
      if (value === INCOMPLETE) return INCOMPLETE
      const whole = this.#place(value)
      if (whole !== NOTHING) return whole
    }
  }

  /** Puts a value where it belongs. Answers the reply if that made it whole. */
  #place(value: Value): Value {
    let placed = value
    for (;;) {
      if (this.#depth === 0) return placed === NOTHING ? NOTHING : this.#finish(placed)
      const frame = this.#frames[this.#depth - 1]!
      if (placed !== NOTHING) {
        frame.items.push(placed as Reply)
        frame.left--
        if (frame.left < 0) this.#countElements(1)
      }
      if (frame.left !== 0) return NOTHING
      placed = this.#close(frame)
    }
  }

  #finish(value: Reply | Push): Reply | Push {
    const flaw = this.#flaw
    if (flaw === undefined) return value
    this.#flaw = undefined
    return value instanceof Push ? value : flaw
  }

  // ---- aggregates ----

  #open(kind: FrameKind, count: number): typeof NOTHING {
    const depth = this.#depth
    if (depth === this.#maxDepth) this.#fail(`replies nested more than maxDepth = ${this.#maxDepth} deep`)
    const elements = kind === FrameKind.MAP || kind === FrameKind.ATTRIBUTE ? count * 2 : count
    if (count > 0) this.#countElements(elements)
    const frame = depth < this.#frames.length ? this.#frames[depth]! : new Frame()
    this.#frames[depth] = frame
    this.#depth = depth + 1
    frame.kind = kind
    frame.items = []
    frame.left = count === STREAMED_LENGTH ? -1 : elements
    frame.bytes = 0
    if (kind === FrameKind.ATTRIBUTE) {
      frame.outerFlaw = this.#flaw
    } else if (kind === FrameKind.PUSH) {
      this.#mode = PUSH_MODE
    }
    return NOTHING
  }

  #close(frame: Frame): Value {
    this.#depth--
    const items = frame.items
    frame.items = []
    switch (frame.kind) {
      case FrameKind.ARRAY:
        return items
      case FrameKind.MAP:
        return new RespMap(items)
      case FrameKind.PUSH:
        return new Push(items)
      case FrameKind.ATTRIBUTE:
        this.#flaw = frame.outerFlaw
        return NOTHING
      case FrameKind.TEXT:
        return this.#joinParts(items as Buffer[])
    }
  }

  #countElements(count: number): void {
    this.#elements += count
    if (this.#elements > this.#maxElements) {
      this.#fail(`a reply of more than maxElements = ${this.#maxElements} elements`)
    }
  }

  /**
   * The quick way through the elements of open aggregates: short texts, small integers, and aggregates of them. Stops
   * at whatever is something else or not whole. Answers the reply if that completed it.
   */
  #readElements(): Value {
    const chunk = this.#chunk
    const end = this.#end
    const asText = (this.#mode & ReplyMode.BUFFER) === 0
    const asNumber = (this.#mode & ReplyMode.BIGINT) === 0
    let frame = this.#frames[this.#depth - 1]!
    let pos = this.#pos
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
      if (start > end || at === pos + 1 || chunk[at] !== CR || chunk[at + 1] !== LF) break
      const type = chunk[pos]
      let value: Value
      if (type === 0x24) {
        const stop = start + number
        if (stop + 2 > end || number > MAX_WINDOWED || number > this.#maxBulkBytes) break
        if (chunk[stop] !== CR || chunk[stop + 1] !== LF) break
        value = asText ? this.#windowText(chunk, start, stop) : ownBytes(chunk, start, stop)
        pos = stop + 2
      } else if (type === 0x3a) {
        value = asNumber ? number : BigInt(number)
        pos = start
      } else if (type === 0x2a) {
        value = this.#open(FrameKind.ARRAY, number)
        pos = start
      } else if (type === 0x25) {
        value = this.#open(FrameKind.MAP, number)
        pos = start
      } else {
        break
      }
      if (value !== NOTHING && frame.left > 1) {
        frame.items.push(value as Reply)
        frame.left--
        continue
      }
      const whole = this.#place(value)
      if (whole !== NOTHING || this.#depth === 0) {
        this.#pos = pos
        return whole
      }
      frame = this.#frames[this.#depth - 1]!
    }
    this.#pos = pos
    return NOTHING
  }

  // A native call per short text costs four times what a substring does. A substring keeps the string alive of which
  // it is a part, so windows are small: a field that somebody keeps holds WINDOW bytes at most, not the chunk.
  #windowText(chunk: Buffer, start: number, stop: number): string {
    if (stop > this.#windowEnd) {
      const windowEnd = Math.min(this.#end, start + WINDOW)
      // Unless all of it is ASCII, each text of this window is decoded by itself.
      this.#window = isAscii(chunk.subarray(start, windowEnd)) ? latin1Text(chunk, start, windowEnd) : ''
      this.#windowStart = start
      this.#windowEnd = windowEnd
    }
    if (this.#window === '') return utf8Text(chunk, start, stop)
    return this.#window.substring(start - this.#windowStart, stop - this.#windowStart)
  }

  // ---- lines ----

  #readValue(): Value | typeof INCOMPLETE {
    const chunk = this.#chunk
    const pos = this.#pos
    const end = this.#end
    if (pos === end) return INCOMPLETE
    const lineEnd = findLineEnd(chunk, pos, end)
    if (lineEnd === -1) {
      this.#checkType(chunk[pos]!)
      this.#lineLength = 0
      if (this.#line.length > MAX_KEPT_LINE) this.#line = EMPTY
      this.#keepLine(pos, end)
      this.#stage = Stage.IN_LINE
      return INCOMPLETE
    }
    this.#pos = lineEnd + 2
    return this.#readLine(chunk, pos, lineEnd)
  }

  #readRestOfLine(): Value | typeof INCOMPLETE {
    const chunk = this.#chunk
    const pos = this.#pos
    const end = this.#end
    if (pos === end) return INCOMPLETE
    // The CR may have been the last byte of what is kept.
    if (chunk[pos] === LF && this.#line[this.#lineLength - 1] === CR) {
      this.#pos = pos + 1
      this.#stage = Stage.AT_VALUE
      return this.#readLine(this.#line, 0, this.#lineLength - 1)
    }
    const lineEnd = findLineEnd(chunk, pos, end)
    if (lineEnd === -1) {
      this.#keepLine(pos, end)
      return INCOMPLETE
    }
    this.#keepLine(pos, lineEnd)
    this.#pos = lineEnd + 2
    this.#stage = Stage.AT_VALUE
    return this.#readLine(this.#line, 0, this.#lineLength)
  }

  /** Keeps `chunk[start, end)` of a line that is not whole. */
  #keepLine(start: number, end: number): void {
    const length = this.#lineLength + end - start
    // One more for the type, one for a CR.
    if (length > this.#maxLineBytes + 2) this.#failLine()
    if (length > this.#line.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(64, length * 2))
      this.#line.copy(larger, 0, 0, this.#lineLength)
      this.#line = larger
    }
    this.#chunk.copy(this.#line, this.#lineLength, start, end)
    this.#lineLength = length
    this.#pos = end
  }

  /** `<type><content>`, without its CR LF. */
  #readLine(bytes: Buffer, start: number, end: number): Value | typeof INCOMPLETE {
    if (end - start - 1 > this.#maxLineBytes) this.#failLine()
    const from = start + 1
    const type = bytes[start]!
    if (this.#depth > 0 && this.#frames[this.#depth - 1]!.kind === FrameKind.TEXT && type !== 0x3b) {
      this.#fail(`expected ';', a part of a streamed string, got ${showByte(type)}`)
    }
    switch (type) {
      case 0x2b: // +<text>
        return (this.#mode & (ReplyMode.BUFFER | IN_PUSH)) === ReplyMode.BUFFER
          ? ownBytes(bytes, from, end)
          : this.#flawed(decodeText(bytes, from, end))
      case 0x2d: // -<message>
        return new ReplyError(utf8Text(bytes, from, end))
      case 0x3a: // :<integer>
        return this.#integer(scanInteger(bytes, from, end))
      case 0x24: // $<length>, $-1, $?
        return this.#readBulk(BulkKind.TEXT, this.#length(bytes, from, end))
      case 0x21: // !<length>
        return this.#readBulk(BulkKind.ERROR, this.#count(bytes, from, end))
      case 0x3d: // =<length>
        return this.#readBulk(BulkKind.VERBATIM, this.#count(bytes, from, end))
      case 0x3b: // ;<length>, ;0
        return this.#readPart(this.#count(bytes, from, end))
      case 0x2a: {
        // *<count>, *-1, *?
        const count = this.#length(bytes, from, end)
        return count === NULL_LENGTH ? null : this.#open(FrameKind.ARRAY, count)
      }
      case 0x7e: // ~<count>, ~?
        return this.#open(FrameKind.ARRAY, this.#countOrStreamed(bytes, from, end))
      case 0x25: // %<pairs>, %?
        return this.#open(FrameKind.MAP, this.#countOrStreamed(bytes, from, end))
      case 0x7c: // |<pairs>, |?
        return this.#open(FrameKind.ATTRIBUTE, this.#countOrStreamed(bytes, from, end))
      case 0x3e: // ><count>
        if (this.#depth > 0) this.#fail('a push inside another reply')
        return this.#open(FrameKind.PUSH, this.#count(bytes, from, end))
      case 0x2e: // .
        return this.#endStream(from === end)
      case 0x5f: // _
        if (from !== end) this.#fail("expected nothing after '_'")
        return null
      case 0x23: // #t, #f
        if (end - from === 1 && bytes[from] === 0x74) return true
        if (end - from === 1 && bytes[from] === 0x66) return false
        return this.#fail("expected 't' or 'f' after '#'")
      case 0x2c: // ,<double>
        return scanDouble(bytes, from, end) ?? this.#fail("expected a double after ','")
      case 0x28: // (<big number>
        return scanBigNumber(latin1Text(bytes, from, end)) ?? this.#fail("expected an integer after '('")
      default:
        return this.#failType(type)
    }
  }

  #integer(value: number | bigint | undefined): Value {
    if (value === undefined) this.#fail("expected an integer of 64 bits after ':'")
    if ((this.#mode & ReplyMode.BIGINT) !== 0) return BigInt(value)
    if (typeof value === 'number' || (this.#mode & IN_PUSH) !== 0) return value
    return this.#flawed(new IntegerRangeError())
  }

  #length(bytes: Buffer, start: number, end: number): number {
    const length = scanLength(bytes, start, end)
    if (length === BAD_LENGTH) this.#fail(`expected a length after ${showByte(bytes[start - 1]!)}`)
    return length
  }

  #count(bytes: Buffer, start: number, end: number): number {
    const length = this.#length(bytes, start, end)
    if (length < 0) this.#fail(`expected a length after ${showByte(bytes[start - 1]!)}`)
    return length
  }

  #countOrStreamed(bytes: Buffer, start: number, end: number): number {
    const length = this.#length(bytes, start, end)
    if (length === NULL_LENGTH) this.#fail(`expected a length after ${showByte(bytes[start - 1]!)}`)
    return length
  }

  #endStream(alone: boolean): Value {
    const frame = this.#depth > 0 ? this.#frames[this.#depth - 1]! : undefined
    if (frame === undefined || frame.left >= 0 || !alone) this.#fail("'.' where no streamed aggregate ends")
    const pairs = frame.kind === FrameKind.MAP || frame.kind === FrameKind.ATTRIBUTE
    if (pairs && frame.items.length % 2 !== 0) this.#fail('a streamed map ends after a key without a value')
    return this.#close(frame)
  }

  // ---- strings ----

  #readBulk(kind: BulkKind, length: number): Value | typeof INCOMPLETE {
    if (length === NULL_LENGTH) return null
    if (length === STREAMED_LENGTH) return this.#open(FrameKind.TEXT, STREAMED_LENGTH)
    if (length > this.#maxBulkBytes) {
      this.#fail(`a string of ${length} bytes, more than maxBulkBytes = ${this.#maxBulkBytes}`)
    }
    const start = this.#pos
    const stop = start + length
    if (stop + 2 <= this.#end) {
      this.#checkBulkEnd(this.#chunk, stop)
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
    const bytes = bulk.bytes
    const stop = bulk.size - 2
    this.#checkBulkEnd(bytes, stop)
    const value = this.#bulkValue(this.#bulkKind, bytes, 0, stop, true)
    bulk.end()
    return value
  }

  #checkBulkEnd(bytes: Buffer, at: number): void {
    if (bytes[at] !== CR || bytes[at + 1] !== LF)
      this.#fail('expected CR LF after a string of the length announced')
  }

  /** `owned`: the bytes may be handed out as they are. */
  #bulkValue(kind: BulkKind, bytes: Buffer, start: number, stop: number, owned: boolean): Value {
    let from = start
    if (kind === BulkKind.VERBATIM) {
      // txt:<text>
      if (stop - start < 4 || bytes[start + 3] !== 0x3a)
        this.#fail('expected a format of three letters and a colon')
      from = start + 4
    } else if (kind === BulkKind.ERROR) {
      const message = decodeText(bytes, start, stop)
      return typeof message === 'string' ? new ReplyError(message) : this.#flawed(message)
    } else if (kind === BulkKind.PART) {
      return owned ? bytes.subarray(from, stop) : ownBytes(bytes, from, stop)
    }
    if ((this.#mode & ReplyMode.BUFFER) === 0) return this.#flawed(decodeText(bytes, from, stop))
    return owned ? bytes.subarray(from, stop) : ownBytes(bytes, from, stop)
  }

  // $?\r\n ;<length>\r\n<bytes>\r\n ... ;0\r\n
  #readPart(length: number): Value | typeof INCOMPLETE {
    const frame = this.#depth > 0 ? this.#frames[this.#depth - 1]! : undefined
    if (frame === undefined || frame.kind !== FrameKind.TEXT) this.#fail("';' outside a streamed string")
    if (length === 0) return this.#close(frame)
    frame.bytes += length
    if (frame.bytes > this.#maxBulkBytes) {
      this.#fail(`a streamed string of more than maxBulkBytes = ${this.#maxBulkBytes} bytes`)
    }
    return this.#readBulk(BulkKind.PART, length)
  }

  #joinParts(parts: readonly Buffer[]): Value {
    const whole = Buffer.concat(parts)
    return this.#bulkValue(BulkKind.TEXT, whole, 0, whole.length, true)
  }

  // ---- what cannot be ----

  /** A value that cannot be shown makes the whole reply one: no part of a reply is silently wrong. */
  #flawed(value: string | TextTooLongError | IntegerRangeError): string | UnrepresentableReplyError {
    if (typeof value !== 'string') this.#flaw ??= value
    return value
  }

  #checkType(type: number): void {
    if (!TYPES.includes(String.fromCharCode(type))) this.#failType(type)
  }

  #failType(type: number): never {
    return this.#fail(`expected the type of a reply, got ${showByte(type)}`)
  }

  #failLine(): never {
    return this.#fail(`a line of more than maxLineBytes = ${this.#maxLineBytes} bytes`)
  }

  #fail(what: string): never {
    const offset = this.#base + this.#replyAt
    const failure = new ProtocolError(`malformed reply at byte ${offset} of the connection: ${what}`, offset)
    this.#failure = failure
    this.#stage = Stage.DEAD
    this.#chunk = EMPTY
    this.#line = EMPTY
    this.#frames.length = 0
    this.#depth = 0
    this.#bulk.end()
    throw failure
  }
}

const TYPES = '+-:$*_,#!=(~%|>;.'
