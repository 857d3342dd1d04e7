// What callers hand to builders, checked and turned into words of a command. Everything here throws
// InvalidArgumentError naming the command and the parameter, before anything is built; no message carries a value.
//
// Numbers are sent in their shortest decimal form, `String(n)`: 1e21 as `1e+21`, −0 as `0`. Bytes are not copied.
import { isUint8Array } from 'node:util/types'
import { InvalidArgumentError } from '../core/errors.js'
import type { Arg } from '../protocol/command.js'
import type { CommandSpec } from '../protocol/spec.js'
import type { Key, Value } from './types.js'

/** Pairs to store: a plain object, a Map, or any iterable of `[key, value]`. A pair given twice is sent twice. */
export type Pairs = Readonly<Record<string, Value>> | Iterable<readonly [Key, Value]>

/** Members with their scores: a plain object of scores, a Map, or any iterable of `{ member, score }` or `[member, score]`. */
export type ScoredMembers =
  | Readonly<Record<string, number>>
  | Iterable<readonly [Value, number] | { readonly member: Value; readonly score: number }>

/** A moment: a Date, or a Unix time in the unit the parameter names. */
export type Timestamp = number | Date

/** Where a page starts and how many items it may hold; a negative `count` takes all that follow. */
export interface Limit {
  readonly offset: number
  readonly count: number
}

/** How the commands of the scan family choose. */
export interface ScanOptions {
  /** Only what matches this glob-style pattern, e.g. `user:*`. Filtered after the page was taken: pages may be empty. */
  readonly match?: Key
  /** About how many elements the server looks at for one page. Default 10. */
  readonly count?: number
}

// --- keys and values

export function keyArg(spec: CommandSpec, key: Key, name = 'key'): Arg {
  return keyWord(key) ?? refuse(spec, key, name, A_KEY)
}

export function valueArg(spec: CommandSpec, value: Value, name = 'value'): Arg {
  return valueWord(value) ?? refuse(spec, value, name, A_VALUE)
}

// Without a name to put in an error: lists and pairs spell out the position only once something is wrong.
function keyWord(key: unknown): Arg | undefined {
  if (typeof key === 'string') return key
  // Not `instanceof`: an array made in another realm (a test runner's, say) is just as good, and what only inherits from
  // Buffer has no bytes.
  if (!isUint8Array(key)) return undefined
  return Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength)
}

function valueWord(value: unknown): Arg | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  return typeof value === 'bigint' ? String(value) : keyWord(value)
}

const A_KEY = 'a string or a Uint8Array'
const A_VALUE = 'a string, a Uint8Array, a finite number or a bigint'

/** Text that is no key and no value: a pattern, a name, a host. */
export function textArg(spec: CommandSpec, text: string, name: string): string {
  if (typeof text === 'string') return text
  throw invalid(spec, name, 'a string', text)
}

export function pushKeys(spec: CommandSpec, args: Arg[], keys: readonly Key[], name = 'keys'): void {
  checkList(spec, keys, name, 'keys')
  for (let i = 0; i < keys.length; i++) {
    args.push(keyWord(keys[i]) ?? refuse(spec, keys[i], `${name}[${i}]`, A_KEY))
  }
}

export function pushValues(spec: CommandSpec, args: Arg[], values: readonly Value[], name: string): void {
  checkList(spec, values, name, 'values')
  for (let i = 0; i < values.length; i++) {
    args.push(valueWord(values[i]) ?? refuse(spec, values[i], `${name}[${i}]`, A_VALUE))
  }
}

/** One value, or an array of them. */
export function pushOneOrMany(
  spec: CommandSpec,
  args: Arg[],
  values: Value | readonly Value[],
  name: string,
): void {
  if (isList(values)) pushValues(spec, args, values, name)
  else args.push(valueArg(spec, values, name))
}

/** One key or several as a list, whose items {@link pushKeys} checks. */
export function keyList(spec: CommandSpec, keys: Key | readonly Key[], name = 'keyOrKeys'): readonly Key[] {
  if (isList(keys)) return keys
  return [keyWord(keys) ?? refuse(spec, keys, name, `${A_KEY}, or an array of them`)]
}

