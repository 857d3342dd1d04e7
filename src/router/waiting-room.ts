// Commands that are with no node: some stand in the line of a node that does not serve, or of a slot without an owner;
// some rest alone until the end of a pause. Bounded in number, in bytes, and by each caller's deadline.
import { OverloadedError } from '../core/errors.js'
import { type HeapEntry, MinHeap } from '../core/heap.js'
import type { Sweepable } from '../core/sweeper.js'
import type { Node } from '../node/node.js'
import { type HeldBecause, Line, type Waiter } from './line.js'

export interface Rester extends Waiter, HeapEntry {}

export interface Ceilings {
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
}

export class WaitingRoom implements Sweepable {
  readonly #ceilings: Ceilings
  readonly #lines = new Map<Node | undefined, Line>()
  readonly #resting = new MinHeap<Rester>()
  #count = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(ceilings: Ceilings) {
    this.#ceilings = ceilings
  }

  /** Commands that wait, in lines and alone. */
  get size(): number {
    return this.#count
  }
  /** Bytes of their arguments. */
  get bytes(): number {
    return this.#bytes
  }
  get resting(): number {
    return this.#resting.size
  }
  get lines(): Iterable<Line> {
    return this.#lines.values()
  }

  /** A node of any slot is held: the only question while all is well. */
  get anyHeld(): boolean {
    return this.#lines.size > 0
  }
  isHeld(node: Node): boolean {
    return this.#lines.has(node)
  }
  lineOf(node: Node | undefined): Line | undefined {
    return this.#lines.get(node)
  }

  /** New commands for this node wait from now on. */
  hold(node: Node | undefined, why: HeldBecause): Line {
    let line = this.#lines.get(node)
    if (line === undefined) {
      line = new Line(node, why)
      this.#lines.set(node, line)
    }
    line.why = why
    return line
  }

  /** Stands in line. False, and not taken, when the room is full. */
  join(line: Line, waiter: Waiter): boolean {
    if (!this.#admit(waiter)) return false
    line.add(waiter)
    return true
  }

  /** The node serves again: its line is no more, and all who stood in it try again, in order. */
  release(line: Line): void {
    if (this.#lines.get(line.node) === line) this.#lines.delete(line.node)
    this.#wakeAll(line.takeAll())
  }

  /** Nobody stands in it any more, and nobody has to. */
  end(line: Line): void {
    if (this.#lines.get(line.node) === line) this.#lines.delete(line.node)
  }

  /** Takes the first out of its line who still wants an answer. */
  next(line: Line): Waiter | undefined {
    for (let waiter = line.shift(); waiter !== undefined; waiter = line.shift()) {
      this.#left(waiter)
      if (!waiter.settled) return waiter
    }
    return undefined
  }

  /**
   * Waits until `rester.time` (milliseconds of `performance.now()`), or its deadline if that is sooner. False, and not
   * taken, when the room is full.
   */
  rest(rester: Rester): boolean {
    if (!this.#admit(rester)) return false
    rester.time = Math.min(rester.time, rester.deadline)
    this.#resting.push(rester)
    this.#schedule()
    return true
  }

  /** Ends every wait with this error. */
  rejectAll(error: (waiter: Waiter) => Error): void {
    for (const line of [...this.#lines.values()]) {
      this.#lines.delete(line.node)
      this.rejectLine(line, error)
    }
    for (let rester = this.#resting.pop(); rester !== undefined; rester = this.#resting.pop()) {
      this.#left(rester)
      rester.reject(error(rester))
    }
    this.#stopTimer()
  }

  /** Ends the wait of those in one line with this error. */
  rejectLine(line: Line, error: (waiter: Waiter) => Error): void {
    for (const waiter of line.takeAll()) {
      this.#left(waiter)
      if (!waiter.settled) waiter.reject(error(waiter))
    }
  }

  sweep(now: number): void {
    for (const line of [...this.#lines.values()]) {
      if (line.size === 0) continue
      for (const waiter of line.take(({ settled, deadline }) => settled || deadline <= now)) {
        this.#left(waiter)
        if (!waiter.settled) waiter.expire()
      }
    }
  }

  /** The refusal; `line` is where it would have stood, `cause` why it had to wait. */
  full(line: Line | undefined, cause: Error | undefined): OverloadedError {
    const { maxWaiting, maxWaitingBytes } = this.#ceilings
    const byCount = this.#count >= maxWaiting
    const what = `${this.#count} commands (${this.#bytes} bytes) wait already`
    const where =
      line === undefined
        ? ''
        : `, ${line.size} of them for ${line.node?.address ?? 'an owner of their slot'}, for ${Math.round(performance.now() - line.since)} ms now`
    return new OverloadedError(
      `${what}${where}; the ceiling is ${byCount ? maxWaiting : `${maxWaitingBytes} bytes`}`,
      byCount ? 'router.maxWaiting' : 'router.maxWaitingBytes',
      cause === undefined ? {} : { cause },
    )
  }

  #admit(waiter: Waiter): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#ceilings
    if (this.#count >= maxWaiting) return false
    // One that is larger than the ceiling may wait alone.
    if (this.#count > 0 && this.#bytes + waiter.bytes > maxWaitingBytes) return false
    this.#count++
    this.#bytes += waiter.bytes
    return true
  }

  #left(waiter: Waiter): void {
    this.#count--
    this.#bytes -= waiter.bytes
  }

  #wakeAll(waiters: readonly Waiter[]): void {
    // First all leave: whoever is woken may have to wait again, and then needs a place.
    for (const waiter of waiters) this.#left(waiter)
    for (const waiter of waiters) if (!waiter.settled) waiter.wake()
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
      this.#left(next)
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
