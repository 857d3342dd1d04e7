// A time-out that accuses nobody for what this process did not read: where the event loop was blocked when it should have
// fired, it waits once more, and then until the sockets have been read.

/** So much later than it should, and the event loop was blocked. */
const STALL_MS = 100

export class Timeout {
  readonly #ms: number
  readonly #onDue: () => void
  #timer: NodeJS.Timeout
  #dueAt: number
  #isSecond = false
  #isOver = false

  constructor(ms: number, onDue: () => void) {
    this.#ms = ms
    this.#onDue = onDue
    this.#dueAt = performance.now() + ms
    this.#timer = setTimeout(this.#fire, ms)
  }

  clear(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  readonly #fire = (): void => {
    const lateMs = performance.now() - this.#dueAt
    if (this.#isSecond || lateMs <= STALL_MS) {
      setImmediate(this.#end)
      return
    }
    // As long as was lost, and no longer than it was given.
    const moreMs = Math.min(this.#ms, lateMs)
    this.#isSecond = true
    this.#dueAt = performance.now() + moreMs
    this.#timer = setTimeout(this.#fire, moreMs)
  }

  readonly #end = (): void => {
    if (this.#isOver) return
    this.#isOver = true
    this.#onDue()
  }
}
