// A node that has left the cluster can send nobody anywhere: no MOVED will come. What fails instead (a connection that
// ends, a dial that is refused, a slot it does not serve) is reason enough to ask the others.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Client, createCluster, keySlot } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { until } from '../support/wait.js'

const KEYS = Array.from({ length: 200 }, (_, i) => `key${i}`)

let cluster: LocalCluster
let leaver: LocalClusterNode
let redis: Client
let removed: string[]

beforeAll(async () => {
  cluster = await startCluster({ primaries: 2, replicas: 0, config: { 'cluster-node-timeout': 1000 } })
})
afterAll(() => cluster?.stop())

beforeEach(async () => {
  const [home] = await cluster.primaries()
  leaver = await cluster.addNode()
  await cluster.migrateSlots(home as LocalClusterNode, leaver, 2000)
  redis = createCluster({ nodes: cluster.urls, timeoutMs: 30_000 })
  removed = []
  redis.on('node:remove', ({ address }) => removed.push(address))
  await Promise.all(KEYS.map(key => redis.set(key, key)))
  const owners = await Promise.all([...new Set(KEYS.map(keySlot))].map(slot => cluster.nodeFor(slot)))
  expect(owners).toContain(leaver)
})
afterEach(() => redis.destroy())

/** Everything goes back, and the others forget it; the client has no part in it. */
async function leave(): Promise<void> {
  const stayers = cluster.nodes.filter(node => node !== leaver && node.state === 'running')
  await cluster.migrateSlots(leaver, stayers[0] as LocalClusterNode)
  for (const node of stayers) await node.ask('CLUSTER', 'FORGET', leaver.nodeId)
}

async function expectServed(): Promise<void> {
  // Not idempotent: nothing may be left to chance.
  expect(new Set(await Promise.all(KEYS.map(key => redis.append(key, '!'))))).toEqual(
    new Set(KEYS.map(key => key.length + 1)),
  )
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS.map(key => `${key}!`))
  await until(() => removed.includes(leaver.address))
}

test('stopped, with no traffic in between: the next commands for its slots are served', async () => {
  await leave()
  await leaver.kill()
  await expectServed()
})

test('stopped while its connection had long been closed: its dial is refused, and that is enough', async () => {
  await leave()
  await leaver.ask('CLIENT', 'KILL', 'TYPE', 'normal')
  await leaver.kill()
  await expectServed()
})

test('running on as a cluster of its own, without slots: it is left, and no socket stays', async () => {
  await leave()
  await leaver.ask('FLUSHALL')
  await leaver.ask('CLUSTER', 'RESET', 'SOFT')
  await expectServed()
  await until(async () => {
    const list = String(await leaver.ask('CLIENT', 'LIST'))
    // Ours speak RESP3; the one that asks does not.
    return !list.includes('resp=3')
  })
  await leaver.kill()
})

test('still running: no connection to it is kept once it serves nothing, and it is not asked again', async () => {
  const stayer = cluster.nodes.find(node => node !== leaver && node.state === 'running') as LocalClusterNode
  await cluster.migrateSlots(leaver, stayer)
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS)
  const clients = async (): Promise<number> =>
    String(await leaver.ask('CLIENT', 'LIST', 'TYPE', 'normal'))
      .trim()
      .split('\n').length
  // The one that asks.
  await until(async () => (await clients()) === 1)
  expect(redis.inspect().nodes.find(({ address }) => address === leaver.address)?.lanes).toEqual([])
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS)
  expect(await clients()).toBe(1)
})
