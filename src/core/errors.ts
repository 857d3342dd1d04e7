// Every error class of the library: one per cause, each with a stable `code` and its facts as fields.
//
// Two questions any error can answer: `retryable` (may the same call be made again without harm?) and
// `outcome` (may it already have happened?). No error carries argument values or credentials; keys are
// carried only where an error is about keys, and then as a non-enumerable field, so that logging an error
// does not log what the application stores.

/**
 * What became of a call that failed.
 *
 * - `not-sent`: its bytes never left; it has not happened.
 * - `unknown`: its bytes may have reached the server, no answer came; it may have happened.
 * - `rejected`: the server answered that it did not do it.
 * - `applied`: the server did it; what failed came after (the answer could not be represented, say).
 */
export type Outcome = 'not-sent' | 'unknown' | 'rejected' | 'applied'

/** Where a failure happened while a connection was being made. */
export type ConnectPhase = 'dns' | 'connect' | 'tls' | 'auth' | 'reply'

/** Facts about the call that failed, filled in by the router when the error passes it. Never values. */
export interface CallFacts {
  /** Command name, e.g. `HGETALL` or `CONFIG GET`. */
  command?: string
  /** The slot of the command's keys, absent for a command without keys. */
  slot?: number
  /** `host:port` of the node asked last. */
  address?: string
  /** How often the command was given to a node, 1 for a first try. */
  attempts?: number
  /** Redirects followed, in order, e.g. `MOVED 127.0.0.1:7001`. */
  trail?: readonly string[]
  /** Milliseconds from the call to its failure. */
  elapsedMs?: number
}

// Set on each class under a registered symbol: `instanceof` then holds between the ESM and the CommonJS build,
// and between two installed copies, which each have classes of their own.
const KIND = Symbol.for('slotwise.error.kind')

interface Kinded {
  readonly [KIND]?: string
}

/**
 * The base of every error this library rejects or throws with.
 *
 * @example
 * ```ts
 * try {
 *   await redis.incr('visits')
 * } catch (error) {
 *   if (error instanceof SlotwiseError && error.outcome === 'unknown') await reconcile()
 *   else throw error
 * }
 * ```
 */
export class SlotwiseError extends Error implements CallFacts {
  static readonly [KIND]: string = 'SlotwiseError'

  /** Stable and greppable, e.g. `DEADLINE_EXCEEDED`. */
  readonly code: string = 'SLOTWISE'
  /** May it already have happened? */
  outcome: Outcome = 'not-sent'
  /** May the same call be made again, with a chance of success and without doing its work twice? */
  retryable = false

  declare command?: string
  declare slot?: number
  declare address?: string
  declare attempts?: number
  declare trail?: readonly string[]
  declare elapsedMs?: number

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    // Not the class's name where there is a kind: an application's bundler may shorten names. A user's subclass has none.
    const maker: Kinded & { readonly name: string } = new.target
    const name = Object.hasOwn(maker, KIND) ? maker[KIND] : maker.name
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false
    if (!Object.hasOwn(this, KIND)) return Object.prototype.isPrototypeOf.call(this.prototype, value)
    const wanted = this[KIND]
    let proto: unknown = Object.getPrototypeOf(value)
    while (proto !== null && typeof proto === 'object') {
      const maker: unknown = (proto as { constructor?: unknown }).constructor
      if (typeof maker === 'function' && Object.hasOwn(maker, KIND) && (maker as Kinded)[KIND] === wanted)
        return true
      proto = Object.getPrototypeOf(proto)
    }
    return false
  }
}

/** Is this an error of this library, of whichever copy or module system? The same test as `instanceof SlotwiseError`. */
export function isSlotwiseError(value: unknown): value is SlotwiseError {
  return value instanceof SlotwiseError
}

/** An option of the wrong type or out of range, or one whose name is not known. Thrown before anything happens. */
export class InvalidOptionError extends SlotwiseError {
  static override readonly [KIND]: string = 'InvalidOptionError'
  override readonly code = 'INVALID_OPTION'
  /** Path of the field, e.g. `connection.connectTimeoutMs`. */
  readonly field: string

  constructor(field: string, expected: string, got?: string) {
    super(got === undefined ? `${field} ${expected}` : `${field} ${expected}, got ${got}`)
    this.field = field
  }
}

/** An argument of a command of the wrong type, missing, or out of range. Thrown (or rejected) before anything is sent. */
export class InvalidArgumentError extends SlotwiseError {
  static override readonly [KIND]: string = 'InvalidArgumentError'
  override readonly code = 'INVALID_ARGUMENT'
  /** Name of the parameter (`key`, `options.ex`) or its position in `call()`, counted from 0 for the command's name. */
  readonly argument: string | number

  constructor(command: string, argument: string | number, expected: string) {
    super(`${command}: ${typeof argument === 'number' ? `argument ${argument}` : argument} ${expected}`)
    this.command = command
    this.argument = argument
  }
}

