// A question of the client's own (discovery, command look-up), as a promise. Not for the hot path.
import { AbortedError, DeadlineExceededError } from '../core/errors.js'
import { Timeout } from '../core/timeout.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Sink } from '../protocol/executor.js'
import type { Reply } from '../resp/types.js'

/**
 * Asks, and gives the raw reply; a reply is due within `timeoutMs`, dialling included. `signal` takes the question back:
 * whoever holds it may then skip it.
 */
export function ask(
  executor: Executor,
  command: Command,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sink = new PromiseSink(resolve, reject)
    // A clock of its own: the client's sweeper rests while no call of the user's is under way.
    const timeout = new Timeout(timeoutMs, () => {
      sink.reject(new DeadlineExceededError(`an answer to ${command.spec.name}`, 'unknown'))
    })
    const onAbort = (): void => sink.reject(new AbortedError('unknown', signal?.reason))
    sink.done = () => {
      timeout.clear()
      signal?.removeEventListener('abort', onAbort)
    }
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    executor.execute(command, sink)
  })
}

class PromiseSink implements Sink {
  settled = false
  done = (): void => {}
  /** Only its own clock knows. */
  readonly deadline = Number.POSITIVE_INFINITY
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: Error) => void

  constructor(resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }
  sent(): void {}
  resolve(reply: Reply): void {
    if (this.#settle()) this.#resolve(reply)
  }
  reject(error: Error): void {
    if (this.#settle()) this.#reject(error)
  }
  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.done()
    return true
  }
}
