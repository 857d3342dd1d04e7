// Builders of the string group: values, counters, and what is done to parts of a value.
import { InvalidArgumentError } from '../core/errors.js'
import { type Arg, type Command, createCommand, MIXED_SLOTS } from '../protocol/command.js'
import {
  asBulk,
  asBulkOrNull,
  asBulksOrNulls,
  asCount,
  asFlag,
  asInt,
  asNumber,
  asOk,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keySlot, keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkAtMostOne,
  checkOptions,
  countArg,
  finiteArg,
  flag,
  keyArg,
  type OptionWords,
  type Pairs,
  positiveArg,
  pushKeys,
  pushOptions,
  pushPairs,
  type Timestamp,
  timestampArg,
  valueArg,
} from './arguments.js'
import { asLcs, asWritten, type LcsMatches } from './replies.js'
import { keyed, keyWords, ofInteger, ofKey, ofPlaces, ofValue, twiceKeyed, twoKeyWords } from './shapes.js'
import type { Bulk, Int, Key, Value } from './types.js'

/** When a value goes away; at most one of these. */
export interface ExpiryOptions {
  /** Seconds to live. */
  readonly ex?: number
  /** Milliseconds to live. */
  readonly px?: number
  /** Unix time in seconds, or a Date, rounded down to the second. Since 6.2. */
  readonly exat?: Timestamp
  /** Unix time in milliseconds, or a Date. Since 6.2. */
  readonly pxat?: Timestamp
}

export interface SetOptions extends ExpiryOptions {
  /** Keep the time to live the key has; without it, and without another option, SET removes it. */
  readonly keepTtl?: boolean
}

/** One of the two conditions, and the options of {@link set}. */
export interface SetIfOptions extends SetOptions {
  /** Only where the key is missing. */
  readonly nx?: boolean
  /** Only where the key is there. */
  readonly xx?: boolean
}

export interface GetexOptions extends ExpiryOptions {
  /** Remove the time to live. */
  readonly persist?: boolean
}

export interface LcsIdxOptions {
  /** Leave out matches shorter than this. */
  readonly minMatchLen?: number
  /** Tell the length of each match. */
  readonly withMatchLen?: boolean
}

const APPEND = /* @__PURE__ */ specOf('APPEND')
const DECR = /* @__PURE__ */ specOf('DECR')
const DECRBY = /* @__PURE__ */ specOf('DECRBY')
const GET = /* @__PURE__ */ specOf('GET')
const GETDEL = /* @__PURE__ */ specOf('GETDEL')
const GETEX = /* @__PURE__ */ specOf('GETEX')
const GETRANGE = /* @__PURE__ */ specOf('GETRANGE')
const GETSET = /* @__PURE__ */ specOf('GETSET')
const INCR = /* @__PURE__ */ specOf('INCR')
const INCRBY = /* @__PURE__ */ specOf('INCRBY')
const INCRBYFLOAT = /* @__PURE__ */ specOf('INCRBYFLOAT')
const LCS = /* @__PURE__ */ specOf('LCS')
const MGET = /* @__PURE__ */ specOf('MGET')
const MSET = /* @__PURE__ */ specOf('MSET')
const MSETNX = /* @__PURE__ */ specOf('MSETNX')
const PSETEX = /* @__PURE__ */ specOf('PSETEX')
const SET = /* @__PURE__ */ specOf('SET')
const SETEX = /* @__PURE__ */ specOf('SETEX')
const SETNX = /* @__PURE__ */ specOf('SETNX')
const SETRANGE = /* @__PURE__ */ specOf('SETRANGE')
const STRLEN = /* @__PURE__ */ specOf('STRLEN')
const SUBSTR = /* @__PURE__ */ specOf('SUBSTR')

/**
 * Appends to a value, or creates it; the length in bytes it has then. APPEND, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/append/
 */
export function append(key: Key, value: Value): Command<number> {
  return ofValue(APPEND, key, value, 'value', asCount)
}

/**
 * Subtracts 1; the value it has then. DECR, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/decr/
 */
