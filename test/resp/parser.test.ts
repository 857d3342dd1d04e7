import { describe, expect, it } from 'vitest'
import { Parser } from '../../src/resp/parser.js'
import { type Push, type Reply, ReplyMode } from '../../src/resp/types.js'
import { feed } from './feed.js'
import { FIXTURES, type Fixture, wireOf } from './fixtures.js'

const { BUFFER, BIGINT } = ReplyMode

function expected(fixture: Fixture, mode: ReplyMode): Reply | Push | undefined {
  if (mode === BUFFER && fixture.asBuffer !== undefined) return fixture.asBuffer
  if (mode === BIGINT && fixture.asBigint !== undefined) return fixture.asBigint
  return fixture.reply
}

describe('Parser', () => {
  describe.each(FIXTURES.map(fixture => [fixture.name, fixture] as const))('reads: %s', (_, fixture) => {
    const wire = wireOf(fixture)
    it.each([
      ['text', 0],
      ['Buffers', BUFFER],
      ['bigints', BIGINT],
    ])('as %s, whole, cut at every byte, at every two, and byte by byte', (_, mode) => {
      const wanted = [expected(fixture, mode)]
      expect(feed(new Parser(), wire, mode)).toStrictEqual(wanted)
      expect(feed(new Parser(), wire, mode, Array.from(wire.keys()))).toStrictEqual(wanted)
      const parser = new Parser()
      for (let one = 1; one < wire.length; one++) {
        expect(feed(parser, wire, mode, [one])).toStrictEqual(wanted)
        if (wire.length > 40) continue
        for (let two = one + 1; two < wire.length; two++) {
          expect(feed(parser, wire, mode, [one, two])).toStrictEqual(wanted)
        }
      }
    })
  })
})
