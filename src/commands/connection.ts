// Builders of the connection group. What would change a connection that others share (AUTH, HELLO, SELECT, RESET,
// QUIT, CLIENT SETNAME, REPLY, TRACKING, CACHING, NO-EVICT) is not here: the connection's options do that, for every
// connection and again after each redial.
import { InvalidArgumentError } from '../core/errors.js'
import { type Arg, type Command, createCommand, NO_SLOT } from '../protocol/command.js'
import { asBulk, asBulkOrNull, asCount, asFlag, asInt, asOk } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { checkOptions, countArg, flag, integerArg, invalid, textArg, valueArg, wordArg } from './arguments.js'
import { asClient, asClients, asPong, type ClientDescription } from './replies.js'
import type { Bulk, Int, Value } from './types.js'

/** Kinds of connections. */
export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub'

export interface ClientListOptions {
  readonly type?: ClientType
  /** Only connections with these ids. Since 6.2. */
  readonly ids?: readonly (number | bigint)[]
}

/** Which connections; one must match all that is given. */
export interface ClientKillFilter {
  readonly id?: number | bigint
  readonly type?: ClientType
  readonly user?: string
  /** `ip:port` of the other end. */
  readonly addr?: string
  /** `ip:port` of the server's end. Since 6.2. */
  readonly laddr?: string
  /** Spare the connection that asks. Default true. */
  readonly skipme?: boolean
}

export interface ClientPauseOptions {
  /** Which commands wait. Default `all`. Since 6.2. */
  readonly mode?: 'all' | 'write'
}

export interface ClientUnblockOptions {
  /** What the blocked command answers: as if its time were up, or an UNBLOCKED error. Default `timeout`. */
  readonly reason?: 'timeout' | 'error'
}

const CLIENT_GETNAME = /* @__PURE__ */ specOf('CLIENT GETNAME')
const CLIENT_ID = /* @__PURE__ */ specOf('CLIENT ID')
const CLIENT_INFO = /* @__PURE__ */ specOf('CLIENT INFO')
const CLIENT_KILL = /* @__PURE__ */ specOf('CLIENT KILL')
const CLIENT_LIST = /* @__PURE__ */ specOf('CLIENT LIST')
const CLIENT_PAUSE = /* @__PURE__ */ specOf('CLIENT PAUSE')
const CLIENT_UNBLOCK = /* @__PURE__ */ specOf('CLIENT UNBLOCK')
const CLIENT_UNPAUSE = /* @__PURE__ */ specOf('CLIENT UNPAUSE')
const ECHO = /* @__PURE__ */ specOf('ECHO')
const PING = /* @__PURE__ */ specOf('PING')

/**
 * The name of the connection that asks, or null. CLIENT GETNAME, since 2.6.9.
 * @see https://redis.io/docs/latest/commands/client-getname/
 */
export function clientGetname(): Command<Bulk | null> {
  return createCommand(CLIENT_GETNAME, ['CLIENT', 'GETNAME'], NO_SLOT, asBulkOrNull)
}

/**
 * The id of the connection that asks. CLIENT ID, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/client-id/
 */
export function clientId(): Command<Int> {
  return createCommand(CLIENT_ID, ['CLIENT', 'ID'], NO_SLOT, asInt)
}

/**
 * What the server knows of the connection that asks, as a record without prototype. CLIENT INFO, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/client-info/
 */
export function clientInfo(): Command<ClientDescription> {
  return createCommand(CLIENT_INFO, ['CLIENT', 'INFO'], NO_SLOT, asClient)
}

/**
 * Closes connections; how many. CLIENT KILL, since 2.4.0; filters since 2.8.12.
 *
 * @example
 * ```ts
 * await redis.clientKill({ type: 'pubsub', user: 'guest' })
 * ```
 * @see https://redis.io/docs/latest/commands/client-kill/
 */
