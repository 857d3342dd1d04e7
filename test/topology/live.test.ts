// The topology of real clusters: nodes that move, take over, leave, and announce themselves in other ways than they are
// dialled.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Client, type ClusterOptions, createCluster, keySlot } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { reserveFreePort } from '../../src/local/ports.js'
import { Authority } from '../support/certificates.js'
import { bulk, fakeCluster } from '../support/fake-cluster.js'
import { type Gate, gate } from '../support/gate.js'
import { until } from '../support/wait.js'

let redis: Client
let news: string[]
/** Failovers and changes of the topology, in their order. */
let story: string[]
afterEach(() => redis.destroy())

function connect(options: ClusterOptions): Promise<Client> {
  redis = createCluster(options)
  news = []
  redis.on('node:add', ({ address }) => news.push(`+${address}`))
  redis.on('node:remove', ({ address }) => news.push(`-${address}`))
  story = []
  redis.on('failover', ({ from, to }) => story.push(`${from} → ${to}`))
  redis.on('topology', ({ reason }) => story.push(reason))
  return redis.connect()
}

/** Connections of clients at a node: ours speak RESP3. */
async function clientsAt(node: LocalClusterNode): Promise<number> {
  const list = String(await node.ask('CLIENT', 'LIST'))
  return list.split('\n').filter(line => line.includes('resp=3')).length
}

/** Keys of as many slots as there are primaries with slots, and more. */
const KEYS = Array.from({ length: 50 }, (_, i) => `key${i}`)

async function writeAndRead(): Promise<void> {
  await Promise.all(KEYS.map(key => redis.set(key, key)))
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS)
}

