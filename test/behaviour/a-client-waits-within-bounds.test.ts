// An outage must not become one of memory: what waits is bounded by number, by bytes and by its deadlines; whatever is
// beyond is refused at once, and says what it would have waited for, and beside how many.
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Client,
  createClient,
  type DeadlineExceededError,
  OverloadedError,
  type RouterOptions,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { failureOf, until } from '../support/wait.js'

const MB = 1024 * 1024

let redis: Client
let server: LocalServer
afterEach(async () => {
  redis.destroy()
  await server.stop({ timeoutMs: 0 })
})

async function outage(router: RouterOptions): Promise<void> {
  server = await startServer()
  redis = createClient({ url: server.url, timeoutMs: 30_000, router })
  await redis.connect()
  await server.kill()
  // Known to be down from here on.
  expect(await failureOf(redis.with({ timeoutMs: 150 }).get('k'))).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    outcome: 'not-sent',
  })
}

describe('beyond the ceiling', () => {
  test('of commands: refused at once with what there is; those inside are served when it is over', async () => {
    await outage({ maxWaiting: 100 })
    const inside = Array.from({ length: 100 }, (_, i) => redis.rpush('list', i))
    const settled: string[] = []
    for (const call of inside) call.then(() => settled.push('served'))
    const refusals = await Promise.all(
      Array.from({ length: 10_000 }, () => failureOf<OverloadedError>(redis.incr('n'))),
    )
    expect(settled).toEqual([])
    for (const error of refusals) {
      expect(error).toBeInstanceOf(OverloadedError)
      expect(error).toMatchObject({ limit: 'router.maxWaiting', outcome: 'not-sent', retryable: true })
    }
    const [first] = refusals as [OverloadedError]
    // How many, for whom, how long already, and why.
    expect(first.message).toMatch(/\b100\b/)
    expect(first.message).toContain(server.address)
    expect(first.message).toMatch(/\d+ ms/)
    expect(first.cause).toMatchObject({ code: 'CONNECT' })
    expect(redis.inspect().waiting.count).toBe(100)

    await server.restart()
    expect(await Promise.all(inside)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(redis.inspect().waiting).toMatchObject({ count: 0, bytes: 0 })
    expect(await redis.get('n')).toBeNull()
  })

  test('of bytes: refused at once, and memory stays where it was', async () => {
    await outage({ maxWaitingBytes: 8 * MB })
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    const text = 'x'.repeat(100_000)
    const calls: Promise<unknown>[] = []
    const counts = { refused: 0, served: 0 }
    for (let i = 0; i < 5000; i++) {
      // Each of its own: two gigabytes and a half, were they all kept.
      const value = Buffer.from(text + text + text + text + text)
      calls.push(
        redis.set(`k${i}`, value).then(
          () => void counts.served++,
          (error: OverloadedError) => {
            expect(error).toMatchObject({ code: 'OVERLOADED', limit: 'router.maxWaitingBytes' })
            counts.refused++
          },
        ),
      )
      if (i % 10 === 0) await new Promise(setImmediate)
    }
    expect(redis.inspect().waiting.bytes).toBeLessThanOrEqual(8 * MB)
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * MB)
    await server.restart()
    await Promise.all(calls)
    expect(counts.served).toBe(16)
    expect(counts.refused).toBe(5000 - 16)
  })
})

test('deadlines in an outage say what was waited for, how often it was tried, and why it failed', async () => {
  await outage({})
  const calls = Array.from({ length: 500 }, () =>
    failureOf<DeadlineExceededError>(redis.with({ timeoutMs: 300 }).incr('n')),
  )
  for (const error of await Promise.all(calls)) {
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent', command: 'INCR' })
    expect(error.waitedFor).toContain(server.address)
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.elapsedMs).toBeGreaterThanOrEqual(299)
  }
  expect(redis.inspect().waiting).toMatchObject({ count: 0, bytes: 0 })
})

test('calls that give up leave nothing behind, over and over', async () => {
  await outage({ maxWaiting: 50 })
  for (let round = 0; round < 20; round++) {
    const controller = new AbortController()
    const view = redis.with({ signal: controller.signal })
    const calls = Array.from({ length: 50 }, () => failureOf(view.incr('n')))
    await until(() => redis.inspect().waiting.count === 50)
    controller.abort()
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'ABORTED' })
    // Their places are free again.
    await until(() => redis.inspect().waiting.count === 0)
  }
  await server.restart()
  expect(await redis.incr('n')).toBe(1)
})