export function decr(key: Key): Command<Int> {
  return ofKey(DECR, key, asInt)
}

/**
 * Subtracts an integer; the value it has then. DECRBY, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/decrby/
 */
export function decrby(key: Key, decrement: number | bigint): Command<Int> {
  return ofInteger(DECRBY, key, decrement, 'decrement', asInt)
}

/**
 * The value, or null where the key is missing. GET, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/get/
 */
export function get(key: Key): Command<Bulk | null> {
  return ofKey(GET, key, asBulkOrNull)
}

/**
 * The value, or null where the key is missing; deletes the key. GETDEL, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/getdel/
 */
export function getdel(key: Key): Command<Bulk | null> {
  return ofKey(GETDEL, key, asBulkOrNull)
}

/**
 * The value, or null where the key is missing; sets or removes its time to live. GETEX, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/getex/
 */
export function getex(key: Key, options?: GetexOptions): Command<Bulk | null> {
  const args = keyWords(GETEX, key)
  const chosen = checkOptions(GETEX, options, ['ex', 'px', 'exat', 'pxat', 'persist'])
  const times = pushExpiry(GETEX, args, chosen)
  const persist = flag(GETEX, chosen.persist, 'options.persist')
  if (persist) args.push('PERSIST')
  checkAtMostOne(GETEX, times + Number(persist), 'ex, px, exat, pxat and persist')
  return keyed(GETEX, args, asBulkOrNull)
}

/**
 * A part of the value, both ends included, counted in bytes; negative from the end. '' where the key is missing.
 * GETRANGE, since 2.4.0.
 * @see https://redis.io/docs/latest/commands/getrange/
 */
export function getrange(key: Key, start: number, end: number): Command<Bulk> {
  return ofPlaces(GETRANGE, key, start, end, asBulk, 'end')
}

/**
 * Stores a value; the old one, or null. Removes the time to live. GETSET, since 1.0.0.
 * @deprecated by the server since 6.2: {@link setAndGet} does the same.
 * @see https://redis.io/docs/latest/commands/getset/
 */
export function getset(key: Key, value: Value): Command<Bulk | null> {
  return ofValue(GETSET, key, value, 'value', asBulkOrNull)
}

/**
 * Adds 1; the value it has then. INCR, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/incr/
 */
export function incr(key: Key): Command<Int> {
  return ofKey(INCR, key, asInt)
}

/**
 * Adds an integer; the value it has then. INCRBY, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/incrby/
 */
export function incrby(key: Key, increment: number | bigint): Command<Int> {
  return ofInteger(INCRBY, key, increment, 'increment', asInt)
}

/**
 * Adds a number, which may be negative and have a fraction; the value it has then. INCRBYFLOAT, since 2.6.0.
 *
 * The server counts in a wider type than JavaScript has: {@link get} shows all its digits.
 * @see https://redis.io/docs/latest/commands/incrbyfloat/
 */
export function incrbyfloat(key: Key, increment: number): Command<number> {
  const args = keyWords(INCRBYFLOAT, key)
  args.push(finiteArg(INCRBYFLOAT, increment, 'increment'))
  return keyed(INCRBYFLOAT, args, asNumber)
}

/**
 * The longest common subsequence of two values. LCS, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/lcs/
 */
export function lcs(key1: Key, key2: Key): Command<Bulk> {
  return twiceKeyed(LCS, lcsArgs(key1, key2), asBulk)
}

/**
 * The length in bytes of the longest common subsequence of two values. LCS with LEN, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/lcs/
 */
export function lcsLen(key1: Key, key2: Key): Command<number> {
  const args = lcsArgs(key1, key2)
  args.push('LEN')
  return twiceKeyed(LCS, args, asCount)
}

/**
 * Where two values match: ranges in each, the last match first. LCS with IDX, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/lcs/
 */
export function lcsIdx(key1: Key, key2: Key, options?: LcsIdxOptions): Command<LcsMatches> {
  const args = lcsArgs(key1, key2)
  args.push('IDX')
  pushOptions(LCS, args, options, LCS_OPTIONS)
  return twiceKeyed(LCS, args, asLcs)
}

