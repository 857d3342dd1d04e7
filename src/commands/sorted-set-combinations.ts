// Builders of the sorted-set group: differences, intersections and unions.
import { InvalidArgumentError } from '../core/errors.js'
import { type Arg, type Command, createCommand } from '../protocol/command.js'
import { asBulks, asCount, asScored, type Scored } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import { checkOptions, invalid, keyList, pushKeys, scoreArg, wordArg } from './arguments.js'
import type { IntercardOptions } from './sets.js'
import { keyWords, ofCommon } from './shapes.js'
import type { Bulk, Key } from './types.js'

/** How the scores of a member in several sets become one. */
export interface ZcombineOptions {
  /** One factor for each key. Default 1. */
  readonly weights?: readonly number[]
  /** Default `sum`. */
  readonly aggregate?: 'sum' | 'min' | 'max'
}

const ZDIFF = /* @__PURE__ */ specOf('ZDIFF')
const ZDIFFSTORE = /* @__PURE__ */ specOf('ZDIFFSTORE')
const ZINTER = /* @__PURE__ */ specOf('ZINTER')
const ZINTERCARD = /* @__PURE__ */ specOf('ZINTERCARD')
const ZINTERSTORE = /* @__PURE__ */ specOf('ZINTERSTORE')
const ZUNION = /* @__PURE__ */ specOf('ZUNION')
const ZUNIONSTORE = /* @__PURE__ */ specOf('ZUNIONSTORE')

/**
 * The members of the first set that are in none of the others. ZDIFF, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zdiff/
 */
export function zdiff(keyOrKeys: Key | readonly Key[]): Command<Bulk[]> {
  return combined(ZDIFF, keyOrKeys)
}

/**
 * The same as {@link zdiff}, with scores. ZDIFF with WITHSCORES, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zdiff/
 */
export function zdiffWithScores(keyOrKeys: Key | readonly Key[]): Command<Scored[]> {
  return combinedWithScores(ZDIFF, keyOrKeys)
}

/**
 * Stores the difference of sorted sets; how many members it has. ZDIFFSTORE, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zdiffstore/
 */
export function zdiffstore(destination: Key, keyOrKeys: Key | readonly Key[]): Command<number> {
  return stored(ZDIFFSTORE, destination, keyOrKeys, undefined)
}

/**
 * The members that are in all sets. ZINTER, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zinter/
 */
export function zinter(keyOrKeys: Key | readonly Key[], options?: ZcombineOptions): Command<Bulk[]> {
  return combined(ZINTER, keyOrKeys, options)
}

/**
 * The same as {@link zinter}, with scores. ZINTER with WITHSCORES, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zinter/
 */
export function zinterWithScores(
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<Scored[]> {
  return combinedWithScores(ZINTER, keyOrKeys, options)
}

/**
 * How many members are in all sets. ZINTERCARD, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/zintercard/
 */
export function zintercard(keyOrKeys: Key | readonly Key[], options?: IntercardOptions): Command<number> {
  return ofCommon(ZINTERCARD, keyOrKeys, options)
}

/**
 * Stores the intersection of sorted sets; how many members it has. ZINTERSTORE, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zinterstore/
 */
export function zinterstore(
  destination: Key,
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<number> {
  return stored(ZINTERSTORE, destination, keyOrKeys, options)
}

/**
 * The members that are in any of the sets. ZUNION, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zunion/
 */
export function zunion(keyOrKeys: Key | readonly Key[], options?: ZcombineOptions): Command<Bulk[]> {
  return combined(ZUNION, keyOrKeys, options)
}

/**
 * The same as {@link zunion}, with scores. ZUNION with WITHSCORES, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/zunion/
 */
export function zunionWithScores(
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<Scored[]> {
  return combinedWithScores(ZUNION, keyOrKeys, options)
}

/**
 * Stores the union of sorted sets; how many members it has. ZUNIONSTORE, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/zunionstore/
 */
export function zunionstore(
  destination: Key,
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<number> {
  return stored(ZUNIONSTORE, destination, keyOrKeys, options)
}

function combined(
  spec: CommandSpec,
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<Bulk[]> {
  const keys = keyList(spec, keyOrKeys)
  return createCommand(spec, combineArgs(spec, keys, options), keysSlot(keys), asBulks)
}

function combinedWithScores(
  spec: CommandSpec,
  keyOrKeys: Key | readonly Key[],
  options?: ZcombineOptions,
): Command<Scored[]> {
  const keys = keyList(spec, keyOrKeys)
  const args = combineArgs(spec, keys, options)
  args.push('WITHSCORES')
  return createCommand(spec, args, keysSlot(keys), asScored)
}

// ZUNION numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM|MIN|MAX]
function combineArgs(spec: CommandSpec, keys: readonly Key[], options?: ZcombineOptions): Arg[] {
  const args: Arg[] = [spec.name]
  pushCombination(spec, args, keys, options)
  return args
}

function stored(
  spec: CommandSpec,
  destination: Key,
  keyOrKeys: Key | readonly Key[],
  options: ZcombineOptions | undefined,
): Command<number> {
  const keys = keyList(spec, keyOrKeys)
  const args = keyWords(spec, destination, 'destination')
  pushCombination(spec, args, keys, options)
  return createCommand(spec, args, keysSlot([destination, ...keys]), asCount)
}

function pushCombination(
  spec: CommandSpec,
  args: Arg[],
  keys: readonly Key[],
  options: ZcombineOptions | undefined,
): void {
  const { weights, aggregate } = checkOptions(spec, options, ['weights', 'aggregate'])
  args.push(String(keys.length))
  pushKeys(spec, args, keys, 'keyOrKeys')
  if (weights !== undefined) pushWeights(spec, args, weights, keys.length)
  if (aggregate !== undefined) {
    args.push('AGGREGATE', wordArg(spec, aggregate, ['sum', 'min', 'max'], 'options.aggregate'))
  }
}

function pushWeights(spec: CommandSpec, args: Arg[], weights: readonly number[], count: number): void {
  if (!Array.isArray(weights)) throw invalid(spec, 'options.weights', 'an array of numbers', weights)
  if (weights.length !== count) {
    throw new InvalidArgumentError(
      spec.name,
      'options.weights',
      `must be as many as the keys, ${count}, got ${weights.length}`,
    )
  }
  args.push('WEIGHTS')
  for (let i = 0; i < count; i++) args.push(scoreArg(spec, weights[i], `options.weights[${i}]`))
}
