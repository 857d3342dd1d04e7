// The commands that wait for one node, in the order in which they were asked.
//
//   head                     tail
//   ┌────┬────┬────┬────┬────┐
//   │ 17 │ 18 │ 21 │ 22 │ 30 │ ◄── 23 comes back from a lost connection: in before 30
//   └────┴────┴────┴────┴────┘
import type { Node } from '../node/node.js'

/** Why a node's commands wait. */
export type HeldBecause =
  /** It cannot be reached, or keeps silent. */
  | 'unavailable'
  /** It answers that it serves nobody at the moment: its head is sent again from time to time. */
  | 'refusing'
  /** It serves again: those who have waited go first, some at a time. */
  | 'draining'
  /** Nobody owns their slot, or nobody knows who does. */
  | 'no owner'

export interface Waiter {
  /** Place among all commands of the client; given once. */
  readonly order: number
  /** Bytes of its arguments. */
  readonly bytes: number
  readonly slot: number
  readonly settled: boolean
  readonly deadline: number
  /** The wait is over: try again. */
  wake(): void
  /** The caller's deadline has passed. */
  expire(): void
  reject(error: Error): void
}

export class Line {
  /** `undefined`: the line of those whose slot has no owner. */
  readonly node: Node | undefined
  why: HeldBecause
  /** What the last to come was told. */
  cause: Error | undefined
  /** When it began, in milliseconds of `performance.now()`. */
  readonly since = performance.now()
  #waiters: (Waiter | undefined)[] = []
  /** Of the first who still stands there. */
  #head = 0

  constructor(node: Node | undefined, why: HeldBecause) {
    this.node = node
    this.why = why
  }

  get size(): number {
    return this.#waiters.length - this.#head
  }
  get waiters(): readonly Waiter[] {
    return this.#waiters.slice(this.#head) as Waiter[]
  }

  add(waiter: Waiter): void {
    const waiters = this.#waiters
    let at = waiters.length
    while (at > this.#head && (waiters[at - 1] as Waiter).order > waiter.order) at--
    if (at === waiters.length) waiters.push(waiter)
    else waiters.splice(at, 0, waiter)
  }

  shift(): Waiter | undefined {
    if (this.size === 0) return undefined
    const first = this.#waiters[this.#head]
    this.#waiters[this.#head++] = undefined
    if (this.size === 0) this.takeAll()
    return first
  }

  /** Takes out all for which `leaves` holds, in their order. */
  take(leaves: (waiter: Waiter) => boolean): Waiter[] {
    const taken: Waiter[] = []
    const kept: Waiter[] = []
    for (const waiter of this.takeAll()) (leaves(waiter) ? taken : kept).push(waiter)
    this.#waiters = kept
    return taken
  }

  /** Takes out all. */
  takeAll(): Waiter[] {
    const taken = this.waiters
    this.#waiters = []
    this.#head = 0
    return taken as Waiter[]
  }
}
