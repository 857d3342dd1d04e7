// A command with a prelude is one unit on the wire: the prelude's answers are heard here, the command's own passes on.
//
//   wire:   ASKING      GET k                MULTI    SET a 1   SET b 2   EXEC
//   heard:  swallowed → passed on            swallowed ×3               → passed on
import { ReplyError } from '../core/errors.js'
import { type Sink, WrappedSink } from '../protocol/executor.js'
import type { Reply } from '../resp/types.js'

/** Hears the answers of a prelude's commands and keeps the first refusal among them. */
export class PreludeSink implements Sink {
  // Nobody waits for these answers by themselves: only the unit's last command expires.
  readonly deadline = Number.POSITIVE_INFINITY
  readonly settled = true
  refusal: Error | undefined

  sent(): void {}
  resolve(_reply: Reply): void {}
  reject(error: Error): void {
    this.refusal ??= error
  }
}

/**
 * The sink of the last command of a unit. EXECABORT only says that an earlier command was refused, so the first
 * refusal is what the caller hears: a MOVED inside a transaction then moves the whole transaction.
 */
export class UnitSink extends WrappedSink {
  readonly #prelude: PreludeSink

  constructor(inner: Sink, prelude: PreludeSink) {
    super(inner)
    this.#prelude = prelude
  }

  override reject(error: Error): void {
    const aborted = error instanceof ReplyError && error.prefix === 'EXECABORT'
    this.inner.reject(aborted ? (this.#prelude.refusal ?? error) : error)
  }
}