describe('a cluster of three primaries and three replicas', () => {
  let cluster: LocalCluster

  beforeAll(async () => {
    cluster = await startCluster({ primaries: 3, replicas: 1 })
  })
  afterAll(() => cluster?.stop())
  beforeEach(() => cluster.waitUntilStable())

  const addresses = (): string[] => cluster.nodes.map(node => node.address)

  test('is found whole from one replica', async () => {
    const [replica] = await cluster.replicas()
    await connect({ nodes: [replica?.url as string] })
    expect(news.sort()).toEqual(
      addresses()
        .map(address => `+${address}`)
        .sort(),
    )
    await writeAndRead()
  })

  test('is found from a name, whose connection goes when the node’s own address is known', async () => {
    const [seed] = await cluster.primaries()
    await connect({ nodes: [`localhost:${seed?.port}`], family: 4 })
    expect(news.sort()).toEqual(
      addresses()
        .map(address => `+${address}`)
        .sort(),
    )
    await writeAndRead()
    await until(async () => (await clientsAt(seed as LocalClusterNode)) === 1)
  })

  test('is used through other doors, where a natMap says which', async () => {
    const gates = new Map<string, Gate>()
    for (const node of cluster.nodes) gates.set(node.address, await gate(node.port))
    const doors = [...gates.values()]
    const reachable = (address: string): { host: string; port: number } => ({
      host: '127.0.0.1',
      port: gates.get(address)?.ownPort as number,
    })
    const natMaps = [reachable, Object.fromEntries(addresses().map(address => [address, reachable(address)]))]
    for (const natMap of natMaps) {
      await connect({ nodes: [doors[0]?.url as string], natMap })
      await writeAndRead()
      expect(news.sort()).toEqual(doors.map(door => `+${door.address}`).sort())
      // MOVED names the announced address, too.
      const slot = keySlot('key1')
      const from = await cluster.nodeFor(slot)
      const to = (await cluster.primaries()).find(node => node !== from) as LocalClusterNode
      await cluster.moveSlot(slot, to)
      expect(await redis.get('key1')).toBe('key1')
      await redis.close()
      for (const node of cluster.nodes) await until(async () => (await clientsAt(node)) === 0)
    }
    await Promise.all(doors.map(door => door.close()))
  })

  test('goes on with a replica that takes over in order, and no write is lost or done twice', async () => {
    await connect({ nodes: cluster.urls })
    const slot = keySlot('counter')
    const old = await cluster.nodeFor(slot)
    await redis.del(['counter'])
    let counted = 0
    let goOn = true
    const counting = (async () => {
      while (goOn) {
        await redis.incr('counter')
        counted++
      }
    })()
    const heir = await cluster.failover(old)
    const before = counted
    await until(() => counted > before + 100)
    goOn = false
    await counting
    expect(await redis.get('counter')).toBe(String(counted))
    expect(await cluster.nodeFor(slot)).toBe(heir)
    expect(await heir.ask('GET', 'counter')).toBe(String(counted))
  })

  test('goes on with a replica that takes over from a dead primary, and writes wait for it', async () => {
    await connect({ nodes: cluster.urls, timeoutMs: 50_000 })
    const old = await cluster.nodeFor('key1')
    await old.kill()
    // Idempotent: they may be written into the connection before its end is known.
    const again = redis.with({ idempotent: true })
    await Promise.all(KEYS.map(key => again.set(key, 'after')))
    const heir = await cluster.nodeFor('key1')
    expect(heir).not.toBe(old)
    expect(await heir.ask('GET', 'key1')).toBe('after')
    // Its own word came first.
    const failover = story.indexOf(`${old.address} → ${heir.address}`)
    await until(() => story.includes('failover'))
    expect(failover).toBeGreaterThanOrEqual(0)
    expect(story.indexOf('failover')).toBeGreaterThan(failover)
    expect(story.filter(item => item.includes('→'))).toHaveLength(1)
    await old.restart()
    await cluster.waitUntilStable()
  })

  test('does not listen to a node that was reset, and lets it go', async () => {
    const [, home] = await cluster.primaries()
    const leaver = await cluster.addNode({ replicaOf: home as LocalClusterNode })
    await connect({ nodes: cluster.urls, topology: { refreshPeriodMs: 10, minRefreshGapMs: 0 } })
    await writeAndRead()
    const failures: Error[] = []
    redis.on('error', error => failures.push(error))
    await leaver.ask('CLUSTER', 'RESET', 'HARD')
    await until(async () => {
      await writeAndRead()
      for (const node of cluster.nodes) {
        if (node !== leaver) await node.ask('CLUSTER', 'FORGET', leaver.nodeId).catch(() => {})
      }
      return news.includes(`-${leaver.address}`)
    })
    expect(news.filter(item => item.startsWith('-'))).toEqual([`-${leaver.address}`])
    expect(failures).toEqual([])
    await cluster.removeNode(leaver).catch(() => leaver.stop())
  })

  test('learns without any traffic of a node that came', async () => {
    await connect({ nodes: cluster.urls, topology: { refreshPeriodMs: 10 } })
    const newcomer = await cluster.addNode()
    await until(() => news.includes(`+${newcomer.address}`))
    expect(new Set(story)).toEqual(new Set(['connect', 'period']))
    await cluster.removeNode(newcomer)
    await until(() => news.includes(`-${newcomer.address}`))
  })

  test('is found again when all its nodes were killed and have come back', async () => {
    await connect({ nodes: cluster.urls, timeoutMs: 50_000 })
    await writeAndRead()
    await Promise.all(cluster.nodes.map(node => node.kill()))
    const again = redis.with({ idempotent: true })
    const waiting = Promise.all(KEYS.map(key => again.set(key, 'again')))
    await Promise.all(cluster.nodes.map(node => node.restart()))
    expect(new Set(await waiting)).toEqual(new Set(['OK']))
    await cluster.waitUntilStable()
    await writeAndRead()
  })

  test('finds a node that comes back on another port', async () => {
    await connect({ nodes: cluster.urls, timeoutMs: 50_000 })
    const node = await cluster.nodeFor('key1')
    const before = node.address
    await node.restart({ port: await reserveFreePort('127.0.0.1') })
    await cluster.waitUntilStable()
    // Whoever owns the slots by now, this node is one of the cluster again.
    await until(async () => {
      await writeAndRead()
      return news.includes(`-${before}`) && news.includes(`+${node.address}`)
    })
  })

  test('lets go of a node that the cluster forgets', async () => {
    const leaver = await cluster.addNode()
    const slot = keySlot('visitor')
    const home = await cluster.nodeFor(slot)
    await cluster.moveSlot(slot, leaver)
    await connect({ nodes: cluster.urls })
    await redis.set('visitor', 'v')
    expect(await clientsAt(leaver)).toBe(1)

    await cluster.moveSlot(slot, home)
    for (const node of cluster.nodes) if (node !== leaver) await node.ask('CLUSTER', 'FORGET', leaver.nodeId)
    // From now on it says that it is a cluster by itself, of no slots.
    await leaver.ask('CLUSTER', 'RESET', 'SOFT')
    await until(async () => {
      expect(await redis.get('visitor')).toBe('v')
      // Something has to happen that the topology is asked again: a connection that ends does.
      await home.ask('CLIENT', 'KILL', 'TYPE', 'normal')
      return news.includes(`-${leaver.address}`)
    })
    await until(async () => (await clientsAt(leaver)) === 0)
    await writeAndRead()
    await leaver.stop()
  })
})

