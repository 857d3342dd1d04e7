// A string that did not come in one chunk: its bytes are gathered here until it is whole.
//
//   $1048576\r\n <------------ need: 1048576 + 2 ------------> \r\n
//                [ have ........ | room .......... ]  not yet allocated
//
// Memory follows what came, not what was claimed: 1 MiB at first, and then at most four times what is there.

const FIRST_CAPACITY = 1024 * 1024

// Texts are gathered in memory that is used again: fresh pages cost more than the copying (a page fault per 4 KB).
// A few pieces for all parsers of the process, each borrowed by one of them while a text is under way.
const SPARES: Buffer[] = []
const MAX_SPARES = 4
const MIN_SPARE = 64 * 1024 + 2
const MAX_SPARE = FIRST_CAPACITY + 2

const NOTHING = Buffer.alloc(0)

export class PartialBulk {
  #bytes: Buffer = NOTHING
  #have = 0
  #need = 0
  #lent = false

  /** `need` counts the closing CR LF. `toKeep`: the memory will be handed out, so it must be its own. */
  begin(need: number, toKeep: boolean): void {
    this.#have = 0
    this.#need = need
    const capacity = Math.min(need, MAX_SPARE)
    this.#lent = !toKeep
    this.#bytes = toKeep ? Buffer.allocUnsafeSlow(capacity) : borrow(capacity)
  }

  get complete(): boolean {
    return this.#have === this.#need
  }

  /** The bytes, once complete. Valid until `end`, or for ever if they are to be kept. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Bytes that it takes to be complete. */
  get size(): number {
    return this.#need
  }

  /** Copies from a chunk what belongs here; answers how much that was. */
  take(chunk: Buffer, start: number, end: number): number {
    const count = Math.min(end - start, this.#need - this.#have)
    const stop = start + count
    let at = start
    while (at < stop) {
      const part = Math.min(stop - at, this.#room())
      chunk.copy(this.#bytes, this.#have, at, at + part)
      this.#have += part
      at += part
    }
    return count
  }

  /** Where the socket may read into, if at least `min` bytes are still to come. */
  space(min: number): Buffer | undefined {
    if (this.#need - this.#have < min) return undefined
    const room = this.#room()
    return this.#bytes.subarray(this.#have, this.#have + room)
  }

  /** `count` bytes were written into the last `space`. */
  filled(count: number): void {
    this.#have += count
  }

  end(): void {
    if (this.#lent) giveBack(this.#bytes)
    this.#bytes = NOTHING
    this.#have = 0
    this.#need = 0
    this.#lent = false
  }

  /** Bytes that can be stored now; grows when there is no place left. */
  #room(): number {
    const capacity = this.#bytes.length
    if (this.#have === capacity) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#need, capacity * 4))
      this.#bytes.copy(larger, 0, 0, this.#have)
      if (this.#lent) giveBack(this.#bytes)
      this.#lent = false
      this.#bytes = larger
    }
    return Math.min(this.#bytes.length, this.#need) - this.#have
  }
}

function borrow(capacity: number): Buffer {
  for (let i = SPARES.length - 1; i >= 0; i--) {
    const spare = SPARES[i]!
    if (spare.length < capacity) continue
    SPARES.splice(i, 1)
    return spare
  }
  return Buffer.allocUnsafeSlow(Math.max(capacity, MIN_SPARE))
}

// The largest are kept: a small one could not serve a large text.
function giveBack(bytes: Buffer): void {
  if (SPARES.length < MAX_SPARES) {
    SPARES.push(bytes)
    return
  }
  const smallest = SPARES.reduce((least, spare) => (spare.length < least.length ? spare : least))
  if (bytes.length > smallest.length) SPARES[SPARES.indexOf(smallest)] = bytes
}
