// Name → spec. The table is text; its lines are found at the first look-up, and each is read at its own first use.
//
// An unknown subcommand of a known command finds the command's own row, so that the server says what it thinks of
// it: `CONFIG WHATEVER` is sent, without keys, and answered with the server's error.
import { UnexpectedReplyError } from '../core/errors.js'
import type { Reply } from '../resp/types.js'
import { RespMap } from '../resp/types.js'
import type { Arg } from './command.js'
import type { BeginSearch, CommandSpec, FindKeys, KeySpec, RequestPolicy, ResponsePolicy } from './spec.js'
import { Flag } from './spec.js'
import { TABLE } from './table.js'

/** A command found: `words` counts the words of its name, 2 for a subcommand. */
export interface FoundSpec {
  readonly spec: CommandSpec
  readonly words: 1 | 2
}

/**
 * The spec of a command the program itself names, in upper case: `GET`, `CONFIG GET`. A name that the table lacks
 * is a mistake in the program; what a user types goes through {@link findSpec}.
 */
export function specOf(name: string): CommandSpec {
  const spec = known(name)
  if (spec === undefined) throw new Error(`no row for ${name} in the command table`)
  return spec
}

/** The spec for the words of a command, in any case; undefined where the table lacks it, or there are no words. */
export function findSpec(args: readonly Arg[]): FoundSpec | undefined {
  const name = nameOf(args[0])
  if (name === undefined) return undefined
  const spec = known(name)
  if (spec === undefined) return undefined
  const word = spec.container ? nameOf(args[1]) : undefined
  const subcommand = word === undefined ? undefined : known(`${name} ${word}`)
  return subcommand === undefined ? { spec, words: 1 } : { spec: subcommand, words: 2 }
}

/**
 * The spec of one entry of a live COMMAND INFO reply, for a command that the table lacks; undefined where the server
 * does not know it either.
 *
 *     name arity flags first last step [ACL categories] [tips] [key specs] [subcommands]
 *                                      since 6.0        since 7.0
 */
export function specFromInfo(entry: Reply): CommandSpec | undefined {
  if (entry === null) return undefined
  if (!Array.isArray(entry)) throw unexpected('an entry')
  const name = textOf(entry[0])
  const arity = entry[1]
  if (name === undefined) throw unexpected('a name')
  if (typeof arity !== 'number' && typeof arity !== 'bigint') throw unexpected('an arity')
  const tips = textsOf(entry[7])
  let flags = 0
  for (const flag of textsOf(entry[2])) flags |= FLAG_NAMES[flag] ?? 0
  return {
    name: name.toUpperCase().replace('|', ' '),
    arity: Number(arity),
    flags,
    keySpecs:
      entry.length > 8 ? listOf(entry[8]).map(infoKeySpec) : legacyKeySpec(entry[3], entry[4], entry[5]),
    requestPolicy: policyOf(tips, 'request_policy:', REQUEST_POLICIES),
    responsePolicy: policyOf(tips, 'response_policy:', RESPONSE_POLICIES),
    // COMMAND INFO tells neither.
    group: '',
    since: '',
    container: listOf(entry[9]).length > 0,
  }
}

let lines: Map<string, string> | undefined
const specs = new Map<string, CommandSpec>()

function known(name: string): CommandSpec | undefined {
  const spec = specs.get(name)
  if (spec !== undefined) return spec
  lines ??= readLines()
  const line = lines.get(name)
  if (line === undefined) return undefined
  const read = readLine(name, line)
  specs.set(name, read)
  return read
}

function readLines(): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of TABLE.split('\n')) {
    const end = line.indexOf(' ')
    if (end !== -1) found.set(line.slice(0, end).replace('|', ' '), line.slice(end + 1))
  }
  return found
}

