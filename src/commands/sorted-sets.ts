// Builders of the sorted-set group: members and their scores. Ranges are in sorted-set-ranges.ts, unions and their
// like in sorted-set-combinations.ts. Those that block (BZPOPMIN, BZPOPMAX, BZMPOP) are not here yet.
//
// A score is a number, ±Infinity included; NaN is refused.
import { type Command, createCommand } from '../protocol/command.js'
import {
  asBulkOrNull,
  asBulks,
  asCount,
  asCountOrNull,
  asNumber,
  asNumberOrNull,
  asNumbersOrNulls,
  asScored,
  type Scored,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keysSlot } from '../protocol/slot.js'
import {
  checkAtMostOne,
  countTrue,
  integerArg,
  type OptionWords,
  POP_OPTIONS,
  pushOptions,
  pushScored,
  pushValues,
  type ScanOptions,
  type ScoredMembers,
  scoreArg,
  valueArg,
  wordArg,
} from './arguments.js'
import type { PopOptions } from './lists.js'
import {
  asScoredOrNull,
  asScoredPage,
  asScoredPopped,
  type ScoredPage,
  type ScoredPopped,
} from './replies.js'
import {
  countedKeys,
  keyed,
  keyWords,
  ofCount,
  ofInteger,
  ofKey,
  ofPage,
  ofValue,
  ofValues,
} from './shapes.js'
import type { Bulk, Key, Value } from './types.js'

/** Which members are to be added or changed. */
export interface ZaddIncrOptions {
  /** Only new members. */
  readonly nx?: boolean
  /** Only members that are there. */
  readonly xx?: boolean
  /** Change a score only to a greater one; new members are added. Since 6.2. */
  readonly gt?: boolean
  /** Change a score only to a lower one; new members are added. Since 6.2. */
  readonly lt?: boolean
}

export interface ZaddOptions extends ZaddIncrOptions {
  /** Count the changed members too, not only the new ones. */
  readonly ch?: boolean
}

const ZADD = /* @__PURE__ */ specOf('ZADD')
const ZCARD = /* @__PURE__ */ specOf('ZCARD')
const ZINCRBY = /* @__PURE__ */ specOf('ZINCRBY')
const ZMPOP = /* @__PURE__ */ specOf('ZMPOP')
const ZMSCORE = /* @__PURE__ */ specOf('ZMSCORE')
const ZPOPMAX = /* @__PURE__ */ specOf('ZPOPMAX')
const ZPOPMIN = /* @__PURE__ */ specOf('ZPOPMIN')
const ZRANDMEMBER = /* @__PURE__ */ specOf('ZRANDMEMBER')
const ZRANK = /* @__PURE__ */ specOf('ZRANK')
const ZREM = /* @__PURE__ */ specOf('ZREM')
const ZREVRANK = /* @__PURE__ */ specOf('ZREVRANK')
const ZSCAN = /* @__PURE__ */ specOf('ZSCAN')
const ZSCORE = /* @__PURE__ */ specOf('ZSCORE')

/**
 * Adds members or changes their scores; how many are new. ZADD, since 1.2.0.
 *
 * @example
 * ```ts
 * await redis.zadd('scores', { ada: 36, grace: 85 })
 * await redis.zadd('scores', [{ member: 'edsger', score: 72 }], { nx: true })
 * ```
 * @see https://redis.io/docs/latest/commands/zadd/
 */
export function zadd(key: Key, members: ScoredMembers, options?: ZaddOptions): Command<number> {
  const args = keyWords(ZADD, key)
  pushOptions(ZADD, args, options, ZADD_OPTIONS)
  checkConditions(options)
  pushScored(ZADD, args, members, 'members')
  return keyed(ZADD, args, asCount)
}

/**
 * Adds to a member's score; the score it has then, or null where the options say no. ZADD with INCR, since 3.0.2.
 * @see https://redis.io/docs/latest/commands/zadd/
 */
export function zaddIncr(
  key: Key,
  increment: number,
  member: Value,
  options?: ZaddIncrOptions,
): Command<number | null> {
  const args = keyWords(ZADD, key)
  pushOptions(ZADD, args, options, CONDITIONS)
  checkConditions(options)
  args.push('INCR', scoreArg(ZADD, increment, 'increment'), valueArg(ZADD, member, 'member'))
  return keyed(ZADD, args, asNumberOrNull)
}

/**
 * How many members there are. ZCARD, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zcard/
 */
export function zcard(key: Key): Command<number> {
  return ofKey(ZCARD, key, asCount)
}

/**
 * Adds to a member's score, or adds the member; the score it has then. ZINCRBY, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zincrby/
 */
export function zincrby(key: Key, increment: number, member: Value): Command<number> {
  const args = keyWords(ZINCRBY, key)
  args.push(scoreArg(ZINCRBY, increment, 'increment'), valueArg(ZINCRBY, member, 'member'))
  return keyed(ZINCRBY, args, asNumber)
}

