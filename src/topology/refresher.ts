// When to ask again: on a named reason, one refresh at a time, never sooner than the minimum gap after the last, and
// after a failure with growing, jittered pauses. Any number of pokes meanwhile amount to one.
import { backoffDelay } from '../core/backoff.js'
import type { ResolvedTopologyOptions } from './options.js'

/** Why the topology is asked for; shown in events and diagnostics. */
export type RefreshReason =
  | 'connect'
  | 'no topology'
  | 'uncovered slot'
  | 'MOVED'
  | 'READONLY'
  | 'CLUSTERDOWN'
  | 'connection lost'
  | 'dial failed'

export class Refresher {
  readonly #options: ResolvedTopologyOptions
  readonly #refresh: (reason: RefreshReason) => Promise<void>
  #running: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #lastEnd = Number.NEGATIVE_INFINITY
  #failures = 0
  #stopped = false

  /** `refresh` rejects when nobody could tell; it is then asked again only when poked again. */
  constructor(options: ResolvedTopologyOptions, refresh: (reason: RefreshReason) => Promise<void>) {
    this.#options = options
    this.#refresh = refresh
  }

  /** Refreshes in failure, in a row. */
  get failures(): number {
    return this.#failures
  }

  poke(reason: RefreshReason): void {
    if (this.#stopped || this.#running !== undefined || this.#timer !== undefined) return
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
    this.#running = this.#refresh(reason).then(
      () => this.#ended(0),
      () => this.#ended(this.#failures + 1),
    )
  }

  #ended(failures: number): void {
    this.#running = undefined
    this.#lastEnd = performance.now()
    this.#failures = failures
  }
}
