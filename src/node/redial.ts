// When one node may be dialled again: at once after a working connection ended, after a growing pause when dials fail.
// Shared by all connections of the node, so that lanes and leases together do not hammer a server that is down.
import { backoffDelay } from '../core/backoff.js'
import { channels, publish } from '../core/diagnostics.js'
import { ConnectError } from '../core/errors.js'
import type { ResolvedNodeOptions } from './options.js'

/** So long after the first failure pauses stay short: most servers that come back do so soon. */
const EARLY_MS = 15_000
const EARLY_CAP_MS = 100

/** Failures in a row. */
interface Streak {
  readonly failures: number
  /** When the first of them was, in milliseconds of `performance.now()`. */
  readonly since: number
}

const NONE: Streak = { failures: 0, since: 0 }

export class Redial {
  readonly #options: ResolvedNodeOptions
  readonly #address: string
  readonly #onFailed: ((error: ConnectError) => void) | undefined
  #streak = NONE
  /** As it was before the last success. */
  #before = NONE
  #pauseUntil = 0
  #lastError: ConnectError | undefined

  constructor(address: string, options: ResolvedNodeOptions, onFailed?: (error: ConnectError) => void) {
    this.#address = address
    this.#options = options
    this.#onFailed = onFailed
  }

  get paused(): boolean {
    return this.#streak.failures > 0 && performance.now() < this.#pauseUntil
  }
  /** Dials failed in a row. */
  get failures(): number {
    return this.#streak.failures
  }
  get lastError(): ConnectError | undefined {
    return this.#lastError
  }

  succeeded(): void {
    this.#before = this.#streak
    this.#streak = NONE
    this.#lastError = undefined
  }

  failed(error: ConnectError): void {
    this.#lastError = error
    const now = performance.now()
    const { failures, since } = this.#streak.failures === 0 ? { failures: 0, since: now } : this.#streak
    const { redialMinMs: baseMs, redialMaxMs } = this.#options
    const capMs = now - since < EARLY_MS ? Math.max(baseMs, Math.min(EARLY_CAP_MS, redialMaxMs)) : redialMaxMs
    this.#pauseUntil = now + backoffDelay(failures, { baseMs, capMs })
    this.#streak = { failures: failures + 1, since }
    publish(channels.dialFailed, { address: this.#address, error, failures: failures + 1 })
    this.#onFailed?.(error)
  }

  /** A connection was made, and ended before it was of any use: no success after all. */
  inVain(cause: Error): void {
    if (this.#streak.failures === 0) this.#streak = this.#before
    const message = 'the connection ended as soon as it was ready'
    this.failed(new ConnectError(this.#address, 'reply', { cause, message }))
  }

  /** Why no dial is made now: the last dial's own error, for a refused password must be said as such. */
  refusal(): ConnectError {
    return this.#lastError?.again() ?? new ConnectError(this.#address, 'connect')
  }
}
