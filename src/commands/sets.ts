// Builders of the set group. Members come as an array, in the server's order, which means nothing.
import { type Arg, type Command, createCommand } from '../protocol/command.js'
import {
  asBulkOrNull,
  asBulks,
  asCount,
  asFlag,
  asFlags,
  asScanPage,
  type ScanPage,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keySlot, keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkOptions,
  countArg,
  cursorArg,
  integerArg,
  keyArg,
  keyList,
  pushKeys,
  pushOneOrMany,
  pushScan,
  pushValues,
  type ScanOptions,
  valueArg,
} from './arguments.js'
import type { Bulk, Key, Value } from './types.js'

export interface IntercardOptions {
  /** Stop counting here; 0 counts all. Default 0. */
  readonly limit?: number
}

const SADD = /* @__PURE__ */ specOf('SADD')
const SCARD = /* @__PURE__ */ specOf('SCARD')
const SDIFF = /* @__PURE__ */ specOf('SDIFF')
const SDIFFSTORE = /* @__PURE__ */ specOf('SDIFFSTORE')
const SINTER = /* @__PURE__ */ specOf('SINTER')
const SINTERCARD = /* @__PURE__ */ specOf('SINTERCARD')
const SINTERSTORE = /* @__PURE__ */ specOf('SINTERSTORE')
const SISMEMBER = /* @__PURE__ */ specOf('SISMEMBER')
const SMEMBERS = /* @__PURE__ */ specOf('SMEMBERS')
const SMISMEMBER = /* @__PURE__ */ specOf('SMISMEMBER')
const SMOVE = /* @__PURE__ */ specOf('SMOVE')
const SPOP = /* @__PURE__ */ specOf('SPOP')
const SRANDMEMBER = /* @__PURE__ */ specOf('SRANDMEMBER')
const SREM = /* @__PURE__ */ specOf('SREM')
const SSCAN = /* @__PURE__ */ specOf('SSCAN')
const SUNION = /* @__PURE__ */ specOf('SUNION')
const SUNIONSTORE = /* @__PURE__ */ specOf('SUNIONSTORE')

/**
 * Adds one member or several; how many are new. SADD, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sadd/
 */
export function sadd(key: Key, members: Value | readonly Value[]): Command<number> {
  const args = ['SADD', keyArg(SADD, key)]
  pushOneOrMany(SADD, args, members, 'members')
  return createCommand(SADD, args, keySlot(key), asCount)
}

/**
 * How many members there are. SCARD, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/scard/
 */
export function scard(key: Key): Command<number> {
  return createCommand(SCARD, ['SCARD', keyArg(SCARD, key)], keySlot(key), asCount)
}

/**
 * The members of the first set that are in none of the others. SDIFF, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sdiff/
 */
export function sdiff(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return combined(SDIFF, keyOrKeys)
}

/**
 * Stores the difference of sets; how many members it has. SDIFFSTORE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sdiffstore/
 */
export function sdiffstore(destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  return stored(SDIFFSTORE, destination, keyOrKeys)
}

/**
 * The members that are in all sets. SINTER, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sinter/
 */
export function sinter(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return combined(SINTER, keyOrKeys)
}

/**
 * How many members are in all sets. SINTERCARD, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/sintercard/
 */
export function sintercard(keyOrKeys: Key | readonly Key[], options?: IntercardOptions): Command<number> {
  const { limit } = checkOptions(SINTERCARD, options, ['limit'])
  const keys = keyList(SINTERCARD, keyOrKeys)
  const args: Arg[] = ['SINTERCARD', String(keys.length)]
  pushKeys(SINTERCARD, args, keys, 'keyOrKeys')
  if (limit !== undefined) args.push('LIMIT', countArg(SINTERCARD, limit, 'options.limit'))
  return createCommand(SINTERCARD, args, keysSlot(keys), asCount)
}

/**
 * Stores the intersection of sets; how many members it has. SINTERSTORE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sinterstore/
 */
export function sinterstore(destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  return stored(SINTERSTORE, destination, keyOrKeys)
}

/**
 * Is it a member? SISMEMBER, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sismember/
 */
export function sismember(key: Key, member: Value): Command<boolean> {
  const args = ['SISMEMBER', keyArg(SISMEMBER, key), valueArg(SISMEMBER, member, 'member')]
  return createCommand(SISMEMBER, args, keySlot(key), asFlag)
}

