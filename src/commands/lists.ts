// Builders of the list group. Those that block (BLPOP, BRPOP, BLMOVE, BLMPOP, BRPOPLPUSH) are not here yet.
import { type Arg, type Command, createCommand } from '../protocol/command.js'
import {
  asBulkOrNull,
  asBulks,
  asBulksOrNull,
  asCount,
  asCountOrNull,
  asCounts,
  asOk,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keysSlot } from '../protocol/slot.js'
import {
  countArg,
  integerArg,
  type OptionWords,
  POP_OPTIONS,
  pushOptions,
  valueArg,
  wordArg,
} from './arguments.js'
import { asPopped, type Popped } from './replies.js'
import {
  countedKeys,
  keyed,
  keyWords,
  ofCount,
  ofInteger,
  ofKey,
  ofPlaces,
  ofValues,
  twiceKeyed,
  twoKeyWords,
} from './shapes.js'
import type { Bulk, Key, Value } from './types.js'

/** An end of a list. */
export type ListSide = 'left' | 'right'

export interface LposOptions {
  /** Which match: 1 the first, 2 the second, −1 the last. Default 1. */
  readonly rank?: number
  /** Look at no more elements than this; 0 is all. Default 0. */
  readonly maxlen?: number
}

export interface PopOptions {
  /** How many at most. Default 1. */
  readonly count?: number
}

const LINDEX = /* @__PURE__ */ specOf('LINDEX')
const LINSERT = /* @__PURE__ */ specOf('LINSERT')
const LLEN = /* @__PURE__ */ specOf('LLEN')
const LMOVE = /* @__PURE__ */ specOf('LMOVE')
const LMPOP = /* @__PURE__ */ specOf('LMPOP')
const LPOP = /* @__PURE__ */ specOf('LPOP')
const LPOS = /* @__PURE__ */ specOf('LPOS')
const LPUSH = /* @__PURE__ */ specOf('LPUSH')
const LPUSHX = /* @__PURE__ */ specOf('LPUSHX')
const LRANGE = /* @__PURE__ */ specOf('LRANGE')
const LREM = /* @__PURE__ */ specOf('LREM')
const LSET = /* @__PURE__ */ specOf('LSET')
const LTRIM = /* @__PURE__ */ specOf('LTRIM')
const RPOP = /* @__PURE__ */ specOf('RPOP')
const RPOPLPUSH = /* @__PURE__ */ specOf('RPOPLPUSH')
const RPUSH = /* @__PURE__ */ specOf('RPUSH')
const RPUSHX = /* @__PURE__ */ specOf('RPUSHX')

/**
 * The element at an index, −1 the last; null beyond the ends. LINDEX, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lindex/
 */
export function lindex(key: Key, index: number): Command<Bulk | null> {
  return ofInteger(LINDEX, key, index, 'index', asBulkOrNull)
}

/**
 * Inserts an element before or after the first one equal to `pivot`; the length it has then, 0 where the key is
 * missing, −1 where the pivot is. LINSERT, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/linsert/
 */
export function linsert(key: Key, where: 'before' | 'after', pivot: Value, element: Value): Command<number> {
  const args = keyWords(LINSERT, key)
  args.push(wordArg(LINSERT, where, ['before', 'after'], 'where'))
  args.push(valueArg(LINSERT, pivot, 'pivot'), valueArg(LINSERT, element, 'element'))
  return keyed(LINSERT, args, asCount)
}

/**
 * How many elements there are. LLEN, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/llen/
 */
export function llen(key: Key): Command<number> {
  return ofKey(LLEN, key, asCount)
}

/**
 * Takes an element from one end of a list and puts it at an end of another; the element, or null where the source
 * is missing. LMOVE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/lmove/
 */
export function lmove(source: Key, destination: Key, from: ListSide, to: ListSide): Command<Bulk | null> {
  const args = twoKeyWords(LMOVE, source, 'source', destination, 'destination')
  args.push(wordArg(LMOVE, from, SIDES, 'from'), wordArg(LMOVE, to, SIDES, 'to'))
  return twiceKeyed(LMOVE, args, asBulkOrNull)
}

/**
 * Takes elements from the first of several lists that has any; null where none has. LMPOP, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/lmpop/
 */
export function lmpop(keys: readonly Key[], from: ListSide, options?: PopOptions): Command<Popped | null> {
  const args = countedKeys(LMPOP, keys, 'keys')
  args.push(wordArg(LMPOP, from, SIDES, 'from'))
  pushOptions(LMPOP, args, options, POP_OPTIONS)
  return createCommand(LMPOP, args, keysSlot(keys), asPopped)
}

/**
 * Takes the first element, or null where the key is missing. LPOP, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lpop/
 */
export function lpop(key: Key): Command<Bulk | null> {
  return ofKey(LPOP, key, asBulkOrNull)
}

