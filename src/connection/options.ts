// How a connection is made. These options apply to every node of a client alike.
import type { LookupFunction } from 'node:net'
import { createSecureContext, type SecureContext, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { Address } from '../core/address.js'
import { InvalidOptionError } from '../core/errors.js'
import { count, duration, flag, func, oneOf, text } from '../core/options.js'
import { type Limits, resolveLimits } from '../resp/limits.js'
import type { Credentials, CredentialsProvider } from './credentials.js'

export interface ConnectionOptions {
  /**
   * Time a connection may take to be ready, in milliseconds: name look-up, TCP, TLS and handshake together.
   * @default 5000
   */
  connectTimeoutMs?: number
  /**
   * Idle time before the system probes the peer (TCP keep-alive), in milliseconds; 0 turns it off.
   * @default 30000
   */
  keepAliveMs?: number
  /**
   * Send small writes at once (TCP_NODELAY). Commands are batched by the client already.
   * @default true
   */
  noDelay?: boolean
  /**
   * `true`, or Node's own options for `tls.connect`: `ca`, `cert`, `key`, … They apply to every node. Certificates and
   * names are verified unless these options say otherwise.
   * @default false, or true where a URL says `rediss://`
   */
  tls?: boolean | TlsOptions
  /**
   * The name each node must prove by its certificate (SNI). Asked for every node; `undefined` leaves the choice to the
   * client: the name the node announces, else, for a node found by IP, the name of a seed.
   */
  servername?: (address: Address) => string | undefined
  /** User name for the server's access list; without one a password is the default user's. */
  username?: string
  /** Password. Not together with `credentials`. */
  password?: string
  /**
   * Credentials that change: a function asked for every connection, and again before what it gave `expiresAt`; live
   * connections then authenticate anew.
   */
  credentials?: Credentials | CredentialsProvider
  /** Name of the connections in the server's CLIENT LIST. */
  clientName?: string
  /**
   * Tell the server this library's name and version (CLIENT SETINFO, shown by CLIENT LIST).
   * @default true
   */
  clientInfo?: boolean
  /**
   * Number of the database. In a cluster only where the server has numbered databases there (Valkey 9).
   * @default 0
   */
  db?: number
  /**
   * RESP version: 3, 2, or `'auto'`, which is 3 where the server knows it.
   * @default 'auto'
   */
  protocol?: 'auto' | 2 | 3
  /**
   * IP version for name look-ups: 4, 6, or 0 for both.
   * @default 0
   */
  family?: 0 | 4 | 6
  /** Look-up function in place of `dns.lookup`. */
  lookup?: LookupFunction
  /** Ceilings on what a server may send; beyond them the connection is given up. See {@link Limits}. */
  limits?: Partial<Limits>
  /**
   * Commands that may wait or be in flight on one connection; one more is refused with `OverloadedError`.
   * @default 65536
   */
  maxQueued?: number
  /**
   * Bytes of commands that may wait on one connection until the system takes them; a command that would exceed them is
   * refused with `OverloadedError`. One that is larger by itself is taken where no other waits.
   * @default 268435456
   */
  maxQueuedBytes?: number
  /**
   * How long a node may owe answers without a sign of life before it is taken for unreachable, in milliseconds: new
   * commands for it wait then, and it is dialled anew. 0 turns that off.
   * @default 500
   */
  silenceMs?: number
}

export interface ResolvedConnectionOptions {
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  readonly noDelay: boolean
  readonly tls: TlsOptions | undefined
  readonly servername: ((address: Address) => string | undefined) | undefined
  readonly credentials: Credentials | CredentialsProvider | undefined
  readonly clientName: string | undefined
  readonly clientInfo: boolean
  readonly db: number
  readonly protocol: 'auto' | 2 | 3
  readonly family: 0 | 4 | 6
  readonly lookup: LookupFunction | undefined
  readonly limits: Limits
  readonly maxQueued: number
  readonly maxQueuedBytes: number
  readonly silenceMs: number
}

/** The fields of ConnectionOptions, for whoever composes them with others. */
export const connectionFields = [
  'connectTimeoutMs',
  'keepAliveMs',
  'noDelay',
  'tls',
  'servername',
  'username',
  'password',
  'credentials',
  'clientName',
  'clientInfo',
  'db',
  'protocol',
  'family',
  'lookup',
  'limits',
  'maxQueued',
  'maxQueuedBytes',
  'silenceMs',
] as const satisfies readonly (keyof ConnectionOptions)[]

/** Checks, fills in the defaults, freezes. The fields are at the top level of a client's options. Do not spread the result. */
export function resolveConnectionOptions(options: ConnectionOptions = {}): ResolvedConnectionOptions {
  const resolved = {
    connectTimeoutMs: duration('connectTimeoutMs', options.connectTimeoutMs, 5000, { min: 1, max: 600_000 }),
    keepAliveMs: duration('keepAliveMs', options.keepAliveMs, 30_000, { min: 0, max: 86_400_000 }),
    noDelay: flag('noDelay', options.noDelay, true),
    tls: resolveTls(options.tls),
    servername: func('servername', options.servername),
    credentials: resolveCredentials(options),
    clientName: checkClientName(text('clientName', options.clientName)),
    clientInfo: flag('clientInfo', options.clientInfo, true),
    db: count('db', options.db, 0, { min: 0, max: 2 ** 31 - 1 }),
    protocol: oneOf('protocol', options.protocol, 'auto', ['auto', 2, 3] as const),
    family: oneOf('family', options.family, 0, [0, 4, 6] as const),
    lookup: func('lookup', options.lookup),
    limits: resolveLimits(checkLimits(options.limits)),
    maxQueued: count('maxQueued', options.maxQueued, 65_536, { min: 1, max: 2 ** 24 }),
    maxQueuedBytes: count('maxQueuedBytes', options.maxQueuedBytes, 2 ** 28, { min: 1, max: 2 ** 40 }),
    silenceMs: duration('silenceMs', options.silenceMs, 500, { min: 0, max: 600_000 }),
  }
  // Passwords and private keys: not for whoever logs the options.
  for (const name of ['credentials', 'tls'] as const) {
    Object.defineProperty(resolved, name, { enumerable: false })
  }
  return Object.freeze(resolved)
}

function resolveTls(tls: unknown): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined
  if (tls === true) return resolveTls({})
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    throw new InvalidOptionError('tls', "must be true, false, or Node's tls options")
  }
  // Without those that are undefined: Node takes an undefined checkServerIdentity for a given one.
  const given: TlsOptions = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined))
  for (const name of OF_THE_DIAL) {
    if (Object.hasOwn(given, name))
      throw new InvalidOptionError(`tls.${name}`, 'cannot be set: each connection has its own')
  }
  // Made once: certificates that cannot be used are told of now, and not read again for every connection.
  return { ...given, secureContext: given.secureContext ?? secureContextOf(given) }
}