/** A line of the table without its name: arity flags group since keys request/response. */
function readLine(name: string, line: string): CommandSpec {
  const [arity, letters = '', group = '', since = '', keys = '-', policies = '-'] = line.split(' ')
  const slash = policies.indexOf('/')
  let flags = 0
  for (let i = 0; i < letters.length; i++) flags |= FLAG_LETTERS[letters[i]!] ?? 0
  return {
    name,
    arity: Number(arity),
    flags,
    keySpecs: readKeySpecs(keys),
    requestPolicy: slash === -1 ? undefined : oneOf(REQUEST_POLICIES, policies.slice(0, slash)),
    responsePolicy: slash === -1 ? undefined : oneOf(RESPONSE_POLICIES, policies.slice(slash + 1)),
    group,
    since,
    container: letters.includes('C'),
  }
}

// A dozen texts serve all commands, and most have the same one.
const keySpecsRead = new Map<string, readonly KeySpec[]>([['-', []]])

function readKeySpecs(text: string): readonly KeySpec[] {
  const known = keySpecsRead.get(text)
  if (known !== undefined) return known
  const read = text.split(';').map(readKeySpec)
  keySpecsRead.set(text, read)
  return read
}

// 1   STREAMS@1   2#0,1,1   1:-1,2,0   ?   !1: see the table's header
const KEY_SPEC = /^(!?)(?:\?|(?:(.+)@)?(-?\d+)(?:([:#])(-?\d+),(-?\d+),(-?\d+))?)$/

function readKeySpec(text: string): KeySpec {
  const match = KEY_SPEC.exec(text)
  if (match === null) throw new Error(`the command table holds a key spec that cannot be read: ${text}`)
  const [, not, keyword, at, kind, a, b, c] = match
  const notKey = not === '!'
  if (at === undefined) return { begin: { kind: 'unknown' }, find: { kind: 'unknown' }, notKey }
  const begin: BeginSearch =
    keyword === undefined
      ? { kind: 'index', pos: Number(at) }
      : { kind: 'keyword', keyword, startFrom: Number(at) }
  const find: FindKeys =
    kind === '#'
      ? { kind: 'keynum', keyNumIdx: Number(a), firstKey: Number(b), step: Number(c) }
      : { kind: 'range', lastKey: Number(a ?? 0), step: Number(b ?? 1), limit: Number(c ?? 0) }
  return { begin, find, notKey }
}

/** A key spec of the reply: flags, begin_search and find_keys, the latter two with a type and a spec of their own. */
function infoKeySpec(reply: Reply): KeySpec {
  const begin = fieldOf(reply, 'begin_search')
  const find = fieldOf(reply, 'find_keys')
  return {
    begin: infoBegin(textOf(fieldOf(begin, 'type')), fieldOf(begin, 'spec')),
    find: infoFind(textOf(fieldOf(find, 'type')), fieldOf(find, 'spec')),
    notKey: textsOf(fieldOf(reply, 'flags')).includes('not_key'),
  }
}

function infoBegin(type: string | undefined, spec: Reply): BeginSearch {
  switch (type) {
    case 'index':
      return { kind: 'index', pos: integerOf(fieldOf(spec, 'index')) }
    case 'keyword':
      return {
        kind: 'keyword',
        keyword: (textOf(fieldOf(spec, 'keyword')) ?? '').toUpperCase(),
        startFrom: integerOf(fieldOf(spec, 'startfrom')),
      }
    default:
      return { kind: 'unknown' }
  }
}

function infoFind(type: string | undefined, spec: Reply): FindKeys {
  switch (type) {
    case 'range':
      return {
        kind: 'range',
        lastKey: integerOf(fieldOf(spec, 'lastkey')),
        step: integerOf(fieldOf(spec, 'keystep')),
        limit: integerOf(fieldOf(spec, 'limit')),
      }
    case 'keynum':
      return {
        kind: 'keynum',
        keyNumIdx: integerOf(fieldOf(spec, 'keynumidx')),
        firstKey: integerOf(fieldOf(spec, 'firstkey')),
        step: integerOf(fieldOf(spec, 'keystep')),
      }
    default:
      return { kind: 'unknown' }
  }
}

/** Servers before 7.0 tell only the first key, the last (negative: from the end) and the step between. */
function legacyKeySpec(
  first: Reply | undefined,
  last: Reply | undefined,
  step: Reply | undefined,
): KeySpec[] {
  const pos = integerOf(first)
  if (pos <= 0) return []
  const lastArg = integerOf(last)
  const lastKey = lastArg < 0 ? lastArg : lastArg - pos
  return [
    {
      begin: { kind: 'index', pos },
      find: { kind: 'range', lastKey, step: integerOf(step), limit: 0 },
      notKey: false,
    },
  ]
}

/** A word as a command's name is written in the table. Only ASCII is folded: `ſet` is not SET, nor is `CONFIG|GET` a word. */
function nameOf(word: Arg | undefined): string | undefined {
  if (word === undefined) return undefined
  const text = typeof word === 'string' ? word : word.toString('latin1')
  return NAME.test(text) ? text.toUpperCase() : undefined
}

const NAME = /^[!-{}~]{1,64}$/

function fieldOf(reply: Reply | undefined, name: string): Reply {
  const pairs = reply instanceof RespMap ? reply.entries : listOf(reply)
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (textOf(pairs[i]) === name) return pairs[i + 1]!
  }
  return null
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : []
}

function textOf(reply: Reply | undefined): string | undefined {
  if (typeof reply === 'string') return reply
  return Buffer.isBuffer(reply) ? reply.toString() : undefined
}

function textsOf(reply: Reply | undefined): string[] {
  return listOf(reply).map(item => textOf(item) ?? '')
}

function integerOf(reply: Reply | undefined): number {
  return typeof reply === 'number' || typeof reply === 'bigint' ? Number(reply) : 0
}

function policyOf<T extends string>(
  tips: readonly string[],
  prefix: string,
  policies: readonly T[],
): T | undefined {
  return oneOf(policies, tips.find(tip => tip.startsWith(prefix))?.slice(prefix.length))
}

/** The server's word for a policy; one that this version does not know is no policy. */
function oneOf<T extends string>(policies: readonly T[], word: string | undefined): T | undefined {
  return policies.find(policy => policy === word)
}

function unexpected(what: string): UnexpectedReplyError {
  return new UnexpectedReplyError(`COMMAND INFO: expected ${what}`)
}

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  W: Flag.WRITE,
  R: Flag.READONLY,
  B: Flag.BLOCKING,
  A: Flag.ADMIN,
  P: Flag.PUBSUB,
  N: Flag.NOSCRIPT,
  F: Flag.FAST,
  L: Flag.LOADING,
  S: Flag.STALE,
  M: Flag.MOVABLE_KEYS,
  D: Flag.DENYOOM,
  U: Flag.NO_AUTH,
  X: Flag.NO_MULTI,
}

// Without a prototype: a server may name a flag `constructor`.
const FLAG_NAMES: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  write: Flag.WRITE,
  readonly: Flag.READONLY,
  blocking: Flag.BLOCKING,
  admin: Flag.ADMIN,
  pubsub: Flag.PUBSUB,
  noscript: Flag.NOSCRIPT,
  fast: Flag.FAST,
  loading: Flag.LOADING,
  stale: Flag.STALE,
  movablekeys: Flag.MOVABLE_KEYS,
  denyoom: Flag.DENYOOM,
  no_auth: Flag.NO_AUTH,
  no_multi: Flag.NO_MULTI,
})

const REQUEST_POLICIES: readonly RequestPolicy[] = ['all_nodes', 'all_shards', 'multi_shard', 'special']
const RESPONSE_POLICIES: readonly ResponsePolicy[] = [
  'one_succeeded',
  'all_succeeded',
  'agg_logical_and',
  'agg_logical_or',
  'agg_min',
  'agg_max',
  'agg_sum',
  'special',
]
