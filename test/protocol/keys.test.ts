import { describe, expect, it } from 'vitest'
import { ask, type RawReply, withServer } from '../../scripts/generate-command-table.js'
import type { Arg } from '../../src/protocol/command.js'
import { MIXED_SLOTS, NO_SLOT } from '../../src/protocol/command.js'
import { commandSlot, keyPositions, prefixablePositions } from '../../src/protocol/keys.js'
import { findSpec, specOf } from '../../src/protocol/lookup.js'
import { keySlot } from '../../src/protocol/slot.js'
import type { CommandSpec, KeySpec } from '../../src/protocol/spec.js'

/** The keys of a call, as words. */
function keysOf(call: string | readonly Arg[]): string[] {
  const args = typeof call === 'string' ? call.split(' ') : call
  const found = findSpec(args)
  if (found === undefined) throw new Error(`the table lacks ${String(args[0])}`)
  return keyPositions(found.spec, args).map(position => String(args[position]))
}

describe('keyPositions', () => {
  it('finds a key at a fixed place', () => {
    expect(keysOf('GET k')).toEqual(['k'])
    expect(keysOf('object encoding k')).toEqual(['k'])
    expect(keysOf('PING')).toEqual([])
  })

  it('finds keys to the end, by steps, and up to a place before the end', () => {
    expect(keysOf('DEL a b c')).toEqual(['a', 'b', 'c'])
    expect(keysOf('MSET a 1 b 2 c 3')).toEqual(['a', 'b', 'c'])
    expect(keysOf('BLPOP a b 0')).toEqual(['a', 'b'])
    expect(keysOf('BITOP AND d a b')).toEqual(['d', 'a', 'b'])
  })

  it('finds as many keys as a count says', () => {
    expect(keysOf('EVAL return 2 a b c d')).toEqual(['a', 'b'])
    expect(keysOf('EVAL return 0 a b')).toEqual([])
    expect(keysOf('ZUNIONSTORE d 2 a b WEIGHTS 1 2')).toEqual(['d', 'a', 'b'])
    expect(keysOf(['EVAL', 'return', Buffer.from('1'), 'a', 'b'])).toEqual(['a'])
  })

  it('finds keys after a keyword, in any case, as text or bytes', () => {
    expect(keysOf('XREAD COUNT 2 streams a b 0 0')).toEqual(['a', 'b'])
    expect(keysOf(['XREAD', Buffer.from('Streams'), 'a', '0'])).toEqual(['a'])
    expect(keysOf('XREADGROUP GROUP STREAMS c STREAMS a >')).toEqual(['a'])
    expect(keysOf('GEORADIUS k 0 0 1 m STORE d')).toEqual(['k', 'd'])
  })

  it('folds only ASCII when it looks for a keyword, as the server does', () => {
    expect(keysOf('XREAD ſtreams a 0')).toEqual([])
  })

  it('finds the destination of SORT anywhere, and never takes a pattern for the word STORE', () => {
    expect(keysOf('SORT k')).toEqual(['k'])
    expect(keysOf('SORT k LIMIT 0 5 ALPHA STORE d')).toEqual(['k', 'd'])
    expect(keysOf('SORT k STORE d1 STORE d2')).toEqual(['k', 'd2'])
    expect(keysOf('SORT k BY store GET store ASC')).toEqual(['k'])
    expect(keysOf('SORT k STORE')).toEqual(['k'])
    expect(keysOf('SORT_RO k BY x GET y')).toEqual(['k'])
    expect(keysOf('SORT')).toEqual([])
  })

  it('finds the keys of MIGRATE in either place, past credentials', () => {
    expect(keysOf('MIGRATE h 1 k 0 5')).toEqual(['k'])
    expect(keysOf(['MIGRATE', 'h', '1', '', '0', '5', 'COPY', 'KEYS', 'a', 'b'])).toEqual(['a', 'b'])
    expect(keysOf(['MIGRATE', 'h', '1', '', '0', '5', 'AUTH', 'keys', 'KEYS', 'a'])).toEqual(['a'])
    expect(keysOf(['MIGRATE', 'h', '1', '', '0', '5', 'AUTH2', 'u', 'keys', 'KEYS', 'a', 'b'])).toEqual([
      'a',
      'b',
    ])
    expect(keysOf(['MIGRATE', 'h', '1', '', '0', '5'])).toEqual([])
    expect(keysOf(['MIGRATE', 'h', '1'])).toEqual([])
  })

  it('finds nothing in incomplete calls but the keys that are there', () => {
    for (const call of ['GET', 'OBJECT ENCODING', 'EVAL', 'EVAL s', 'XREAD STREAMS', 'BLPOP 0']) {
      expect(keysOf(call), call).toEqual([])
    }
    expect(keysOf('ZUNIONSTORE d')).toEqual(['d'])
    expect(keysOf('EVAL s 2 a')).toEqual([])
  })

  it('is not led astray by a hostile count', () => {
    for (const count of [
      '-1',
      '1e9',
      'abc',
      '',
      '0x2',
      '1.0',
      '01',
      ' 1',
      '999999999',
      '9999999999999999999',
      'é',
    ]) {
      expect(keysOf(['EVAL', 's', count, 'a', 'b']), count).toEqual([])
    }
  })

  it('ends whatever a server claims of a command', () => {
    const positions = (keySpec: Partial<KeySpec>) =>
      keyPositions(specWith({ begin: { kind: 'index', pos: 1 }, notKey: false, ...keySpec } as KeySpec), [
        'X',
        'a',
        'b',
      ])
    const range = (lastKey: number, step: number, limit = 0): KeySpec['find'] => ({
      kind: 'range',
      lastKey,
      step,
      limit,
    })
    expect(positions({ find: range(-1, 0) })).toEqual([])
    expect(positions({ find: range(-1, -1) })).toEqual([])
    expect(positions({ find: range(1e9, 1) })).toEqual([])
    expect(positions({ begin: { kind: 'index', pos: 0 }, find: range(0, 1) })).toEqual([])
    expect(positions({ begin: { kind: 'index', pos: -5 }, find: range(-1, 1) })).toEqual([])
    expect(
      positions({ begin: { kind: 'keyword', keyword: 'A', startFrom: 1e9 }, find: range(0, 1) }),
    ).toEqual([])
    expect(positions({ begin: { kind: 'keyword', keyword: 'A', startFrom: -9 }, find: range(0, 1) })).toEqual(
      [],
    )
    expect(positions({ find: { kind: 'keynum', keyNumIdx: -9, firstKey: 0, step: 1 } })).toEqual([])
    expect(positions({ begin: { kind: 'unknown' }, find: { kind: 'unknown' } })).toEqual([])
  })

  it('searches a keyword backwards where its start is negative', () => {
    const begin = { kind: 'keyword', keyword: 'KEYS', startFrom: -2 } as const
    const spec = specWith({ begin, find: { kind: 'range', lastKey: -1, step: 1, limit: 0 }, notKey: false })
    expect(keyPositions(spec, ['X', 'keys', 'a', 'KEYS', 'b', 'c'])).toEqual([4, 5])
    expect(keyPositions(spec, ['X', 'a', 'b'])).toEqual([])
  })

  it('gives a position once where two specs find it', () => {
    const keySpec: KeySpec = {
      begin: { kind: 'index', pos: 1 },
      find: { kind: 'range', lastKey: -1, step: 1, limit: 0 },
      notKey: false,
    }
    expect(keyPositions(specWith(keySpec, keySpec), ['X', 'a', 'b'])).toEqual([1, 2])
  })

  it('agrees with COMMAND GETKEYS for every command of the server that has keys', async () => {
    await withServer(async (host, port) => {
      const [commands] = await ask(host, port, [['COMMAND']])
      const calls = commandsOf(commands!).flatMap(sampleCalls)
      expect(calls.length).toBeGreaterThan(200)
      const replies = await ask(
        host,
        port,
        calls.map(call => ['COMMAND', 'GETKEYS', ...call]),
      )
      for (const [i, call] of calls.entries()) {
        const { spec } = findSpec(call)!
        const reply = replies[i]
        const ours = prefixablePositions(spec, call).map(position => call[position])
        if (reply instanceof Error) {
          // So it says of sharded channels, and of EVAL and its like with a count of 0.
          expect(reply.message, call.join(' ')).toMatch(/The command has no key arguments/)
          expect(ours, call.join(' ')).toEqual([])
        } else {
          expect(ours, call.join(' ')).toEqual(reply)
        }
      }
    })
  })
})

