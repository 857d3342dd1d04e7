// The router on a real cluster whose slots are on the move.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Client,
  createCluster,
  type DeadlineExceededError,
  keySlot,
  UncoveredSlotError,
} from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { refreshReasons } from '../support/refreshes.js'
import { failureOf, until } from '../support/wait.js'

let cluster: LocalCluster
let redis: Client
let news: string[]

beforeAll(async () => {
  cluster = await startCluster({
    primaries: 3,
    replicas: 0,
    config: { 'cluster-require-full-coverage': 'no' },
  })
})
afterAll(() => cluster?.stop())

beforeEach(async () => {
  redis = createCluster({ nodes: cluster.urls })
  news = refreshReasons()
  await redis.connect()
})
afterEach(() => redis.close())

async function another(key: string): Promise<LocalClusterNode> {
  const owner = await cluster.nodeFor(key)
  return (await cluster.primaries()).find(node => node !== owner) as LocalClusterNode
}

describe('a slot that is half moved', () => {
  const keys = Array.from({ length: 20 }, (_, i) => `{half}${i}`)

  test('serves keys on both sides and keys that are on neither; then the owner is another', async () => {
    await Promise.all(keys.map(key => redis.set(key, `value of ${key}`)))
    const move = await cluster.beginSlotMove(keySlot('{half}'), await another('{half}'))
    expect(await cluster.moveSlotKeys(move, 10)).toBe(10)

    expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys.map(key => `value of ${key}`))
    expect(await redis.get('{half}missing')).toBeNull()
    expect(await redis.incr('{half}new')).toBe(1)
    expect(await redis.incr('{half}new')).toBe(2)
    expect(await move.to.ask('CLUSTER', 'COUNTKEYSINSLOT', move.slot)).toBe(11)
    // ASK says nothing of the slot: the map has not been touched.
    expect(news).toEqual(['connect'])

    await cluster.finishSlotMove(move)
    expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys.map(key => `value of ${key}`))
    await until(() => news.includes('MOVED'))
    expect(await redis.get('{half}new')).toBe('2')
  })

  test('makes a command wait whose keys are on both sides, until they are on one', async () => {
    await redis.mset(keys.map(key => [key, key] as const))
    const move = await cluster.beginSlotMove(keySlot('{half}'), await another('{half}'))
    await cluster.moveSlotKeys(move, 10)
    let answered = false
    const both = redis.mget(keys).finally(() => {
      answered = true
    })
    // Each side says TRYAGAIN: so many more questions have come to the owner than there were answers.
    const asked = async (): Promise<number> =>
      Number(
        /cmdstat_mget:.*rejected_calls=(\d+)/.exec(String(await move.from.ask('INFO', 'commandstats')))?.[1],
      )
    await until(async () => (await asked()) >= 3)
    expect(answered).toBe(false)
    await cluster.finishSlotMove(move)
    expect(await both).toEqual(keys)
  })

  test('keeps a blocking command waiting where the key will be', async () => {
    const move = await cluster.beginSlotMove(keySlot('{half}'), await another('{half}'))
    const popped = redis.call('BLPOP', '{half}queue', 20)
    await until(async () => String(await move.to.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    await redis.rpush('{half}queue', 'v')
    expect(await popped).toEqual(['{half}queue', 'v'])
    await cluster.finishSlotMove(move)
  })
})

test('a slot nobody serves keeps its commands waiting, and they go when somebody does', async () => {
  const slot = keySlot('orphan')
  const owner = await cluster.nodeFor(slot)
  await redis.set('orphan', 'v')
  for (const node of [owner, ...cluster.nodes.filter(node => node !== owner)]) {
    await node.ask('CLUSTER', 'DELSLOTS', slot)
  }
  const waiting = redis.get('orphan')
  const error = await failureOf<DeadlineExceededError>(redis.with({ timeoutMs: 500 }).incr('orphan'))
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent', slot, command: 'INCR' })
  // The node said so itself, or, once the map knows, nobody was asked at all.
  const cause = error.cause as Error
  expect(cause instanceof UncoveredSlotError || cause.message.startsWith('CLUSTERDOWN')).toBe(true)

  const unasked = await failureOf<DeadlineExceededError>(redis.with({ timeoutMs: 200 }).incr('orphan'))
  expect(unasked).toMatchObject({ waitedFor: 'an owner of its slot', outcome: 'not-sent' })
  expect(unasked.cause).toBeInstanceOf(UncoveredSlotError)

  await owner.ask('CLUSTER', 'ADDSLOTS', slot)
  expect(await waiting).toBe('v')
  await cluster.waitUntilStable()
})

test('many slots moved at once are followed one by one, and learned by one refresh', async () => {
  const [from, to] = await cluster.primaries()
  const slots = new Set(await cluster.migrateSlots(from as LocalClusterNode, to as LocalClusterNode, 200))
  const keys = Array.from({ length: 200_000 }, (_, i) => `many${i}`).filter(key => slots.has(keySlot(key)))
  expect(keys.length).toBeGreaterThan(1000)
  await Promise.all(keys.slice(0, 1000).map(key => redis.set(key, key)))
  await until(() => news.includes('MOVED'))
  expect(await Promise.all(keys.slice(0, 1000).map(key => redis.get(key)))).toEqual(keys.slice(0, 1000))
  expect(news).toEqual(['connect', 'MOVED'])
})
