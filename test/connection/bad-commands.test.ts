// One word that is no word, on a connection that others share: it must be refused before it is written, and harm nobody.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient, createCommand, InvalidArgumentError, keySlot, specOf } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'

let server: LocalServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

// biome-ignore lint/suspicious/noExplicitAny: what programs without types can pass
const raw = (args: any): any => createCommand(specOf('GET'), args, 0, reply => reply)

describe('a command that cannot be written', () => {
  test.each([
    ['an argument that is a number', () => raw(['GET', 5])],
    ['an argument that is undefined', () => raw(['GET', undefined])],
    ['an argument that is an object', () => raw(['GET', {}])],
    ['no arguments at all', () => raw([])],
    ['arguments that are no list', () => raw('GET k')],
    ['a thing that only inherits from Buffer', () => raw(['GET', Object.create(Buffer.prototype)])],
    ['a proxy of a Buffer', () => raw(['GET', new Proxy(Buffer.from('k'), {})])],
  ])('%s is refused, and its neighbours of the same turn are served once', async (_, build) => {
    const redis = createClient({ url: server.url })
    await redis.set('n', 0)
    const before = redis.incr('n')
    const bad = redis.send(build())
    const after = redis.incr('n')
    await expect(bad).rejects.toBeInstanceOf(InvalidArgumentError)
    expect(await Promise.all([before, after])).toEqual([1, 2])
    expect(await redis.get('n')).toBe('2')
    await redis.close()
  })

  test('a word beyond the ceiling is refused before the server hangs up on everybody', async () => {
    const redis = createClient({ url: server.url, limits: { maxBulkBytes: 1000 } })
    await redis.set('n', 0)
    const before = redis.incr('n')
    await expect(redis.set('k', 'x'.repeat(1001))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      outcome: 'not-sent',
    })
    await expect(redis.set('k', Buffer.alloc(1001))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(redis.set('k', 'é'.repeat(501))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await redis.set('k', 'é'.repeat(500))).toBe('OK')
    expect(await before).toBe(1)
    await redis.close()
  })

  test('a list changed after the call ends that connection, and nothing is done twice', async () => {
    const redis = createClient({ url: server.url })
    await redis.set('n', 0)
    const args: unknown[] = ['GET', 'n']
    const first = redis.incr('n')
    const bad = redis.send(raw(args))
    args[1] = undefined
    const results = await Promise.allSettled([first, bad])
    expect(results[1].status).toBe('rejected')
    expect(Number(await redis.get('n'))).toBeLessThanOrEqual(1)
    await redis.close()
  })
})

test('bytes handed out cannot be transferred away from those who share their memory', async () => {
  const redis = createClient({ url: server.url }).with({ replies: 'buffer' })
  await redis.mset({ a: 'a'.repeat(100), b: 'b'.repeat(100) })
  const [a, b] = await Promise.all([redis.get('a'), redis.get('b')])
  // Node 20 leaves such memory where it is, later versions refuse the transfer.
  try {
    structuredClone(a, { transfer: [a!.buffer as ArrayBuffer] })
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError')
  }
  expect(a!.toString()).toBe('a'.repeat(100))
  expect(b!.toString()).toBe('b'.repeat(100))
  await redis.close()
})

test.each([[undefined], [null], [5], [{}], [['x']]])(
  'keySlot(%j) is refused with the name of what is wrong',
  key => {
    expect(() => keySlot(key as never)).toThrow(InvalidArgumentError)
  },
)
