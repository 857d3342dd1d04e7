// What the encoder costs, with the write of its batch to a Buffer, which is what flattens the text.
// Run: npx tsx bench/micro/encoder.mjs [cases] [other builds of it to compare with]
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { measure } from './measure.mjs'

const [only = '', ...others] = process.argv.slice(2)
const SPACE = Buffer.allocUnsafeSlow(8 << 20)

const times = (n, make) => Array.from({ length: n }, (_, i) => make(i))
const value = 'value-0123456789'.repeat(7).slice(0, 100)
const get = i => ['GET', `key:${i}:abcdef`]
const set = i => ['SET', `key:${i}:abcdef`, value]

// A batch is what one tick sends to one node; figures are per command.
const CASES = {
  'GET, batches of 1': times(1, get),
  'GET, batches of 40': times(40, get),
  'GET and SET of 100 B, 4 to 1, batches of 40': times(40, i => (i % 5 === 4 ? set(i) : get(i))),
  'GET and SET of 100 B, 4 to 1, batches of 350': times(350, i => (i % 5 === 4 ? set(i) : get(i))),
  'SET of 100 B, batches of 40': times(40, set),
  'SET of 100 B in Cyrillic, batches of 40': times(40, i => ['SET', `key:${i}`, 'Привет мир '.repeat(5)]),
  'SET of 20 B, EX, batches of 40': times(40, i => ['SET', `key:${i}`, 'value-0123456789', 'EX', '60']),
  'SET of a Buffer of 100 B, batches of 40': times(40, i => ['SET', `key:${i}`, Buffer.from(value)]),
  'SET of a binary Buffer of 100 B, batches of 40': times(40, i => [
    'SET',
    `key:${i}`,
    Buffer.alloc(100, 0xab),
  ]),
  'MGET of 34 keys, batches of 3': times(3, () => ['MGET', ...times(34, i => `key:${i}:abcdef`)]),
  'MSET of 34 keys, batches of 3': times(3, () => [
    'MSET',
    ...times(34, i => [`key:${i}:abcdef`, value]).flat(),
  ]),
  'HSET of 100 fields': [['HSET', 'key', ...times(100, i => [`field:${i}`, 'value-0123456789']).flat()]],
  'SET of 2 KB, batches of 10': times(10, i => ['SET', `key:${i}`, 'x'.repeat(2048)]),
  'SET of 64 KB': [['SET', 'key', 'x'.repeat(65_536)]],
  'SET of 1 MB': [['SET', 'key', 'x'.repeat(1 << 20)]],
  'SET of a Buffer of 64 KB': [['SET', 'key', Buffer.alloc(65_536, 'x')]],
}

const variants = []
for (const file of [new URL('../../src/resp/encoder.ts', import.meta.url).pathname, ...others]) {
  const { Encoder } = await import(pathToFileURL(resolve(file)).href)
  const { batch } = await import(`./batch.mjs?${variants.length}`)
  const cases = new Map()
  for (const [name, commands] of Object.entries(CASES)) {
    if (!new RegExp(only).test(name)) continue
    const run = runs => {
      const encoder = new Encoder()
      for (let i = 0; i < runs; i++) batch(encoder, commands, SPACE)
    }
    cases.set(name, { run, items: commands.length })
  }
  variants.push({ name: variants.length === 0 ? 'src' : file.split('/').at(-1), cases })
}
measure('encoder', variants)
