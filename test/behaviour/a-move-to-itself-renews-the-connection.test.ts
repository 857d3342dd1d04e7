// A proxy that wants its clients to connect anew (ElastiCache Serverless does) answers MOVED with its own address. That
// is no loop to run in: the connection is replaced, once, and what was called goes over the new one in its order.
import { afterEach, expect, test } from 'vitest'
import {
  type Client,
  type ConnectionClosed,
  createCluster,
  keySlot,
  type Redirected,
  TooManyRedirectsError,
} from '../../src/index.js'
import { type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { overhear } from '../support/overhear.js'
import { failureOf, until } from '../support/wait.js'

// As many redirects as are allowed, whatever the time.
const STRICT = { maxRedirects: 1, redirectBudgetMs: 0 }
const VALUES = Array.from({ length: 200 }, (_, i) => String(i))

let cluster: FakeCluster
let redis: Client
afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

/** Connections of lower number than `from` are sent away; what the others are asked is kept, with who asked. */
async function start(from: () => number): Promise<string[]> {
  const served: string[] = []
  cluster = await fakeCluster(1, (words, node, peer) => {
    const index = node.server.peers.indexOf(peer)
    if (index < from()) return `-MOVED ${keySlot(String(words[1]))} ${node.address}\r\n`
    served.push(`${words.slice(1).join(' ')} by ${index}`)
    return `:${served.length}\r\n`
  })
  redis = createCluster({ nodes: cluster.urls, router: STRICT })
  await redis.connect()
  return served
}

test('the connection is replaced once, the order kept, and it counts as one redirect', async () => {
  const served = await start(() => 1)
  using redirects = overhear<Redirected>('slotwise:redirect')
  using closes = overhear<ConnectionClosed>('slotwise:connection:close')
  const lengths = await Promise.all(VALUES.map(value => redis.rpush('list', value)))
  expect(served).toEqual(VALUES.map(value => `list ${value} by 1`))
  expect(lengths).toEqual(VALUES.map((_, i) => i + 1))
  const { address, dials } = cluster.node(0)
  expect(dials).toBe(2)
  // One for each command that was sent away; those behind them had not left yet, or were sent away, too.
  expect(redirects.messages.length).toBeGreaterThan(0)
  expect(redirects.messages.length).toBeLessThanOrEqual(VALUES.length)
  expect(new Set(redirects.messages.map(({ from, to }) => `${from} ${to}`))).toEqual(
    new Set([`${address} ${address}`]),
  )
  await cluster.node(0).server.peers[0]?.left()
  await until(() => closes.messages.length === 1)
})

test('commands of several slots, and commands called meanwhile', async () => {
  const served = await start(() => 1)
  const keys = ['a', 'b', 'c']
  const calls: Promise<number>[] = []
  for (const value of VALUES) {
    for (const key of keys) calls.push(redis.rpush(key, value))
    if (Number(value) % 20 === 0) await new Promise(setImmediate)
  }
  await Promise.all(calls)
  for (const key of keys) {
    expect(served.filter(line => line.startsWith(`${key} `))).toEqual(
      VALUES.map(value => `${key} ${value} by 1`),
    )
  }
  expect(cluster.node(0).dials).toBe(2)
})

test('one that asks for it again and again runs into the ceiling for redirects', async () => {
  await start(() => Number.POSITIVE_INFINITY)
  const error = await failureOf<TooManyRedirectsError>(redis.rpush('list', 'v'))
  expect(error).toBeInstanceOf(TooManyRedirectsError)
  expect(error.trail).toEqual([`MOVED ${cluster.node(0).address}`])
  expect(error.attempts).toBe(2)
})
