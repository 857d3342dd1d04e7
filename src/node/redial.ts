// When one node may be dialled again: at once after a working connection ended, after a growing pause when dials fail.
// Shared by all connections of the node, so that lanes and leases together do not hammer a server that is down.
import { backoffDelay } from '../core/backoff.js'
import { channels, publish } from '../core/diagnostics.js'
import { ConnectError } from '../core/errors.js'
import type { ResolvedNodeOptions } from './options.js'

export class Redial {
  readonly #options: ResolvedNodeOptions
  readonly #address: string
  #failures = 0
  #pauseUntil = 0
  #lastError: ConnectError | undefined

  constructor(address: string, options: ResolvedNodeOptions) {
    this.#address = address
    this.#options = options
  }

  get paused(): boolean {
    return this.#failures > 0 && performance.now() < this.#pauseUntil
  }
  /** Dials failed in a row. */
  get failures(): number {
    return this.#failures
  }
  get lastError(): Error | undefined {
    return this.#lastError
  }

  succeeded(): void {
    this.#failures = 0
    this.#lastError = undefined
  }

  failed(error: ConnectError): void {
    this.#lastError = error
    const { redialMinMs: baseMs, redialMaxMs: capMs } = this.#options
    this.#pauseUntil = performance.now() + backoffDelay(this.#failures++, { baseMs, capMs })
    publish(channels.dialFailed, { address: this.#address, error, failures: this.#failures })
  }

  /** Why no dial is made now: the last dial's own error, for a refused password must be said as such. */
  refusal(): ConnectError {
    return this.#lastError?.again() ?? new ConnectError(this.#address, 'connect')
  }
}
