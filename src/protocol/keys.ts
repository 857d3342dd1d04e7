// Which arguments of a command are keys: its key specs applied to its words, as the server applies them.
// https://redis.io/docs/latest/develop/reference/key-specs/
//
//   MSET k v k v            index 1, range to the last by twos
//   EVAL s 2 k k a          index 2, keynum
//   XREAD STREAMS k k 0 0   keyword STREAMS, range over the first half of what follows
//
// A spec that does not fit the words (an argument missing, a count that is none or too large) yields no key: the
// server will say what is wrong with them.
import type { Arg } from './command.js'
import { MIXED_SLOTS, NO_SLOT } from './command.js'
import { keySlot } from './slot.js'
import type { BeginSearch, CommandSpec, KeySpec } from './spec.js'

/** Positions in `args` of all arguments by which the command is routed, those of sharded channels included. */
export function keyPositions(spec: CommandSpec, args: readonly Arg[]): number[] {
  const rule = RULES.get(spec.name)
  if (rule !== undefined) return rule(args)
  return positionsOf(spec.keySpecs, args)
}

/** Positions of the keys proper, which a key prefix applies to: a sharded channel is routed like a key, and is none. */
export function prefixablePositions(spec: CommandSpec, args: readonly Arg[]): number[] {
  if (!spec.keySpecs.some(keySpec => keySpec.notKey)) return keyPositions(spec, args)
  return positionsOf(
    spec.keySpecs.filter(keySpec => !keySpec.notKey),
    args,
  )
}

/** The slot of a command: NO_SLOT where it has no keys, MIXED_SLOTS where they live in several. */
export function commandSlot(spec: CommandSpec, args: readonly Arg[]): number {
  if (spec.keySpecs.length === 0) return NO_SLOT
  let slot = NO_SLOT
  for (const position of keyPositions(spec, args)) {
    const next = keySlot(args[position]!)
    if (slot !== NO_SLOT && next !== slot) return MIXED_SLOTS
    slot = next
  }
  return slot
}

function positionsOf(keySpecs: readonly KeySpec[], args: readonly Arg[]): number[] {
  const positions: number[] = []
  for (const keySpec of keySpecs) addPositions(keySpec, args, positions)
  // Two specs may find the same argument; a prefix must go before it once.
  return keySpecs.length > 1 ? [...new Set(positions)] : positions
}

function addPositions({ begin, find }: KeySpec, args: readonly Arg[], into: number[]): void {
  if (find.kind === 'unknown') return
  let first = firstPosition(begin, args)
  if (first < 1) return
  let last: number
  if (find.kind === 'keynum') {
    const count = countAt(args, first + find.keyNumIdx)
    first += find.firstKey
    last = first + (count - 1) * find.step
  } else if (find.lastKey >= 0) {
    last = first + find.lastKey
  } else if (find.limit > 1) {
    last = first + Math.floor((args.length - first) / find.limit) + find.lastKey
  } else {
    last = args.length + find.lastKey
  }
  // A step of 0 would never end; `last` is beyond the words where some are missing.
  if (find.step < 1 || first < 1 || last >= args.length) return
  for (let i = first; i <= last; i += find.step) into.push(i)
}

/** Where keys may begin, or 0: no key stands there, it is the command's name. */
function firstPosition(begin: BeginSearch, args: readonly Arg[]): number {
  switch (begin.kind) {
    case 'index':
      return begin.pos
    case 'keyword': {
      const { keyword, startFrom } = begin
      // Negative: from there backwards, −1 being the last word.
      const step = startFrom < 0 ? -1 : 1
      for (let i = startFrom < 0 ? args.length + startFrom : startFrom; i > 0 && i < args.length; i += step) {
        if (isWord(args[i]!, keyword)) return i + 1
      }
      return 0
    }
    case 'unknown':
      return 0
  }
}

/** What key specs cannot say, by hand. */
const RULES: ReadonlyMap<string, (args: readonly Arg[]) => number[]> = new Map([
  // STORE may stand anywhere, and its spec is therefore `unknown`; BY and GET take patterns, which may be that word.
  ['SORT', sortKeys],
  // Its spec looks for KEYS backwards from the last word but one, which finds it only before a single key.
  ['MIGRATE', migrateKeys],
])

/** SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE destination] */
function sortKeys(args: readonly Arg[]): number[] {
  if (args.length < 2) return []
  let destination = 0
  for (let i = 2; i < args.length; i++) {
    const word = args[i]!
    if (isWord(word, 'LIMIT')) i += 2
    else if (isWord(word, 'GET') || isWord(word, 'BY')) i += 1
    // The last one counts.
    else if (isWord(word, 'STORE') && i + 1 < args.length) destination = ++i
  }
  return destination === 0 ? [1] : [1, destination]
}

/** MIGRATE host port key | "" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key …] */
function migrateKeys(args: readonly Arg[]): number[] {
  const single = args[3]
  if (single === undefined) return []
  if (single.length > 0) return [3]
  for (let i = 6; i < args.length; i++) {
    const word = args[i]!
    if (isWord(word, 'KEYS')) return Array.from({ length: args.length - i - 1 }, (_, n) => i + 1 + n)
    if (isWord(word, 'AUTH')) i += 1
    else if (isWord(word, 'AUTH2')) i += 2
  }
  return []
}

/** A number of keys: a plain decimal of at most nine digits, as no command has more words; else 0. */
function countAt(args: readonly Arg[], position: number): number {
  const arg = args[position]
  if (arg === undefined || arg.length > 9) return 0
  const text = typeof arg === 'string' ? arg : arg.toString('latin1')
  return COUNT.test(text) ? Number(text) : 0
}

const COUNT = /^[1-9]\d*$/

/** Is it that word (given in upper case), in any case? Only ASCII is folded, as the server does. */
function isWord(arg: Arg, word: string): boolean {
  if (arg.length !== word.length) return false
  for (let i = 0; i < word.length; i++) {
    const code = typeof arg === 'string' ? arg.charCodeAt(i) : arg[i]!
    if ((code >= 0x61 && code <= 0x7a ? code - 0x20 : code) !== word.charCodeAt(i)) return false
  }
  return true
}
