// One coarse timer for all deadlines of a client.
//
// A call carries its deadline as a number. Whoever holds calls (a connection's queues, the router's sleepers)
// is a Sweepable: at every tick it walks what it holds and rejects what has expired. Nothing is registered per
// call, so nothing that has settled stays referenced, and a call costs no timer. The walk is over calls under
// way only: 1,024 of them are some 10 µs of work per tick. See docs/decisions/0003-deadlines-by-walk.md.
//
// A tick that comes late means that the event loop was blocked. Replies may lie in the kernel then, unread for no fault of
// the server's, so they are read before anybody is judged:
//
//   timers: a late tick ──► poll: sockets are read, sinks settle ──► check: the walk
import { channels, publish } from './diagnostics.js'

/** Holds calls, and rejects those whose deadline has passed. */
export interface Sweepable {
  sweep(now: number): void
}

/** Milliseconds between ticks: how late a deadline may be noticed. */
export const SWEEP_INTERVAL_MS = 20
/** A tick so much later than it should be was held up by something else than a busy moment. */
const STALL_MS = 100

export class Sweeper {
  readonly #members = new Set<Sweepable>()
  #timer: NodeJS.Timeout | undefined
  #tickedAt = 0
  #stalledAt = 0
  /** Calls under way; the timer runs while there are any. */
  #pending = 0
  #onIdle: (() => void) | undefined

  get pending(): number {
    return this.#pending
  }

  /**
   * When the event loop last came back from being blocked, or the clock from a rest, in milliseconds of
   * `performance.now()`: of what was before nobody can be accused.
   */
  get stalledAt(): number {
    return this.#stalledAt
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
    if (this.#timer === undefined) this.#start()
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

  #start(): void {
    this.#timer = setInterval(this.#tick, SWEEP_INTERVAL_MS)
    this.#tickedAt = performance.now()
    this.#stalledAt = this.#tickedAt
  }

  readonly #tick = (): void => {
    const now = performance.now()
    const lateMs = now - this.#tickedAt - SWEEP_INTERVAL_MS
    this.#tickedAt = now
    if (lateMs <= STALL_MS) return this.#walk(now)
    this.#stalledAt = now
    setImmediate(() => this.#walk(performance.now()))
  }

  #walk(now: number): void {
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