/** Texts, one or several, as sections and patterns come. */
export function pushTexts(
  spec: CommandSpec,
  args: Arg[],
  texts: string | readonly string[],
  name: string,
): void {
  if (!isList(texts)) {
    args.push(textArg(spec, texts, name))
    return
  }
  checkList(spec, texts, name, 'strings')
  for (let i = 0; i < texts.length; i++) args.push(textArg(spec, texts[i]!, `${name}[${i}]`))
}

/** Appends key, value, key, value. Nothing is done with `args` after a throw. */
export function pushPairs(spec: CommandSpec, args: Arg[], pairs: Pairs, name: string): void {
  const before = args.length
  if (isIterable(pairs)) {
    let i = 0
    for (const pair of pairs) pushPair(spec, args, pair, name, i++)
  } else if (isObject(pairs) && !isUint8Array(pairs)) {
    const keys = Object.keys(pairs)
    for (let i = 0; i < keys.length; i++) {
      const value = (pairs as Readonly<Record<string, Value>>)[keys[i]!]
      args.push(keys[i]!, valueWord(value) ?? refuse(spec, value, `${name}[${i}][1]`, A_VALUE))
    }
  } else throw invalid(spec, name, 'an object, a Map or an iterable of [key, value] pairs', pairs)
  if (args.length === before) throw new InvalidArgumentError(spec.name, name, 'must hold at least one pair')
}

function pushPair(spec: CommandSpec, args: Arg[], pair: unknown, name: string, i: number): void {
  if (!Array.isArray(pair)) throw invalid(spec, `${name}[${i}]`, 'a [key, value] pair', pair)
  if (pair.length !== 2) {
    throw new InvalidArgumentError(
      spec.name,
      `${name}[${i}]`,
      `must be a [key, value] pair, got ${pair.length} elements`,
    )
  }
  args.push(
    keyWord(pair[0]) ?? refuse(spec, pair[0], `${name}[${i}][0]`, A_KEY),
    valueWord(pair[1]) ?? refuse(spec, pair[1], `${name}[${i}][1]`, A_VALUE),
  )
}

// --- numbers

/** A signed 64-bit integer. */
export function integerArg(spec: CommandSpec, value: number | bigint, name: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return String(value)
  throw invalid(spec, name, 'a safe integer, or a bigint of 64 bits', value)
}

/** An integer of at least 1. */
export function positiveArg(spec: CommandSpec, value: number, name: string): string {
  return countArg(spec, value, name, 1)
}

/** An integer of at least `min`. */
export function countArg(spec: CommandSpec, value: number, name: string, min = 0): string {
  if (Number.isSafeInteger(value) && value >= min) return String(value)
  throw invalid(spec, name, min > 0 ? 'a positive safe integer' : 'a non-negative safe integer', value)
}

export function finiteArg(spec: CommandSpec, value: number, name: string): string {
  if (Number.isFinite(value)) return String(value)
  throw invalid(spec, name, 'a finite number', value)
}

/** A Unix time in units of `unitMs`; a Date is rounded down to them. */
export function timestampArg(spec: CommandSpec, at: Timestamp, name: string, unitMs: 1 | 1000): string {
  const time = isDate(at) ? Math.floor(at.getTime() / unitMs) : at
  if (Number.isSafeInteger(time)) return String(time)
  throw invalid(spec, name, `a Date, or a Unix time in whole ${unitMs === 1 ? 'milli' : ''}seconds`, at)
}

// --- scores and ranges of sorted sets

export function scoreArg(spec: CommandSpec, score: unknown, name: string): string {
  if (typeof score !== 'number' || Number.isNaN(score))
    throw invalid(spec, name, 'a number other than NaN', score)
  return scoreText(score)
}

/** Appends score, member, score, member. */
export function pushScored(spec: CommandSpec, args: Arg[], members: ScoredMembers, name: string): void {
  const before = args.length
  if (isIterable(members)) {
    let i = 0
    for (const scored of members) pushScoredMember(spec, args, scored, name, i++)
  } else if (isObject(members) && !isUint8Array(members)) {
    const names = Object.keys(members)
    for (let i = 0; i < names.length; i++) {
      const score = (members as Readonly<Record<string, number>>)[names[i]!]
      args.push(scoreArg(spec, score, `${name}[${i}].score`), names[i]!)
    }
  } else throw invalid(spec, name, 'an object of scores, a Map or an iterable of { member, score }', members)
  if (args.length === before) throw new InvalidArgumentError(spec.name, name, 'must hold at least one member')
}

