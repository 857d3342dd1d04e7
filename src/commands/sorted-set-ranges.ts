// Builders of the sorted-set group: ranges by place, score or member.
import { InvalidArgumentError } from '../core/errors.js'
import type { Arg, Command } from '../protocol/command.js'
import { asBulks, asCount, asScored, type Scored } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkOptions,
  flag,
  integerArg,
  invalid,
  keyArg,
  type Limit,
  lexBoundArg,
  type OptionWords,
  pushLimit,
  pushOptions,
  scoreBoundArg,
  wordArg,
} from './arguments.js'
import { keyed, keyWords, ofPlaces, twiceKeyed, twoKeyWords } from './shapes.js'
import type { Bulk, Key } from './types.js'

/** An end of a range of scores: a number (±Infinity included), or text: `'5'`, `'(5'` without it, `'-inf'`, `'+inf'`. */
export type ScoreBound = number | string

/** An end of a range of members: `'-'`, `'+'`, or a member behind `[`, or `(` without it. */
export type LexBound = string | Uint8Array

export interface ZrangeOptions {
  /** What `start` and `stop` are: scores, or members. Without it they are places. */
  readonly by?: 'score' | 'lex'
  /** From the highest down. With `by`, `start` is then the upper end. */
  readonly rev?: boolean
  /** A part of what was found; only with `by`. */
  readonly limit?: Limit
}

/** {@link ZrangeOptions} for answers with scores, which ranges of members do not have. */
export interface ZrangeWithScoresOptions extends ZrangeOptions {
  readonly by?: 'score'
}

export interface RangeLimitOptions {
  /** A part of what was found. */
  readonly limit?: Limit
}

const ZCOUNT = /* @__PURE__ */ specOf('ZCOUNT')
const ZLEXCOUNT = /* @__PURE__ */ specOf('ZLEXCOUNT')
const ZRANGE = /* @__PURE__ */ specOf('ZRANGE')
const ZRANGEBYLEX = /* @__PURE__ */ specOf('ZRANGEBYLEX')
const ZRANGEBYSCORE = /* @__PURE__ */ specOf('ZRANGEBYSCORE')
const ZRANGESTORE = /* @__PURE__ */ specOf('ZRANGESTORE')
const ZREMRANGEBYLEX = /* @__PURE__ */ specOf('ZREMRANGEBYLEX')
const ZREMRANGEBYRANK = /* @__PURE__ */ specOf('ZREMRANGEBYRANK')
const ZREMRANGEBYSCORE = /* @__PURE__ */ specOf('ZREMRANGEBYSCORE')
const ZREVRANGE = /* @__PURE__ */ specOf('ZREVRANGE')
const ZREVRANGEBYLEX = /* @__PURE__ */ specOf('ZREVRANGEBYLEX')
const ZREVRANGEBYSCORE = /* @__PURE__ */ specOf('ZREVRANGEBYSCORE')

/**
 * How many members have a score in a range. ZCOUNT, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zcount/
 */
export function zcount(key: Key, min: ScoreBound, max: ScoreBound): Command<number> {
  return keyed(ZCOUNT, byScoreArgs(ZCOUNT, key, min, max), asCount)
}

/**
 * How many members lie between two, where all scores are equal. ZLEXCOUNT, since 2.8.9.
 * @see https://redis.io/docs/latest/commands/zlexcount/
 */
export function zlexcount(key: Key, min: LexBound, max: LexBound): Command<number> {
  return keyed(ZLEXCOUNT, byLexArgs(ZLEXCOUNT, key, min, max), asCount)
}

/**
 * Members of a range, both ends included: by place, or as `by` says. ZRANGE, since 1.2.0; options since 6.2.0.
 *
 * @example
 * ```ts
 * await redis.zrange('scores', 0, 9, { rev: true })                 // the ten best
 * await redis.zrange('scores', '(50', Infinity, { by: 'score' })    // all above 50
 * ```
 * @see https://redis.io/docs/latest/commands/zrange/
 */
export function zrange(
  key: Key,
  start: ScoreBound | LexBound,
  stop: ScoreBound | LexBound,
  options?: ZrangeOptions,
): Command<Bulk[]> {
  const args = keyWords(ZRANGE, key)
  pushRange(ZRANGE, args, start, stop, options)
  return keyed(ZRANGE, args, asBulks)
}

/**
 * The same as {@link zrange}, with scores. ZRANGE with WITHSCORES, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zrange/
 */
export function zrangeWithScores(
  key: Key,
  start: ScoreBound,
  stop: ScoreBound,
  options?: ZrangeWithScoresOptions,
): Command<Scored[]> {
  const args = keyWords(ZRANGE, key)
  pushRange(ZRANGE, args, start, stop, options)
  // JavaScript callers may pass 'lex', which the server refuses together with scores.
  if ((options as ZrangeOptions | undefined)?.by === 'lex') {
    throw new InvalidArgumentError('ZRANGE', 'options.by', "must be 'score' where scores are asked for")
  }
  return withScores(ZRANGE, args)
}

