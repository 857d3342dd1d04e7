// What a client tells of itself, to whom it may concern.
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Client,
  type ClientEvents,
  createClient,
  createCluster,
  type FailedOver,
  InvalidArgumentError,
  type Refreshed,
} from '../../src/index.js'
import { startCluster, startServer } from '../../src/local/index.js'
import { type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { overhear } from '../support/overhear.js'
import { until } from '../support/wait.js'

let redis: Client | undefined
let fake: FakeCluster | undefined
afterEach(async () => {
  redis?.destroy()
  await fake?.close()
})

type Change = ClientEvents['topology'][0]

describe('topology', () => {
  test('tells in numbers what has changed, and the channel says the same', async () => {
    fake = await fakeCluster(3, () => '-MOVED 0 127.0.0.1:1\r\n')
    const { described } = fake
    fake.describe = () => fake?.lines(['0-8191', '8192-16383', undefined])
    redis = createCluster({
      nodes: fake.urls.slice(0, 1),
      topology: { minRefreshGapMs: 0, refreshPeriodMs: 20 },
    })
    const news: Change[] = []
    redis.on('topology', change => news.push(change))
    using published = overhear<Change>('slotwise:topology')
    await redis.connect()
    expect(news).toEqual([
      {
        source: expect.stringContaining(fake.node(0).address),
        reason: 'connect',
        nodes: 2,
        changed: { nodesAdded: 2, nodesRemoved: 0, nodesChanged: 0, slots: 16_384 },
      },
    ])
    expect(described).toBe(0)
    fake.describe = () => fake?.lines(['0-8000', undefined, '8001-16383'])
    await until(() => news.some(({ changed }) => changed.nodesRemoved > 0))
    expect(news.at(-1)).toMatchObject({
      reason: 'period',
      nodes: 2,
      changed: { nodesAdded: 1, nodesRemoved: 1, nodesChanged: 0, slots: 191 + 8192 },
    })
    expect(published.messages).toEqual(news)
  })
})

describe('a refresh', () => {
  test('is published whatever came of it, and is an event only where something has changed', async () => {
    fake = await fakeCluster(2)
    redis = createCluster({ nodes: fake.urls, topology: { minRefreshGapMs: 0, refreshPeriodMs: 20 } })
    const news: string[] = []
    redis.on('topology', ({ reason }) => news.push(reason))
    using refreshes = overhear<Refreshed>('slotwise:refresh')
    await redis.connect()
    expect(refreshes.messages[0]).toMatchObject({ reason: 'connect', ok: true, error: undefined })
    expect(refreshes.messages[0]?.ms).toBeGreaterThanOrEqual(0)
    await until(() => refreshes.messages.length > 3)
    const addresses = fake.nodes.map(({ address }) => address).sort()
    const last = refreshes.messages.at(-1)
    expect(last).toMatchObject({ reason: 'period', ok: true })
    expect([...(last?.sources ?? [])].sort()).toEqual(addresses)
    expect(news).toEqual(['connect'])
    fake.describe = () => 'nonsense'
    await until(() => refreshes.messages.at(-1)?.ok === false)
    expect(refreshes.messages.at(-1)).toMatchObject({
      reason: 'period',
      sources: [],
      error: expect.objectContaining({ code: 'DISCOVERY' }),
    })
    expect(news).toEqual(['connect'])
  })
})

describe('a node', () => {
  test('that is gone is suspect once, and available when it is back', async () => {
    const server = await startServer()
    try {
      redis = createClient({ url: server.url })
      await redis.connect()
      const news: unknown[] = []
      redis.on('node:suspect', node => news.push(node))
      redis.on('node:available', node => news.push(node))
      using suspects = overhear('slotwise:node:suspect')
      using back = overhear('slotwise:node:available')
      await server.kill()
      const call = redis.with({ timeoutMs: 60_000 }).get('k')
      await until(() => news.length > 0)
      await server.restart()
      await call
      const { address } = server
      expect(news).toEqual([
        { address, id: address, why: 'dial failed' },
        { address, id: address, afterMs: expect.any(Number) },
      ])
      expect(suspects.messages).toEqual([
        { address, id: address, why: 'dial failed', error: expect.objectContaining({ code: 'CONNECT' }) },
      ])
      expect(back.messages).toEqual([news[1]])
    } finally {
      await server.stop()
    }
  })

  test('whose loss a listener answers by destroying the client leaves nothing running', async () => {
    const server = await startServer()
    redis = createClient({ url: server.url })
    await redis.connect()
    redis.on('node:suspect', () => redis?.destroy())
    await server.stop()
    await expect(redis.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('a failover is told in its order, as events and on channels, with the addresses and the slots', async () => {
  const cluster = await startCluster({ primaries: 3, replicas: 1, config: { 'cluster-node-timeout': 1000 } })
  try {
    redis = createCluster({ nodes: cluster.urls, timeoutMs: 30_000 })
    await redis.set('k', 'v')
    const old = await cluster.nodeFor('k')
    const [heir] = await cluster.replicas(old)
    const news: string[] = []
    redis.on('node:suspect', ({ address }) => address === old.address && news.push('suspect'))
    redis.on('failover', () => news.push('failover'))
    redis.on('topology', ({ changed }) => changed.slots > 0 && news.push(`topology ${changed.slots}`))
    using failovers = overhear<FailedOver>('slotwise:failover')
    await old.kill()
    const again = redis.with({ idempotent: true })
    expect(await again.set('k', 'w')).toBe('OK')
    await until(() => news.some(what => what.startsWith('topology')))
    const [move] = failovers.messages as [FailedOver]
    expect(move).toEqual({ from: old.address, to: heir?.address, slots: expect.any(Number) })
    expect(move.slots).toBeGreaterThan(5400)
    expect(failovers.messages).toHaveLength(1)
    expect(news).toEqual(['suspect', 'failover', `topology ${move.slots}`])
  } finally {
    redis?.destroy()
    await cluster.stop()
  }
})

describe('on, once and off', () => {
  test.each(['on', 'once', 'off'] as const)('%s refuses what would never be called', method => {
    const client = createClient()
    const refusal = (event: unknown, listener: unknown): unknown => {
      try {
        client[method](event as 'error', listener as () => void)
      } catch (error) {
        return error
      }
      return undefined
    }
    const listener = (): void => {}
    for (const event of ['ready', 'Error', '__proto__', 'toString', '', undefined, Symbol('error')]) {
      expect(refusal(event, listener)).toBeInstanceOf(InvalidArgumentError)
      expect(refusal(event, listener)).toMatchObject({ argument: 'event' })
    }
    expect((refusal('ready', listener) as Error).message).toContain('node:suspect')
    for (const bad of [undefined, null, 5, 'f', {}]) {
      expect(refusal('error', bad)).toMatchObject({ code: 'INVALID_ARGUMENT', argument: 'listener' })
    }
    client.destroy()
  })

  test('takes every event that there is', () => {
    const client = createClient()
    const events = [
      'topology',
      'node:add',
      'node:remove',
      'node:suspect',
      'node:available',
      'failover',
      'error',
    ] as const
    for (const event of events) expect(client.on(event, () => {})).toBe(client)
    client.destroy()
  })
})
