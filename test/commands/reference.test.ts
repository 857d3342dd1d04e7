// docs/reference/commands.md names every method, and its examples give what they say.
import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogue } from '../../src/commands/catalogue.js'
import { type Client, createClient } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'

const page = readFileSync(new URL('../../docs/reference/commands.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map(line => line.split(' // ') as [code: string, result: string])

let server: LocalServer
let redis: Client

beforeAll(async () => {
  server = await startServer()
  redis = createClient({ url: server.url })
})

afterAll(async () => {
  await redis?.close()
  await server?.stop()
})

describe('the reference of commands', () => {
  it('lists every method once, in the section of its group', () => {
    const lists = page.matchAll(/^## [\w ]+\n\n((?:(?:`\w+` ?)+\n)+)/gm)
    const listed = [...lists].flatMap(([, list = '']) => [...list.matchAll(/\w+/g)].map(([name]) => name))
    expect(listed.sort()).toEqual(Object.keys(catalogue).sort())
  })

  // One test: later lines build on earlier ones.
  it('shows what its examples give', async () => {
    for (const [code, result] of examples) {
      const actual = await runInNewContext(`(async () => ${code})()`, { redis, Buffer, Map, Date, Infinity })
      const expected: unknown = runInNewContext(`(${result})`, { Buffer })
      expect(plain(actual), code).toEqual(plain(expected))
    }
  })
})

/** Of this realm, and with an ordinary prototype: what is compared is the content. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return Array.from(value, plain)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
