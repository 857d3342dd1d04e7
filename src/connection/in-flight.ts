// The commands a connection has sent and whose answers are due, in order: a ring of (mode, sink) pairs.
//
//            head                      tail
//   ┌─────┬───┴─────┬─────────┬─────────┬┴────┐
//   │     │ m₀ │ s₀ │ m₁ │ s₁ │ m₂ │ s₂ │     │     capacity: a power of two pairs, doubled when full
//   └─────┴─────────┴─────────┴─────────┴─────┘
//
// Redis answers in the order it was asked, so the head is always whose answer comes next, and the head's mode is
// how the parser must read it.
import type { Sink } from '../protocol/executor.js'
import type { ReplyMode } from '../resp/types.js'

/** Hears an answer that nobody waits for any more. */
export const NOBODY: Sink = Object.freeze({
  settled: true,
  deadline: Number.POSITIVE_INFINITY,
  sent() {},
  resolve() {},
  reject() {},
})

export class InFlight {
  #modes: ReplyMode[] = new Array<ReplyMode>(64).fill(0)
  #sinks: Sink[] = new Array<Sink>(64).fill(NOBODY)
  #mask = 63
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How the next answer is to be read; `0` (text) when none is due. */
  get headMode(): ReplyMode {
    return this.#size === 0 ? 0 : (this.#modes[this.#head] as ReplyMode)
  }

  /** Answers due for which somebody waits. */
  get awaited(): number {
    let count = 0
    for (let i = 0; i < this.#size; i++) {
      if (!(this.#sinks[(this.#head + i) & this.#mask] as Sink).settled) count++
    }
    return count
  }

  push(mode: ReplyMode, sink: Sink): void {
    if (this.#size > this.#mask) this.#grow()
    const tail = (this.#head + this.#size) & this.#mask
    this.#modes[tail] = mode
    this.#sinks[tail] = sink
    this.#size++
  }

  shift(): Sink | undefined {
    if (this.#size === 0) return undefined
    const head = this.#head
    const sink = this.#sinks[head]
    this.#sinks[head] = NOBODY
    this.#head = (head + 1) & this.#mask
    this.#size--
    return sink
  }

  /** Calls `expire` for each sink past its deadline, and keeps its place for the answer that is still due. */
  sweep(now: number, expire: (sink: Sink) => void): void {
    for (let i = 0; i < this.#size; i++) {
      const at = (this.#head + i) & this.#mask
      const sink = this.#sinks[at] as Sink
      if (!sink.settled && sink.deadline <= now) {
        this.#sinks[at] = NOBODY
        expire(sink)
      }
    }
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2
    const modes = new Array<ReplyMode>(capacity).fill(0)
    const sinks = new Array<Sink>(capacity).fill(NOBODY)
    for (let i = 0; i < this.#size; i++) {
      const at = (this.#head + i) & this.#mask
      modes[i] = this.#modes[at] as ReplyMode
      sinks[i] = this.#sinks[at] as Sink
    }
    this.#modes = modes
    this.#sinks = sinks
    this.#mask = capacity - 1
    this.#head = 0
  }
}
