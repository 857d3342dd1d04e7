import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/core/errors.js'
import { Encoder } from '../../src/resp/encoder.js'
import { Parser } from '../../src/resp/parser.js'
import { type Push, type Reply, ReplyMode } from '../../src/resp/types.js'
import { feed } from '../resp/feed.js'
import { FIXTURES, wireOf } from '../resp/fixtures.js'
import { args, longLists, replies } from './reply-wire.js'

const RUNS = Number(process.env.FUZZ_RUNS ?? 300)

/** Where to cut a wire of some length: fractions, so that they shrink with it. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

function places(fractions: readonly number[], length: number): number[] {
  return fractions.map(fraction => Math.floor(fraction * length)).sort((a, b) => a - b)
}

describe('fuzz', () => {
  it('what is encoded comes back the same when parsed', () => {
    const commands = fc.array(fc.array(args, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(commands, cuts, (batch, fractions) => {
        const encoder = new Encoder()
        for (const command of batch) encoder.append(command)
        const wire = Buffer.concat(encoder.take().map(piece => Buffer.from(piece as string)))
        const asBytes = batch.map(command => command.map(arg => Buffer.from(arg as string)))
        const asText = asBytes.map(command => command.map(arg => arg.toString()))
        const at = places(fractions, wire.length)
        expect(feed(new Parser(), wire, ReplyMode.BUFFER, at)).toStrictEqual(asBytes)
        expect(feed(new Parser(), wire, 0, at)).toStrictEqual(asText)
      }),
      { numRuns: RUNS },
    )
  })

  it('any replies, streamed ones included, are read the same however they are cut', () => {
    fc.assert(
      fc.property(fc.array(replies, { minLength: 1, maxLength: 5 }), cuts, (samples, fractions) => {
        const wire = Buffer.concat(samples.map(sample => sample.wire))
        const at = places(fractions, wire.length)
        const asText = samples.map(sample => sample.text)
        expect(feed(new Parser(), wire, 0)).toStrictEqual(asText)
        expect(feed(new Parser(), wire, 0, at)).toStrictEqual(asText)
        const asBuffers = samples.map(sample => sample.buffer)
        expect(feed(new Parser(), wire, ReplyMode.BUFFER, at)).toStrictEqual(asBuffers)
        expect(
          feed(new Parser(), wire, ReplyMode.BUFFER, Array.from(wire.keys()).slice(0, 2000)),
        ).toStrictEqual(asBuffers)
      }),
      { numRuns: RUNS },
    )
  })

  it('long lists are read the same however they are cut', () => {
    fc.assert(
      fc.property(longLists, cuts, (sample, fractions) => {
        const at = places(fractions, sample.wire.length)
        // Compared by hand: the matchers are slow with so many.
        const [asText] = feed(new Parser(), sample.wire, 0, at) as string[][]
        expect(asText!.every((text, i) => text === (sample.text as string[])[i])).toBe(true)
        const [asBuffers] = feed(new Parser(), sample.wire, ReplyMode.BUFFER, at) as Buffer[][]
        expect(asBuffers!.every((bytes, i) => bytes.equals((sample.buffer as Buffer[])[i]!))).toBe(true)
        expect(asText).toHaveLength((sample.text as string[]).length)
      }),
      { numRuns: RUNS },
    )
  })

  it('any bytes at all are read or refused with a ProtocolError, and the same however they are cut', () => {
    const soup = fc.array(
      fc.oneof(
        fc
          .constantFrom(
            ...'+-:$*_,#!=(~%|>;.?0123456789\r\n',
            '\r\n',
            '\r\n',
            '\r\n',
            '$3\r\nfoo\r\n',
            '*2\r\n',
            '%1\r\n',
            '$?\r\n',
            '*?\r\n',
            '.\r\n',
          )
          .map(text => Buffer.from(text)),
        replies.map(sample => sample.wire),
        fc.uint8Array({ maxLength: 3 }).map(bytes => Buffer.from(bytes)),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(soup, cuts, fc.nat(3), (parts, fractions, mode) => {
        const wire = Buffer.concat(parts)
        const outcomes = [[], places(fractions, wire.length), Array.from(wire.keys())].map(at =>
          outcome(wire, mode, at),
        )
        expect(outcomes[1]).toStrictEqual(outcomes[0])
        expect(outcomes[2]).toStrictEqual(outcomes[0])
      }),
      { numRuns: RUNS },
    )
  })

  it('a reply with any one byte changed is read or refused, never a crash', () => {
    const wires = FIXTURES.map(wireOf)
    fc.assert(
      fc.property(fc.constantFrom(...wires), fc.nat(), fc.nat(255), (wire, at, byte) => {
        const bytes = Buffer.from(wire)
        bytes[at % bytes.length] = byte
        outcome(bytes, 0, [])
      }),
      { numRuns: RUNS * 10 },
    )
  })
})

function outcome(
  wire: Buffer,
  mode: ReplyMode,
  at: readonly number[],
): { replies: unknown[]; refused: boolean } {
  const seen: (Reply | Push)[] = []
  try {
    feed(new Parser({ maxBulkBytes: 1 << 20 }), wire, mode, at, seen)
    return { replies: seen, refused: false }
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    return { replies: seen, refused: true }
  }
}