describe('prefixablePositions', () => {
  it('are the keys', () => {
    expect(prefixablePositions(specOf('MSET'), ['MSET', 'a', '1', 'b', '2'])).toEqual([1, 3])
    expect(prefixablePositions(specOf('SORT'), ['SORT', 'a', 'STORE', 'b'])).toEqual([1, 3])
  })

  it('leave out sharded channels, which are routed like keys', () => {
    const args = ['SPUBLISH', 'channel', 'hello']
    expect(keyPositions(specOf('SPUBLISH'), args)).toEqual([1])
    expect(prefixablePositions(specOf('SPUBLISH'), args)).toEqual([])
  })
})

describe('commandSlot', () => {
  it('is the slot of the keys, whatever their form', () => {
    expect(commandSlot(specOf('GET'), ['GET', 'foo'])).toBe(keySlot('foo'))
    expect(commandSlot(specOf('MGET'), ['MGET', '{a}1', Buffer.from('{a}2')])).toBe(keySlot('a'))
    expect(commandSlot(specOf('SSUBSCRIBE'), ['SSUBSCRIBE', 'foo'])).toBe(keySlot('foo'))
  })

  it('is NO_SLOT without keys and MIXED_SLOTS with keys of several', () => {
    expect(commandSlot(specOf('PING'), ['PING'])).toBe(NO_SLOT)
    expect(commandSlot(specOf('EVAL'), ['EVAL', 'return 1', '0'])).toBe(NO_SLOT)
    expect(commandSlot(specOf('MGET'), ['MGET', 'a', 'b', 'a'])).toBe(MIXED_SLOTS)
    expect(commandSlot(specOf('SORT'), ['SORT', 'a', 'STORE', 'b'])).toBe(MIXED_SLOTS)
  })
})