/**
 * Members between two, where all scores are equal. ZRANGEBYLEX, since 2.8.9.
 * @deprecated by the server since 6.2: use {@link zrange} with `by: 'lex'`.
 * @see https://redis.io/docs/latest/commands/zrangebylex/
 */
export function zrangebylex(
  key: Key,
  min: LexBound,
  max: LexBound,
  options?: RangeLimitOptions,
): Command<Bulk[]> {
  const args = byLexArgs(ZRANGEBYLEX, key, min, max)
  pushRangeLimit(ZRANGEBYLEX, args, options)
  return keyed(ZRANGEBYLEX, args, asBulks)
}

/**
 * Members with a score in a range, the lowest first. ZRANGEBYSCORE, since 1.0.5.
 * @deprecated by the server since 6.2: use {@link zrange} with `by: 'score'`.
 * @see https://redis.io/docs/latest/commands/zrangebyscore/
 */
export function zrangebyscore(
  key: Key,
  min: ScoreBound,
  max: ScoreBound,
  options?: RangeLimitOptions,
): Command<Bulk[]> {
  const args = byScoreArgs(ZRANGEBYSCORE, key, min, max)
  pushRangeLimit(ZRANGEBYSCORE, args, options)
  return keyed(ZRANGEBYSCORE, args, asBulks)
}

/**
 * The same as {@link zrangebyscore}, with scores. ZRANGEBYSCORE with WITHSCORES, since 2.0.0.
 * @deprecated by the server since 6.2: use {@link zrangeWithScores} with `by: 'score'`.
 * @see https://redis.io/docs/latest/commands/zrangebyscore/
 */
export function zrangebyscoreWithScores(
  key: Key,
  min: ScoreBound,
  max: ScoreBound,
  options?: RangeLimitOptions,
): Command<Scored[]> {
  const args = byScoreArgs(ZRANGEBYSCORE, key, min, max)
  pushRangeLimit(ZRANGEBYSCORE, args, options)
  return withScores(ZRANGEBYSCORE, args)
}

/**
 * Stores a range of a sorted set as another one; how many members it has. ZRANGESTORE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zrangestore/
 */
export function zrangestore(
  destination: Key,
  source: Key,
  start: ScoreBound | LexBound,
  stop: ScoreBound | LexBound,
  options?: ZrangeOptions,
): Command<number> {
  const args = twoKeyWords(ZRANGESTORE, destination, 'destination', source, 'source')
  pushRange(ZRANGESTORE, args, start, stop, options)
  return twiceKeyed(ZRANGESTORE, args, asCount)
}

/**
 * Removes members between two, where all scores are equal; how many. ZREMRANGEBYLEX, since 2.8.9.
 * @see https://redis.io/docs/latest/commands/zremrangebylex/
 */
export function zremrangebylex(key: Key, min: LexBound, max: LexBound): Command<number> {
  return keyed(ZREMRANGEBYLEX, byLexArgs(ZREMRANGEBYLEX, key, min, max), asCount)
}

/**
 * Removes members from place to place, both included; how many. ZREMRANGEBYRANK, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zremrangebyrank/
 */
export function zremrangebyrank(key: Key, start: number, stop: number): Command<number> {
  return ofPlaces(ZREMRANGEBYRANK, key, start, stop, asCount)
}

/**
 * Removes members with a score in a range; how many. ZREMRANGEBYSCORE, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/zremrangebyscore/
 */
export function zremrangebyscore(key: Key, min: ScoreBound, max: ScoreBound): Command<number> {
  return keyed(ZREMRANGEBYSCORE, byScoreArgs(ZREMRANGEBYSCORE, key, min, max), asCount)
}

/**
 * Members from place to place, the highest score first. ZREVRANGE, since 1.2.0.
 * @deprecated by the server since 6.2: use {@link zrange} with `rev`.
 * @see https://redis.io/docs/latest/commands/zrevrange/
 */
export function zrevrange(key: Key, start: number, stop: number): Command<Bulk[]> {
  return ofPlaces(ZREVRANGE, key, start, stop, asBulks)
}

/**
 * The same as {@link zrevrange}, with scores. ZREVRANGE with WITHSCORES, since 1.2.0.
 * @deprecated by the server since 6.2: use {@link zrangeWithScores} with `rev`.
 * @see https://redis.io/docs/latest/commands/zrevrange/
 */
export function zrevrangeWithScores(key: Key, start: number, stop: number): Command<Scored[]> {
  const args = keyWords(ZREVRANGE, key)
  args.push(integerArg(ZREVRANGE, start, 'start'), integerArg(ZREVRANGE, stop, 'stop'))
  return withScores(ZREVRANGE, args)
}