/**
 * Takes members from the first of several sorted sets that has any; null where none has. ZMPOP, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/zmpop/
 */
export function zmpop(
  keys: readonly Key[],
  which: 'min' | 'max',
  options?: PopOptions,
): Command<ScoredPopped | null> {
  const args = countedKeys(ZMPOP, keys, 'keys')
  args.push(wordArg(ZMPOP, which, ['min', 'max'], 'which'))
  pushOptions(ZMPOP, args, options, POP_OPTIONS)
  return createCommand(ZMPOP, args, keysSlot(keys), asScoredPopped)
}

/**
 * The scores of several members, in their order; null for each that is missing. ZMSCORE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zmscore/
 */
export function zmscore(key: Key, members: readonly Value[]): Command<(number | null)[]> {
  const args = keyWords(ZMSCORE, key)
  pushValues(ZMSCORE, args, members, 'members')
  return keyed(ZMSCORE, args, asNumbersOrNulls)
}

/**
 * Takes the member with the highest score, or null where the key is missing. ZPOPMAX, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/zpopmax/
 */
export function zpopmax(key: Key): Command<Scored | null> {
  return ofKey(ZPOPMAX, key, asScoredOrNull)
}

/**
 * Takes up to `count` members with the highest scores, the highest first. ZPOPMAX with a count, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/zpopmax/
 */
export function zpopmaxCount(key: Key, count: number): Command<Scored[]> {
  return ofCount(ZPOPMAX, key, count, asScored)
}

/**
 * Takes the member with the lowest score, or null where the key is missing. ZPOPMIN, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/zpopmin/
 */
export function zpopmin(key: Key): Command<Scored | null> {
  return ofKey(ZPOPMIN, key, asScoredOrNull)
}

/**
 * Takes up to `count` members with the lowest scores, the lowest first. ZPOPMIN with a count, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/zpopmin/
 */
export function zpopminCount(key: Key, count: number): Command<Scored[]> {
  return ofCount(ZPOPMIN, key, count, asScored)
}

/**
 * Some member, or null where the key is missing. ZRANDMEMBER, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zrandmember/
 */
export function zrandmember(key: Key): Command<Bulk | null> {
  return ofKey(ZRANDMEMBER, key, asBulkOrNull)
}

/**
 * Up to `count` different members; a negative count gives exactly so many, with repeats.
 * ZRANDMEMBER with a count, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zrandmember/
 */
export function zrandmemberCount(key: Key, count: number): Command<Bulk[]> {
  return ofInteger(ZRANDMEMBER, key, count, 'count', asBulks)
}

/**
 * The same as {@link zrandmemberCount}, with scores. ZRANDMEMBER with WITHSCORES, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zrandmember/
 */
export function zrandmemberWithScores(key: Key, count: number): Command<Scored[]> {
  const args = keyWords(ZRANDMEMBER, key)
  args.push(integerArg(ZRANDMEMBER, count, 'count'), 'WITHSCORES')
  return keyed(ZRANDMEMBER, args, asScored)
}

/**
 * The place of a member, 0 for the lowest score; null where it is missing. ZRANK, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zrank/
 */
export function zrank(key: Key, member: Value): Command<number | null> {
  return ofValue(ZRANK, key, member, 'member', asCountOrNull)
}

/**
 * Removes one member or several; how many there were. ZREM, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zrem/
 */
export function zrem(key: Key, members: Value | readonly Value[]): Command<number> {
  return ofValues(ZREM, key, members, 'members')
}

/**
 * The place of a member, 0 for the highest score; null where it is missing. ZREVRANK, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zrevrank/
 */
export function zrevrank(key: Key, member: Value): Command<number | null> {
  return ofValue(ZREVRANK, key, member, 'member', asCountOrNull)
}

/**
 * One page of the members, with scores; how to go on is as for SCAN. ZSCAN, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/zscan/
 */
export function zscan(
  key: Key,
  cursor: string | number | bigint,
  options?: ScanOptions,
): Command<ScoredPage> {
  return ofPage(ZSCAN, key, cursor, options, asScoredPage)
}

/**
 * A member's score, or null. ZSCORE, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zscore/
 */
export function zscore(key: Key, member: Value): Command<number | null> {
  return ofValue(ZSCORE, key, member, 'member', asNumberOrNull)
}

const CONDITIONS: OptionWords<ZaddIncrOptions> = { nx: 'NX', xx: 'XX', gt: 'GT', lt: 'LT' }
const ZADD_OPTIONS: OptionWords<ZaddOptions> = { ...CONDITIONS, ch: 'CH' }

function checkConditions({ nx, xx, gt, lt }: ZaddIncrOptions = {}): void {
  checkAtMostOne(ZADD, countTrue(nx, xx), 'nx and xx')
  checkAtMostOne(ZADD, countTrue(nx, gt, lt), 'nx, gt and lt')
}