function pushScoredMember(spec: CommandSpec, args: Arg[], scored: unknown, name: string, i: number): void {
  if (!isObject(scored) || (Array.isArray(scored) && scored.length !== 2)) {
    throw invalid(spec, `${name}[${i}]`, '{ member, score } or [member, score]', scored)
  }
  const [member, score] = Array.isArray(scored) ? scored : scoredOf(scored)
  args.push(
    scoreArg(spec, score, `${name}[${i}].score`),
    valueWord(member) ?? refuse(spec, member, `${name}[${i}].member`, A_VALUE),
  )
}

function scoredOf(scored: { member?: unknown; score?: unknown }): [unknown, unknown] {
  return [scored.member, scored.score]
}

/** An end of a range of scores: a number, or text like `(5`, `-inf`, `+inf`. */
export function scoreBoundArg(spec: CommandSpec, bound: number | string, name: string): string {
  if (typeof bound === 'number' && !Number.isNaN(bound)) return scoreText(bound)
  if (typeof bound === 'string' && SCORE_BOUND.test(bound)) return bound
  throw invalid(spec, name, "a number, or text like '5', '(5', '-inf' or '+inf'", bound)
}

const SCORE_BOUND = /^\(?[+-]?(inf|infinity|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i

/** An end of a range of members: `-`, `+`, or a member behind `[` (included) or `(` (excluded). */
export function lexBoundArg(spec: CommandSpec, bound: Key, name: string): Arg {
  const expected = "'-', '+', or a member behind '[' or '('"
  if (typeof bound !== 'string' && !isUint8Array(bound)) throw invalid(spec, name, expected, bound)
  const first = typeof bound === 'string' ? bound.charCodeAt(0) : bound[0]
  const isInfinite = bound.length === 1 && (first === 0x2b || first === 0x2d)
  if (!isInfinite && first !== 0x28 && first !== 0x5b) throw invalid(spec, name, expected, bound)
  return keyArg(spec, bound, name)
}

function scoreText(score: number): string {
  if (score === Number.POSITIVE_INFINITY) return '+inf'
  return score === Number.NEGATIVE_INFINITY ? '-inf' : String(score)
}

// --- options

/**
 * The options, with names checked; `undefined` stands for none. A field that is there and `undefined` is refused:
 * `{ ex: ttl }` with a ttl that went missing must not store a value for ever.
 */
export function checkOptions<O extends object>(
  spec: CommandSpec,
  options: O | undefined,
  known: readonly (keyof O & string)[],
  name = 'options',
): O {
  if (options === undefined) return NO_OPTIONS as O
  if (!isObject(options) || Array.isArray(options)) throw invalid(spec, name, 'an object', options)
  for (const field in options) {
    if (!(known as readonly string[]).includes(field)) {
      throw new InvalidArgumentError(
        spec.name,
        `${name}.${field}`,
        `is not known; there is ${known.join(', ')}`,
      )
    }
    if (options[field] === undefined || options[field] === null) {
      throw new InvalidArgumentError(
        spec.name,
        `${name}.${field}`,
        `must not be ${options[field]}; leave it out instead`,
      )
    }
  }
  return options
}

const NO_OPTIONS = Object.freeze({})

type Check<V> = (spec: CommandSpec, value: V, name: string) => Arg
type Push<V> = (spec: CommandSpec, args: Arg[], value: V, name: string) => void

/** How each option is sent, in this order: a word where it is true; a word, and the value as checked; or as a function does it. */
export type OptionWords<O> = {
  readonly [F in keyof O]-?:
    | (O[F] extends boolean | undefined ? string : readonly [word: string, check: Check<NonNullable<O[F]>>])
    | Push<NonNullable<O[F]>>
}

/**
 * Appends what the options say, their names checked as by {@link checkOptions}. Half as fast as spelling out each
 * option, which SET therefore does.
 */
export function pushOptions<O extends object>(
  spec: CommandSpec,
  args: Arg[],
  options: O | undefined,
  known: OptionWords<O>,
  name = 'options',
): void {
  if (options === undefined) return
  checkOptions(spec, options, Object.keys(known) as (keyof O & string)[], name)
  for (const field in known) {
    const value = options[field]
    if (value === undefined) continue
    const path = `${name}.${field}`
    // What the type says for each field is not known of a field in general.
    const how = known[field] as string | readonly [string, Check<unknown>] | Push<unknown>
    if (typeof how === 'function') how(spec, args, value, path)
    else if (typeof how !== 'string') args.push(how[0], how[1](spec, value, path))
    else if (flag(spec, value as boolean, path)) args.push(how)
  }
}

/** A boolean option; absent is false. */
export function flag(spec: CommandSpec, value: boolean | undefined, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw invalid(spec, name, 'a boolean', value)
}

/** Refuses options that contradict each other; `count` is how many of them were given. */
export function checkAtMostOne(spec: CommandSpec, count: number, names: string): void {
  if (count > 1) throw new InvalidArgumentError(spec.name, 'options', `may hold only one of ${names}`)
}

/** How many of these options are set. */
export function countTrue(...options: readonly (boolean | undefined)[]): number {
  return options.filter(option => option === true).length
}

/** One of a few words, upper-cased for the wire. */
export function wordArg<W extends string>(
  spec: CommandSpec,
  value: W,
  words: readonly W[],
  name: string,
): string {
  if (typeof value === 'string' && words.includes(value)) return value.toUpperCase()
  throw invalid(spec, name, `one of ${words.map(word => `'${word}'`).join(', ')}`, value)
}

export function pushLimit(spec: CommandSpec, args: Arg[], limit: Limit, name: string): void {
  const { offset, count } = checkOptions(spec, limit, ['offset', 'count'], name)
  args.push('LIMIT', integerArg(spec, offset, `${name}.offset`), integerArg(spec, count, `${name}.count`))
}

/** A cursor as the last page gave it; `0` begins. */
export function cursorArg(spec: CommandSpec, cursor: string | number | bigint): string {
  if (typeof cursor === 'string' ? /^\d{1,20}$/.test(cursor) : typeof cursor === 'bigint' && cursor >= 0n) {
    return String(cursor)
  }
  if (typeof cursor === 'number' && Number.isSafeInteger(cursor) && cursor >= 0) return String(cursor)
  throw invalid(spec, 'cursor', 'a string of digits, as the last page gave it, or 0', cursor)
}

export const POP_OPTIONS: OptionWords<{ readonly count?: number }> = { count: ['COUNT', positiveArg] }

export const SCAN_OPTIONS: OptionWords<ScanOptions> = {
  match: ['MATCH', keyArg],
  count: ['COUNT', positiveArg],
}

// --- errors

/** `got` is described by its kind, never by its content. */
export function invalid(
  spec: CommandSpec,
  name: string,
  expected: string,
  got: unknown,
): InvalidArgumentError {
  return new InvalidArgumentError(spec.name, name, `must be ${expected}, got ${kindOf(got)}`)
}

function refuse(spec: CommandSpec, got: unknown, name: string, expected: string): never {
  throw invalid(spec, name, expected, got)
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? numberKind(value) : String(value)
  if (Array.isArray(value)) return 'an array'
  if (value === '') return 'an empty string'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function numberKind(value: number): string {
  if (!Number.isInteger(value)) return 'a fraction'
  if (!Number.isSafeInteger(value)) return 'an integer beyond 2^53'
  return value < 0 ? 'a negative integer' : value === 0 ? 'zero' : 'an integer'
}

function checkList(spec: CommandSpec, list: readonly unknown[], name: string, what: string): void {
  if (!Array.isArray(list)) throw invalid(spec, name, `an array of ${what}`, list)
  if (list.length === 0) throw new InvalidArgumentError(spec.name, name, 'must not be empty')
}

// `Array.isArray` alone would narrow a readonly array to `any[]`.
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isIterable(value: unknown): value is Iterable<never> {
  return isObject(value) && Symbol.iterator in value && !isUint8Array(value)
}

function isDate(value: unknown): value is Date {
  return value instanceof Date
}