/**
 * All members. SMEMBERS, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/smembers/
 */
export function smembers(key: Key): Command<Bulk[]> {
  return createCommand(SMEMBERS, ['SMEMBERS', keyArg(SMEMBERS, key)], keySlot(key), asBulks)
}

/**
 * Is each a member? In their order. SMISMEMBER, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/smismember/
 */
export function smismember(key: Key, members: readonly Value[]): Command<boolean[]> {
  const args = ['SMISMEMBER', keyArg(SMISMEMBER, key)]
  pushValues(SMISMEMBER, args, members, 'members')
  return createCommand(SMISMEMBER, args, keySlot(key), asFlags)
}

/**
 * Moves a member from one set to another; false where it was not in the first. SMOVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/smove/
 */
export function smove(source: Key, destination: Key, member: Value): Command<boolean> {
  const args = ['SMOVE', keyArg(SMOVE, source, 'source'), keyArg(SMOVE, destination, 'destination')]
  args.push(valueArg(SMOVE, member, 'member'))
  return createCommand(SMOVE, args, keysSlot([source, destination]), asFlag)
}

/**
 * Takes some member, or null where the key is missing. SPOP, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/spop/
 */
export function spop(key: Key): Command<Bulk | null> {
  return createCommand(SPOP, ['SPOP', keyArg(SPOP, key)], keySlot(key), asBulkOrNull)
}

/**
 * Takes up to `count` members. SPOP with a count, since 3.2.0.
 * @see https://redis.io/docs/latest/commands/spop/
 */
export function spopCount(key: Key, count: number): Command<Bulk[]> {
  return createCommand(
    SPOP,
    ['SPOP', keyArg(SPOP, key), countArg(SPOP, count, 'count')],
    keySlot(key),
    asBulks,
  )
}

/**
 * Some member, or null where the key is missing. SRANDMEMBER, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/srandmember/
 */
export function srandmember(key: Key): Command<Bulk | null> {
  return createCommand(SRANDMEMBER, ['SRANDMEMBER', keyArg(SRANDMEMBER, key)], keySlot(key), asBulkOrNull)
}

/**
 * Up to `count` different members; a negative count gives exactly so many, with repeats.
 * SRANDMEMBER with a count, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/srandmember/
 */
export function srandmemberCount(key: Key, count: number): Command<Bulk[]> {
  const args = ['SRANDMEMBER', keyArg(SRANDMEMBER, key), integerArg(SRANDMEMBER, count, 'count')]
  return createCommand(SRANDMEMBER, args, keySlot(key), asBulks)
}

/**
 * Removes one member or several; how many there were. SREM, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/srem/
 */
export function srem(key: Key, members: Value | readonly Value[]): Command<number> {
  const args = ['SREM', keyArg(SREM, key)]
  pushOneOrMany(SREM, args, members, 'members')
  return createCommand(SREM, args, keySlot(key), asCount)
}

/**
 * One page of the members; how to go on is as for SCAN. SSCAN, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/sscan/
 */
export function sscan(key: Key, cursor: string | number | bigint, options?: ScanOptions): Command<ScanPage> {
  const chosen = checkOptions(SSCAN, options, ['match', 'count'])
  const args = ['SSCAN', keyArg(SSCAN, key), cursorArg(SSCAN, cursor)]
  pushScan(SSCAN, args, chosen)
  return createCommand(SSCAN, args, keySlot(key), asScanPage)
}

/**
 * The members that are in any of the sets. SUNION, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sunion/
 */
export function sunion(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return combined(SUNION, keyOrKeys)
}

/**
 * Stores the union of sets; how many members it has. SUNIONSTORE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sunionstore/
 */
export function sunionstore(destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  return stored(SUNIONSTORE, destination, keyOrKeys)
}

function combined(spec: CommandSpec, keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  const keys = keyList(spec, keyOrKeys)
  const args: Arg[] = [spec.name]
  pushKeys(spec, args, keys, 'keyOrKeys')
  return createCommand(spec, args, keysSlot(keys), asBulks)
}

function stored(spec: CommandSpec, destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  const args = [spec.name, keyArg(spec, destination, 'destination')]
  pushKeys(spec, args, keyList(spec, keyOrKeys), 'keyOrKeys')
  // All words but the name are keys.
  return createCommand(spec, args, keysSlot(args.slice(1)), asCount)
}
