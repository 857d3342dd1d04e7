// A node is who it says it is, and not where it is found: under a name, under an IP, under another port it is one node, with
// one set of connections. And found by IP it has to prove a name that somebody gave us.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Client, type ClusterOptions, createCluster } from '../../src/index.js'
import { type LocalCluster, type LocalClusterNode, startCluster } from '../../src/local/index.js'
import { Authority } from '../support/certificates.js'
import { failureOf, until } from '../support/wait.js'

const KEYS = Array.from({ length: 50 }, (_, i) => `key${i}`)

let redis: Client
afterEach(() => redis.destroy())

async function writeAndRead(): Promise<void> {
  await Promise.all(KEYS.map(key => redis.set(key, key)))
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS)
}

/** Ours speak RESP3. */
async function clientsAt(node: LocalClusterNode): Promise<number> {
  const list = String(await node.ask('CLIENT', 'LIST'))
  return list.split('\n').filter(line => line.includes('resp=3')).length
}

const toLoopback: NonNullable<ClusterOptions['lookup']> = (_hostname, { all }, callback) => {
  if (all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

describe('a cluster whose nodes have names and addresses', () => {
  let cluster: LocalCluster
  beforeAll(async () => {
    cluster = await startCluster({ primaries: 2, replicas: 0 })
  })
  afterAll(() => cluster?.stop())

  async function prefer(type: 'ip' | 'hostname'): Promise<void> {
    for (const [i, node] of cluster.nodes.entries()) {
      await node.ask('CONFIG', 'SET', 'cluster-announce-hostname', `node-${i}.redis.test`)
      await node.ask('CONFIG', 'SET', 'cluster-preferred-endpoint-type', type)
    }
    await until(async () => {
      const views = await Promise.all(cluster.nodes.map(node => node.ask('CLUSTER', 'NODES')))
      return views.every(view => cluster.nodes.every((_, i) => String(view).includes(`node-${i}.redis.test`)))
    })
  }

  test('given by name and by address, each is one node with one connection', async () => {
    await prefer('ip')
    const names = cluster.nodes.map((node, i) => `node-${i}.redis.test:${node.port}`)
    const added: (string | undefined)[] = []
    redis = createCluster({ nodes: [...names, ...cluster.urls], lookup: toLoopback })
    redis.on('node:add', ({ id }) => added.push(id))
    await redis.connect()
    await writeAndRead()
    expect(added.sort()).toEqual(cluster.nodes.map(({ nodeId }) => nodeId).sort())
    for (const node of cluster.nodes) await until(async () => (await clientsAt(node)) === 1)
  })

  test('renamed under our hands, it is the same node at another address, and the old connections go', async () => {
    await prefer('ip')
    redis = createCluster({ nodes: cluster.urls, lookup: toLoopback, topology: { minRefreshGapMs: 0 } })
    const known = new Map<string | undefined, string>()
    const seen = new Set<string | undefined>()
    redis.on('node:add', ({ id, address }) => {
      known.set(id, address)
      seen.add(id)
    })
    redis.on('node:remove', ({ id, address }) => {
      if (known.get(id) === address) known.delete(id)
    })
    await redis.connect()
    await writeAndRead()
    await prefer('hostname')
    const names = cluster.nodes.map((node, i) => `node-${i}.redis.test:${node.port}`)
    await until(async () => {
      // Something has to happen that the topology is asked again.
      for (const node of cluster.nodes) await node.ask('CLIENT', 'KILL', 'TYPE', 'normal')
      await Promise.all(KEYS.map(key => redis.get(key)))
      return [...known.values()].sort().join() === names.join()
    })
    expect([...known.keys()].sort()).toEqual(cluster.nodes.map(({ nodeId }) => nodeId).sort())
    expect(seen.size).toBe(2)
    await writeAndRead()
    for (const node of cluster.nodes) await until(async () => (await clientsAt(node)) === 1)
  })
})

describe('a TLS cluster that announces addresses, and whose certificate is for the name of the seed', () => {
  let folder: string
  let authority: Authority
  let cluster: LocalCluster
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwise-names-'))
    authority = new Authority(folder, 'authority')
    const { cert, key } = authority.sign('nodes', ['DNS:cluster.redis.test'])
    cluster = await startCluster({ primaries: 2, replicas: 1, tls: { ca: authority.ca, cert, key } })
  })
  afterAll(async () => {
    await cluster?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('nodes found by IP prove the name of the seed, also after a failover', async () => {
    const asked: string[] = []
    redis = createCluster({
      nodes: [`cluster.redis.test:${cluster.nodes[0]?.port}`],
      tls: { ca: authority.caPem },
      lookup: (hostname, options, callback) => {
        asked.push(hostname)
        toLoopback(hostname, options, callback)
      },
      timeoutMs: 30_000,
    })
    await writeAndRead()
    expect(new Set(asked)).toEqual(new Set(['cluster.redis.test']))
    await cluster.failover(cluster.nodes[1] as LocalClusterNode)
    await writeAndRead()
  })

  test('a certificate for another name is refused, and says which', async () => {
    redis = createCluster({
      nodes: [`other.redis.test:${cluster.nodes[0]?.port}`],
      tls: { ca: authority.caPem },
      lookup: toLoopback,
    })
    const error = await failureOf(redis.connect({ timeoutMs: 1000 }))
    expect(error.message).toContain('(tls)')
    expect(error.message).toContain('cluster.redis.test')
  })

  test('a name of one’s own choice is asked for every node', async () => {
    const asked: string[] = []
    redis = createCluster({
      nodes: [`127.0.0.1:${cluster.nodes[0]?.port}`],
      tls: { ca: authority.caPem },
      servername: ({ host, port }) => {
        asked.push(`${host}:${port}`)
        return 'cluster.redis.test'
      },
    })
    await writeAndRead()
    for (const node of await cluster.primaries()) expect(asked).toContain(node.address)
  })
})