function specWith(...keySpecs: KeySpec[]): CommandSpec {
  return { ...specOf('GET'), name: 'X', keySpecs }
}

interface Listed {
  readonly words: readonly string[]
  readonly arity: number
}

/** Every command and subcommand a COMMAND reply lists. */
function commandsOf(commands: RawReply): Listed[] {
  if (!Array.isArray(commands)) return []
  return commands.flatMap(entry => {
    if (!Array.isArray(entry)) return []
    const words = String(entry[0]).toUpperCase().split('|')
    return [{ words, arity: Number(entry[1]) }, ...commandsOf(entry[9] ?? null)]
  })
}

// Commands whose keys are counted or follow a keyword need words that make sense; the rest take any.
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  BLMPOP: ['0 1 a LEFT', '0 2 a b LEFT COUNT 3'],
  BZMPOP: ['0 1 a MIN', '0 2 a b MAX'],
  EVAL: ['s 0', 's 1 a', 's 2 a b x y'],
  EVAL_RO: ['s 1 a', 's 2 a b x'],
  EVALSHA: ['s 1 a', 's 2 a b x'],
  EVALSHA_RO: ['s 1 a', 's 2 a b x'],
  FCALL: ['f 0 x', 'f 2 a b x'],
  FCALL_RO: ['f 1 a x'],
  GEORADIUS: ['k 0 0 1 m', 'k 0 0 1 m STORE d', 'k 0 0 1 m WITHDIST COUNT 2 ASC STOREDIST d'],
  GEORADIUSBYMEMBER: ['k m 1 m', 'k m 1 m COUNT 3 store d', 'k m 1 m STOREDIST d'],
  LMPOP: ['1 a LEFT', '2 a b RIGHT'],
  MIGRATE: ['h 1 k 0 5', 'h 1 k 0 5 COPY'],
  MSETEX: ['1 a 1', '2 a 1 b 2 NX EX 5'],
  // Alone, the destination is a key as well; the server runs it, and GETKEYS does not see it.
  PFMERGE: ['d a', 'd a b'],
  SINTERCARD: ['1 a', '3 a b c LIMIT 2'],
  SORT: ['k', 'k LIMIT 0 5 ALPHA STORE d', 'k BY store GET store', 'k STORE d1 STORE d2', 'k GET # STORE d'],
  SORT_RO: ['k BY x'],
  XREAD: ['STREAMS a 0', 'COUNT 2 BLOCK 0 streams a b 0 $'],
  XREADGROUP: ['GROUP g c STREAMS a >', 'GROUP STREAMS c COUNT 1 NOACK STREAMS a b > 0'],
  ZDIFF: ['1 a', '2 a b WITHSCORES'],
  ZDIFFSTORE: ['d 1 a', 'd 2 a b'],
  ZINTER: ['2 a b WEIGHTS 1 2'],
  ZINTERCARD: ['2 a b LIMIT 3'],
  ZINTERSTORE: ['d 2 a b AGGREGATE MAX'],
  ZMPOP: ['1 a MIN', '2 a b MAX COUNT 2'],
  ZUNION: ['2 a b WITHSCORES'],
  ZUNIONSTORE: ['d 1 a', 'd 2 a b WEIGHTS 1 2'],
}

function sampleCalls({ words, arity }: Listed): string[][] {
  const spec = findSpec(words)?.spec
  // Newer servers and modules know commands that the table does not.
  if (spec === undefined || spec.keySpecs.length === 0) return []
  const samples = SAMPLES[spec.name]
  if (samples !== undefined) return samples.map(sample => [...words, ...sample.split(' ')])
  const counted = spec.keySpecs.some(({ begin, find }) => begin.kind !== 'index' || find.kind !== 'range')
  if (counted) throw new Error(`${spec.name} needs a sample call`)
  const missing = (length: number) => Array.from({ length: length - words.length }, (_, n) => `w${n}`)
  // As many words as it needs (some servers understate that), and where it takes more, some more.
  const least = Math.max(Math.abs(arity), words.length + 1)
  const lengths = arity > 0 ? [least] : [least, least + 2, least + 4]
  return lengths.map(length => [...words, ...missing(length)])
}
