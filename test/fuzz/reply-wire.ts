// Random replies as the wire has them and as the parser must see them, for property tests.
import fc from 'fast-check'
import { ReplyError } from '../../src/core/errors.js'
import { type Reply, RespMap } from '../../src/resp/types.js'

export interface Sample {
  readonly wire: Buffer
  readonly text: Reply
  readonly buffer: Reply
}

const line = (text: string) => Buffer.from(`${text}\r\n`)
const CRLF = Buffer.from('\r\n')

/** Bytes that tempt a parser: RESP within RESP, all of UTF-8, pieces that are none, lengths about every threshold. */
const content: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 30 }).map(text => Buffer.from(text)) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map(text => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('', '\r\n', '$3\r\nfoo\r\n', '*1\r\n', '__proto__', 'é', '𝄞')
      .map(text => Buffer.from(text)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'é', '☃', '𝄞', 'aé', '0123456789abcdef☃'), fc.integer({ min: 1, max: 900 }))
      .map(([unit, times]) => Buffer.from(unit.repeat(times))),
  },
)

function sample(wire: Buffer, text: Reply, buffer: Reply = text): Sample {
  return { wire, text, buffer }
}

const blob = content.map(bytes =>
  sample(Buffer.concat([line(`$${bytes.length}`), bytes, CRLF]), bytes.toString(), bytes),
)
const verbatim = content.map(bytes =>
  sample(
    Buffer.concat([line(`=${bytes.length + 4}`), Buffer.from('txt:'), bytes, CRLF]),
    bytes.toString(),
    bytes,
  ),
)
const streamed = fc.array(content, { maxLength: 4 }).map(all => {
  const parts = all.filter(part => part.length > 0)
  const whole = Buffer.concat(parts)
  const wire = parts.flatMap(part => [line(`;${part.length}`), part, CRLF])
  return sample(Buffer.concat([line('$?'), ...wire, line(';0')]), whole.toString(), whole)
})
const words = fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => text.replaceAll('\r\n', ' '))
const simple = words.map(text => sample(line(`+${text}`), Buffer.from(text).toString(), Buffer.from(text)))
const error = words.map(text => sample(line(`-ERR ${text}`), new ReplyError(`ERR ${Buffer.from(text)}`)))
const blobError = content.map(bytes =>
  sample(Buffer.concat([line(`!${bytes.length}`), bytes, CRLF]), new ReplyError(bytes.toString())),
)
const scalar = fc.oneof(
  fc.maxSafeInteger().map(value => sample(line(`:${value}`), Object.is(value, -0) ? 0 : value)),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map(value => sample(line(`,${value}`), Object.is(value, -0) ? 0 : value)),
  fc.bigInt().map(value => sample(line(`(${value}`), value)),
  fc.boolean().map(value => sample(line(value ? '#t' : '#f'), value)),
  fc.constantFrom('_', '$-1', '*-1').map(text => sample(line(text), null)),
  fc
    .constantFrom(
      ['inf', Number.POSITIVE_INFINITY] as const,
      ['-inf', Number.NEGATIVE_INFINITY] as const,
      ['nan', Number.NaN] as const,
    )
    .map(([text, value]) => sample(line(`,${text}`), value)),
)

function aggregate(
  type: string,
  items: readonly Sample[],
  isStreamed: boolean,
  make: (items: Reply[]) => Reply,
): Sample {
  const count = type === '%' ? items.length / 2 : items.length
  const wires = items.map(item => item.wire)
  const wire = isStreamed ? [line(`${type}?`), ...wires, line('.')] : [line(`${type}${count}`), ...wires]
  return sample(Buffer.concat(wire), make(items.map(item => item.text)), make(items.map(item => item.buffer)))
}

const { tree } = fc.letrec<{ tree: Sample; bare: Sample }>(tie => ({
  bare: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: blob },
    { weight: 2, arbitrary: scalar },
    simple,
    error,
    blobError,
    verbatim,
    streamed,
    fc
      .tuple(fc.array(tie('tree'), { maxLength: 12 }), fc.constantFrom('*', '~'), fc.boolean())
      .map(([items, type, isStreamed]) => aggregate(type, items, isStreamed, list => list)),
    fc
      .tuple(fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 6 }), fc.boolean())
      .map(([pairs, isStreamed]) => aggregate('%', pairs.flat(), isStreamed, list => new RespMap(list))),
  ),
  // A value, now and then with an attribute before it, which must leave no trace.
  tree: fc
    .tuple(fc.option(fc.tuple(tie('bare'), tie('bare')), { freq: 8 }), tie('bare'))
    .map(([attribute, value]) => {
      if (attribute === null) return value
      const wire = Buffer.concat([line('|1'), attribute[0].wire, attribute[1].wire, value.wire])
      return sample(wire, value.text, value.buffer)
    }),
}))

/** A list that spans several windows of the chunk, its strings of one kind or mixed. */
export const longLists: fc.Arbitrary<Sample> = fc
  .tuple(fc.array(content, { minLength: 1, maxLength: 6 }), fc.integer({ min: 20, max: 600 }))
  .map(([kinds, count]) => {
    const items = Array.from({ length: count }, (_, i) => {
      const bytes = kinds[(i * i) % kinds.length]!
      return sample(Buffer.concat([line(`$${bytes.length}`), bytes, CRLF]), bytes.toString(), bytes)
    })
    return aggregate('*', items, false, list => list)
  })

/** Any reply, nested as it comes. */
export const replies: fc.Arbitrary<Sample> = tree
/** Any argument. */
export const args: fc.Arbitrary<string | Buffer> = fc.oneof(
  content,
  fc.string({ unit: 'binary', maxLength: 40 }),
  // Lone surrogates among them.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
    .map(units => String.fromCharCode(...units)),
)