/**
 * The values of several keys, in their order; null for each that is missing or holds no string. MGET, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/mget/
 */
export function mget(keys: readonly Key[]): Command<(Bulk | null)[]> {
  const args: Arg[] = ['MGET']
  pushKeys(MGET, args, keys)
  return createCommand(MGET, args, keysSlot(keys), asBulksOrNulls)
}

/**
 * Stores several values. MSET, since 1.0.1.
 *
 * @example
 * ```ts
 * await redis.mset({ 'a{1}': '1', 'b{1}': 2 })
 * await redis.mset(new Map([['c', Buffer.from([0xff])]]))
 * ```
 * @see https://redis.io/docs/latest/commands/mset/
 */
export function mset(pairs: Pairs): Command<'OK'> {
  const args: Arg[] = ['MSET']
  pushPairs(MSET, args, pairs, 'pairs')
  return createCommand(MSET, args, pairsSlot(args), asOk)
}

/**
 * Stores several values if none of the keys is there: all, or (false) none. MSETNX, since 1.0.1.
 * @see https://redis.io/docs/latest/commands/msetnx/
 */
export function msetnx(pairs: Pairs): Command<boolean> {
  const args: Arg[] = ['MSETNX']
  pushPairs(MSETNX, args, pairs, 'pairs')
  return createCommand(MSETNX, args, pairsSlot(args), asFlag)
}

/**
 * Stores a value that lives for some milliseconds. PSETEX, since 2.6.0.
 * @deprecated by the server since 2.6.12: use {@link set} with `px`.
 * @see https://redis.io/docs/latest/commands/psetex/
 */
export function psetex(key: Key, milliseconds: number, value: Value): Command<'OK'> {
  return living(PSETEX, key, milliseconds, 'milliseconds', value)
}

/**
 * Stores a value, whatever was there. SET, since 1.0.0.
 *
 * @example
 * ```ts
 * await redis.set('session:7', 'open', { ex: 60 })
 * ```
 * @see https://redis.io/docs/latest/commands/set/
 */
export function set(key: Key, value: Value, options?: SetOptions): Command<'OK'> {
  const args = ['SET', keyArg(SET, key), valueArg(SET, value)]
  if (options !== undefined) pushSetOptions(args, checkOptions(SET, options, SET_OPTIONS))
  return keyed(SET, args, asOk)
}

/**
 * Stores a value and gives the old one, or null. SET with GET, since 6.2.0; with `nx` since 7.0.0.
 * @see https://redis.io/docs/latest/commands/set/
 */
export function setAndGet(key: Key, value: Value, options?: SetIfOptions): Command<Bulk | null> {
  const chosen = checkOptions(SET, options, ['nx', 'xx', ...SET_OPTIONS])
  const args = ['SET', keyArg(SET, key), valueArg(SET, value)]
  checkAtMostOne(SET, pushConditions(args, chosen), 'nx and xx')
  args.push('GET')
  pushSetOptions(args, chosen)
  return keyed(SET, args, asBulkOrNull)
}

/**
 * Stores a value only where the key is missing (`nx`) or only where it is there (`xx`); whether it did.
 * SET with NX or XX, since 2.6.12.
 *
 * @example
 * ```ts
 * const first = await redis.setIf('job:7', 'taken', { nx: true, px: 500 })
 * ```
 * @see https://redis.io/docs/latest/commands/set/
 */
export function setIf(key: Key, value: Value, options: SetIfOptions): Command<boolean> {
  const chosen = checkOptions(SET, options, ['nx', 'xx', ...SET_OPTIONS])
  const args = ['SET', keyArg(SET, key), valueArg(SET, value)]
  if (pushConditions(args, chosen) !== 1) {
    throw new InvalidArgumentError('SET', 'options', 'must hold one of nx and xx, and not both')
  }
  pushSetOptions(args, chosen)
  return keyed(SET, args, asWritten)
}

