// Builders of the set group. Members come as an array, in the server's order, which means nothing.
import { type Command, createCommand } from '../protocol/command.js'
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
import { keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import { keyList, pushKeys, pushValues, type ScanOptions, valueArg } from './arguments.js'
import {
  keyed,
  keyWords,
  ofCommon,
  ofCount,
  ofInteger,
  ofKey,
  ofKeys,
  ofPage,
  ofValue,
  ofValues,
  twiceKeyed,
  twoKeyWords,
} from './shapes.js'
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
  return ofValues(SADD, key, members, 'members')
}

/**
 * How many members there are. SCARD, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/scard/
 */
export function scard(key: Key): Command<number> {
  return ofKey(SCARD, key, asCount)
}

/**
 * The members of the first set that are in none of the others. SDIFF, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sdiff/
 */
export function sdiff(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return ofKeys(SDIFF, keyOrKeys, asBulks)
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
  return ofKeys(SINTER, keyOrKeys, asBulks)
}

/**
 * How many members are in all sets. SINTERCARD, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/sintercard/
 */
export function sintercard(keyOrKeys: Key | readonly Key[], options?: IntercardOptions): Command<number> {
  return ofCommon(SINTERCARD, keyOrKeys, options)
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
  return ofValue(SISMEMBER, key, member, 'member', asFlag)
}

/**
 * All members. SMEMBERS, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/smembers/
 */
export function smembers(key: Key): Command<Bulk[]> {
  return ofKey(SMEMBERS, key, asBulks)
}

/**
 * Is each a member? In their order. SMISMEMBER, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/smismember/
 */
export function smismember(key: Key, members: readonly Value[]): Command<boolean[]> {
  const args = keyWords(SMISMEMBER, key)
  pushValues(SMISMEMBER, args, members, 'members')
  return keyed(SMISMEMBER, args, asFlags)
}

/**
 * Moves a member from one set to another; false where it was not in the first. SMOVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/smove/
 */
export function smove(source: Key, destination: Key, member: Value): Command<boolean> {
  const args = twoKeyWords(SMOVE, source, 'source', destination, 'destination')
  args.push(valueArg(SMOVE, member, 'member'))
  return twiceKeyed(SMOVE, args, asFlag)
}

/**
 * Takes some member, or null where the key is missing. SPOP, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/spop/
 */
export function spop(key: Key): Command<Bulk | null> {
  return ofKey(SPOP, key, asBulkOrNull)
}

/**
 * Takes up to `count` members. SPOP with a count, since 3.2.0.
 * @see https://redis.io/docs/latest/commands/spop/
 */
export function spopCount(key: Key, count: number): Command<Bulk[]> {
  return ofCount(SPOP, key, count, asBulks)
}

/**
 * Some member, or null where the key is missing. SRANDMEMBER, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/srandmember/
 */
export function srandmember(key: Key): Command<Bulk | null> {
  return ofKey(SRANDMEMBER, key, asBulkOrNull)
}

/**
 * Up to `count` different members; a negative count gives exactly so many, with repeats.
 * SRANDMEMBER with a count, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/srandmember/
 */
export function srandmemberCount(key: Key, count: number): Command<Bulk[]> {
  return ofInteger(SRANDMEMBER, key, count, 'count', asBulks)
}

/**
 * Removes one member or several; how many there were. SREM, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/srem/
 */
export function srem(key: Key, members: Value | readonly Value[]): Command<number> {
  return ofValues(SREM, key, members, 'members')
}

/**
 * One page of the members; how to go on is as for SCAN. SSCAN, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/sscan/
 */
export function sscan(key: Key, cursor: string | number | bigint, options?: ScanOptions): Command<ScanPage> {
  return ofPage(SSCAN, key, cursor, options, asScanPage)
}

/**
 * The members that are in any of the sets. SUNION, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sunion/
 */
export function sunion(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return ofKeys(SUNION, keyOrKeys, asBulks)
}

/**
 * Stores the union of sets; how many members it has. SUNIONSTORE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sunionstore/
 */
export function sunionstore(destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  return stored(SUNIONSTORE, destination, keyOrKeys)
}

function stored(spec: CommandSpec, destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  const args = keyWords(spec, destination, 'destination')
  pushKeys(spec, args, keyList(spec, keyOrKeys), 'keyOrKeys')
  // All words but the name are keys.
  return createCommand(spec, args, keysSlot(args.slice(1)), asCount)
}
