// Attempts that are not with a node: some wait for a topology, some for the end of a pause. Bounded in number, and by
// each caller's deadline.
import { OverloadedError } from '../core/errors.js'
import { type HeapEntry, MinHeap } from '../core/heap.js'
import type { Sweepable } from '../core/sweeper.js'

export interface Waiter extends HeapEntry {
  readonly settled: boolean
  readonly deadline: number
  /** The wait is over: try again. */
  wake(): void
  /** The caller's deadline has passed. */
  expire(): void
  reject(error: Error): void
}

export class WaitingRoom implements Sweepable {
  readonly #max: number
  readonly #resting = new MinHeap<Waiter>()
  #parked: Waiter[] = []
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#parked.length + this.#resting.size
  }
  get parked(): number {
    return this.#parked.length
  }

  /** Waits for `release`. False, and not taken, when the room is full. */
  park(waiter: Waiter): boolean {
    if (this.size >= this.#max) return false
    this.#parked.push(waiter)
    return true
  }

  /**
   * Waits until `waiter.time` (milliseconds of `performance.now()`), or its deadline if that is sooner. False, and not
   * taken, when the room is full.
   */
  rest(waiter: Waiter): boolean {
    if (this.size >= this.#max) return false
    waiter.time = Math.min(waiter.time, waiter.deadline)
    this.#resting.push(waiter)
    this.#schedule()
    return true
  }

  /** A topology is there: all that are parked try again, in the order they came. */
  release(): void {
    const parked = this.#parked
    this.#parked = []
    for (const waiter of parked) if (!waiter.settled) waiter.wake()
  }

  /** Ends every wait with this error. */
  rejectAll(error: (waiter: Waiter) => Error): void {
    const parked = this.#parked
    this.#parked = []
    for (const waiter of parked) waiter.reject(error(waiter))
    for (let waiter = this.#resting.pop(); waiter !== undefined; waiter = this.#resting.pop()) {
      waiter.reject(error(waiter))
    }
    this.#stopTimer()
  }

  /** Ends the wait of those that are parked for a topology, with this error. */
  rejectParked(error: (waiter: Waiter) => Error): void {
    const parked = this.#parked
    this.#parked = []
    for (const waiter of parked) waiter.reject(error(waiter))
  }

  sweep(now: number): void {
    if (this.#parked.length === 0) return
    for (const waiter of this.#parked) if (!waiter.settled && waiter.deadline <= now) waiter.expire()
    this.#parked = this.#parked.filter(waiter => !waiter.settled)
  }

  /** The refusal; `cause` is why the command had to wait. */
  full(cause?: Error): OverloadedError {
    const message = `${this.#max} commands wait for a node already`
    return new OverloadedError(message, 'router.maxWaiting', cause === undefined ? {} : { cause })
  }

  #schedule(): void {
    const next = this.#resting.peek()
    if (next === undefined) return this.#stopTimer()
    if (next.time >= this.#timerAt) return
    this.#stopTimer()
    this.#timerAt = next.time
    this.#timer = setTimeout(this.#wake, Math.max(0, Math.ceil(next.time - performance.now())))
  }

  readonly #wake = (): void => {
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    for (
      let next = this.#resting.peek();
      next !== undefined && next.time <= now;
      next = this.#resting.peek()
    ) {
      this.#resting.remove(next)
      if (next.settled) continue
      if (next.deadline <= now) next.expire()
      else next.wake()
    }
    this.#schedule()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }
}