export function clientKill(filter: ClientKillFilter): Command<number> {
  if (filter === undefined) throw invalid(CLIENT_KILL, 'filter', 'an object', filter)
  const known = ['id', 'type', 'user', 'addr', 'laddr', 'skipme'] as const
  const { id, type, user, addr, laddr, skipme } = checkOptions(CLIENT_KILL, filter, known, 'filter')
  const args: Arg[] = ['CLIENT', 'KILL']
  if (id !== undefined) args.push('ID', integerArg(CLIENT_KILL, id, 'filter.id'))
  if (type !== undefined) args.push('TYPE', wordArg(CLIENT_KILL, type, CLIENT_TYPES, 'filter.type'))
  if (user !== undefined) args.push('USER', textArg(CLIENT_KILL, user, 'filter.user'))
  if (addr !== undefined) args.push('ADDR', textArg(CLIENT_KILL, addr, 'filter.addr'))
  if (laddr !== undefined) args.push('LADDR', textArg(CLIENT_KILL, laddr, 'filter.laddr'))
  if (args.length === 2) {
    throw new InvalidArgumentError(
      'CLIENT KILL',
      'filter',
      'must hold at least one of id, type, user, addr, laddr',
    )
  }
  if (skipme !== undefined) args.push('SKIPME', flag(CLIENT_KILL, skipme, 'filter.skipme') ? 'YES' : 'NO')
  return createCommand(CLIENT_KILL, args, NO_SLOT, asCount)
}

/**
 * What the server knows of its connections. CLIENT LIST, since 2.4.0.
 * @see https://redis.io/docs/latest/commands/client-list/
 */
export function clientList(options?: ClientListOptions): Command<ClientDescription[]> {
  const { type, ids } = checkOptions(CLIENT_LIST, options, ['type', 'ids'])
  const args: Arg[] = ['CLIENT', 'LIST']
  if (type !== undefined) args.push('TYPE', wordArg(CLIENT_LIST, type, CLIENT_TYPES, 'options.type'))
  if (ids !== undefined) {
    if (!Array.isArray(ids) || ids.length === 0)
      throw invalid(CLIENT_LIST, 'options.ids', 'an array of ids', ids)
    args.push('ID')
    for (let i = 0; i < ids.length; i++) args.push(integerArg(CLIENT_LIST, ids[i], `options.ids[${i}]`))
  }
  return createCommand(CLIENT_LIST, args, NO_SLOT, asClients)
}

/**
 * Lets commands of all connections wait for some milliseconds. CLIENT PAUSE, since 2.9.50.
 * @see https://redis.io/docs/latest/commands/client-pause/
 */
export function clientPause(milliseconds: number, options?: ClientPauseOptions): Command<'OK'> {
  const { mode } = checkOptions(CLIENT_PAUSE, options, ['mode'])
  const args: Arg[] = ['CLIENT', 'PAUSE', countArg(CLIENT_PAUSE, milliseconds, 'milliseconds')]
  if (mode !== undefined) args.push(wordArg(CLIENT_PAUSE, mode, ['all', 'write'], 'options.mode'))
  return createCommand(CLIENT_PAUSE, args, NO_SLOT, asOk)
}

/**
 * Ends the wait of a blocked connection; false where it was not blocked. CLIENT UNBLOCK, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/client-unblock/
 */
export function clientUnblock(id: number | bigint, options?: ClientUnblockOptions): Command<boolean> {
  const { reason } = checkOptions(CLIENT_UNBLOCK, options, ['reason'])
  const args: Arg[] = ['CLIENT', 'UNBLOCK', integerArg(CLIENT_UNBLOCK, id, 'id')]
  if (reason !== undefined) args.push(wordArg(CLIENT_UNBLOCK, reason, ['timeout', 'error'], 'options.reason'))
  return createCommand(CLIENT_UNBLOCK, args, NO_SLOT, asFlag)
}

/**
 * Ends what {@link clientPause} began. CLIENT UNPAUSE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/client-unpause/
 */
export function clientUnpause(): Command<'OK'> {
  return createCommand(CLIENT_UNPAUSE, ['CLIENT', 'UNPAUSE'], NO_SLOT, asOk)
}

/**
 * The server gives the message back. ECHO, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/echo/
 */
export function echo(message: Value): Command<Bulk> {
  return createCommand(ECHO, ['ECHO', valueArg(ECHO, message, 'message')], NO_SLOT, asBulk)
}

/**
 * Is anybody there? PING, since 1.0.0. To have a message of your own back, use {@link echo}.
 * @see https://redis.io/docs/latest/commands/ping/
 */
export function ping(): Command<'PONG'> {
  return createCommand(PING, ['PING'], NO_SLOT, asPong)
}

const CLIENT_TYPES = ['normal', 'master', 'replica', 'pubsub'] as const
