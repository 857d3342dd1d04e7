// One shard is down: what is asked of the others waits for nothing of it. Whether the others serve is for the servers to
// say: with cluster-require-full-coverage (the stock setting) they refuse everybody for as long as a slot has no owner.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Client, createCluster } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { until } from '../support/wait.js'

const KEYS = Array.from({ length: 300 }, (_, i) => `key${i}`)

let cluster: LocalCluster
let down: LocalClusterNode
let redis: Client
let here: string[]
let there: string[]

beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicas: 0, config: { 'cluster-node-timeout': 1000 } })
})
afterAll(() => cluster?.stop())

beforeEach(async () => {
  down = await cluster.nodeFor('key0')
  const owners = await Promise.all(KEYS.map(key => cluster.nodeFor(key)))
  there = KEYS.filter((_, i) => owners[i] === down)
  here = KEYS.filter((_, i) => owners[i] !== down)
  redis = createCluster({ nodes: cluster.urls, timeoutMs: 50_000 })
})
afterEach(async () => {
  redis.destroy()
  if (down.state === 'paused') await down.resume()
  if (down.state === 'stopped') await down.restart()
  await cluster.waitUntilStable()
})

async function fullCoverage(answer: 'yes' | 'no'): Promise<void> {
  for (const node of cluster.nodes) await node.ask('CONFIG', 'SET', 'cluster-require-full-coverage', answer)
}

const state = async (node: LocalClusterNode): Promise<string | undefined> =>
  /cluster_state:(\w+)/.exec(String(await node.ask('CLUSTER', 'INFO')))?.[1]

const others = (): LocalClusterNode[] => cluster.nodes.filter(node => node !== down)

describe('without full coverage healthy slots are served throughout', () => {
  beforeEach(() => fullCoverage('no'))

  test.each([
    ['killed', (node: LocalClusterNode) => node.kill(), (node: LocalClusterNode) => node.restart()],
    ['frozen', (node: LocalClusterNode) => node.pause(), (node: LocalClusterNode) => node.resume()],
  ])('a shard that is %s', async (_, fell, rose) => {
    await Promise.all(KEYS.map(key => redis.set(key, 'before')))
    await fell(down)
    const done: string[] = []
    const again = redis.with({ idempotent: true })
    const stuck = there.map(key => again.set(key, 'after').finally(() => done.push(key)))
    const settled = Promise.all(stuck)
    // Until the others know that it is down, and some more.
    let rounds = 0
    await until(async () => {
      expect(new Set(await Promise.all(here.map(key => redis.append(key, '.'))))).toEqual(
        new Set(['before'.length + ++rounds]),
      )
      const line = String(await others()[0]?.ask('CLUSTER', 'NODES'))
        .split('\n')
        .find(each => each.startsWith(down.nodeId))
      return line?.includes('master,fail ') === true && rounds >= 50
    })
    // Those of the shard wait, every one; none of the others did.
    expect(done).toEqual([])
    await rose(down)
    await settled
    expect(await Promise.all(there.map(key => redis.get(key)))).toEqual(there.map(() => 'after'))
  })
})

describe('with full coverage', () => {
  beforeEach(() => fullCoverage('yes'))

  test('healthy slots wait while the servers refuse, no error reaches a caller, and they go then', async () => {
    await Promise.all(KEYS.map(key => redis.set(key, 'before')))
    await down.kill()
    await until(async () => (await Promise.all(others().map(state))).every(each => each === 'fail'))
    let answered = 0
    const calls = here.map(key => redis.append(key, '.').finally(() => answered++))
    const all = Promise.all(calls)
    // The servers have refused some, and nobody has heard of it.
    const refusals = async (): Promise<number[]> =>
      Promise.all(
        others().map(async node =>
          Number(
            /errorstat_CLUSTERDOWN:count=(\d+)/.exec(String(await node.ask('INFO', 'errorstats')))?.[1] ?? 0,
          ),
        ),
      )
    await until(async () => (await refusals()).every(count => count >= 3))
    expect(answered).toBe(0)
    await down.restart()
    // Appended once each: what was refused was not done.
    expect(new Set(await all)).toEqual(new Set(['before.'.length]))
    expect(await Promise.all(there.map(key => redis.get(key)))).toEqual(there.map(() => null))
  })
})
