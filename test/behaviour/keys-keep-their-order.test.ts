// Commands on one key happen in the order in which they were called, without waiting for one another.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createClient, createCluster, keySlot } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'

const COUNT = 2000
const IN_ORDER = Array.from({ length: COUNT }, (_, i) => String(i))

let cluster: LocalCluster

beforeAll(async () => {
  cluster = await startCluster({ primaries: 2, replicas: 0 })
})
afterAll(() => cluster?.stop())

async function pushAll(redis: Client, key: string): Promise<string[]> {
  await Promise.all(IN_ORDER.map(value => redis.rpush(key, value)))
  return redis.lrange(key, 0, -1)
}

test.each([
  ['before anything is known of the cluster', {}],
  ['over several lanes', { node: { lanes: 4 } }],
  ['under RESP2', { protocol: 2 as const }],
])('in a cluster %s', async (name, options) => {
  const redis = createCluster({ nodes: cluster.urls, ...options })
  expect(await pushAll(redis, `list of ${name}`)).toEqual(IN_ORDER)
  await redis.close()
})

test('when some keys of several slots are written in turn', async () => {
  const redis = createCluster({ nodes: cluster.urls, node: { lanes: 3 } })
  const keys = ['a', 'b', 'c', 'd', 'e']
  expect(new Set(keys.map(key => keySlot(key))).size).toBe(5)
  const pushed = Promise.all(IN_ORDER.map((value, i) => redis.rpush(keys[i % 5] as string, value)))
  // A view is the same client.
  const last = redis.with({ replies: 'buffer' }).rpush('a', 'last')
  await Promise.all([pushed, last])
  for (const [i, key] of keys.entries()) {
    const expected = IN_ORDER.filter((_, n) => n % 5 === i)
    expect(await redis.lrange(key, 0, -1)).toEqual(key === 'a' ? [...expected, 'last'] : expected)
  }
  await redis.close()
})

test('when new ones are called at the very moment the cluster becomes known', async () => {
  const redis = createCluster({ nodes: cluster.urls })
  const calls: Promise<unknown>[] = []
  let next = 0
  const push = (): void => void calls.push(redis.rpush('moment', next++))
  for (let i = 0; i < 100; i++) push()
  // Microtasks and turns between the answer and the release of those who wait must not let anybody pass.
  redis.once('topology', push)
  const timer = setInterval(push, 0)
  const connected = redis.connect().then(() => {
    push()
    return Promise.resolve().then(push)
  })
  await connected
  while (next < 200) await new Promise(setImmediate)
  clearInterval(timer)
  await Promise.all(calls)
  expect(await redis.lrange('moment', 0, -1)).toEqual(Array.from({ length: next }, (_, i) => String(i)))
  await redis.close()
})

test('on one server while its first connection is being made', async () => {
  const node = await cluster.nodeFor('solo')
  const redis = createClient({ url: node.url })
  expect(await pushAll(redis, 'solo')).toEqual(IN_ORDER)
  await redis.close()
})

test('ten thousand calls before the first connection all happen, in order', async () => {
  const redis = createCluster({ nodes: cluster.urls })
  const lengths = await Promise.all(Array.from({ length: 10_000 }, (_, i) => redis.rpush('ten thousand', i)))
  expect(lengths).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1))
  await redis.close()
})
