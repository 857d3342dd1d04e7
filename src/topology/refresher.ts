// When to ask again: on a named reason, one refresh at a time, never sooner than the minimum gap after the last, and
// after a failure with growing, jittered pauses. Any number of pokes meanwhile amount to one.
import { backoffDelay } from '../core/backoff.js'
import type { ResolvedTopologyOptions } from './options.js'

/** Why the topology is asked for; shown in events and diagnostics. */
export type RefreshReason =
  | 'connect'
  | 'no topology'
  | 'uncovered slot'
  | 'unknown node'
  | 'MOVED'
  | 'ASK burst'
  | 'READONLY'
  | 'CLUSTERDOWN'
  | 'suspect node'
  | 'lost connection'
  | 'refused dial'
  | 'failover'
  | 'period'

/** What a refresh consists of. */
export interface RefreshSteps<T> {
  /** Rejects when nobody could tell. */
  ask(reason: RefreshReason): Promise<T>
  /** The answer. May poke again, because of what it says; a throw makes the refresh a failed one. */
  take(answer: T, reason: RefreshReason): void
  /** It failed, and is tried again only if poked again. */
  failed(error: Error): void
}

export class Refresher<T> {
  readonly #options: ResolvedTopologyOptions
  readonly #steps: RefreshSteps<T>
  #running = false
  #timer: NodeJS.Timeout | undefined
  #lastEnd = Number.NEGATIVE_INFINITY
  #failures = 0
  #stopped = false

  constructor(options: ResolvedTopologyOptions, steps: RefreshSteps<T>) {
    this.#options = options
    this.#steps = steps
  }

  /** Refreshes in failure, in a row. */
  get failures(): number {
    return this.#failures
  }
  /** An answer is being waited for. */
  get running(): boolean {
    return this.#running
  }

  poke(reason: RefreshReason): void {
    if (this.#stopped || this.#running || this.#timer !== undefined) return
    const waitMs = this.#lastEnd + this.#gapMs() - performance.now()
    if (waitMs <= 0) {
      this.#run(reason)
    } else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#run(reason)
      }, waitMs)
    }
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #gapMs(): number {
    const { minRefreshGapMs, maxRefreshPauseMs } = this.#options
    if (this.#failures === 0) return minRefreshGapMs
    const pauseMs = backoffDelay(this.#failures, {
      baseMs: Math.max(1, minRefreshGapMs / 4),
      capMs: maxRefreshPauseMs,
    })
    // Full jitter may come near zero; a floor keeps a dead cluster from being hammered.
    return Math.max(minRefreshGapMs / 4, pauseMs)
  }

  #run(reason: RefreshReason): void {
    this.#running = true
    this.#steps.ask(reason).then(
      answer => this.#answered(answer, reason),
      (error: Error) => this.#failed(error, this.#failures + 1),
    )
  }

  // The refresh is over before anybody is told: who pokes in response to its outcome asks for the next one.
  #answered(answer: T, reason: RefreshReason): void {
    const failures = this.#failures
    this.#end(0)
    if (this.#stopped) return
    try {
      this.#steps.take(answer, reason)
    } catch (error) {
      this.#failed(error as Error, failures + 1)
    }
  }

  #failed(error: Error, failures: number): void {
    this.#end(failures)
    if (!this.#stopped) this.#steps.failed(error)
  }

  #end(failures: number): void {
    this.#running = false
    this.#lastEnd = performance.now()
    this.#failures = failures
  }
}