/** The keys of one command live in different slots, and the command must stay in one. Nothing was sent. */
export class CrossSlotError extends SlotwiseError {
  static override readonly [KIND]: string = 'CrossSlotError'
  override readonly code = 'CROSS_SLOT'
  /** The distinct slots met, in key order. */
  readonly slots: readonly number[]

  constructor(command: string, slots: readonly number[]) {
    super(
      `${command}: its keys live in ${slots.length} slots (${slots.slice(0, 4).join(', ')}${slots.length > 4 ? ', …' : ''}); ` +
        'one command works on one slot. Give the keys a common hash tag, as in user:{42}:name and user:{42}:mail',
    )
    this.command = command
    this.slots = slots
  }
}

/** A command that this client cannot send in this way, e.g. SUBSCRIBE on a shared connection. Nothing was sent. */
export class UnsupportedCommandError extends SlotwiseError {
  static override readonly [KIND]: string = 'UnsupportedCommandError'
  override readonly code = 'UNSUPPORTED_COMMAND'

  constructor(command: string, reason: string) {
    super(`${command}: ${reason}`)
    this.command = command
  }
}

/** The server answered with an error. `message` is the server's own line. */
export class ReplyError extends SlotwiseError {
  static override readonly [KIND]: string = 'ReplyError'
  override readonly code = 'REPLY_ERROR'
  /** The first word of the server's error, e.g. `WRONGTYPE`, `ERR`, `MOVED`. */
  readonly prefix: string

  constructor(message: string) {
    super(message)
    const end = message.indexOf(' ')
    this.prefix = end === -1 ? message : message.slice(0, end)
    this.outcome = 'rejected'
  }
}

/** Bytes that are no RESP, or beyond a ceiling. Ends the connection they came by, and no other. */
export class ProtocolError extends SlotwiseError {
  static override readonly [KIND]: string = 'ProtocolError'
  override readonly code = 'PROTOCOL'
  /** Bytes consumed on that connection before the offending reply. */
  readonly offset: number | undefined

  constructor(message: string, offset?: number) {
    super(message)
    this.offset = offset
    this.outcome = 'unknown'
  }
}

/** A reply that arrived whole and cannot be represented as asked. The command did run; the connection is sound. */
export class UnrepresentableReplyError extends SlotwiseError {
  static override readonly [KIND]: string = 'UnrepresentableReplyError'
  override readonly code: string = 'UNREPRESENTABLE_REPLY'

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.outcome = 'applied'
  }
}

/** An integer beyond ±(2^53 − 1) where `integers: 'number'` was asked. `with({ integers: 'bigint' })` is the way out. */
export class IntegerRangeError extends UnrepresentableReplyError {
  static override readonly [KIND]: string = 'IntegerRangeError'
  override readonly code = 'INTEGER_RANGE'

  constructor() {
    super("the reply holds an integer beyond 2^53; ask with({ integers: 'bigint' })")
  }
}

/** A text reply longer than a JavaScript string can be. `with({ replies: 'buffer' })` is the way out. */
export class TextTooLongError extends UnrepresentableReplyError {
  static override readonly [KIND]: string = 'TextTooLongError'
  override readonly code = 'TEXT_TOO_LONG'
  /** Length of the reply in bytes. */
  readonly bytes: number

  constructor(bytes: number) {
    super(
      `a reply of ${bytes} bytes is longer than a JavaScript string can be; ask with({ replies: 'buffer' })`,
    )
    this.bytes = bytes
  }
}

/** A reply of a shape that the command's decoder does not know. The command did run. */
export class UnexpectedReplyError extends UnrepresentableReplyError {
  static override readonly [KIND]: string = 'UnexpectedReplyError'
  override readonly code = 'UNEXPECTED_REPLY'
}

/** A connection could not be made. `phase` says how far it came, `cause` why it ended there. */
export class ConnectError extends SlotwiseError {
  static override readonly [KIND]: string = 'ConnectError'
  override readonly code: string = 'CONNECT'
  readonly phase: ConnectPhase
  readonly #options: { cause?: unknown; message?: string }

