import { beforeAll, describe, expect, it } from 'vitest'
import { ask, withServer } from '../../scripts/generate-command-table.js'
import { MIXED_SLOTS, NO_SLOT } from '../../src/protocol/command.js'
import { distinctSlots, keySlot, keysSlot } from '../../src/protocol/slot.js'

// The server is the judge: every key below is sent to CLUSTER KEYSLOT as the bytes the client would send.
const EDGES: readonly (string | Buffer)[] = [
  '',
  '{}',
  '{}a}',
  'a{}b}c',
  '{}{a}',
  '{}{}',
  '{}}',
  '{}é{a}',
  'foo{bar}{zap}',
  'foo{{bar}}zap',
  'foo{bar',
  'foo}bar{',
  '}{',
  '{',
  '}',
  '{a}',
  '{ }',
  '{{}}',
  '{user1000}.following',
  'é',
  'é{a}',
  '{a}é',
  '{é}a',
  'a{é',
  '日本語{キー}',
  '日本語{}キー}',
  '\u{1f600}',
  '{\u{1f600}}x',
  'a\u{1f600}{b}',
  '\ud800',
  'a\udc00b',
  '{\ud800}x',
  '\ud800{a}',
  '\udc00\ud800',
  'x{}\ud800}y',
  '\u0000',
  'a\u0000b',
  '\u007f',
  '\u0080',
  '\r\n',
  'x'.repeat(70_000),
  `${'x'.repeat(70_000)}{tag}`,
  `{${'é'.repeat(10_000)}}`,
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x7b, 0x7d, 0xff, 0x7d]),
  Buffer.from([0x7b, 0xff, 0x7d, 0x01]),
  Buffer.from([0xc3, 0x28]),
]

describe('keySlot', () => {
  const random = randomKeys(4000)
  const keys = [...EDGES, ...random]
  let served: unknown[] = []
  beforeAll(async () => {
    served = await withServer(
      (host, port) =>
        ask(
          host,
          port,
          keys.map(key => ['CLUSTER', 'KEYSLOT', key]),
        ),
      ['--cluster-enabled', 'yes'],
    )
  })

  it('agrees with CLUSTER KEYSLOT on every edge case', () => {
    for (const [i, key] of EDGES.entries()) expect(keySlot(key), show(key)).toBe(served[i])
  })

  it('agrees with CLUSTER KEYSLOT on thousands of random keys, text and bytes, rich in braces', () => {
    for (const [i, key] of random.entries()) expect(keySlot(key), show(key)).toBe(served[EDGES.length + i])
  })

  it('gives a string, its bytes, and a plain Uint8Array of them the same slot', () => {
    for (const key of keys) {
      const bytes = Buffer.from(key)
      expect(keySlot(bytes), show(key)).toBe(keySlot(key))
      expect(keySlot(new Uint8Array(bytes)), show(key)).toBe(keySlot(key))
    }
  })
})

describe('keysSlot', () => {
  it('is NO_SLOT where there are no keys', () => {
    expect(keysSlot([])).toBe(NO_SLOT)
  })

  it('is the slot that all keys share', () => {
    expect(keysSlot(['{a}1', Buffer.from('{a}2'), '{a}é'])).toBe(keySlot('a'))
    expect(keysSlot([''])).toBe(0)
  })

  it('is MIXED_SLOTS as soon as one differs', () => {
    expect(keysSlot(['a', 'b'])).toBe(MIXED_SLOTS)
    expect(keysSlot(['{a}1', '{a}2', 'b'])).toBe(MIXED_SLOTS)
  })
})

describe('distinctSlots', () => {
  it('lists each slot once, in the order of the keys', () => {
    expect(distinctSlots([])).toEqual([])
    expect(distinctSlots(['b', 'a', '{b}2', '{a}2'])).toEqual([keySlot('b'), keySlot('a')])
  })
})

function show(key: string | Buffer): string {
  return typeof key === 'string' ? JSON.stringify(key.slice(0, 80)) : key.subarray(0, 80).toString('hex')
}

/** Half strings, half bytes, of an alphabet in which tags and their near misses are common. The same on every run. */
function randomKeys(count: number): (string | Buffer)[] {
  let seed = 42
  const below = (limit: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return (seed >> 8) % limit
  }
  const letters = ['{', '}', '{', '}', 'a', 'b', 'é', '漢', '\u{1f511}', '\ud83d', '\udd11', '\u0000', ' ']
  return Array.from({ length: count }, (_, n) => {
    const length = below(12)
    if (n % 2 === 0) return Array.from({ length }, () => letters[below(letters.length)]).join('')
    return Buffer.from(Array.from({ length }, () => [0x7b, 0x7d, below(256)][below(3)]!))
  })
}
