// A command whose answer ends its connection, again and again: on a shared connection it would take everybody's answers
// with it, each time. After the second loss it goes by a connection of its own.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createClient } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { failureOf, until } from '../support/wait.js'

let server: LocalServer
let redis: Client

beforeAll(async () => {
  server = await startServer({ config: { 'client-output-buffer-limit': 'normal 1mb 0 0' } })
  redis = createClient({ url: server.url })
})
afterAll(async () => {
  await redis.close()
  await server.stop()
})

test('of many writes beside it two are lost at most, and reads all come back', async () => {
  await redis.set('large', 'x'.repeat(3_000_000))
  const abort = new AbortController()
  const poison = failureOf(redis.with({ signal: abort.signal }).get('large'))
  let lost = 0
  let done = 0
  while (done < 500) {
    await Promise.all([
      redis.get('small'),
      redis.incr('n').then(
        () => done++,
        error => {
          expect(error).toMatchObject({ outcome: 'unknown' })
          lost++
        },
      ),
    ])
  }
  expect(lost).toBeLessThanOrEqual(2)
  // It goes on being tried meanwhile.
  const tries = async (): Promise<number> =>
    Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1])
  const before = await tries()
  await until(async () => (await tries()) > before + 1)
  abort.abort()
  expect(await poison).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  expect(redis.inspect().pending.count).toBe(0)
})
