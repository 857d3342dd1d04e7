// Nodes are frozen, killed, cut off, unreachable, half-open, in any order and together, and calls are made all the while:
// each of them settles by itself, nothing is counted as under way afterwards, and the client serves when all is well.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createCluster, isSlotwiseError, keySlot } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { type Gate, gate } from '../support/gate.js'
import { until } from '../support/wait.js'

const RUNS = Number(process.env.FAULT_RUNS ?? 2)

let cluster: LocalCluster
const doors: Gate[] = []
const fills: (() => void)[] = []

beforeAll(async () => {
  cluster = await startCluster({
    primaries: 2,
    replicas: 0,
    config: { 'cluster-node-timeout': 1500, 'cluster-require-full-coverage': 'no' },
  })
  for (const node of cluster.nodes) doors.push(await gate(node.port))
})
afterAll(async () => {
  await Promise.all(doors.map(door => door.close()))
  await cluster?.stop()
})

type Fault = (node: LocalClusterNode, door: Gate) => unknown

const faults: Record<string, Fault> = {
  freeze: node => (node.state === 'running' ? node.pause() : undefined),
  thaw: node => (node.state === 'paused' ? node.resume() : undefined),
  kill: node => node.kill(),
  restart: node => (node.state === 'stopped' ? node.restart() : undefined),
  swallow: (_, door) => {
    door.mute = true
  },
  'be deaf': (_, door) => {
    door.deaf = true
  },
  cut: (_, door) => door.cut(),
  refuse: (_, door) => {
    door.port = undefined
    door.cut()
  },
  'forget what is open': (_, door) => {
    let isNow = true
    fills.push(door.dig(() => isNow))
    isNow = false
  },
  'drop everything': (_, door) => void fills.push(door.dig()),
  heal: (node, door) => heal(node, door),
  nothing: () => {},
}

function heal(node: LocalClusterNode, door: Gate): void {
  for (const fill of fills.splice(0)) fill()
  const wasSpoilt = door.mute || door.deaf
  door.mute = false
  door.deaf = false
  door.port = node.port
  // What was swallowed is missing for good.
  if (wasSpoilt) door.cut()
}

// Of both nodes.
const KEYS = ['k', 'key1', 'foo', 'bar', '{tag}a', '{tag}b']

function calls(redis: Client, timeoutMs: number): Promise<unknown>[] {
  const view = redis.with({ timeoutMs })
  const again = redis.with({ timeoutMs, idempotent: true })
  const aborted = redis.with({ timeoutMs, signal: AbortSignal.timeout(Math.ceil(timeoutMs / 3)) })
  return [
    ...KEYS.map(key => view.get(key)),
    ...KEYS.map(key => again.set(key, 'v')),
    view.incr('n'),
    aborted.incr('m'),
    aborted.get('k'),
    view.mget(['{tag}a', '{tag}b']),
    view.set('large', Buffer.alloc(300_000)),
    view.call('BLPOP', 'queue', 0.05),
    view.call('PING'),
    view.call('NO.SUCH', 'command'),
  ]
}

const step = fc.record({
  fault: fc.constantFrom(...Object.keys(faults)),
  node: fc.nat(1),
  timeoutMs: fc.integer({ min: 1, max: 400 }),
  turns: fc.nat(20),
})

test('whatever happens, in whatever order', async () => {
  expect(new Set(KEYS.map(key => keySlot(key) < 8192)).size).toBe(2)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async steps => {
      const redis = createCluster({
        nodes: doors.map(({ url }) => url),
        natMap: address => {
          const index = cluster.nodes.findIndex(node => node.address === address)
          return { host: '127.0.0.1', port: (doors[index] as Gate).ownPort }
        },
        connectTimeoutMs: 500,
      })
      const all: Promise<unknown>[] = []
      const strange: unknown[] = []
      const note = (error: unknown): void => {
        if (!isSlotwiseError(error)) strange.push(error)
      }
      try {
        for (const { fault, node, timeoutMs, turns } of steps) {
          await (faults[fault] as Fault)(cluster.nodes[node] as LocalClusterNode, doors[node] as Gate)
          all.push(...calls(redis, timeoutMs).map(call => call.catch(note)))
          for (let i = 0; i < turns; i++) await new Promise(resolve => setTimeout(resolve, 1))
        }
        // Nothing is mended: they end by themselves.
        await Promise.all(all)
        expect(strange).toEqual([])
        // What has settled is forgotten within a tick.
        await until(() => underWay(redis) === 0)

        for (const [i, node] of cluster.nodes.entries()) {
          if (node.state === 'paused') await node.resume()
          if (node.state === 'stopped') await node.restart()
          heal(node, doors[i] as Gate)
        }
        const patient = redis.with({ idempotent: true, timeoutMs: 15_000 })
        expect(await Promise.all(KEYS.map(key => patient.set(key, 'well')))).toEqual(KEYS.map(() => 'OK'))
        expect(await Promise.all(KEYS.map(key => patient.get(key)))).toEqual(KEYS.map(() => 'well'))
        await until(() => underWay(redis) === 0)
      } finally {
        redis.destroy()
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
})

/** Calls, commands that wait, and commands without their answers. */
function underWay(redis: Client): number {
  const { pending, waiting, nodes } = redis.inspect()
  return nodes.reduce((sum, { queued, inFlight }) => sum + queued + inFlight, pending.count + waiting.count)
}
