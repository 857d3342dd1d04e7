// A line that did not come in one chunk. Lines are short (a type and a number, mostly), so it is simply put together.
import { CR, findLineEnd, LF } from './scan.js'

// The memory of a longer one is not kept for the next.
const MAX_KEPT = 1024
const MIN_CAPACITY = 64

const NOTHING = Buffer.alloc(0)

export class PartialLine {
  /** The line so far, in `bytes[0, length)`; without its CR LF once complete. */
  bytes: Buffer = NOTHING
  length = 0
  complete = false

  begin(): void {
    if (this.bytes.length > MAX_KEPT) this.bytes = NOTHING
    this.length = 0
    this.complete = false
  }

  /** Takes from `chunk[start, end)` what belongs to the line; answers where that ends. */
  take(chunk: Buffer, start: number, end: number): number {
    // The CR may have been the last byte of what came before.
    if (start < end && chunk[start] === LF && this.length > 0 && this.bytes[this.length - 1] === CR) {
      this.length--
      this.complete = true
      return start + 1
    }
    const lineEnd = findLineEnd(chunk, start, end)
    this.complete = lineEnd !== -1
    this.#append(chunk, start, this.complete ? lineEnd : end)
    return this.complete ? lineEnd + 2 : end
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const length = this.length + end - start
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_CAPACITY, length * 2))
      this.bytes.copy(larger, 0, 0, this.length)
      this.bytes = larger
    }
    chunk.copy(this.bytes, this.length, start, end)
    this.length = length
  }
}
