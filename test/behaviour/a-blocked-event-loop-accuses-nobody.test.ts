// While this process computes, the answers of healthy nodes lie in the kernel unread: that is no silence of theirs. The
// client keeps its connections and its map, and every call that has time left is answered.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Client, type ConnectionClosed, createCluster } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'
import { overhear } from '../support/overhear.js'

const KEYS = Array.from({ length: 300 }, (_, i) => `key${i}`)

let cluster: LocalCluster
let redis: Client
beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicas: 0 })
})
afterAll(() => cluster?.stop())
afterEach(() => redis.destroy())

/** Nothing else runs in this process meanwhile. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

async function accusations(work: () => Promise<void>, options = {}): Promise<string[]> {
  redis = createCluster({ nodes: cluster.urls, ...options })
  const said: string[] = []
  await redis.connect()
  redis.on('node:suspect', ({ address }) => said.push(`suspect ${address}`))
  redis.on('node:remove', ({ address }) => said.push(`removed ${address}`))
  using closes = overhear<ConnectionClosed>('slotwise:connection:close')
  await Promise.all(KEYS.map(key => redis.set(key, key)))
  await work()
  return [...said, ...closes.messages.map(({ address }) => `closed ${address}`)]
}

test('two seconds with commands in flight: all are answered, and no node is suspected', async () => {
  expect(
    await accusations(async () => {
      const calls = KEYS.map(key => redis.get(key))
      // They leave; their answers come while nobody listens.
      await new Promise(setImmediate)
      block(2000)
      expect(await Promise.all(calls)).toEqual(KEYS)
    }),
  ).toEqual([])
})

test('while a server is busy, too: its silence counts from when somebody could have heard it', async () => {
  expect(
    await accusations(async () => {
      const slow = redis.call('EVAL', BUSY, 0)
      await new Promise(resolve => setTimeout(resolve, 100))
      block(1400)
      expect(await slow).toBe('done')
    }),
  ).toEqual([])
})

/** Keeps a server from answering anybody for 1.6 s. */
const BUSY = `local t = redis.call('TIME') local start = t[1] * 1000000 + t[2]
while true do t = redis.call('TIME') if t[1] * 1000000 + t[2] - start > 1600000 then break end end return 'done'`

test('several shorter ones, commands leaving in between', async () => {
  expect(
    await accusations(async () => {
      const calls: Promise<string | null>[] = []
      for (let i = 0; i < 2; i++) {
        calls.push(...KEYS.map(key => redis.get(key)))
        await new Promise(resolve => setTimeout(resolve, 1))
        block(600)
      }
      expect(await Promise.all(calls)).toEqual([...KEYS, ...KEYS])
    }),
  ).toEqual([])
})

test('while the topology is asked for: the map stays, and serves', async () => {
  expect(
    await accusations(
      async () => {
        const before = await Promise.all(KEYS.map(key => redis.get(key)))
        await new Promise(resolve => setTimeout(resolve, 3))
        block(700)
        expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(before)
      },
      // A question is under way nearly always, and has less time than the event loop is blocked.
      { topology: { refreshPeriodMs: 1, minRefreshGapMs: 0, discoveryTimeoutMs: 300 } },
    ),
  ).toEqual([])
})
