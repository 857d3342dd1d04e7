// Reply → JavaScript: small pure decoders, one per shape. RESP2 and RESP3 forms of the same answer give the same
// result: doubles that came as text, maps that came as flat lists, pairs that came flat or nested.
//
// `Bulk` is whatever the reply's mode made of a string (text or Buffer), `Int` of an integer: both pass through as
// they came. A shape that is not the one expected is an UnexpectedReplyError that names what was expected and what
// kind of thing came, never its value. An error in the place of a value is thrown as that error.
import { ReplyError, UnexpectedReplyError, UnrepresentableReplyError } from '../core/errors.js'
import type { Reply } from '../resp/types.js'
import { ReplyMode, RespMap } from '../resp/types.js'
import type { Bulk, Fields, Int } from './brands.js'
import { knownName } from './field-names.js'

/** A member of a sorted set and its score. */
export interface Scored {
  member: Bulk
  score: number
}

/** One page of a scan. The cursor is text whatever the mode: it may pass 2^53, and `0` says that this was the last. */
export interface ScanPage {
  cursor: string
  items: Bulk[]
}

/** The reply as the parser made it. */
export function asIs(reply: Reply): Reply {
  return reply
}

/** `+OK`. */
export function asOk(reply: Reply): 'OK' {
  if (reply === 'OK' || (Buffer.isBuffer(reply) && reply.length === 2 && reply.toString('latin1') === 'OK'))
    return 'OK'
  throw unexpected('OK', reply)
}

/** A string from the server's own vocabulary (a type, an encoding, a status): text, whatever the mode. */
export function asText(reply: Reply): string {
  if (typeof reply === 'string') return reply
  if (Buffer.isBuffer(reply)) return reply.toString()
  throw unexpected('a string', reply)
}

export function asTextOrNull(reply: Reply): string | null {
  return reply === null ? null : asText(reply)
}

export function asTexts(reply: Reply): string[] {
  return asArray(reply).map(asText)
}

/** Bytes, for a command that always asks for them. */
export function asBuffer(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return reply
  throw unexpected('bytes', reply)
}

export function asBufferOrNull(reply: Reply): Buffer | null {
  return reply === null ? null : asBuffer(reply)
}

export function asBulk(reply: Reply): Bulk {
  if (typeof reply === 'string' || Buffer.isBuffer(reply)) return reply as unknown as Bulk
  throw unexpected('a string', reply)
}

export function asBulkOrNull(reply: Reply): Bulk | null {
  return reply === null ? null : asBulk(reply)
}

// A list of strings is passed on as the parser made it: the parser keeps no reference, so it is the caller's.
export function asBulks(reply: Reply): Bulk[] {
  const items = asArray(reply)
  for (let i = 0; i < items.length; i++) asBulk(items[i]!)
  return items as unknown as Bulk[]
}

export function asBulksOrNull(reply: Reply): Bulk[] | null {
  return reply === null ? null : asBulks(reply)
}

export function asBulksOrNulls(reply: Reply): (Bulk | null)[] {
  const items = asArray(reply)
  for (let i = 0; i < items.length; i++) asBulkOrNull(items[i]!)
  return items as unknown as (Bulk | null)[]
}

/** A count, which no server lets pass 2^53: always a number, also where integers are read as bigint. */
export function asCount(reply: Reply): number {
  if (typeof reply === 'number' && Number.isInteger(reply)) return reply
  if (typeof reply === 'bigint') return Number(reply)
  throw unexpected('an integer', reply)
}

export function asCountOrNull(reply: Reply): number | null {
  return reply === null ? null : asCount(reply)
}

export function asCounts(reply: Reply): number[] {
  return asArray(reply).map(asCount)
}

export function asCountsOrNulls(reply: Reply): (number | null)[] {
  return asArray(reply).map(asCountOrNull)
}

export function asInt(reply: Reply): Int {
  if (typeof reply === 'number' ? Number.isInteger(reply) : typeof reply === 'bigint')
    return reply as unknown as Int
  throw unexpected('an integer', reply)
}

export function asIntOrNull(reply: Reply): Int | null {
  return reply === null ? null : asInt(reply)
}

export function asInts(reply: Reply): Int[] {
  return asArray(reply).map(asInt)
}

export function asIntsOrNulls(reply: Reply): (Int | null)[] {
  return asArray(reply).map(asIntOrNull)
}

/** 1 or 0, or a RESP3 boolean. */
export function asFlag(reply: Reply): boolean {
  if (reply === 1 || reply === true || reply === 1n) return true
  if (reply === 0 || reply === false || reply === 0n) return false
  throw unexpected('0 or 1', reply)
}

export function asFlags(reply: Reply): boolean[] {
  return asArray(reply).map(asFlag)
}

