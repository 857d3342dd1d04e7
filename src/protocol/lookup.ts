// Name → spec. The table is text, read at the first look-up.
//
// An unknown subcommand of a known command finds the command's own row, so that the server says what it thinks of
// it: `CONFIG WHATEVER` is sent, without keys, and answered with the server's error.
import { UnexpectedReplyError } from '../core/errors.js'
import type { Reply } from '../resp/types.js'
import { RespMap } from '../resp/types.js'
import type { Arg } from './command.js'
import type { BeginSearch, CommandSpec, FindKeys, KeySpec, RequestPolicy, ResponsePolicy } from './spec.js'
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
  for (const flag of textsOf(entry[2])) flags |= flagBit(FLAG_NAMES.indexOf(flag))
  return {
    name: name.toUpperCase().replace('|', ' '),
    arity: Number(arity),
    flags,
    keySpecs:
      entry.length > 8 ? listOf(entry[8]).map(infoKeySpec) : legacyKeySpec(entry[3], entry[4], entry[5]),
    requestPolicy: policyOf(tips, 'request_policy:', REQUEST_POLICIES),
    responsePolicy: policyOf(tips, 'response_policy:', RESPONSE_POLICIES),
    container: listOf(entry[9]).length > 0,
  }
}

let specs: Map<string, CommandSpec> | undefined

function known(name: string): CommandSpec | undefined {
  specs ??= readTable()
  return specs.get(name)
}

function readTable(): Map<string, CommandSpec> {
  const found = new Map<string, CommandSpec>()
  for (const line of TABLE.trim().split(/\n(?! )/)) {
    const [letters = '', keys = '', policies = '', ...words] = line.split(/\s+/)
    const alike = readAlike(letters, keys, policies)
    let container = ''
    for (const word of words) {
      const [, parent, sub, arity] = WORD.exec(word) ?? unreadable('word', word)
      if (parent) container = parent
      const name = sub === undefined ? container : `${container} ${sub}`
      found.set(name, { name, arity: Number(arity), ...alike })
    }
  }
  return found
}

// GET2   CONFIG|SET-4   |GET-3
const WORD = /^([^|]*?)(?:\|(.+?))?(-?\d+)$/

/** What the commands of a line have in common: flags keys request/response. */
function readAlike(letters: string, keys: string, policies: string): Omit<CommandSpec, 'name' | 'arity'> {
  const [request, response] = policies.split('/')
  let flags = 0
  for (const letter of letters) flags |= flagBit(FLAG_LETTERS.indexOf(letter))
  return {
    flags,
    keySpecs: keys === '-' ? [] : keys.split(';').map(readKeySpec),
    requestPolicy: oneOf(REQUEST_POLICIES, request),
    responsePolicy: oneOf(RESPONSE_POLICIES, response),
    container: letters.includes('C'),
  }
}

// 1   STREAMS@1   2#0,1,1   1:-1,2,0   ?   !1: see the table's header
const KEY_SPEC = /^(!?)(?:\?|(?:(.+)@)?(-?\d+)(?:([:#])(-?\d+),(-?\d+),(-?\d+))?)$/

function readKeySpec(text: string): KeySpec {
  const [, not, keyword, at, kind, a, b, c] = KEY_SPEC.exec(text) ?? unreadable('key spec', text)
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

function unreadable(what: string, text: string): never {
  throw new Error(`the command table holds a ${what} that cannot be read: ${text}`)
}

/** The bit of the flag with this index in the lists below; none for -1. */
function flagBit(index: number): number {
  return index < 0 ? 0 : 1 << index
}

// Both in the order of the bits of Flag.
const FLAG_LETTERS = 'WRBAPNFLSMDUX'
const FLAG_NAMES =
  'write readonly blocking admin pubsub noscript fast loading stale movablekeys denyoom no_auth no_multi'.split(
    ' ',
  )
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
