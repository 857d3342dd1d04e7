// Builders of the connection group. What would change a connection that others share (AUTH, HELLO, SELECT, RESET,
// QUIT, CLIENT SETNAME, REPLY, TRACKING, CACHING, NO-EVICT) is not here: the connection's options do that, for every
// connection and again after each redial.
import { InvalidArgumentError } from '../core/errors.js'
import type { Arg, Command } from '../protocol/command.js'
import { asBulk, asBulkOrNull, asCount, asFlag, asInt, asOk } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkOptions,
  countArg,
  flag,
  integerArg,
  invalid,
  type OptionWords,
  pushOptions,
  textArg,
  valueArg,
  wordArg,
} from './arguments.js'
import { asClient, asClients, asPong, type ClientDescription } from './replies.js'
import { keyless, nameWords } from './shapes.js'
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
  return keyless(CLIENT_GETNAME, asBulkOrNull)
}

/**
 * The id of the connection that asks. CLIENT ID, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/client-id/
 */
export function clientId(): Command<Int> {
  return keyless(CLIENT_ID, asInt)
}

/**
 * What the server knows of the connection that asks, as a record without prototype. CLIENT INFO, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/client-info/
 */
export function clientInfo(): Command<ClientDescription> {
  return keyless(CLIENT_INFO, asClient)
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
  const args = nameWords(CLIENT_KILL)
  pushOptions(CLIENT_KILL, args, filter, KILL_FILTER, 'filter')
  if (args.length === (filter.skipme === undefined ? 2 : 4)) {
    throw new InvalidArgumentError(
      'CLIENT KILL',
      'filter',
      'must hold at least one of id, type, user, addr, laddr',
    )
  }
  return keyless(CLIENT_KILL, asCount, args)
}

/**
 * What the server knows of its connections. CLIENT LIST, since 2.4.0.
 * @see https://redis.io/docs/latest/commands/client-list/
 */
export function clientList(options?: ClientListOptions): Command<ClientDescription[]> {
  const args = nameWords(CLIENT_LIST)
  pushOptions(CLIENT_LIST, args, options, LIST_OPTIONS)
  return keyless(CLIENT_LIST, asClients, args)
}

/**
 * Lets commands of all connections wait for some milliseconds. CLIENT PAUSE, since 2.9.50.
 * @see https://redis.io/docs/latest/commands/client-pause/
 */
export function clientPause(milliseconds: number, options?: ClientPauseOptions): Command<'OK'> {
  const { mode } = checkOptions(CLIENT_PAUSE, options, ['mode'])
  const args = nameWords(CLIENT_PAUSE)
  args.push(countArg(CLIENT_PAUSE, milliseconds, 'milliseconds'))
  if (mode !== undefined) args.push(wordArg(CLIENT_PAUSE, mode, ['all', 'write'], 'options.mode'))
  return keyless(CLIENT_PAUSE, asOk, args)
}

/**
 * Ends the wait of a blocked connection; false where it was not blocked. CLIENT UNBLOCK, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/client-unblock/
 */
export function clientUnblock(id: number | bigint, options?: ClientUnblockOptions): Command<boolean> {
  const { reason } = checkOptions(CLIENT_UNBLOCK, options, ['reason'])
  const args = nameWords(CLIENT_UNBLOCK)
  args.push(integerArg(CLIENT_UNBLOCK, id, 'id'))
  if (reason !== undefined) args.push(wordArg(CLIENT_UNBLOCK, reason, ['timeout', 'error'], 'options.reason'))
  return keyless(CLIENT_UNBLOCK, asFlag, args)
}

/**
 * Ends what {@link clientPause} began. CLIENT UNPAUSE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/client-unpause/
 */
export function clientUnpause(): Command<'OK'> {
  return keyless(CLIENT_UNPAUSE, asOk)
}

/**
 * The server gives the message back. ECHO, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/echo/
 */
export function echo(message: Value): Command<Bulk> {
  return keyless(ECHO, asBulk, ['ECHO', valueArg(ECHO, message, 'message')])
}

/**
 * Is anybody there? PING, since 1.0.0. To have a message of your own back, use {@link echo}.
 * @see https://redis.io/docs/latest/commands/ping/
 */
export function ping(): Command<'PONG'> {
  return keyless(PING, asPong)
}

const KILL_FILTER: OptionWords<ClientKillFilter> = {
  id: ['ID', integerArg],
  type: ['TYPE', clientTypeArg],
  user: ['USER', textArg],
  addr: ['ADDR', textArg],
  laddr: ['LADDR', textArg],
  skipme: (spec, args, skipme, name) => args.push('SKIPME', flag(spec, skipme, name) ? 'YES' : 'NO'),
}

const LIST_OPTIONS: OptionWords<ClientListOptions> = { type: ['TYPE', clientTypeArg], ids: pushIds }

function clientTypeArg(spec: CommandSpec, type: ClientType, name: string): Arg {
  return wordArg(spec, type, ['normal', 'master', 'replica', 'pubsub'], name)
}

function pushIds(spec: CommandSpec, args: Arg[], ids: readonly (number | bigint)[], name: string): void {
  if (!Array.isArray(ids) || ids.length === 0) throw invalid(spec, name, 'an array of ids', ids)
  args.push('ID')
  for (let i = 0; i < ids.length; i++) args.push(integerArg(spec, ids[i], `${name}[${i}]`))
}