/** A double: as such under RESP3, as text under RESP2. `inf`, `-inf` and `nan` are numbers too. */
export function asNumber(reply: Reply): number {
  if (typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return Number(reply)
  if (typeof reply === 'string') return textNumber(reply)
  if (Buffer.isBuffer(reply)) return textNumber(reply.toString('latin1'))
  throw unexpected('a number', reply)
}

export function asNumberOrNull(reply: Reply): number | null {
  return reply === null ? null : asNumber(reply)
}

export function asNumbers(reply: Reply): number[] {
  return asArray(reply).map(asNumber)
}

export function asNumbersOrNulls(reply: Reply): (number | null)[] {
  return asArray(reply).map(asNumberOrNull)
}

/** A list of anything. Errors among its items stay values. */
export function asArray(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply
  throw unexpected('a list', reply)
}

export function asArrayOrNull(reply: Reply): readonly Reply[] | null {
  return reply === null ? null : asArray(reply)
}

/** Field and value by turns, from a RESP3 map, from a flat list, or from a list of pairs. */
export function asEntries(reply: Reply): readonly Reply[] {
  if (reply instanceof RespMap) return reply.entries
  const items = asArray(reply)
  // Fields are strings, so a list at the front is a pair; else the list is flat.
  const entries = Array.isArray(items[0]) ? items.flatMap(asPair) : items
  if (entries.length % 2 === 0) return entries
  throw new UnexpectedReplyError('expected pairs, got a list of odd length')
}

/**
 * Fields and values: a record without prototype, so that `__proto__` is just a field; a Map where strings are read
 * as Buffers, which no record can have as its keys.
 */
export function asFields(reply: Reply, mode: ReplyMode): Fields {
  const entries = asEntries(reply)
  if (mode & ReplyMode.BUFFER) return bufferFields(entries) as unknown as Fields
  // As fast as a literal with `__proto__: null`; V8 keeps both as hash tables. Object.fromEntries takes thrice as long.
  const fields: Record<string, string> = Object.create(null)
  for (let i = 0; i < entries.length; i += 2) {
    const field = entries[i]
    const value = entries[i + 1]
    if (typeof field !== 'string') throw unexpected('a string', field)
    if (typeof value !== 'string') throw unexpected('a string', value)
    fields[knownName(field, i)] = value
  }
  return fields as unknown as Fields
}

/** Fields and values in the server's order; a field may occur twice. */
export function asPairs(reply: Reply): [Bulk, Bulk][] {
  const entries = asEntries(reply)
  const pairs: [Bulk, Bulk][] = []
  for (let i = 0; i < entries.length; i += 2) pairs.push([asBulk(entries[i]!), asBulk(entries[i + 1]!)])
  return pairs
}

/** Members and scores: `[[member, score] …]` under RESP3, `[member, score …]` under RESP2 and where one was asked for. */
export function asScored(reply: Reply): Scored[] {
  const entries = asEntries(reply)
  const scored: Scored[] = []
  for (let i = 0; i < entries.length; i += 2) {
    scored.push({ member: asBulk(entries[i]!), score: asNumber(entries[i + 1]!) })
  }
  return scored
}

/** `[cursor, items]`. */
export function asScanPage(reply: Reply): ScanPage {
  const [cursor, items] = asPair(reply)
  return { cursor: asText(cursor), items: asBulks(items) }
}

/** What `call()` gives: maps as Map, lists as arrays; errors inside stay values. */
export function toJs(reply: Reply): unknown {
  // Recursive: the parser's ceiling on nesting, 1024 at most, bounds it.
  if (reply instanceof RespMap) {
    const map = new Map<unknown, unknown>()
    for (let i = 0; i + 1 < reply.entries.length; i += 2)
      map.set(toJs(reply.entries[i]!), toJs(reply.entries[i + 1]!))
    return map
  }
  return Array.isArray(reply) ? listToJs(reply) : reply
}

/** The list itself, the caller's to keep, unless there is a map in it. */
function listToJs(items: readonly Reply[]): readonly unknown[] {
  let converted: unknown[] | undefined
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    if (typeof item !== 'object' || item === null) continue
    const js = toJs(item)
    if (js === item) continue
    converted ??= [...items]
    converted[i] = js
  }
  return converted ?? items
}

function bufferFields(entries: readonly Reply[]): Map<Buffer, Buffer> {
  const fields = new Map<Buffer, Buffer>()
  for (let i = 0; i < entries.length; i += 2) fields.set(asBuffer(entries[i]!), asBuffer(entries[i + 1]!))
  return fields
}

function asPair(reply: Reply): readonly [Reply, Reply] {
  const items = asArray(reply)
  if (items.length === 2) return items as readonly [Reply, Reply]
  throw new UnexpectedReplyError(`expected a pair, got a list of ${items.length}`)
}

// As redis prints doubles: 3, -1.5e-7, inf, -inf, nan.
const DOUBLE = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i

function textNumber(text: string): number {
  if (DOUBLE.test(text)) return Number(text)
  switch (text.toLowerCase()) {
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    case 'nan':
    case '-nan':
      return Number.NaN
    default:
      throw new UnexpectedReplyError('expected a number, got other text')
  }
}

function unexpected(expected: string, reply: Reply | undefined): Error {
  if (reply instanceof ReplyError || reply instanceof UnrepresentableReplyError) return reply
  return new UnexpectedReplyError(`expected ${expected}, got ${kindOf(reply)}`)
}

function kindOf(reply: Reply | undefined): string {
  if (reply === null || reply === undefined) return 'nothing'
  if (Array.isArray(reply)) return 'a list'
  if (reply instanceof RespMap) return 'a map'
  if (Buffer.isBuffer(reply)) return 'bytes'
  switch (typeof reply) {
    case 'number':
    case 'bigint':
      return 'a number'
    case 'boolean':
      return 'a boolean'
    default:
      return 'text'
  }
}
