// A node that dies and comes back owns what it owned before, so that no MOVED will ever tell of it: the client has to find
// out by itself, with the default options.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Client, createCluster, keySlot, type Redirected } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { type Overheard, overhear } from '../support/overhear.js'
import { until } from '../support/wait.js'

const KEYS = Array.from({ length: 60 }, (_, i) => `key${i}`)

let cluster: LocalCluster
let redis: Client
let redirects: Overheard<Redirected>
let slotChanges: string[]

beforeAll(async () => {
  cluster = await startCluster({
    primaries: 2,
    replicas: 1,
    // Nobody takes over by himself: the slots stay.
    config: { 'cluster-replica-no-failover': 'yes', 'cluster-node-timeout': 1000 },
  })
})
afterAll(() => cluster?.stop())

beforeEach(async () => {
  redis = createCluster({ nodes: cluster.urls, timeoutMs: 30_000 })
  slotChanges = []
  redirects = overhear('slotwise:redirect')
  await redis.connect()
  redis.on('failover', () => slotChanges.push('failover'))
  redis.on('node:add', ({ address }) => slotChanges.push(`+${address}`))
  redis.on('node:remove', ({ address }) => slotChanges.push(`-${address}`))
})
afterEach(() => {
  redirects.stop()
  redis.destroy()
})

const primaries = (): LocalClusterNode[] => cluster.nodes.slice(0, 2)
const replicas = (): LocalClusterNode[] => cluster.nodes.slice(2)

async function write(value: string): Promise<void> {
  const again = redis.with({ idempotent: true })
  await Promise.all(KEYS.map(key => again.set(key, value)))
}

describe('a primary', () => {
  test('with traffic: what was called meanwhile is served by the node that came back', async () => {
    const [node] = primaries() as [LocalClusterNode]
    await write('before')
    await node.kill()
    const written = write('after')
    await node.restart()
    await written
    const key = KEYS.find(each => owns(node, each)) as string
    expect(await node.ask('GET', key)).toBe('after')
    expect(redirects.messages).toEqual([])
    expect(slotChanges).toEqual([])
  })

  test('without traffic: the first calls afterwards are served', async () => {
    const [, node] = primaries() as [LocalClusterNode, LocalClusterNode]
    await write('before')
    await node.kill()
    await node.restart()
    await cluster.waitUntilStable()
    await write('after')
    expect(redirects.messages).toEqual([])
    expect(slotChanges).toEqual([])
  })
})

test('each replica in turn: it is found when it is promoted later', async () => {
  for (const [i, node] of replicas().entries()) {
    await write('before')
    await node.kill()
    await write('meanwhile')
    await node.restart()
    await cluster.waitUntilStable()
    expect(slotChanges).toEqual([])
    await cluster.failover(node)
    await write(`by ${node.address}`)
    const key = KEYS.find(each => owns(primaries()[i] as LocalClusterNode, each)) as string
    expect(await node.ask('GET', key)).toBe(`by ${node.address}`)
    // As it was, for the next.
    await cluster.failover(primaries()[i] as LocalClusterNode)
    await write('after')
    slotChanges.length = 0
  }
})

/** As the slots were dealt out at first; nobody has taken any since. */
function owns(node: LocalClusterNode, key: string): boolean {
  return keySlot(key) < 8192 === (node === primaries()[0])
}

test('all nodes at once: the cluster is found again without help', async () => {
  await write('before')
  await Promise.all(cluster.nodes.map(node => node.kill()))
  const written = write('after')
  await until(() => cluster.nodes.every(({ state }) => state === 'stopped'))
  await Promise.all(cluster.nodes.map(node => node.restart()))
  await written
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS.map(() => 'after'))
  expect(redirects.messages).toEqual([])
})
