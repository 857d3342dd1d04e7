// A stopped process, or one behind a dead network, keeps its connections. The cluster replaces it; it does not know that, and
// when it wakes it does what lies in its sockets, and acknowledges it, before it hears that it is nobody any more. Whoever
// believed that would have lost the write.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createCluster, keySlot, type SlotwiseError } from '../../src/index.js'
import { type GatedCluster, type GatedNode, gatedCluster } from '../support/gated-cluster.js'
import { failureOf, until } from '../support/wait.js'

const TAG = '{frozen}'

let cluster: GatedCluster
let redis: Client
let old: GatedNode
let heir: GatedNode
let log: string[]

beforeAll(async () => {
  cluster = await gatedCluster({ config: { 'cluster-require-full-coverage': 'no' } })
})
afterAll(() => cluster?.close())

const keysAt = async (node: GatedNode): Promise<number> =>
  Number(await node.server.ask('CLUSTER', 'COUNTKEYSINSLOT', keySlot(TAG)))

const nights: [string, (node: GatedNode) => unknown, (node: GatedNode) => unknown][] = [
  ['stopped', node => node.server.pause(), node => node.server.resume()],
  ['off the network', node => node.gate.blackHole(), node => node.gate.heal()],
]

describe.each(nights)('a primary that is %s', (night, freeze, wake) => {
  // Each night its own: what was not yet passed on to the replica is lost with its primary, whoever the client is.
  const [value, list, repeats, late] = ['value', 'list', 'repeats', 'late'].map(
    name => `${TAG}${night} ${name}`,
  ) as [string, string, string, string]
  const healthy = { failed: 0, between: 0 }
  const acknowledged: string[] = []
  const inDoubt: SlotwiseError[] = []
  let stuckReads: (string | null)[]
  let repeated: number[]
  let waited: string[]

  beforeAll(async () => {
    redis = createCluster({ nodes: cluster.urls, timeoutMs: 40_000 })
    log = []
    redis.on('node:suspect', ({ address }) => log.push(`suspect ${address}`))
    redis.on('failover', () => log.push('failover'))
    old = await cluster.nodeFor(TAG)
    ;[heir] = (await cluster.replicas(old)) as [GatedNode]
    await redis.set(value, 'kept')
    await until(async () => (await keysAt(heir)) === (await keysAt(old)))
    const other = Array.from({ length: 100 }, (_, i) => `other${i}`).find(
      key => Math.abs(keySlot(key) - keySlot(TAG)) > 6000,
    ) as string
    await redis.set(other, '0')

    await freeze(old)
    // These leave, and lie in its socket.
    const again = redis.with({ idempotent: true })
    const writes = Array.from({ length: 20 }, (_, i) =>
      redis.rpush(list, i).then(
        () => void acknowledged.push(String(i)),
        (error: SlotwiseError) => {
          inDoubt.push(error)
          log.push('in doubt')
        },
      ),
    )
    const repeating = Array.from({ length: 20 }, (_, i) => again.rpush(repeats, i))
    const reads = Array.from({ length: 20 }, () => redis.get(value))
    let goOn = true
    const traffic = (async () => {
      while (goOn) {
        await redis.incr(other).catch(() => healthy.failed++)
        healthy.between++
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    })()
    await until(() => log.includes(`suspect ${old.address}`))
    // These never leave for it.
    const waiting = Array.from({ length: 20 }, (_, i) =>
      redis.rpush(late, i).then(() => {
        log.push('served')
      }),
    )
    // Everything has an end before it wakes.
    await Promise.all(writes)
    await Promise.all(waiting)
    stuckReads = await Promise.all(reads)
    repeated = await Promise.all(repeating)
    goOn = false
    await traffic
    log.push('woken')
    await wake(old)
    await until(async () => (await old.role()) === 'slave')
    await cluster.local.waitUntilStable()
    waited = (await heir.server.ask('LRANGE', late, 0, -1)) as string[]
  })
  afterAll(() => redis.destroy())

  test('what was in its hands ends in doubt, before it wakes; what may be repeated is done by its heir', () => {
    expect(acknowledged).toEqual([])
    expect(inDoubt).toHaveLength(20)
    for (const error of inDoubt) {
      expect(error).toMatchObject({ outcome: 'unknown', command: 'RPUSH', address: old.address })
    }
    expect(stuckReads).toEqual(Array.from({ length: 20 }, () => 'kept'))
    expect(repeated).toHaveLength(20)
  })

  test('it is suspected, then replaced; what had not left waits until then, and no longer', () => {
    const order = [...new Set(log)]
    expect(order[0]).toBe(`suspect ${old.address}`)
    expect(order.indexOf('failover')).toBeGreaterThan(0)
    expect(order.indexOf('served')).toBeGreaterThan(order.indexOf('failover'))
    expect(order.at(-1)).toBe('woken')
    expect(waited).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
  })

  test('what the cluster has acknowledged is there after it has woken', async () => {
    expect(await heir.server.ask('LLEN', repeats)).toBe(repeated.at(-1))
    expect(await heir.server.ask('LRANGE', list, 0, -1)).toEqual([])
    expect(await redis.get(value)).toBe('kept')
    expect(await redis.rpush(list, 'new')).toBe(1)
  })

  test('other slots were served throughout', () => {
    expect(healthy.failed).toBe(0)
    expect(healthy.between).toBeGreaterThan(50)
  })
})

test('a node that this client alone cannot reach is not replaced: its calls fail and say so, and are served after healing', async () => {
  redis = createCluster({ nodes: cluster.urls, timeoutMs: 40_000 })
  log = []
  redis.on('failover', () => log.push('failover'))
  old = await cluster.nodeFor(TAG)
  await redis.set(`${TAG}value`, 'kept')
  const other = Array.from({ length: 100 }, (_, i) => `other${i}`).find(
    key => Math.abs(keySlot(key) - keySlot(TAG)) > 6000,
  ) as string
  old.gate.blackHole('clients')
  try {
    const hasty = redis.with({ timeoutMs: 900 })
    const stuck = failureOf<SlotwiseError>(hasty.incr(`${TAG}n`))
    const reads = redis.get(`${TAG}value`)
    let isStuck = true
    stuck.then(() => {
      isStuck = false
    })
    let rounds = 0
    while (isStuck) {
      expect(await redis.set(other, String(rounds++))).toBe('OK')
    }
    expect(rounds).toBeGreaterThan(10)
    expect(await stuck).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown', address: old.address })
    // By now nothing leaves for it any more.
    const next = await failureOf<SlotwiseError>(hasty.incr(`${TAG}n`))
    expect(next).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
    expect(next.message).toContain(old.address)
    expect(next.message).toMatch(/unreachable|silent/)
    const waiting = redis.rpush(`${TAG}after`, 'healed')
    old.gate.heal()
    expect(await reads).toBe('kept')
    expect(await waiting).toBe(1)
    expect(await cluster.nodeFor(TAG)).toBe(old)
    expect(log).toEqual([])
  } finally {
    old.gate.heal()
    redis.destroy()
  }
})
