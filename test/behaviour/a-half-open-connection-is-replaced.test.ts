// A firewall has forgotten a connection: what is sent disappears, and nobody says so. It is noticed under traffic; the
// work goes on over a new connection, and the old socket is destroyed, not ended politely: its peer would never agree.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Client, type ConnectionClosed, createClient, createCluster } from '../../src/index.js'
import { type LocalCluster, type LocalServer, startCluster, startServer } from '../../src/local/index.js'
import { type Gate, gate } from '../support/gate.js'
import { overhear } from '../support/overhear.js'
import { failureOf, until } from '../support/wait.js'

let server: LocalServer
let line: Gate
let redis: Client
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  await server.ask('FLUSHALL')
  line = await gate(server.port)
})
afterEach(async () => {
  redis.destroy()
  await line.close()
})

/** What is open now is forgotten: nothing passes, in either direction. New connections do. Returns what undoes it. */
function forget(through: Gate): () => void {
  let isNow = true
  const fill = through.dig(() => isNow)
  isNow = false
  return fill
}

test('calls in flight go on over a new connection, where they may be repeated; the others end in doubt', async () => {
  redis = createClient({ url: line.url, timeoutMs: 50_000 })
  await redis.set('k', 'v')
  using closes = overhear<ConnectionClosed>('slotwise:connection:close')
  const suspects: string[] = []
  redis.on('node:suspect', ({ address }) => suspects.push(address))
  const remember = forget(line)
  const reads = Array.from({ length: 50 }, () => redis.get('k'))
  const writes = Array.from({ length: 50 }, () => failureOf(redis.incr('n')))
  expect(new Set(await Promise.all(reads))).toEqual(new Set(['v']))
  for (const error of await Promise.all(writes)) {
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown', retryable: false })
  }
  expect(suspects).toEqual([line.address])
  expect(line.dials).toBe(2)
  expect(closes.messages).toHaveLength(1)
  expect(closes.messages[0]?.error).toBeInstanceOf(Error)
  expect(await redis.incr('m')).toBe(1)

  // What was on its way arrives after all, and is done; its answers find nobody.
  remember()
  await until(async () => Number(await server.ask('GET', 'n')) === 50)
  await until(() => line.open === 1)
  expect(await redis.get('k')).toBe('v')
})

test('so do calls made afterwards, and none is left behind on the old one', async () => {
  redis = createClient({ url: line.url, timeoutMs: 50_000 })
  await redis.set('n', '0')
  forget(line)
  const stuck = failureOf(redis.incr('n'))
  await new Promise(setImmediate)
  const next = Array.from({ length: 100 }, () => redis.with({ idempotent: true }).incr('n'))
  // Marked, so that they may be sent again: in order, once each over the new connection.
  expect(await Promise.all(next)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(await stuck).toMatchObject({ outcome: 'unknown' })
  expect(redis.inspect()).toMatchObject({ waiting: { count: 0 } })
})

test('a server that is merely busy keeps its connection, and what is called meanwhile is done once, by it', async () => {
  redis = createClient({ url: line.url, timeoutMs: 50_000 })
  const id = await redis.call('CLIENT', 'ID')
  // Longer than the silence that makes a node suspect.
  const calls = [redis.call('EVAL', BUSY, 0), redis.incr('n'), redis.incr('n')]
  expect(await Promise.all(calls)).toEqual([null, 1, 2])
  expect(await server.ask('GET', 'n')).toBe('2')
  expect(await redis.call('CLIENT', 'ID')).toBe(id)
})

/** Keeps the server from answering anybody for 1.2 s. */
const BUSY = `local t = redis.call('TIME') local start = t[1] * 1000000 + t[2]
while true do t = redis.call('TIME') if t[1] * 1000000 + t[2] - start > 1200000 then break end end return nil`

test('a dial that goes nowhere is given up, and the next one is taken', async () => {
  redis = createClient({ url: line.url, connectTimeoutMs: 300, timeoutMs: 50_000 })
  const fill = line.dig()
  const call = redis.incr('n')
  await until(() => line.dials >= 2)
  fill()
  expect(await call).toBe(1)
  expect(await server.ask('GET', 'n')).toBe('1')
})

test('in a cluster, whose other nodes are served meanwhile', async () => {
  const cluster: LocalCluster = await startCluster({ primaries: 2, replicas: 0 })
  const doors = new Map<string, Gate>()
  for (const node of cluster.nodes) doors.set(node.address, await gate(node.port))
  try {
    redis = createCluster({
      nodes: [...doors.values()].map(({ url }) => url),
      natMap: address => ({ host: '127.0.0.1', port: doors.get(address)?.ownPort as number }),
      timeoutMs: 50_000,
    })
    const keys = Array.from({ length: 100 }, (_, i) => `key${i}`)
    await Promise.all(keys.map(key => redis.set(key, key)))
    const owners = await Promise.all(keys.map(key => cluster.nodeFor(key)))
    const there = keys.filter((_, i) => owners[i] === cluster.nodes[0])
    const here = keys.filter((_, i) => owners[i] !== cluster.nodes[0])
    forget(doors.get(String(cluster.nodes[0]?.address)) as Gate)
    let isOver = false
    const stuck = Promise.all(there.map(key => redis.get(key))).finally(() => {
      isOver = true
    })
    let rounds = 0
    while (!isOver) {
      expect(await Promise.all(here.map(key => redis.get(key)))).toEqual(here)
      rounds++
    }
    expect(await stuck).toEqual(there)
    expect(rounds).toBeGreaterThan(10)
  } finally {
    redis.destroy()
    await Promise.all([...doors.values()].map(door => door.close()))
    await cluster.stop()
  }
})