  constructor(address: string, phase: ConnectPhase, options: { cause?: unknown; message?: string } = {}) {
    const why =
      options.message ??
      (options.cause instanceof Error ? options.cause.message : String(options.cause ?? 'failed'))
    super(
      `cannot connect to ${address} (${phase}): ${why}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.address = address
    this.phase = phase
    this.retryable = true
    this.#options = options
  }

  /** The same failure for another call, which adds facts of its own. */
  again(): ConnectError {
    const twin = this.twin(this.#options)
    twin.retryable = this.retryable
    return twin
  }

  protected twin(options: { cause?: unknown; message?: string }): ConnectError {
    return new ConnectError(this.address ?? '', this.phase, options)
  }
}

/** The server refused the credentials, or asks for some. Not retried: the same ones would be refused again. */
export class AuthenticationError extends ConnectError {
  static override readonly [KIND]: string = 'AuthenticationError'
  override readonly code = 'AUTHENTICATION'

  constructor(address: string, options: { cause?: unknown; message?: string } = {}) {
    super(address, 'auth', options)
    this.retryable = false
  }

  protected override twin(options: { cause?: unknown; message?: string }): ConnectError {
    return new AuthenticationError(this.address ?? '', options)
  }
}

/** Makes an error that tells no stack: of many made at once in the library's own depths, each would cost some 7 µs and tell nothing. */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The connection ended while the command waited or was under way; `outcome` tells which. */
export class ConnectionLostError extends SlotwiseError {
  static override readonly [KIND]: string = 'ConnectionLostError'
  override readonly code = 'CONNECTION_LOST'

  constructor(address: string, outcome: 'not-sent' | 'unknown', options?: { cause?: unknown }) {
    super(
      outcome === 'not-sent'
        ? `connection to ${address} ended before the command was sent`
        : `connection to ${address} ended before the answer came; the command may have run`,
      options,
    )
    this.address = address
    this.outcome = outcome
    this.retryable = outcome === 'not-sent'
  }
}

/** The call's deadline passed. */
export class DeadlineExceededError extends SlotwiseError {
  static override readonly [KIND]: string = 'DeadlineExceededError'
  override readonly code = 'DEADLINE_EXCEEDED'
  /** What the call was waiting for, e.g. `a reply`, `a connection`. */
  readonly waitedFor: string

  constructor(waitedFor: string, outcome: 'not-sent' | 'unknown', options?: { cause?: unknown }) {
    super(`deadline exceeded while waiting for ${waitedFor}`, options)
    this.waitedFor = waitedFor
    this.outcome = outcome
    this.retryable = outcome === 'not-sent'
  }
}

/** The caller's AbortSignal fired; `cause` is the signal's reason. Its `name` is `AbortError`, as everywhere in Node. */
export class AbortedError extends SlotwiseError {
  static override readonly [KIND]: string = 'AbortedError'
  override readonly code = 'ABORTED'

  constructor(outcome: 'not-sent' | 'unknown', reason: unknown) {
    super('the call was aborted', { cause: reason })
    Object.defineProperty(this, 'name', { value: 'AbortError', configurable: true, writable: true })
    this.outcome = outcome
  }
}

/** The client (or connection, or node) was closed; no further work is taken. */
export class ClosedError extends SlotwiseError {
  static override readonly [KIND]: string = 'ClosedError'
  override readonly code = 'CLOSED'

  constructor(what: string, outcome: 'not-sent' | 'unknown' = 'not-sent', options?: { cause?: unknown }) {
    super(`${what} is closed`, options)
    this.outcome = outcome
  }
}

/** A ceiling on queued or in-flight work was reached: back off, or raise the option named in `limit`. */
export class OverloadedError extends SlotwiseError {
  static override readonly [KIND]: string = 'OverloadedError'
  override readonly code = 'OVERLOADED'
  /** Name of the option that set the ceiling. */
  readonly limit: string

  constructor(message: string, limit: string, options?: { cause?: unknown }) {
    super(message, options)
    this.limit = limit
    this.retryable = true
  }
}

/** One node asked in vain, as listed by {@link DiscoveryError}. */
export interface FailedContact {
  readonly address: string
  readonly phase: ConnectPhase
  readonly cause: Error
}

/** No server could be reached, or none told the topology: every address tried, how far it came, and why it ended. */
export class DiscoveryError extends SlotwiseError {
  static override readonly [KIND]: string = 'DiscoveryError'
  override readonly code = 'DISCOVERY'
  readonly contacts: readonly FailedContact[]

  constructor(message: string, contacts: readonly FailedContact[]) {
    const list = contacts.map(c => `  ${c.address} (${c.phase}): ${c.cause.message}`).join('\n')
    super(list === '' ? message : `${message}\n${list}`, { cause: contacts[0]?.cause })
    this.contacts = contacts
    this.retryable = true
  }
}

/** No known node serves the slot. */
export class UncoveredSlotError extends SlotwiseError {
  static override readonly [KIND]: string = 'UncoveredSlotError'
  override readonly code = 'UNCOVERED_SLOT'

  constructor(slot: number, options?: { cause?: unknown }) {
    super(`no primary is known for slot ${slot}; is the cluster fully covered?`, options)
    this.slot = slot
    this.retryable = true
  }
}

/** The cluster sent the command from node to node without end; `trail` lists the last steps of the way. */
export class TooManyRedirectsError extends SlotwiseError {
  static override readonly [KIND]: string = 'TooManyRedirectsError'
  override readonly code = 'TOO_MANY_REDIRECTS'

  constructor(trail: readonly string[], options: { cause?: unknown; redirects?: number } = {}) {
    const { cause, redirects = trail.length } = options
    super(
      `gave up after ${redirects} redirects: ${trail.slice(-4).join(' → ')}`,
      cause === undefined ? undefined : { cause },
    )
    this.trail = trail
    this.outcome = 'rejected'
  }
}
