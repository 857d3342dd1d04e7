// Builders of the hash group.
import type { Command } from '../protocol/command.js'
import {
  asBulkOrNull,
  asBulks,
  asBulksOrNulls,
  asCount,
  asFields,
  asFlag,
  asInt,
  asNumber,
  asOk,
  asPairs,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import {
  finiteArg,
  integerArg,
  keyArg,
  keyList,
  type Pairs,
  pushKeys,
  pushPairs,
  type ScanOptions,
  valueArg,
} from './arguments.js'
import { asHashPage, type HashPage } from './replies.js'
import { keyed, keyWords, ofField, ofInteger, ofKey, ofPage } from './shapes.js'
import type { Bulk, Fields, Int, Key, Value } from './types.js'

const HDEL = /* @__PURE__ */ specOf('HDEL')
const HEXISTS = /* @__PURE__ */ specOf('HEXISTS')
const HGET = /* @__PURE__ */ specOf('HGET')
const HGETALL = /* @__PURE__ */ specOf('HGETALL')
const HINCRBY = /* @__PURE__ */ specOf('HINCRBY')
const HINCRBYFLOAT = /* @__PURE__ */ specOf('HINCRBYFLOAT')
const HKEYS = /* @__PURE__ */ specOf('HKEYS')
const HLEN = /* @__PURE__ */ specOf('HLEN')
const HMGET = /* @__PURE__ */ specOf('HMGET')
const HMSET = /* @__PURE__ */ specOf('HMSET')
const HRANDFIELD = /* @__PURE__ */ specOf('HRANDFIELD')
const HSCAN = /* @__PURE__ */ specOf('HSCAN')
const HSET = /* @__PURE__ */ specOf('HSET')
const HSETNX = /* @__PURE__ */ specOf('HSETNX')
const HSTRLEN = /* @__PURE__ */ specOf('HSTRLEN')
const HVALS = /* @__PURE__ */ specOf('HVALS')

/**
 * Removes one field or several; how many there were. HDEL, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hdel/
 */
export function hdel(key: Key, fieldOrFields: Key | readonly Key[]): Command<number> {
  const args = keyWords(HDEL, key)
  pushKeys(HDEL, args, keyList(HDEL, fieldOrFields, 'fieldOrFields'), 'fieldOrFields')
  return keyed(HDEL, args, asCount)
}

/**
 * Is the field there? HEXISTS, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hexists/
 */
export function hexists(key: Key, field: Key): Command<boolean> {
  return ofField(HEXISTS, key, field, asFlag)
}

/**
 * The value of a field, or null. HGET, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hget/
 */
export function hget(key: Key, field: Key): Command<Bulk | null> {
  return ofField(HGET, key, field, asBulkOrNull)
}

/**
 * All fields, as a record without prototype; under `with({ replies: 'buffer' })` as a Map. Empty where the key is
 * missing. HGETALL, since 2.0.0.
 *
 * @example
 * ```ts
 * await redis.hset('user:7', { name: 'Ada', age: 36 })
 * const { name } = await redis.hgetall('user:7')
 * ```
 * @see https://redis.io/docs/latest/commands/hgetall/
 */
export function hgetall(key: Key): Command<Fields> {
  return ofKey(HGETALL, key, asFields)
}

/**
 * Adds an integer to a field; the value it has then. HINCRBY, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hincrby/
 */
export function hincrby(key: Key, field: Key, increment: number | bigint): Command<Int> {
  const args = keyWords(HINCRBY, key)
  args.push(keyArg(HINCRBY, field, 'field'), integerArg(HINCRBY, increment, 'increment'))
  return keyed(HINCRBY, args, asInt)
}

/**
 * Adds a number, which may have a fraction, to a field; the value it has then. HINCRBYFLOAT, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/hincrbyfloat/
 */
export function hincrbyfloat(key: Key, field: Key, increment: number): Command<number> {
  const args = keyWords(HINCRBYFLOAT, key)
  args.push(keyArg(HINCRBYFLOAT, field, 'field'), finiteArg(HINCRBYFLOAT, increment, 'increment'))
  return keyed(HINCRBYFLOAT, args, asNumber)
}

/**
 * The names of all fields. HKEYS, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hkeys/
 */
export function hkeys(key: Key): Command<Bulk[]> {
  return ofKey(HKEYS, key, asBulks)
}

/**
 * How many fields there are. HLEN, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hlen/
 */
export function hlen(key: Key): Command<number> {
  return ofKey(HLEN, key, asCount)
}

/**
 * The values of several fields, in their order; null for each that is missing. HMGET, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hmget/
 */
export function hmget(key: Key, fields: readonly Key[]): Command<(Bulk | null)[]> {
  const args = keyWords(HMGET, key)
  pushKeys(HMGET, args, fields, 'fields')
  return keyed(HMGET, args, asBulksOrNulls)
}

/**
 * Stores fields. HMSET, since 2.0.0.
 * @deprecated by the server since 4.0: {@link hset} does the same and counts.
 * @see https://redis.io/docs/latest/commands/hmset/
 */
export function hmset(key: Key, fields: Pairs): Command<'OK'> {
  const args = keyWords(HMSET, key)
  pushPairs(HMSET, args, fields, 'fields')
  return keyed(HMSET, args, asOk)
}

/**
 * Some field's name, or null where the key is missing. HRANDFIELD, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/hrandfield/
 */
export function hrandfield(key: Key): Command<Bulk | null> {
  return ofKey(HRANDFIELD, key, asBulkOrNull)
}

/**
 * Names of up to `count` different fields; a negative count gives exactly so many, with repeats.
 * HRANDFIELD with a count, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/hrandfield/
 */
export function hrandfieldCount(key: Key, count: number): Command<Bulk[]> {
  return ofInteger(HRANDFIELD, key, count, 'count', asBulks)
}

/**
 * The same as {@link hrandfieldCount}, as pairs of field and value. HRANDFIELD with WITHVALUES, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/hrandfield/
 */
export function hrandfieldWithValues(key: Key, count: number): Command<[Bulk, Bulk][]> {
  const args = keyWords(HRANDFIELD, key)
  args.push(integerArg(HRANDFIELD, count, 'count'), 'WITHVALUES')
  return keyed(HRANDFIELD, args, asPairs)
}

/**
 * One page of the fields of a hash, as pairs; how to go on is as for SCAN. HSCAN, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/hscan/
 */
export function hscan(key: Key, cursor: string | number | bigint, options?: ScanOptions): Command<HashPage> {
  return ofPage(HSCAN, key, cursor, options, asHashPage)
}

/**
 * Stores fields; how many of them are new. HSET, since 2.0.0; several fields since 4.0.0.
 *
 * @example
 * ```ts
 * await redis.hset('user:7', { name: 'Ada', age: 36 })
 * await redis.hset('user:7', new Map([['photo', Buffer.from([0xff])]]))
 * ```
 * @see https://redis.io/docs/latest/commands/hset/
 */
export function hset(key: Key, fields: Pairs): Command<number> {
  const args = keyWords(HSET, key)
  pushPairs(HSET, args, fields, 'fields')
  return keyed(HSET, args, asCount)
}

/**
 * Stores a field unless it is there; whether it did. HSETNX, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hsetnx/
 */
export function hsetnx(key: Key, field: Key, value: Value): Command<boolean> {
  const args = keyWords(HSETNX, key)
  args.push(keyArg(HSETNX, field, 'field'), valueArg(HSETNX, value))
  return keyed(HSETNX, args, asFlag)
}

/**
 * The length in bytes of a field's value, 0 where it is missing. HSTRLEN, since 3.2.0.
 * @see https://redis.io/docs/latest/commands/hstrlen/
 */
export function hstrlen(key: Key, field: Key): Command<number> {
  return ofField(HSTRLEN, key, field, asCount)
}

/**
 * The values of all fields. HVALS, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/hvals/
 */
export function hvals(key: Key): Command<Bulk[]> {
  return ofKey(HVALS, key, asBulks)
}