/**
 * Stores a value that lives for some seconds. SETEX, since 2.0.0.
 * @deprecated by the server since 2.6.12: use {@link set} with `ex`.
 * @see https://redis.io/docs/latest/commands/setex/
 */
export function setex(key: Key, seconds: number, value: Value): Command<'OK'> {
  return living(SETEX, key, seconds, 'seconds', value)
}

/**
 * Stores a value only where the key is missing; whether it did. SETNX, since 1.0.0.
 * @deprecated by the server since 2.6.12: use {@link setIf} with `nx`.
 * @see https://redis.io/docs/latest/commands/setnx/
 */
export function setnx(key: Key, value: Value): Command<boolean> {
  return ofValue(SETNX, key, value, 'value', asFlag)
}

/**
 * Overwrites from a byte offset on, filling up with zero bytes; the length it has then. SETRANGE, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/setrange/
 */
export function setrange(key: Key, offset: number, value: Value): Command<number> {
  const args = keyWords(SETRANGE, key)
  args.push(countArg(SETRANGE, offset, 'offset'), valueArg(SETRANGE, value))
  return keyed(SETRANGE, args, asCount)
}

/**
 * The length in bytes, 0 where the key is missing. STRLEN, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/strlen/
 */
export function strlen(key: Key): Command<number> {
  return ofKey(STRLEN, key, asCount)
}

/**
 * A part of the value, both ends included. SUBSTR, since 1.0.0.
 * @deprecated by the server since 2.0: use {@link getrange}.
 * @see https://redis.io/docs/latest/commands/substr/
 */
export function substr(key: Key, start: number, end: number): Command<Bulk> {
  return ofPlaces(SUBSTR, key, start, end, asBulk, 'end')
}

const SET_OPTIONS = ['ex', 'px', 'exat', 'pxat', 'keepTtl'] as const

const LCS_OPTIONS: OptionWords<LcsIdxOptions> = {
  minMatchLen: ['MINMATCHLEN', countArg],
  withMatchLen: 'WITHMATCHLEN',
}

/** NAME key time value */
function living(spec: CommandSpec, key: Key, time: number, unit: string, value: Value): Command<'OK'> {
  const args = keyWords(spec, key)
  args.push(positiveArg(spec, time, unit), valueArg(spec, value))
  return keyed(spec, args, asOk)
}

function lcsArgs(key1: Key, key2: Key): Arg[] {
  return twoKeyWords(LCS, key1, 'key1', key2, 'key2')
}

/** Appends the words of the conditions and says how many there were. */
function pushConditions(args: Arg[], { nx, xx }: SetIfOptions): number {
  const before = args.length
  if (flag(SET, nx, 'options.nx')) args.push('NX')
  if (flag(SET, xx, 'options.xx')) args.push('XX')
  return args.length - before
}

function pushSetOptions(args: Arg[], options: SetOptions): void {
  const times = pushExpiry(SET, args, options)
  const keep = flag(SET, options.keepTtl, 'options.keepTtl')
  if (keep) args.push('KEEPTTL')
  checkAtMostOne(SET, times + Number(keep), 'ex, px, exat, pxat and keepTtl')
}

/** Appends the words of the times and says how many there were. */
function pushExpiry(spec: CommandSpec, args: Arg[], { ex, px, exat, pxat }: ExpiryOptions): number {
  const before = args.length
  if (ex !== undefined) args.push('EX', positiveArg(spec, ex, 'options.ex'))
  if (px !== undefined) args.push('PX', positiveArg(spec, px, 'options.px'))
  if (exat !== undefined) args.push('EXAT', timestampArg(spec, exat, 'options.exat', 1000))
  if (pxat !== undefined) args.push('PXAT', timestampArg(spec, pxat, 'options.pxat', 1))
  return (args.length - before) / 2
}

/** The slot of the keys in `NAME key value key value …`. */
function pairsSlot(args: readonly Arg[]): number {
  const slot = keySlot(args[1]!)
  for (let i = 3; i < args.length; i += 2) {
    if (keySlot(args[i]!) !== slot) return MIXED_SLOTS
  }
  return slot
}
