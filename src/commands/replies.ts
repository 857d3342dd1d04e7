// Decoders of answers that only one command or two give. The shapes that many share are in protocol/decode.ts.
import { UnexpectedReplyError } from '../core/errors.js'
import {
  asArray,
  asBulk,
  asBulks,
  asCount,
  asEntries,
  asOk,
  asPairs,
  asScored,
  asText,
  type Scored,
} from '../protocol/decode.js'
import type { Reply } from '../resp/types.js'
import type { Bulk } from './types.js'

/** One page of the fields of a hash; `'0'` as cursor says that it is the last. */
export interface HashPage {
  cursor: string
  items: [Bulk, Bulk][]
}

/** One page of the members of a sorted set; `'0'` as cursor says that it is the last. */
export interface ScoredPage {
  cursor: string
  items: Scored[]
}

/** What was taken from the first of several lists that had any. */
export interface Popped {
  key: Bulk
  elements: Bulk[]
}

/** What was taken from the first of several sorted sets that had any. */
export interface ScoredPopped {
  key: Bulk
  members: Scored[]
}

/** A part that two values have in common: first and last byte in each. */
export interface LcsMatch {
  key1: [start: number, end: number]
  key2: [start: number, end: number]
  /** Only where asked for. */
  length?: number
}

export interface LcsMatches {
  matches: LcsMatch[]
  /** Length of the whole common subsequence. */
  length: number
}

/** What the server knows of a connection, by the names it uses, e.g. `id`, `addr`, `name`, `db`, `cmd`. */
export type ClientDescription = Record<string, string>

/** OK where it was written, null where a condition said no. */
export function asWritten(reply: Reply): boolean {
  return reply !== null && asOk(reply) === 'OK'
}

/** OK where keys were moved, NOKEY where there were none. */
export function asMigrated(reply: Reply): boolean {
  return asText(reply) !== 'NOKEY'
}

export function asPong(reply: Reply): 'PONG' {
  if (asText(reply) === 'PONG') return 'PONG'
  throw new UnexpectedReplyError('expected PONG, got other text')
}

/** `[cursor, [field, value, field, value …]]`. */
export function asHashPage(reply: Reply): HashPage {
  const [cursor, items] = asPage(reply)
  return { cursor, items: asPairs(items) }
}

/** `[cursor, [member, score, member, score …]]`. */
export function asScoredPage(reply: Reply): ScoredPage {
  const [cursor, items] = asPage(reply)
  return { cursor, items: asScored(items) }
}

/** `[member, score]`, or nothing in the list. */
export function asScoredOrNull(reply: Reply): Scored | null {
  return asScored(reply)[0] ?? null
}

/** `[key, [element …]]`, or null. */
export function asPopped(reply: Reply): Popped | null {
  if (reply === null) return null
  const [key, elements] = asTwo(reply)
  return { key: asBulk(key), elements: asBulks(elements) }
}

/** `[key, [[member, score] …]]`, or null. */
export function asScoredPopped(reply: Reply): ScoredPopped | null {
  if (reply === null) return null
  const [key, members] = asTwo(reply)
  return { key: asBulk(key), members: asScored(members) }
}

/** `{ matches: [[[start1, end1], [start2, end2], length?] …], len }`. */
export function asLcs(reply: Reply): LcsMatches {
  const matches: LcsMatch[] = []
  let length = 0
  const entries = asEntries(reply)
  for (let i = 0; i < entries.length; i += 2) {
    if (asText(entries[i]!) === 'len') length = asCount(entries[i + 1]!)
    else for (const match of asArray(entries[i + 1]!)) matches.push(asLcsMatch(match))
  }
  return { matches, length }
}

function asLcsMatch(reply: Reply): LcsMatch {
  const [first, second, length] = asArray(reply)
  const match = { key1: asSpan(first ?? null), key2: asSpan(second ?? null) }
  return length === undefined ? match : { ...match, length: asCount(length) }
}

function asSpan(reply: Reply): [number, number] {
  const [start, end] = asTwo(reply)
  return [asCount(start), asCount(end)]
}

/** `id=3 addr=127.0.0.1:50000 name= …`: no value holds a space. */
export function asClient(reply: Reply): ClientDescription {
  return clientOf(asText(reply).trimEnd())
}

/** One such line for each connection. */
export function asClients(reply: Reply): ClientDescription[] {
  return asText(reply)
    .split('\n')
    .filter(line => line !== '')
    .map(clientOf)
}

function clientOf(line: string): ClientDescription {
  const client: ClientDescription = Object.create(null)
  for (const word of line.split(' ')) {
    const end = word.indexOf('=')
    if (end !== -1) client[word.slice(0, end)] = word.slice(end + 1)
  }
  return client
}

function asPage(reply: Reply): [cursor: string, items: Reply] {
  const [cursor, items] = asTwo(reply)
  return [asText(cursor), items]
}

function asTwo(reply: Reply): readonly [Reply, Reply] {
  const items = asArray(reply)
  if (items.length === 2) return items as readonly [Reply, Reply]
  throw new UnexpectedReplyError(`expected a list of 2, got one of ${items.length}`)
}