/**
 * Members between two, the last first; `max` comes before `min`. ZREVRANGEBYLEX, since 2.8.9.
 * @deprecated by the server since 6.2: use {@link zrange} with `by: 'lex'` and `rev`.
 * @see https://redis.io/docs/latest/commands/zrevrangebylex/
 */
export function zrevrangebylex(
  key: Key,
  max: LexBound,
  min: LexBound,
  options?: RangeLimitOptions,
): Command<Bulk[]> {
  const args = keyWords(ZREVRANGEBYLEX, key)
  args.push(lexBoundArg(ZREVRANGEBYLEX, max, 'max'), lexBoundArg(ZREVRANGEBYLEX, min, 'min'))
  pushRangeLimit(ZREVRANGEBYLEX, args, options)
  return keyed(ZREVRANGEBYLEX, args, asBulks)
}

/**
 * Members with a score in a range, the highest first; `max` comes before `min`. ZREVRANGEBYSCORE, since 2.2.0.
 * @deprecated by the server since 6.2: use {@link zrange} with `by: 'score'` and `rev`.
 * @see https://redis.io/docs/latest/commands/zrevrangebyscore/
 */
export function zrevrangebyscore(
  key: Key,
  max: ScoreBound,
  min: ScoreBound,
  options?: RangeLimitOptions,
): Command<Bulk[]> {
  return keyed(ZREVRANGEBYSCORE, downByScoreArgs(key, max, min, options), asBulks)
}

/**
 * The same as {@link zrevrangebyscore}, with scores. ZREVRANGEBYSCORE with WITHSCORES, since 2.2.0.
 * @deprecated by the server since 6.2: use {@link zrangeWithScores} with `by: 'score'` and `rev`.
 * @see https://redis.io/docs/latest/commands/zrevrangebyscore/
 */
export function zrevrangebyscoreWithScores(
  key: Key,
  max: ScoreBound,
  min: ScoreBound,
  options?: RangeLimitOptions,
): Command<Scored[]> {
  return withScores(ZREVRANGEBYSCORE, downByScoreArgs(key, max, min, options))
}

const LIMIT_OPTION: OptionWords<RangeLimitOptions> = { limit: pushLimit }

function withScores(spec: CommandSpec, args: Arg[]): Command<Scored[]> {
  args.push('WITHSCORES')
  return keyed(spec, args, asScored)
}

function byScoreArgs(spec: CommandSpec, key: Key, min: ScoreBound, max: ScoreBound): Arg[] {
  return [spec.name, keyArg(spec, key), scoreBoundArg(spec, min, 'min'), scoreBoundArg(spec, max, 'max')]
}

function byLexArgs(spec: CommandSpec, key: Key, min: LexBound, max: LexBound): Arg[] {
  return [spec.name, keyArg(spec, key), lexBoundArg(spec, min, 'min'), lexBoundArg(spec, max, 'max')]
}

function downByScoreArgs(
  key: Key,
  max: ScoreBound,
  min: ScoreBound,
  options: RangeLimitOptions | undefined,
): Arg[] {
  const args = keyWords(ZREVRANGEBYSCORE, key)
  args.push(scoreBoundArg(ZREVRANGEBYSCORE, max, 'max'), scoreBoundArg(ZREVRANGEBYSCORE, min, 'min'))
  pushRangeLimit(ZREVRANGEBYSCORE, args, options)
  return args
}

function pushRangeLimit(spec: CommandSpec, args: Arg[], options: RangeLimitOptions | undefined): void {
  pushOptions(spec, args, options, LIMIT_OPTION)
}

function pushRange(
  spec: CommandSpec,
  args: Arg[],
  start: ScoreBound | LexBound,
  stop: ScoreBound | LexBound,
  options: ZrangeOptions | undefined,
): void {
  const { by, rev, limit } = checkOptions(spec, options, ['by', 'rev', 'limit'])
  args.push(boundArg(spec, start, by, 'start'), boundArg(spec, stop, by, 'stop'))
  if (by !== undefined) args.push(`BY${wordArg(spec, by, ['score', 'lex'], 'options.by')}`)
  if (flag(spec, rev, 'options.rev')) args.push('REV')
  if (limit !== undefined && by === undefined) {
    throw new InvalidArgumentError(
      spec.name,
      'options.limit',
      'needs options.by; places are a limit themselves',
    )
  }
  if (limit !== undefined) pushLimit(spec, args, limit, 'options.limit')
}

function boundArg(
  spec: CommandSpec,
  bound: ScoreBound | LexBound,
  by: 'score' | 'lex' | undefined,
  name: string,
): Arg {
  if (by === 'lex') return lexBoundArg(spec, bound as LexBound, name)
  if (by === 'score') return scoreBoundArg(spec, bound as ScoreBound, name)
  if (typeof bound !== 'number')
    throw invalid(spec, name, 'a safe integer where options.by is not given', bound)
  return integerArg(spec, bound, name)
}
