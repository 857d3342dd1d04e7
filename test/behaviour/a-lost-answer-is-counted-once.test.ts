// Connections are cut again and again after the servers have done what was asked, and before they could say so. A counter
// then holds what was acknowledged, and of what is in doubt at most each once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createCluster, type SlotwiseError } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { type Gate, gate } from '../support/gate.js'
import { until } from '../support/wait.js'

const CUTS = 40

let cluster: LocalCluster
let redis: Client
const doors = new Map<string, Gate>()

beforeAll(async () => {
  cluster = await startCluster({ primaries: 2, replicas: 0 })
  for (const node of cluster.nodes) doors.set(node.address, await gate(node.port))
  redis = createCluster({
    nodes: [...doors.values()].map(({ url }) => url),
    natMap: address => ({ host: '127.0.0.1', port: doors.get(address)?.ownPort as number }),
    timeoutMs: 30_000,
  })
  await redis.connect()
})
afterAll(async () => {
  redis?.destroy()
  await Promise.all([...doors.values()].map(door => door.close()))
  await cluster?.stop()
})

test('no INCR is done twice, no idempotent call fails', async () => {
  const keys = ['one', 'two', 'three', 'four']
  const acknowledged = new Map(keys.map(key => [key, 0]))
  const inDoubt = new Map(keys.map(key => [key, 0]))
  const wrong: unknown[] = []
  const values = new Set<string | null>()
  let goOn = true
  const add = (to: Map<string, number>, key: string): void => void to.set(key, Number(to.get(key)) + 1)
  const complain = (error: unknown): void => {
    wrong.push(error)
    goOn = false
  }
  const count = (key: string): Promise<void> =>
    redis.incr(key).then(
      () => add(acknowledged, key),
      (error: SlotwiseError) => {
        if (error.code === 'CONNECTION_LOST' && error.outcome === 'unknown') add(inDoubt, key)
        else complain(error)
      },
    )
  const again = redis.with({ idempotent: true })
  const readAndWrite = async (key: string): Promise<void> => {
    await again.set(`${key} set`, 'v').catch(complain)
    await redis.get('read').then(value => values.add(value), complain)
  }
  await redis.set('read', 'v')
  const load = keys
    .flatMap(key => [count, count, count, readAndWrite].map(act => () => act(key)))
    .map(async act => {
      while (goOn) {
        await act()
        await new Promise(setImmediate)
      }
    })

  for (let i = 0; i < CUTS && goOn; i++) {
    const server = cluster.nodes[i % 2] as LocalClusterNode
    const door = doors.get(server.address) as Gate
    const done = async (): Promise<number> =>
      Number(/cmdstat_incr:calls=(\d+)/.exec(String(await server.ask('INFO', 'commandstats')))?.[1] ?? 0)
    const before = await done()
    await until(async () => (await done()) > before || !goOn)
    // The server works for nothing, until everybody who counts there waits for an answer.
    door.mute = true
    await until(async () => {
      const first = await done()
      return (await done()) === first
    })
    door.cut()
    door.mute = false
  }
  goOn = false
  await Promise.all(load)
  expect(wrong).toEqual([])
  expect(values).toEqual(new Set(['v']))
  for (const key of keys) {
    const value = Number(await redis.get(key))
    expect(value).toBeGreaterThanOrEqual(Number(acknowledged.get(key)))
    expect(value).toBeLessThanOrEqual(Number(acknowledged.get(key)) + Number(inDoubt.get(key)))
  }
  // Else nothing was tried.
  const doubts = [...inDoubt.values()].reduce((sum, each) => sum + each, 0)
  expect(doubts).toBeGreaterThan(CUTS / 2)
})
