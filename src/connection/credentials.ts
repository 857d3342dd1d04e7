// The credentials of a client: fixed ones, or a provider's, which is asked again before what it gave expires (and for
// every connection where it does not say when that is). Live connections are told, and show the fresh ones to their
// servers.
import { inspect } from 'node:util'
import { backoffDelay } from '../core/backoff.js'
import { AuthenticationError, DeadlineExceededError } from '../core/errors.js'

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
// A provider that gives what has expired already is not asked in a loop.
const MIN_WAIT_MS = 1000
// A question without an answer is given up, so that another can be asked.
const ANSWER_WITHIN_MS = 30_000
// The longest a timer can wait; asked again then, however long they would last.
const MAX_WAIT_MS = 2 ** 31 - 1

export class CredentialStore {
  readonly #provider: CredentialsProvider | undefined
  readonly #onError: (error: Error) => void
  readonly #listeners = new Set<(fresh: Credentials) => void>()
  /** Good for a handshake, unless they have expired. */
  #current: ExpiringCredentials | undefined
  /** What the provider gave last. */
  #latest: ExpiringCredentials | undefined
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
    if (current?.expiresAt !== undefined && current.expiresAt > Date.now()) return current
    try {
      return await this.#ask(this.#provider)
    } catch (cause) {
      throw providerFailed(address, cause)
    }
  }

  /** A server refused these in a handshake: the provider is asked again for the next one, whenever they would expire. */
  refused(credentials: Credentials | undefined): void {
    if (this.#provider !== undefined && this.#current === credentials) this.#current = undefined
  }

  /** A live connection's server refused fresh ones. The connection keeps what it has; somebody should know. */
  renewalRefused(credentials: Credentials, error: Error): void {
    this.refused(credentials)
    if (!this.#closed) this.#onError(error)
  }

  /** `listener` is given fresh credentials whenever they differ from those before. Returns the way to stop. */
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
    this.#asking ??= inTime(this.#askOnce(provider)).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askOnce(provider: CredentialsProvider): Promise<ExpiringCredentials> {
    const given: unknown = await provider()
    const fresh = checked(given)
    const before = this.#latest
    this.#current = fresh
    this.#latest = fresh
    this.#failures = 0
    this.#schedule(fresh)
    if (before !== undefined && (before.password !== fresh.password || before.username !== fresh.username)) {
      for (const listener of [...this.#listeners]) listener(fresh)
    }
    return fresh
  }

  #schedule({ expiresAt }: ExpiringCredentials): void {
    if (expiresAt === undefined || this.#closed) return
    const life = Math.max(0, expiresAt - Date.now())
    // A little before the due point, by chance: many clients started together do not ask together.
    this.#renewIn(Math.max(MIN_WAIT_MS, life * RENEW_AT * (0.9 + Math.random() * 0.1)))
  }

  #renewIn(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#renew(), Math.min(MAX_WAIT_MS, waitMs))
    this.#timer.unref()
  }

  async #renew(): Promise<void> {
    const provider = this.#provider
    if (provider === undefined || this.#closed) return
    try {
      await this.#ask(provider)
    } catch (cause) {
      if (this.#closed) return
      this.#onError(providerFailed('any node', cause))
      this.#renewIn(RETRY.baseMs + backoffDelay(this.#failures++, RETRY))
    }
  }
}

/** Unlike a refusal, which is final: a token service that stumbles may answer the next time. */
function providerFailed(address: string, cause: unknown): AuthenticationError {
  const error = new AuthenticationError(address, { cause, message: 'the credentials provider failed' })
  error.retryable = true
  return error
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

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const expire = (): void => reject(new DeadlineExceededError('the credentials provider', 'not-sent'))
    timer = setTimeout(expire, ANSWER_WITHIN_MS)
    timer.unref()
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