/**
 * Takes up to `count` first elements; null where the key is missing. LPOP with a count, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/lpop/
 */
export function lpopCount(key: Key, count: number): Command<Bulk[] | null> {
  return ofCount(LPOP, key, count, asBulksOrNull)
}

/**
 * The index of an element, or null. LPOS, since 6.0.6.
 * @see https://redis.io/docs/latest/commands/lpos/
 */
export function lpos(key: Key, element: Value, options?: LposOptions): Command<number | null> {
  return keyed(LPOS, lposArgs(key, element, undefined, options), asCountOrNull)
}

/**
 * The indexes of up to `count` equal elements, 0 for all. LPOS with COUNT, since 6.0.6.
 * @see https://redis.io/docs/latest/commands/lpos/
 */
export function lposCount(key: Key, element: Value, count: number, options?: LposOptions): Command<number[]> {
  return keyed(LPOS, lposArgs(key, element, count, options), asCounts)
}

/**
 * Puts one element or several at the head, each before the last; the length it has then. LPUSH, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lpush/
 */
export function lpush(key: Key, elements: Value | readonly Value[]): Command<number> {
  return ofValues(LPUSH, key, elements, 'elements')
}

/**
 * The same as {@link lpush}, only where the key is there; 0 where not. LPUSHX, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/lpushx/
 */
export function lpushx(key: Key, elements: Value | readonly Value[]): Command<number> {
  return ofValues(LPUSHX, key, elements, 'elements')
}

/**
 * Elements from index to index, both included; negative ones count from the end. LRANGE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lrange/
 */
export function lrange(key: Key, start: number, stop: number): Command<Bulk[]> {
  return ofPlaces(LRANGE, key, start, stop, asBulks)
}

/**
 * Removes up to `count` equal elements, from the end if negative, all if 0; how many it removed. LREM, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lrem/
 */
export function lrem(key: Key, count: number, element: Value): Command<number> {
  const args = keyWords(LREM, key)
  args.push(integerArg(LREM, count, 'count'), valueArg(LREM, element, 'element'))
  return keyed(LREM, args, asCount)
}

/**
 * Replaces the element at an index; an error beyond the ends. LSET, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lset/
 */
export function lset(key: Key, index: number, element: Value): Command<'OK'> {
  const args = keyWords(LSET, key)
  args.push(integerArg(LSET, index, 'index'), valueArg(LSET, element, 'element'))
  return keyed(LSET, args, asOk)
}

/**
 * Removes all but the elements from index to index, both included. LTRIM, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/ltrim/
 */
export function ltrim(key: Key, start: number, stop: number): Command<'OK'> {
  return ofPlaces(LTRIM, key, start, stop, asOk)
}

/**
 * Takes the last element, or null where the key is missing. RPOP, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/rpop/
 */
export function rpop(key: Key): Command<Bulk | null> {
  return ofKey(RPOP, key, asBulkOrNull)
}

/**
 * Takes up to `count` last elements, the last one first; null where the key is missing.
 * RPOP with a count, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/rpop/
 */
export function rpopCount(key: Key, count: number): Command<Bulk[] | null> {
  return ofCount(RPOP, key, count, asBulksOrNull)
}

/**
 * Takes the last element of one list and puts it at the head of another; the element, or null.
 * RPOPLPUSH, since 1.2.0.
 * @deprecated by the server since 6.2: use {@link lmove}.
 * @see https://redis.io/docs/latest/commands/rpoplpush/
 */
export function rpoplpush(source: Key, destination: Key): Command<Bulk | null> {
  const args = twoKeyWords(RPOPLPUSH, source, 'source', destination, 'destination')
  return twiceKeyed(RPOPLPUSH, args, asBulkOrNull)
}

/**
 * Puts one element or several at the end; the length it has then. RPUSH, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/rpush/
 */
export function rpush(key: Key, elements: Value | readonly Value[]): Command<number> {
  return ofValues(RPUSH, key, elements, 'elements')
}

/**
 * The same as {@link rpush}, only where the key is there; 0 where not. RPUSHX, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/rpushx/
 */
export function rpushx(key: Key, elements: Value | readonly Value[]): Command<number> {
  return ofValues(RPUSHX, key, elements, 'elements')
}

const LPOS_OPTIONS: OptionWords<LposOptions> = { rank: ['RANK', integerArg], maxlen: ['MAXLEN', countArg] }

const SIDES = ['left', 'right'] as const

function lposArgs(
  key: Key,
  element: Value,
  count: number | undefined,
  options: LposOptions | undefined,
): Arg[] {
  const args = keyWords(LPOS, key)
  args.push(valueArg(LPOS, element, 'element'))
  pushOptions(LPOS, args, options, LPOS_OPTIONS)
  if (count !== undefined) args.push('COUNT', countArg(LPOS, count, 'count'))
  return args
}