const OF_THE_DIAL = ['host', 'port', 'path', 'socket', 'lookup', 'onread', 'timeout', 'signal']

function secureContextOf(tls: TlsOptions): SecureContext {
  try {
    return createSecureContext(tls)
  } catch (cause) {
    const error = new InvalidOptionError('tls', `cannot be used: ${(cause as Error).message}`)
    error.cause = cause
    throw error
  }
}

function resolveCredentials(options: ConnectionOptions): Credentials | CredentialsProvider | undefined {
  const { username, password, credentials } = options
  text('username', username)
  text('password', password)
  if (credentials !== undefined) {
    if (username !== undefined || password !== undefined) {
      throw new InvalidOptionError('credentials', 'cannot be given together with username or password')
    }
    if (typeof credentials === 'function') return credentials
    if (typeof credentials !== 'object' || credentials === null) {
      throw new InvalidOptionError(
        'credentials',
        'must be { username, password } or a function that gives them',
      )
    }
    if (text('credentials.password', credentials.password) === undefined) {
      throw new InvalidOptionError('credentials.password', 'is missing')
    }
    text('credentials.username', credentials.username)
    return credentials
  }
  if (password === undefined) {
    if (username !== undefined) throw new InvalidOptionError('password', 'is missing beside username')
    return undefined
  }
  return username === undefined ? { password } : { username, password }
}

// CLIENT SETNAME takes no spaces, newlines or special characters: https://redis.io/docs/latest/commands/client-setname/
function checkClientName(name: string | undefined): string | undefined {
  if (name === undefined || /^[!-~]+$/.test(name)) return name
  throw new InvalidOptionError('clientName', 'must be printable ASCII without spaces')
}

function checkLimits(limits: unknown): Partial<Limits> {
  if (limits === undefined) return {}
  if (typeof limits === 'object' && limits !== null) return limits
  throw new InvalidOptionError('limits', 'must be an object')
}
