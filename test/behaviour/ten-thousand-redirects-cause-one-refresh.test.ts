// Each of ten thousand commands learns that its slot has moved; the topology needs to be asked for once, and once more for
// what was learned meanwhile. Counted where it hurts: at the servers.
import { afterEach, expect, test } from 'vitest'
import { type Client, createCluster, keySlot } from '../../src/index.js'
import { bulk, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { refreshReasons } from '../support/refreshes.js'
import { until } from '../support/wait.js'

let cluster: FakeCluster
let redis: Client
afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

function keysBelow(slot: number, count: number): string[] {
  const keys: string[] = []
  for (let i = 0; keys.length < count; i++) if (keySlot(`key${i}`) < slot) keys.push(`key${i}`)
  return keys
}

/** Node 0 has given everything to node 2. */
async function start(options = {}): Promise<void> {
  cluster = await fakeCluster(3, (words, node) =>
    node.index === 0
      ? `-MOVED ${keySlot(String(words[1]))} ${cluster.node(2).address}\r\n`
      : bulk(`${words[1]}`),
  )
  redis = createCluster({ nodes: cluster.urls, ...options })
  await redis.connect()
  cluster.describe = () => cluster.lines(['', cluster.share(1), `${cluster.share(0)} ${cluster.share(2)}`])
}

test('ten thousand at once: each node is asked once, and at most once more', async () => {
  await start()
  const keys = keysBelow(5461, 10_000)
  const reasons = refreshReasons()
  const before = cluster.nodes.map(node => node.described)
  expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
  await until(() => reasons.length > 0)
  expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
  const asked = cluster.nodes.map((node, i) => node.described - (before[i] as number))
  expect(Math.max(...asked)).toBeLessThanOrEqual(2)
  expect(reasons.length).toBeLessThanOrEqual(2)
  expect(reasons[0]).toBe('MOVED')
  // Everybody was sent away once: whoever comes later knows.
  expect(cluster.node(0).asked.length).toBeLessThanOrEqual(keys.length)
})

test('again and again, and no answer to the question: it is not asked a second time meanwhile', async () => {
  await start({ topology: { minRefreshGapMs: 0 } })
  const view = cluster.describe
  let silent = true
  // Nobody can answer out of turn on its connection: whoever is asked takes no other question until it has answered.
  cluster.describe = node => (silent ? undefined : view(node))
  const before = cluster.described
  const keys = keysBelow(5461, 1000)
  const calls = keys.map(key => redis.get(key))
  await until(() => cluster.described > before)
  for (let i = 0; i < 10; i++) {
    calls.push(...keysBelow(5461, 100 * (i + 2)).map(key => redis.get(key)))
    await new Promise(setImmediate)
  }
  const asked = cluster.nodes.map(node => node.described)
  expect(cluster.described - before).toBeLessThanOrEqual(3)
  await new Promise(setImmediate)
  expect(cluster.nodes.map(node => node.described)).toEqual(asked)
  silent = false
  for (const node of cluster.nodes) for (const peer of node.server.peers) peer.cut()
  for (const call of calls) await call
})
