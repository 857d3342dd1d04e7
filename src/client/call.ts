// The top of every journey: the sink that holds the caller's promise.
import { AbortedError, SlotwiseError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import type { Sink } from '../protocol/executor.js'
import { weightOf } from '../protocol/weight.js'
import type { Reply } from '../resp/types.js'
import type { AbortGroup } from './abort-group.js'
import type { Pending } from './pending.js'

export class Call implements Sink {
  settled = false
  /** Its bytes have left, and no server has said that it did not do it. */
  wasSent = false
  readonly deadline: number
  readonly promise: Promise<unknown>
  readonly #command: Command
  readonly #pending: Pending
  /** Of its arguments; counted while it is under way. */
  readonly #bytes: number
  readonly #startedAt: number
  #resolve!: (value: unknown) => void
  #reject!: (error: Error) => void
  /** Calls under the same AbortSignal; this one leaves when it settles. */
  #group: AbortGroup | undefined

  constructor(command: Command, startedAt: number, timeoutMs: number, pending: Pending) {
    this.#command = command
    this.#startedAt = startedAt
    this.deadline = startedAt + timeoutMs
    this.#pending = pending
    this.#bytes = weightOf(command)
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    pending.began(this.#bytes)
  }

  /** False when the group's signal has fired already; the call is then settled. */
  join(group: AbortGroup): boolean {
    this.#group = group
    return group.add(this)
  }

  sent(): void {
    this.wasSent = true
  }
  unsent(): void {
    this.wasSent = false
  }

  resolve(reply: Reply): void {
    if (this.settled) return
    const command = this.#command
    try {
      const value = command.decode(reply, command.hints.mode)
      this.#settle()
      this.#resolve(value)
    } catch (error) {
      this.reject(error as Error)
    }
  }

  reject(error: Error): void {
    if (this.settled) return
    this.#settle()
    if (error instanceof SlotwiseError) {
      error.command ??= this.#command.spec.name
      if (this.#command.slot >= 0) error.slot ??= this.#command.slot
      error.elapsedMs ??= Math.round(performance.now() - this.#startedAt)
    }
    this.#reject(error)
  }

  abort(reason: unknown): void {
    this.reject(new AbortedError(this.wasSent ? 'unknown' : 'not-sent', reason))
  }

  #settle(): void {
    this.settled = true
    this.#pending.ended(this.#bytes)
    this.#group?.remove(this)
  }
}
