// A client tells how it is, at any time, and gives nothing away.
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient, createCluster } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'
import { gate } from '../support/gate.js'
import { deadPort } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

let cluster: LocalCluster
let redis: Client
beforeAll(async () => {
  cluster = await startCluster({ primaries: 2, replicas: 1, password: 'geheim-7' })
})
afterEach(() => redis.destroy())
afterAll(() => cluster.stop())

const IDLE = { count: 0, bytes: 0 }

describe('inspect', () => {
  test('before anything has happened', () => {
    redis = createCluster({ nodes: cluster.urls })
    expect(redis.inspect()).toEqual({
      state: 'open',
      pending: IDLE,
      waiting: IDLE,
      resting: 0,
      lines: [],
      nodes: [],
      slots: { covered: 0, total: 16_384 },
      lastRefresh: undefined,
      refreshes: {},
      nextRefreshInMs: undefined,
      watching: [],
    })
  })

  test('of one server, before and after', async () => {
    redis = createClient({ port: 1, host: 'localhost' })
    expect(redis.inspect()).toMatchObject({
      state: 'open',
      nodes: [{ address: 'localhost:1', role: 'primary', available: true, lanes: [] }],
      slots: { covered: 16_384 },
    })
    await redis.close()
    expect(redis.inspect()).toMatchObject({ state: 'closed', pending: IDLE })
  })

  test('of a cluster: nodes, roles, slots, the refresh and its reason', async () => {
    redis = createCluster({ nodes: cluster.urls.slice(0, 1) })
    await redis.connect()
    const keys = Array.from({ length: 100 }, (_, i) => `key${i}`)
    await Promise.all(keys.map(key => redis.set(key, 'v')))
    const seen = redis.with({ replies: 'buffer' }).inspect()
    const primaries = (await cluster.primaries()).map(({ address }) => address)
    expect(seen.nodes.map(({ address }) => address).sort()).toEqual(
      cluster.nodes.map(({ address }) => address).sort(),
    )
    for (const node of seen.nodes) {
      const is = primaries.includes(node.address) ? 'primary' : 'replica'
      const lanes = is === 'primary' ? [{ ready: true, phase: 'reply', queued: 0, inFlight: 0 }] : []
      expect(node).toMatchObject({ role: is, available: true, queued: 0, inFlight: 0, failures: 0, lanes })
      expect(cluster.nodes.find(({ address }) => address === node.address)?.nodeId).toBe(node.id)
    }
    expect(seen.slots).toEqual({ covered: 16_384, total: 16_384 })
    expect(seen.lastRefresh).toMatchObject({ reason: 'connect', ok: true, error: undefined })
    expect(seen.refreshes).toEqual({ connect: 1 })
  })

  test('counts what is under way, and nothing any more when all has settled', async () => {
    redis = createCluster({ nodes: cluster.urls })
    await redis.connect()
    const node = await cluster.nodeFor('k')
    await node.pause()
    const calls = Array.from({ length: 10 }, () => redis.with({ timeoutMs: 60_000 }).get('k'))
    expect(redis.inspect().pending).toEqual({ count: 10, bytes: 40 })
    await until(() => redis.inspect().nodes.some(({ inFlight }) => inFlight === 10))
    // Silent: what comes now waits in its line.
    await until(() => redis.inspect().nodes.some(({ available }) => !available))
    const late = redis.with({ timeoutMs: 60_000 }).get('k')
    expect(redis.inspect()).toMatchObject({
      pending: { count: 11 },
      waiting: { count: 1, bytes: 4 },
      lines: [{ address: node.address, why: 'unavailable', waiting: 1 }],
    })
    expect(redis.inspect().nodes.find(({ available }) => !available)?.address).toBe(node.address)
    await node.resume()
    await Promise.all([...calls, late])
    expect(redis.inspect()).toMatchObject({ pending: IDLE, waiting: IDLE, resting: 0 })
    await until(() => redis.inspect().nodes.every(({ available, inFlight }) => available && inFlight === 0))
    expect(redis.inspect().lines).toEqual([])
  })

  test('nothing is counted any more after a bad hour: losses, refusals, aborts, deadlines', async () => {
    const server = cluster.nodes[0]
    const line = await gate(server?.port as number)
    const address = `127.0.0.1:${line.ownPort}`
    redis = createCluster({
      nodes: [line.url.replace('redis://', 'redis://:geheim-7@')],
      natMap: given => (given === server?.address ? { host: '127.0.0.1', port: line.ownPort } : undefined),
    })
    try {
      await redis.connect()
      expect(redis.inspect().nodes.map(node => node.address)).toContain(address)
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController()
        const views = [
          redis.with({ timeoutMs: 20 + round }),
          redis.with({ idempotent: true, timeoutMs: 2000 }),
          redis.with({ signal: controller.signal }),
        ]
        const calls: Promise<unknown>[] = views.flatMap(view =>
          Array.from({ length: 30 }, (_, i) => view.set(`key${i}`, 'x'.repeat(i)).catch(() => {})),
        )
        calls.push(
          redis.call('NO.SUCH').catch(() => {}),
          redis.lpush('key0', 'x').catch(() => {}),
        )
        await new Promise(setImmediate)
        line.cut()
        await new Promise(setImmediate)
        controller.abort()
        await Promise.all(calls)
        expect(redis.inspect()).toMatchObject({ pending: IDLE })
      }
      await until(() => redis.inspect().waiting.count === 0)
      expect(redis.inspect()).toMatchObject({ waiting: IDLE })
    } finally {
      await line.close()
    }
  })

  test('is plain data without secrets', async () => {
    redis = createCluster({ nodes: cluster.urls })
    await redis.set('a-key-of-mine', 'a-value-of-mine')
    const dead = await deadPort()
    const lost = createClient({ port: dead, password: 'geheim-7', username: 'anna' })
    await failureOf(lost.with({ timeoutMs: 50 }).get('a-key-of-mine'))
    for (const client of [redis, lost]) {
      const json = JSON.stringify(client.inspect())
      for (const text of [
        json,
        inspect(client),
        inspect({ client }),
        String(inspect(client.inspect(), { depth: 9 })),
      ]) {
        expect(text).not.toMatch(/geheim|anna|of-mine/)
      }
    }
    expect(lost.inspect().nodes).toMatchObject([
      { available: false, lastError: expect.stringContaining('ECONNREFUSED') },
    ])
    lost.destroy()
  })
})

test('console.log(redis) is one line that says how it is', async () => {
  redis = createCluster({ nodes: cluster.urls })
  expect(inspect(redis)).toBe('Client <open; 0 nodes; 0 of 16384 slots; 0 calls under way>')
  await redis.connect()
  expect(inspect(redis)).toMatch(
    /^Client <open; 4 nodes; 16384 of 16384 slots; 0 calls under way; topology learned \d+ ms ago \(connect\)>$/,
  )
  const node = await cluster.nodeFor('k')
  await node.pause()
  const call = redis.with({ timeoutMs: 60_000 }).get('k')
  await until(() => redis.inspect().nodes.some(({ available }) => !available))
  const late = redis.with({ timeoutMs: 60_000 }).get('k')
  const line = inspect(redis)
  expect(line).toContain(`4 nodes (${node.address} unavailable)`)
  expect(line).toContain(`1 wait for ${node.address} (unavailable, `)
  await node.resume()
  await Promise.all([call, late])
  await redis.close()
  expect(inspect(redis)).toMatch(/^Client <closed; /)
})
