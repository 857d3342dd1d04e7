// What the parser costs, by kind of reply. Run: npx tsx bench/micro/parser.mjs [cases] [other builds of it to compare with]
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { measure } from './measure.mjs'

const [only = '', ...others] = process.argv.slice(2)

const bulk = text => `$${Buffer.byteLength(text)}\r\n${text}\r\n`
const list = texts => `*${texts.length}\r\n${texts.map(bulk).join('')}`
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i))
const value = (n, i = 0) => `${i}:`.padEnd(n, 'value-0123456789')

// One wire text is `replies` replies; figures are per reply.
const CASES = {
  'GET of 100 B and SET, 4 to 1': {
    replies: 500,
    wire: times(500, i => (i % 5 === 4 ? '+OK\r\n' : bulk(value(100, i)))).join(''),
  },
  'GET of 100 B': { replies: 500, wire: times(500, i => bulk(value(100, i))).join('') },
  'GET of 10 B': { replies: 500, wire: times(500, i => bulk(value(10, i))).join('') },
  'GET of 100 B, one per chunk': { replies: 1, wire: bulk(value(100)) },
  'GET of 100 B in UTF-8': { replies: 500, wire: times(500, () => bulk('é☃'.repeat(20))).join('') },
  'GET of 100 B, as Buffer': { replies: 500, mode: 1, wire: times(500, i => bulk(value(100, i))).join('') },
  'GET of 20 B, as Buffer': { replies: 500, mode: 1, wire: times(500, i => bulk(value(20, i))).join('') },
  SET: { replies: 500, wire: '+OK\r\n'.repeat(500) },
  INCR: { replies: 500, wire: times(500, i => `:${i * 37}\r\n`).join('') },
  'GET of 1 KB': { replies: 60, wire: times(60, i => bulk(value(1024, i))).join('') },
  'HGETALL of 100 fields': {
    replies: 1,
    wire: `%100\r\n${times(100, i => bulk(`field:${i}`) + bulk(value(20, i))).join('')}`,
  },
  'HGETALL of 100 fields, as Buffers': {
    replies: 1,
    mode: 1,
    wire: `%100\r\n${times(100, i => bulk(`field:${i}`) + bulk(value(20, i))).join('')}`,
  },
  'HGETALL of 5 fields': {
    replies: 100,
    wire: `%5\r\n${times(5, i => bulk(`field:${i}`) + bulk(value(20, i))).join('')}`.repeat(100),
  },
  'LRANGE of 1,000 of 100 B': { replies: 1, wire: list(times(1000, i => value(100, i))) },
  'LRANGE of 1,000 of 100 B, as Buffers': {
    replies: 1,
    mode: 1,
    wire: list(times(1000, i => value(100, i))),
  },
  'LRANGE of 1,000 of 100 B in UTF-8': { replies: 1, wire: list(times(1000, () => 'é☃'.repeat(20))) },
  'LRANGE of 1,000, one in ten UTF-8': {
    replies: 1,
    wire: list(times(1000, i => (i % 10 === 0 ? 'é☃'.repeat(20) : value(100, i)))),
  },
  'MGET of 100 of 100 B': { replies: 1, wire: list(times(100, i => value(100, i))) },
  'ZRANGE WITHSCORES of 100': {
    replies: 1,
    wire: `*100\r\n${times(100, i => `*2\r\n${bulk(value(12, i))},${i * 1.5}\r\n`).join('')}`,
  },
  'XRANGE of 100': {
    replies: 1,
    wire: `*100\r\n${times(100, i => `*2\r\n${bulk(`1700000000000-${i}`)}${list(['a', value(10, i), 'b', value(20, i)])}`).join('')}`,
  },
  'EXEC of 100': { replies: 1, wire: `*100\r\n${times(100, i => (i % 2 ? ':1\r\n' : '+OK\r\n')).join('')}` },
  'GET of 64 KB': { replies: 1, wire: bulk(value(65536)) },
  'GET of 64 KB, as Buffer': { replies: 1, mode: 1, wire: bulk(value(65536)) },
  'GET of 64 KB in UTF-8': { replies: 1, wire: bulk('é☃'.repeat(13107)) },
  'GET of 1 MB': { replies: 1, wire: bulk(value(1 << 20)) },
  'GET of 1 MB, as Buffer': { replies: 1, mode: 1, wire: bulk(value(1 << 20)) },
  'invalidation push': {
    replies: 500,
    wire: times(500, i => `>2\r\n$10\r\ninvalidate\r\n*1\r\n${bulk(`key:${i}`)}`).join(''),
  },
}

const variants = []
for (const file of [new URL('../../src/resp/parser.ts', import.meta.url).pathname, ...others]) {
  const { Parser, INCOMPLETE } = await import(pathToFileURL(resolve(file)).href)
  // A copy of the loop for each, so that one build's types do not slow down the other.
  const { drive } = await import(`./drive.mjs?${variants.length}`)
  const cases = new Map()
  for (const [name, { wire, replies, mode = 0 }] of Object.entries(CASES)) {
    if (!new RegExp(only).test(name)) continue
    const bytes = Buffer.from(wire)
    const run = times => {
      const parser = new Parser()
      for (let i = 0; i < times; i++) drive(parser, INCOMPLETE, bytes, mode)
    }
    cases.set(name, { run, items: replies })
  }
  variants.push({ name: variants.length === 0 ? 'src' : file.split('/').at(-1), cases })
}
measure('parser', variants)
