// Calls in hands that keep no clock: interceptors, which are the application's code, and the look-up of commands that the
// table lacks. Connections and the waiting room sweep what they hold; what none of them holds is swept here, so that
// every call settles whatever an interceptor does.
import { DeadlineExceededError } from '../core/errors.js'
import { SWEEP_INTERVAL_MS, type Sweepable } from '../core/sweeper.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Sink } from '../protocol/executor.js'
import { Call } from './call.js'

export class Custody implements Sweepable {
  readonly waitedFor: string
  readonly #held = new Set<Sink>()

  constructor(waitedFor: string) {
    this.waitedFor = waitedFor
  }

  /** Until it has settled. It leaves at the next sweep, not before: nothing is wrapped for that. */
  hold(sink: Sink): void {
    this.#held.add(sink)
  }

  sweep(now: number): void {
    // One tick late: whoever else holds the call knows better what it waited for.
    const overdue = now - SWEEP_INTERVAL_MS
    for (const sink of this.#held) {
      if (!sink.settled && sink.deadline > overdue) continue
      this.#held.delete(sink)
      if (!sink.settled) sink.reject(new DeadlineExceededError(this.waitedFor, outcomeOf(sink)))
    }
  }

  rejectAll(error: (outcome: 'not-sent' | 'unknown') => Error): void {
    const held = [...this.#held]
    this.#held.clear()
    for (const sink of held) if (!sink.settled) sink.reject(error(outcomeOf(sink)))
  }

  /** The outermost executor of a client with interceptors: what enters it is held, and what it throws rejects the call. */
  guard(inner: Executor): Executor {
    return {
      execute: (command: Command, sink: Sink): void => {
        this.hold(sink)
        try {
          inner.execute(command, sink)
        } catch (error) {
          if (!sink.settled) sink.reject(error as Error)
        }
      },
    }
  }
}

function outcomeOf(sink: Sink): 'not-sent' | 'unknown' {
  return sink instanceof Call && !sink.wasSent ? 'not-sent' : 'unknown'
}
