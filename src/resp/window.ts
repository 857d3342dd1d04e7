// Short strings of a reply, cut from a stretch of the chunk that was taken over at once. A native call per string costs
// 120 ns and more; a part of what is already there costs 30 (text) or 100 (Buffer).
//
//   chunk:  ... $5\r\nfield\r\n$7\r\nanother\r\n$3\r\nfoo\r\n$2\r\n ...
//                     └───────────── window ─────────────┘
//
// Whoever keeps such a string keeps the window, so windows are small: one kept field holds WINDOW_BYTES at most (twice
// that if it is not ASCII), not the chunk of 64 KB. Larger ones would be a few per cent faster.
import { isAscii, isUtf8 } from 'node:buffer'
import { sharedMemory } from './own-bytes.js'
import { latin1Text, utf8Text, wideText } from './text.js'

const WINDOW_BYTES = 4096
/** Longer strings are worth a call, and memory, of their own. */
export const MAX_WINDOWED = 512
/** V8 copies a substring that is shorter than 13 units, so these keep nothing. */
export const MAX_COPIED_TEXT = 12

const Kind = { ASCII: 0, UTF8: 1, BINARY: 2 } as const
type Kind = (typeof Kind)[keyof typeof Kind]

export class TextWindow {
  #end = 0
  #kind: Kind = Kind.ASCII
  #text = ''
  /** Where the window, or in UTF-8 what is still unread of it, begins: in the chunk, and in the text. */
  #byteAt = 0
  #unitAt = 0

  /** The chunk's memory is about to change. */
  reset(): void {
    this.#end = 0
  }

  /** Is all of the chunk up to `stop` taken over already? */
  covers(stop: number): boolean {
    return stop <= this.#end
  }

  /** `chunk[start, stop)` as text; never before what was asked for last. `chunk[stop, stop + 2)` must be a CR LF, `end` beyond. */
  text(chunk: Buffer, start: number, stop: number, end: number): string {
    if (stop > this.#end) this.#open(chunk, start, end)
    if (this.#kind === Kind.ASCII) return this.#text.substring(start - this.#byteAt, stop - this.#byteAt)
    return this.#kind === Kind.UTF8 ? this.#wide(chunk, start, stop) : utf8Text(chunk, start, stop)
  }

  #open(chunk: Buffer, start: number, end: number): void {
    let windowEnd = Math.min(end, start + WINDOW_BYTES)
    const bytes = chunk.subarray(start, windowEnd)
    this.#byteAt = start
    this.#unitAt = 0
    if (isAscii(bytes)) {
      this.#kind = Kind.ASCII
      this.#text = latin1Text(chunk, start, windowEnd)
    } else {
      // Never ends within a character. The CR LF after the string asked for stops this in time.
      while (chunk[windowEnd - 1]! > 0x7f) windowEnd--
      this.#kind =
        wideText !== undefined && isUtf8(bytes.subarray(0, windowEnd - start)) ? Kind.UTF8 : Kind.BINARY
      this.#text = this.#kind === Kind.UTF8 ? wideText!(chunk, start, windowEnd) : ''
    }
    this.#end = windowEnd
  }

  #wide(chunk: Buffer, start: number, stop: number): string {
    const from = this.#unitAt + countUnits(chunk, this.#byteAt, start)
    const to = from + countUnits(chunk, start, stop)
    this.#byteAt = stop
    this.#unitAt = to
    return this.#text.substring(from, to)
  }
}

/** UTF-16 units of valid UTF-8. */
function countUnits(bytes: Buffer, start: number, stop: number): number {
  let units = 0
  let at = start
  while (at < stop) {
    const lead = bytes[at]!
    units++
    if (lead < 0x80) {
      at++
      // ASCII comes in runs, four at a time: half the time of one by one.
      while (at + 4 <= stop && (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) < 0x80) {
        at += 4
        units += 4
      }
    } else if (lead < 0xe0) {
      at += 2
    } else if (lead < 0xf0) {
      at += 3
    } else {
      at += 4
      units++
    }
  }
  return units
}

export class ByteWindow {
  #start = 0
  #end = 0
  #bytes: Buffer | undefined

  /** The chunk's memory is about to change. */
  reset(): void {
    this.#end = 0
  }

  /** A copy of `chunk[start, stop)`, which must not exceed {@link MAX_WINDOWED}. */
  bytes(chunk: Buffer, start: number, stop: number, end: number): Buffer {
    if (stop > this.#end) {
      this.#start = start
      this.#end = Math.min(end, start + WINDOW_BYTES)
      this.#bytes = sharedMemory(this.#end - start)
      chunk.copy(this.#bytes, 0, start, this.#end)
    }
    return this.#bytes!.subarray(start - this.#start, stop - this.#start)
  }
}
