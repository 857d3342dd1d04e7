// Several questions of the connection's own, asked together: handshake, re-authentication.
import { ReplyError } from '../core/errors.js'
import type { Sink } from '../protocol/executor.js'
import type { Reply } from '../resp/types.js'
import { isFarewell } from './handshake.js'

/** Collects the answers to several commands; the server's errors are kept as values, in their place. */
export class AnswersSink implements Sink {
  settled = false
  readonly deadline = Number.POSITIVE_INFINITY
  readonly #replies: Reply[] = []
  readonly #wanted: number
  readonly #done: (outcome: readonly Reply[] | Error) => void

  constructor(wanted: number, done: (outcome: readonly Reply[] | Error) => void) {
    this.#wanted = wanted
    this.#done = done
  }
  sent(): void {}
  resolve(reply: Reply): void {
    this.#replies.push(reply)
    const last = this.#replies.length === this.#wanted || (reply instanceof ReplyError && isFarewell(reply))
    if (!last || this.settled) return
    this.settled = true
    this.#done(this.#replies)
  }
  reject(error: Error): void {
    if (error instanceof ReplyError) {
      this.resolve(error)
    } else if (!this.settled) {
      this.settled = true
      this.#done(error)
    }
  }
}
