// When to ask again: on a named reason, one refresh at a time, never sooner than the minimum gap after the last. Refreshes
// that follow each other space themselves out; any number of pokes meanwhile amount to one.
//
//   refresh ──gap──► refresh ──2 gaps──► refresh ──4 gaps──► …         and after a quiet time of twice the gap
//           poked              poked               poked                of then, from the beginning
//
// What nobody waits for is put off by a random while more, so that many clients that heard the same news do not all ask in
// the same moment. Between two refreshes passes at most a period.
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
  /** It failed, and is tried again only if poked again, or at the end of the period. */
  failed(error: Error): void
  /** By how much at most a refresh is put off that nobody waits for, in milliseconds. */
  spreadMs(): number
}

/** How the last refresh ended. */
export interface LastRefresh {
  readonly reason: RefreshReason
  /** In milliseconds of `performance.now()`. */
  readonly at: number
  /** How long it took. */
  readonly ms: number
  readonly error: Error | undefined
}

// The commands that caused them have been led to their nodes already, or there are none.
const NOT_WAITED_FOR: ReadonlySet<RefreshReason> = new Set(['MOVED', 'ASK burst', 'period', 'failover'])
/** The period is up to so much longer or shorter. */
const PERIOD_JITTER = 0.1

export class Refresher<T> {
  readonly #options: ResolvedTopologyOptions
  readonly #steps: RefreshSteps<T>
  #running = false
  #planned:
    | { readonly at: number; readonly reason: RefreshReason; readonly timer: NodeJS.Timeout }
    | undefined
  #period: NodeJS.Timeout | undefined
  #lastBegin = 0
  #lastEnd = Number.NEGATIVE_INFINITY
  /** Refreshes that have followed each other without a quiet time. */
  #streak = 0
  /** From the end of the last one. */
  #gapMs = 0
  #last: LastRefresh | undefined
  readonly #counts = new Map<RefreshReason, number>()
  #stopped = false

  constructor(options: ResolvedTopologyOptions, steps: RefreshSteps<T>) {
    this.#options = options
    this.#steps = steps
  }

  /** An answer is being waited for. */
  get running(): boolean {
    return this.#running
  }
  get last(): LastRefresh | undefined {
    return this.#last
  }
  /** Refreshes begun so far. */
  get counts(): ReadonlyMap<RefreshReason, number> {
    return this.#counts
  }
  /** When the next one is due, in milliseconds of `performance.now()`; the period does not count. */
  get plannedAt(): number | undefined {
    return this.#planned?.at
  }

  poke(reason: RefreshReason): void {
    if (this.#stopped || this.#running) return
    const planned = this.#planned
    if (planned !== undefined && !changesPlan(reason, planned.reason)) return
    const now = performance.now()
    // News, however many refreshes in vain have gone before.
    if (reason === 'failover' || now - this.#lastEnd >= 2 * this.#gapMs) this.#begin()
    const earliest = Math.max(now, this.#lastEnd + this.#gapMs)
    const late = NOT_WAITED_FOR.has(reason) ? Math.random() * this.#steps.spreadMs() : 0
    const at = Math.min(earliest + late, planned?.at ?? Number.POSITIVE_INFINITY)
    this.#unplan()
    this.#plan(at, planned?.reason === 'failover' ? 'failover' : reason)
  }

  stop(): void {
    this.#stopped = true
    this.#unplan()
    clearTimeout(this.#period)
  }

  #begin(): void {
    this.#streak = 0
    this.#gapMs = this.#options.minRefreshGapMs
  }

  #plan(at: number, reason: RefreshReason): void {
    const waitMs = at - performance.now()
    if (waitMs <= 0) return this.#run(reason)
    const timer = setTimeout(() => {
      this.#planned = undefined
      this.#run(reason)
    }, waitMs)
    // Whoever waits for it keeps the program alive.
    timer.unref()
    this.#planned = { at, reason, timer }
  }

  #unplan(): void {
    clearTimeout(this.#planned?.timer)
    this.#planned = undefined
  }

  #run(reason: RefreshReason): void {
    this.#running = true
    this.#lastBegin = performance.now()
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
    this.#steps.ask(reason).then(
      answer => this.#answered(answer, reason),
      (error: Error) => this.#failed(error, reason),
    )
  }

  // The refresh is over before anybody is told: who pokes in response to its outcome asks for the next one.
  #answered(answer: T, reason: RefreshReason): void {
    this.#end(reason, undefined)
    if (this.#stopped) return
    try {
      this.#steps.take(answer, reason)
    } catch (error) {
      this.#tell(error as Error, reason)
    }
  }

  #failed(error: Error, reason: RefreshReason): void {
    this.#end(reason, error)
    if (!this.#stopped) this.#tell(error, reason)
  }

  #tell(error: Error, reason: RefreshReason): void {
    this.#note(reason, error)
    this.#steps.failed(error)
  }

  #end(reason: RefreshReason, error: Error | undefined): void {
    this.#running = false
    this.#lastEnd = performance.now()
    this.#note(reason, error)
    this.#gapMs = this.#nextGapMs()
    this.#streak++
    this.#waitPeriod()
  }

  #note(reason: RefreshReason, error: Error | undefined): void {
    this.#last = { reason, at: this.#lastEnd, ms: this.#lastEnd - this.#lastBegin, error }
  }

  /** Doubled with every refresh of the streak; of what is more than the minimum, half is left to chance. */
  #nextGapMs(): number {
    const { minRefreshGapMs, maxRefreshPauseMs } = this.#options
    const gapMs = Math.min(maxRefreshPauseMs, minRefreshGapMs * 2 ** Math.min(this.#streak, 30))
    return Math.max(minRefreshGapMs, gapMs * (0.5 + Math.random() / 2))
  }

  #waitPeriod(): void {
    clearTimeout(this.#period)
    const { refreshPeriodMs } = this.#options
    if (refreshPeriodMs === 0 || this.#stopped) return
    const periodMs = refreshPeriodMs * (1 - PERIOD_JITTER + 2 * PERIOD_JITTER * Math.random())
    this.#period = setTimeout(() => this.poke('period'), periodMs)
    this.#period.unref()
  }
}

/** A failover gives the refresh its name, and what somebody waits for is not put off. */
function changesPlan(reason: RefreshReason, planned: RefreshReason): boolean {
  if (reason === 'failover') return planned !== 'failover'
  return NOT_WAITED_FOR.has(planned) && !NOT_WAITED_FOR.has(reason)
}
