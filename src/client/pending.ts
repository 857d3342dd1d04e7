// The calls under way in a client, all together: how many, and how many bytes their arguments are. Nodes and lines have
// ceilings of their own; these two bound what a client holds whatever its nodes do.
//
// A call that has settled counts no more, even where its command still stands in a queue: that is swept within a tick.
import { OverloadedError } from '../core/errors.js'
import type { Sweeper } from '../core/sweeper.js'

export interface PendingCeilings {
  readonly maxPending: number
  readonly maxPendingBytes: number
}

export class Pending {
  readonly #sweeper: Sweeper
  readonly #maxPending: number
  readonly #maxPendingBytes: number
  #bytes = 0

  constructor(sweeper: Sweeper, { maxPending, maxPendingBytes }: PendingCeilings) {
    this.#sweeper = sweeper
    this.#maxPending = maxPending
    this.#maxPendingBytes = maxPendingBytes
  }

  get count(): number {
    return this.#sweeper.pending
  }
  get bytes(): number {
    return this.#bytes
  }

  /** No further call is taken. One that finds room is taken whatever its size: a large one need not wait until it is alone. */
  get isFull(): boolean {
    return this.#sweeper.pending >= this.#maxPending || this.#bytes >= this.#maxPendingBytes
  }

  began(bytes: number): void {
    this.#bytes += bytes
    this.#sweeper.began()
  }

  ended(bytes: number): void {
    this.#bytes -= bytes
    this.#sweeper.ended()
  }

  /** The refusal; `wait` tells of those that wait for a node. */
  refusal(command: string, wait: string): OverloadedError {
    const byCount = this.count >= this.#maxPending
    const ceiling = byCount
      ? `maxPending = ${this.#maxPending}`
      : `maxPendingBytes = ${this.#maxPendingBytes}`
    const error = new OverloadedError(
      `${command}: ${this.count} calls (${this.#bytes} bytes) are under way${wait}; the ceiling is ${ceiling}`,
      byCount ? 'maxPending' : 'maxPendingBytes',
    )
    error.command = command
    return error
  }
}
