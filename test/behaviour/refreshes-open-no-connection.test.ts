// A refresh asks over connections that are there. Hundreds of them leave the servers' count of connections where it was.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCluster } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { until } from '../support/wait.js'

let cluster: LocalCluster
beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicas: 1 })
})
afterAll(() => cluster?.stop())

/** Connections taken so far; each question asked here is one. */
async function received(node: LocalClusterNode): Promise<number> {
  const stats = String(await node.ask('INFO', 'stats'))
  return Number(/total_connections_received:(\d+)/.exec(stats)?.[1])
}

async function refreshes(node: LocalClusterNode): Promise<number> {
  const stats = String(await node.ask('INFO', 'commandstats'))
  return Number(/cmdstat_cluster\|slots:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

test.each([
  ['that is idle', async () => {}],
  ['at work', async (work: () => Promise<unknown>) => void (await work())],
])('a client %s', async (_, between) => {
  // At first it knows one node of six.
  const nodes = cluster.urls.slice(0, 1)
  const redis = createCluster({ nodes, topology: { refreshPeriodMs: 5, minRefreshGapMs: 0 } })
  const keys = Array.from({ length: 30 }, (_, i) => `key${i}`)
  const work = (): Promise<unknown> => Promise.all(keys.map(key => redis.set(key, 'v')))
  await work()
  const questions = new Map(cluster.nodes.map(node => [node, 0]))
  const before = new Map<LocalClusterNode, number>()
  for (const node of cluster.nodes) before.set(node, await received(node))
  const begun = new Map<LocalClusterNode, number>()
  for (const node of cluster.nodes) begun.set(node, await refreshes(node))
  const done = async (): Promise<number> => {
    let sum = 0
    for (const node of cluster.nodes) {
      questions.set(node, Number(questions.get(node)) + 1)
      sum += (await refreshes(node)) - Number(begun.get(node))
    }
    return sum
  }
  await until(async () => {
    await between(work)
    return (await done()) > 200
  })
  for (const node of cluster.nodes) {
    // The question about refreshes before, those counted, and the present one.
    const own = Number(questions.get(node)) + 2
    expect((await received(node)) - Number(before.get(node)) - own).toBe(0)
  }
  await redis.close()
})
