// One coarse timer for all deadlines of a client.
//
// A call carries its deadline as a number. Whoever holds calls (a connection's queues, the router's sleepers)
// is a Sweepable: at every tick it walks what it holds and rejects what has expired. Nothing is registered per
// call, so nothing that has settled stays referenced, and a call costs no timer. The walk is over calls under
// way only: 1,024 of them are some 10 µs of work per tick. See docs/decisions/0003-deadlines-by-walk.md.
import { channels, publish } from './diagnostics.js'

/** Holds calls, and rejects those whose deadline has passed. */
export interface Sweepable {
  sweep(now: number): void
}

/** Milliseconds between ticks: how late a deadline may be noticed. */
export const SWEEP_INTERVAL_MS = 20

export class Sweeper {
  readonly #members = new Set<Sweepable>()
  #timer: NodeJS.Timeout | undefined
  /** Calls under way; the timer runs while there are any. */
  #pending = 0
  #onIdle: (() => void) | undefined

  get pending(): number {
    return this.#pending
  }

  add(member: Sweepable): void {
    this.#members.add(member)
  }

  remove(member: Sweepable): void {
    this.#members.delete(member)
  }

  /** A call began. Cheap: the timer is left running between calls and stops itself at an idle tick. */
  began(): void {
    this.#pending++
    if (this.#timer === undefined) this.#timer = setInterval(this.#tick, SWEEP_INTERVAL_MS)
  }

  ended(): void {
    this.#pending--
    if (this.#pending === 0) this.#onIdle?.()
  }

  /** Resolves when no call is under way, or after `timeoutMs`. For one waiter: a client that closes. */
  idle(timeoutMs: number): Promise<void> {
    if (this.#pending === 0) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        this.#onIdle = undefined
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#onIdle = done
    })
  }

  readonly #tick = (): void => {
    const now = performance.now()
    for (const member of this.#members) {
      try {
        member.sweep(now)
      } catch (error) {
        // A caller's own code threw. The other members' callers wait too, and the clock must go on.
        publish(channels.error, { error })
      }
    }
    // Only after a last walk: what an aborted call left behind is found by it.
    if (this.#pending === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }
}