describe('a TLS cluster whose certificate is for names', () => {
  let folder: string
  let authority: Authority
  let cluster: LocalCluster
  const asked: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwise-tls-'))
    authority = new Authority(folder, 'authority')
    const { cert, key } = authority.sign('nodes', ['DNS:*.redis.test'])
    cluster = await startCluster({ primaries: 2, replicas: 0, tls: { ca: authority.ca, cert, key } })
  })
  afterAll(async () => {
    await cluster?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function announce(type: string, names: readonly string[]): Promise<void> {
    for (const [i, node] of cluster.nodes.entries()) {
      await node.ask('CONFIG', 'SET', 'cluster-announce-hostname', names[i] ?? '')
      await node.ask('CONFIG', 'SET', 'cluster-preferred-endpoint-type', type)
    }
    // Until every node has heard the others' names.
    await until(async () => {
      const views = await Promise.all(cluster.nodes.map(node => node.ask('CLUSTER', 'NODES')))
      return views.every(view => {
        const told = String(view).match(/[\w.-]+\.redis\.test/g) ?? []
        return told.length === names.length
      })
    })
  }

  function options(seed: string): ClusterOptions {
    asked.length = 0
    return {
      nodes: [seed],
      tls: { ca: authority.caPem },
      lookup: (hostname, { all }, callback) => {
        asked.push(hostname)
        if (all) callback(null, [{ address: '127.0.0.1', family: 4 }])
        else callback(null, '127.0.0.1', 4)
      },
    }
  }

  const ports = (): number[] => cluster.nodes.map(node => node.port)

  test('nodes found by IP prove the names that they announce', async () => {
    await announce('ip', ['one.redis.test', 'two.redis.test'])
    await connect(options(`one.redis.test:${ports()[0]}`))
    await writeAndRead()
    expect(news.sort()).toEqual(
      ports()
        .map(port => `+127.0.0.1:${port}`)
        .sort(),
    )
  })

  test('nodes that prefer their names are dialled by them', async () => {
    await announce('hostname', ['one.redis.test', 'two.redis.test'])
    await connect(options(`one.redis.test:${ports()[0]}`))
    await writeAndRead()
    expect(news.sort()).toEqual([`+one.redis.test:${ports()[0]}`, `+two.redis.test:${ports()[1]}`])
    const slot = keySlot('key1')
    const from = await cluster.nodeFor(slot)
    await cluster.moveSlot(slot, cluster.nodes.find(node => node !== from) as LocalClusterNode)
    // MOVED names the name.
    expect(await redis.get('key1')).toBe('key1')
    expect(new Set(asked)).toEqual(new Set(['one.redis.test', 'two.redis.test']))
  })

  test('nodes that prefer to be reached as before are', async () => {
    await announce('unknown-endpoint', ['one.redis.test', 'two.redis.test'])
    await connect(options(`seed.redis.test:${ports()[0]}`))
    await writeAndRead()
    expect(news.sort()).toEqual(
      ports()
        .map(port => `+seed.redis.test:${port}`)
        .sort(),
    )
    const slot = keySlot('key1')
    const from = await cluster.nodeFor(slot)
    await cluster.moveSlot(slot, cluster.nodes.find(node => node !== from) as LocalClusterNode)
    // MOVED names no host.
    expect(await redis.get('key1')).toBe('key1')
    expect(new Set(asked)).toEqual(new Set(['seed.redis.test']))
  })

  test('nodes that announce no names prove that of the seed', async () => {
    await announce('ip', [])
    await connect(options(`seed.redis.test:${ports()[0]}`))
    await writeAndRead()
    expect(news.sort()).toEqual(
      ports()
        .map(port => `+127.0.0.1:${port}`)
        .sort(),
    )
  })

  test('nodes that prove another name are not used', async () => {
    redis = createCluster({ ...options(`one.else.test:${ports()[0]}`) })
    await expect(redis.connect({ timeoutMs: 500 })).rejects.toMatchObject({
      contacts: [{ phase: 'tls', cause: { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } } }],
    })
  })
})

test('a node that says it is a cluster by itself, of no slots, is not believed', async () => {
  let down = true
  await using cluster = await fakeCluster(2, () =>
    down ? '-CLUSTERDOWN The cluster is down\r\n' : bulk('up'),
  )
  await connect({ nodes: cluster.urls, topology: { minRefreshGapMs: 0 } })
  cluster.describe = node => `${node.id} ${node.address}@1 myself,master - 0 0 0 connected`
  const described = cluster.described
  const call = redis.get('k')
  await until(() => cluster.described > described + 4)
  down = false
  expect(await call).toBe('up')
  expect(news.filter(item => item.startsWith('-'))).toEqual([])
})

test('the seeds are asked again when all that was known is gone', async () => {
  const first = await fakeCluster(3, () => bulk('first'))
  await using second = await fakeCluster(2, () => bulk('second'))
  await using seed = await gate(first.node(0).port)
  await connect({ nodes: [seed.url] })
  expect(await redis.get('k')).toBe('first')
  const known = first.nodes.map(node => node.address)

  seed.port = second.node(0).port
  await first.close()
  expect(await redis.get('k')).toBe('second')
  expect(await redis.get('other')).toBe('second')
  const now = second.nodes.map(node => node.address)
  const sorted = (signed: string[]): string[] => signed.sort()
  expect(sorted(news)).toEqual(
    sorted([...known.map(a => `+${a}`), ...known.map(a => `-${a}`), ...now.map(a => `+${a}`)]),
  )
})
