// The credentials of a client: fixed ones, or a provider's, which is asked again before what it gave expires. Live
// connections are told, and show the fresh ones to their servers.
import { inspect } from 'node:util'
import { backoffDelay } from '../core/backoff.js'
import { AuthenticationError } from '../core/errors.js'

export interface Credentials {
  readonly username?: string
  readonly password: string
}

/** What a provider gives; with `expiresAt` (milliseconds since the epoch) it is asked again in time. */
export interface ExpiringCredentials extends Credentials {
  readonly expiresAt?: number
}

/** Asked for credentials; at most one question is under way at a time. */
export type CredentialsProvider = () => ExpiringCredentials | Promise<ExpiringCredentials>

// Asked again when this share of the life is over: time to try more than once before the end.
const RENEW_AT = 0.8
const RETRY = { baseMs: 1000, capMs: 30_000 }
// The longest a timer can wait; asked again then, however long they would last.
const MAX_WAIT_MS = 2 ** 31 - 1

export class CredentialStore {
  readonly #provider: CredentialsProvider | undefined
  readonly #onError: (error: Error) => void
  readonly #listeners = new Set<(fresh: Credentials) => void>()
  #current: ExpiringCredentials | undefined
  #asking: Promise<ExpiringCredentials> | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #closed = false

  /** `onError` hears of renewals that failed; they are tried again. */
  constructor(source: Credentials | CredentialsProvider | undefined, onError: (error: Error) => void) {
    this.#provider = typeof source === 'function' ? source : undefined
    this.#current = typeof source === 'function' ? undefined : source
    this.#onError = onError
  }

  /** The credentials for a handshake with `address`; undefined where none are configured. */
  async current(address: string): Promise<Credentials | undefined> {
    if (this.#provider === undefined) return this.#current
    const current = this.#current
    if (current !== undefined && (current.expiresAt === undefined || current.expiresAt > Date.now()))
      return current
    try {
      return await this.#ask(this.#provider)
    } catch (cause) {
      throw new AuthenticationError(address, { cause, message: 'the credentials provider failed' })
    }
  }

  /** `listener` is given fresh credentials whenever there are some. Returns the way to stop. */
  onRenew(listener: (fresh: Credentials) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#listeners.clear()
  }

  /** Nothing of it in logs. */
  toJSON(): string {
    return '[credentials]'
  }
  [inspect.custom](): string {
    return '[credentials]'
  }

  #ask(provider: CredentialsProvider): Promise<ExpiringCredentials> {
    this.#asking ??= this.#askOnce(provider).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askOnce(provider: CredentialsProvider): Promise<ExpiringCredentials> {
    const given: unknown = await provider()
    const fresh = checked(given)
    this.#current = fresh
    this.#failures = 0
    this.#schedule(fresh)
    return fresh
  }

  #schedule({ expiresAt }: ExpiringCredentials): void {
    if (expiresAt === undefined || this.#closed) return
    const life = Math.max(0, expiresAt - Date.now())
    // A little before the due point, by chance: many clients started together do not ask together.
    this.#renewIn(life * RENEW_AT * (0.9 + Math.random() * 0.1))
  }

  #renewIn(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#renew(), Math.min(MAX_WAIT_MS, Math.max(1, waitMs)))
    this.#timer.unref()
  }

  async #renew(): Promise<void> {
    const provider = this.#provider
    if (provider === undefined || this.#closed) return
    try {
      const fresh = await this.#ask(provider)
      for (const listener of [...this.#listeners]) listener(fresh)
    } catch (cause) {
      if (this.#closed) return
      this.#onError(
        new AuthenticationError('any node', { cause, message: 'the credentials provider failed' }),
      )
      this.#renewIn(RETRY.baseMs + backoffDelay(this.#failures++, RETRY))
    }
  }
}

function checked(given: unknown): ExpiringCredentials {
  const { username, password, expiresAt } = (given ?? {}) as Partial<
    Record<keyof ExpiringCredentials, unknown>
  >
  if (typeof password !== 'string')
    throw new TypeError('a credentials provider must give { password: string }')
  if (username !== undefined && typeof username !== 'string') throw new TypeError('username must be a string')
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt))) {
    throw new TypeError('expiresAt must be milliseconds since the epoch')
  }
  return {
    password,
    ...(username === undefined ? {} : { username }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
