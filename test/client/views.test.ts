import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Client, commands, createClient, IntegerRangeError } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { failureOf } from '../support/wait.js'

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
beforeEach(async () => {
  await server.ask('FLUSHALL')
})

describe('with', () => {
  test('replies: buffer gives bytes, and the client it came from goes on giving text', async () => {
    const bytes = redis.with({ replies: 'buffer' })
    await redis.set('k', Buffer.from([0xff, 0xfe]))
    expect(await bytes.get('k')).toEqual(Buffer.from([0xff, 0xfe]))
    expect(await redis.get('k')).toBe('\ufffd\ufffd')
    await redis.hset('h', { f: 'v' })
    expect(await bytes.hgetall('h')).toEqual(new Map([[Buffer.from('f'), Buffer.from('v')]]))
    expect(await redis.hgetall('h')).toEqual(Object.assign(Object.create(null), { f: 'v' }))
    expect(await bytes.with({ replies: 'text' }).get('h2')).toBeNull()
  })

  test('integers: bigint gives bigints, also those that a number cannot hold', async () => {
    await redis.set('n', '9007199254740993')
    const exact = redis.with({ integers: 'bigint' })
    expect(await exact.incr('n')).toBe(9_007_199_254_740_994n)
    const error = await failureOf<IntegerRangeError>(redis.incr('n'))
    expect(error).toBeInstanceOf(IntegerRangeError)
    expect(error).toMatchObject({ outcome: 'applied', command: 'INCR' })
    expect(await redis.get('n')).toBe('9007199254740995')
    expect(await exact.with({ integers: 'number' }).set('k', 'v')).toBe('OK')
  })

  test('views of views keep what they do not change', async () => {
    await redis.set('n', '1')
    const both = redis.with({ replies: 'buffer' }).with({ integers: 'bigint' }).with({ timeoutMs: 5000 })
    expect(await both.get('n')).toEqual(Buffer.from('1'))
    expect(await both.incr('n')).toBe(2n)
    expect(await both.with({}).incr('n')).toBe(3n)
  })

  test('views share connections with the client they are of', async () => {
    await Promise.all([
      redis.get('k'),
      redis.with({ replies: 'buffer' }).get('k'),
      redis.with({ timeoutMs: 1000 }).get('k'),
    ])
    const list = String(await server.ask('CLIENT', 'LIST')).split('\n')
    expect(list.filter(line => line.includes('resp=3'))).toHaveLength(1)
  })

  test('a command built by hand is seen through the view, too', async () => {
    await redis.set('k', 'v')
    expect(await redis.send(commands.get('k'))).toBe('v')
    expect(await redis.with({ replies: 'buffer' }).send(commands.get('k'))).toEqual(Buffer.from('v'))
  })

  test('what a command asks for by itself stays, whatever the view', async () => {
    await redis.set('k', 'v')
    const dump = await redis.with({ replies: 'text' }).dump('k')
    expect(Buffer.isBuffer(dump)).toBe(true)
  })

  test('a numbered database of a URL is the one that is used', async () => {
    const second = createClient({ url: `${server.url}/2` })
    const third = createClient({ url: server.url, db: 3 })
    await second.set('k', 'of two')
    await third.set('k', 'of three')
    expect(await redis.get('k')).toBeNull()
    expect([await second.get('k'), await third.get('k')]).toEqual(['of two', 'of three'])
    await Promise.all([second.close(), third.close()])
  })
})
