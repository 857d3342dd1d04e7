import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConnectError, InvalidArgumentError, UncoveredSlotError } from '../../src/core/errors.js'
import {
  ClusterNotReadyError,
  type LocalCluster,
  type LocalClusterNode,
  ServerStartError,
  startCluster,
  startServer,
} from '../../src/local/index.js'
import { ask, askAll } from '../../src/local/probe.js'
import { makeCertificates } from './fixtures/certificates.js'

// CRC16('foo') mod 16384, from the cluster specification's own example commands.
const SLOT_OF_FOO = 12_182

describe('a cluster of three primaries and three replicas', () => {
  let cluster: LocalCluster

  beforeAll(async () => {
    cluster = await startCluster()
  })

  afterAll(async () => {
    await cluster?.stop()
  })

  /** Any primary that does not own the slot. */
  async function another(owner: LocalClusterNode): Promise<LocalClusterNode> {
    return (await cluster.primaries()).find(node => node !== owner)!
  }

  test('startCluster resolves when every node agrees', async () => {
    expect(cluster.nodes).toHaveLength(6)
    expect(cluster.urls).toEqual(cluster.nodes.map(node => `redis://${node.address}`))
    expect(await cluster.primaries()).toEqual(cluster.nodes.slice(0, 3))
    expect(await cluster.replicas()).toEqual(cluster.nodes.slice(3))
    for (const node of cluster.nodes) {
      expect(node.nodeId).toMatch(/^[0-9a-f]{40}$/)
      expect(await node.ask('CLUSTER', 'INFO')).toMatch(
        /cluster_state:ok.*cluster_slots_ok:16384.*cluster_size:3/s,
      )
    }
    for (const primary of await cluster.primaries()) expect(await cluster.replicas(primary)).toHaveLength(1)
  })

  test('nodeFor names the owner of a slot and of a key', async () => {
    const owner = await cluster.nodeFor('foo')
    expect(await cluster.nodeFor(SLOT_OF_FOO)).toBe(owner)
    expect(await cluster.nodeFor(Buffer.from('{foo}.x'))).toBe(owner)
    expect(await owner.ask('SET', 'foo', 'bar')).toBe('OK')
    await expect(cluster.nodeFor(16_384)).rejects.toThrow(InvalidArgumentError)
  })

  test('moveSlot moves the keys, whatever their bytes, and all nodes know', async () => {
    const from = await cluster.nodeFor(SLOT_OF_FOO)
    const to = await another(from)
    const odd = Buffer.from([...Buffer.from('{foo}'), 0, 10, 13, 255, 195, 40])
    await ask(from.target, ['SET', odd, 'odd'])
    for (let i = 0; i < 250; i += 1) await from.ask('SET', `{foo}${i}`, i)

    await cluster.moveSlot(SLOT_OF_FOO, to)
    expect(await cluster.nodeFor(SLOT_OF_FOO)).toBe(to)
    expect(await to.ask('GET', odd)).toBe('odd')
    expect(await to.ask('GET', '{foo}249')).toBe('249')
    expect(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', SLOT_OF_FOO)).toBe(0)
    await expect(from.ask('GET', 'foo')).rejects.toThrow(`MOVED ${SLOT_OF_FOO} ${to.address}`)
  })

  test('a slot between begin and finish asks for what has moved', async () => {
    const from = await cluster.nodeFor(SLOT_OF_FOO)
    const to = await another(from)
    const move = await cluster.beginSlotMove(SLOT_OF_FOO, to)
    await expect(from.ask('GET', '{foo}none')).rejects.toThrow(`ASK ${SLOT_OF_FOO} ${to.address}`)

    const before = Number(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', SLOT_OF_FOO))
    expect(await cluster.moveSlotKeys(move, 3)).toBe(3)
    expect(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', SLOT_OF_FOO)).toBe(before - 3)
    const [key] = (await to.ask('CLUSTER', 'GETKEYSINSLOT', SLOT_OF_FOO, 1)) as [string]
    await expect(to.ask('GET', key)).rejects.toThrow(`MOVED ${SLOT_OF_FOO} ${from.address}`)
    expect(await askAll(to.target, [['ASKING'], ['EXISTS', key]])).toEqual(['OK', 1])

    await cluster.finishSlotMove(move)
    expect(await to.ask('CLUSTER', 'COUNTKEYSINSLOT', SLOT_OF_FOO)).toBe(before)
  })

  test('migrateSlots moves the first slots of a primary', async () => {
    const [first, second] = (await cluster.primaries()) as [LocalClusterNode, LocalClusterNode]
    const key = await keyOn(first)
    await first.ask('SET', key, 'v')
    const slots = await cluster.migrateSlots(first, second, 500)
    expect(slots).toHaveLength(500)
    for (const slot of [slots[0]!, slots[499]!]) expect(await cluster.nodeFor(slot)).toBe(second)
    expect(await (await cluster.nodeFor(key)).ask('GET', key)).toBe('v')
  })

  test('failover makes a replica the primary, asked by either of the two', async () => {
    const primary = await cluster.nodeFor('foo')
    const [replica] = (await cluster.replicas(primary)) as [LocalClusterNode]
    expect(await cluster.failover(primary)).toBe(replica)
    expect(await cluster.nodeFor('foo')).toBe(replica)
    expect(await cluster.failover(primary)).toBe(primary)
    expect(await cluster.nodeFor('foo')).toBe(primary)
  })

  test('a killed primary is replaced, and comes back as a replica on another port', async () => {
    const primary = await cluster.nodeFor('foo')
    const value = await primary.ask('GET', 'foo')
    const [replica] = (await cluster.replicas(primary)) as [LocalClusterNode]
    await primary.kill()
    await cluster.waitUntilStable()
    expect(await cluster.nodeFor('foo')).toBe(replica)
    expect(await replica.ask('GET', 'foo')).toBe(value)
    expect(await cluster.primaries()).not.toContain(primary)

    const port = await freePort()
    await primary.restart({ port })
    await cluster.waitUntilStable()
    expect(await cluster.replicas(replica)).toEqual([primary])
    expect(await replica.ask('CLUSTER', 'NODES')).toContain(
      `${primary.nodeId} 127.0.0.1:${port}@${port + 10_000}`,
    )
  })

  test('a paused primary is replaced, and follows when it wakes', async () => {
    const primary = await cluster.nodeFor('foo')
    const heir = (await cluster.replicas(primary))[0]!
    await primary.pause()
    expect(await cluster.failover(primary)).toBe(heir)
    expect(await cluster.nodeFor('foo')).toBe(heir)
    await primary.resume()
    await cluster.waitUntilStable()
    expect(await cluster.replicas(heir)).toEqual([primary])
  })

  test('addNode adds a replica, and a primary that has no slots yet', async () => {
    const owner = await cluster.nodeFor('foo')
    const replica = await cluster.addNode({ replicaOf: owner })
    expect(await cluster.replicas(owner)).toContain(replica)

    const fourth = await cluster.addNode()
    expect(await cluster.primaries()).toContain(fourth)
    await cluster.moveSlot(SLOT_OF_FOO, fourth)
    expect(await cluster.nodeFor('foo')).toBe(fourth)
  })

  test('removeNode refuses a primary that owns slots, and one whose replica does not run', async () => {
    const owner = await cluster.nodeFor('foo')
    const refused = await failureOf(cluster.removeNode(owner))
    expect(refused).toBeInstanceOf(InvalidArgumentError)
    expect(refused).toMatchObject({
      argument: 'node',
      message: expect.stringMatching(/owns 1 of 16384 slots.*migrateSlots/),
    })

    const fifth = await cluster.addNode()
    await expect(cluster.failover(fifth)).rejects.toThrow('has no running replica')
    const replica = await cluster.addNode({ replicaOf: fifth })
    await replica.pause()
    await expect(cluster.removeNode(fifth)).rejects.toThrow(`a replica that does not run, ${replica.address}`)
    expect(cluster.nodes).toContain(fifth)
    // What does not run can go.
    await cluster.removeNode(replica)
    await cluster.removeNode(fifth)
    expect(replica.state).toBe('stopped')
  })

  test('removeNode gives away the replicas of a primary, and nobody lists it any more', async () => {
    const leaver = await cluster.nodeFor('foo')
    const [, second] = (await cluster.primaries()).filter(node => node !== leaver) as [
      never,
      LocalClusterNode,
    ]
    const orphan = await cluster.addNode({ replicaOf: leaver })
    const value = await leaver.ask('GET', 'foo')
    expect(await cluster.migrateSlots(leaver, second)).toEqual([SLOT_OF_FOO])

    await cluster.removeNode(leaver)
    expect(cluster.nodes).not.toContain(leaver)
    expect(leaver.state).toBe('stopped')
    await expect(leaver.restart()).rejects.toMatchObject({ code: 'CLOSED' })
    for (const node of cluster.nodes) expect(await node.ask('CLUSTER', 'NODES')).not.toContain(leaver.nodeId)
    expect(await second.ask('GET', 'foo')).toBe(value)

    const counts = await Promise.all(
      (await cluster.primaries()).map(async node => (await cluster.replicas(node)).length),
    )
    expect(await cluster.replicas()).toContain(orphan)
    expect(counts.sort()).toEqual([1, 2, 2])
    await expect(cluster.removeNode(leaver)).rejects.toThrow('must be a node of this cluster')

    // Its folder is its own, also when others have left.
    const late = await cluster.addNode({ replicaOf: second })
    expect(cluster.nodes.filter(({ dir }) => dir === late.dir)).toEqual([late])
  })

  test('a node of another cluster, or what is none, is refused by name', async () => {
    const stranger = await startServer()
    await expect(cluster.moveSlot(0, stranger as LocalClusterNode)).rejects.toMatchObject({ argument: 'to' })
    await stranger.stop()
    const owner = await cluster.nodeFor(0)
    await expect(cluster.moveSlot(0, owner)).rejects.toThrow('owns slot 0 already')
    await expect(cluster.addNode({ replicaof: owner } as object)).rejects.toMatchObject({
      field: 'addNode.replicaof',
    })
  })

  test('stop ends all nodes, removes the folder, and may be called twice', async () => {
    const { nodes } = cluster
    await nodes[0]!.pause()
    const late = cluster.addNode().catch((error: unknown) => error)
    await Promise.all([cluster.stop(), cluster.stop()])
    expect(await late).toBeInstanceOf(Error)
    await cluster.stop()
    expect(nodes.map(node => node.state)).toEqual(nodes.map(() => 'stopped'))
    await expect(nodes[0]!.restart()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(cluster.addNode()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(existsSync(dirname(nodes[0]!.dir))).toBe(false)
  })
})

test('a cluster with credentials replicates and moves keys; one without replicas is uncovered when a node dies', async () => {
  const config = { 'cluster-require-full-coverage': 'no', 'cluster-node-timeout': 1_000 }
  await using cluster = await startCluster({
    primaries: 2,
    replicas: 0,
    username: 'ann',
    password: 'p w',
    config,
  })
  const owner = await cluster.nodeFor('foo')
  const other = cluster.nodes.find(node => node !== owner)!
  await owner.ask('SET', 'foo', 'bar')
  await cluster.moveSlot(SLOT_OF_FOO, other)
  expect(await other.ask('GET', 'foo')).toBe('bar')
  const replica = await cluster.addNode({ replicaOf: other })
  expect(await askAll(replica.target, [['READONLY'], ['GET', 'foo']])).toEqual(['OK', 'bar'])

  await owner.kill()
  const slot = (await cluster.nodeFor(0).catch(() => undefined)) === undefined ? 0 : 16_383
  await expect(cluster.nodeFor(slot)).rejects.toThrow(UncoveredSlotError)
  const error: unknown = await cluster.waitUntilStable({ timeoutMs: 500 }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ClusterNotReadyError)
  expect((error as ClusterNotReadyError).problems.join()).toMatch(/of 16384 slots on running nodes/)
})

test('nodeConfig gives each node directives of its own, also when it is added, and by its new port', async () => {
  await using cluster = await startCluster({
    primaries: 1,
    replicas: 1,
    config: { 'proto-max-bulk-len': '2mb', maxclients: 50 },
    nodeConfig: ({ index, port }) => ({ MaxClients: 100 + index, 'slave-announce-port': port }),
  })
  await cluster.addNode()
  const configOf = async (node: LocalClusterNode) => [
    (await node.ask('CONFIG', 'GET', 'maxclients')) as string[],
    (await node.ask('CONFIG', 'GET', 'slave-announce-port')) as string[],
    (await node.ask('CONFIG', 'GET', 'proto-max-bulk-len')) as string[],
  ]
  const [, second] = cluster.nodes as [LocalClusterNode, LocalClusterNode]
  await second.restart({ port: await freePort() })
  for (const [i, node] of cluster.nodes.entries()) {
    expect((await configOf(node)).map(([, value]) => value)).toEqual([
      `${100 + i}`,
      `${node.port}`,
      `${2 << 20}`,
    ])
  }
})

test('a killed node comes back on another port as itself, with its slots and data, and all know', async () => {
  await using cluster = await startCluster({
    primaries: 2,
    replicas: 0,
    config: { appendonly: 'yes', appendfsync: 'always' },
  })
  const owner = await cluster.nodeFor('foo')
  const other = cluster.nodes.find(node => node !== owner)!
  await cluster.moveSlot((await other.myself()).slots[0]![0], owner)
  const { nodeId, port, dir } = owner
  const { slots } = await owner.myself()
  await owner.ask('SET', 'foo', 'bar')

  await owner.kill()
  await owner.restart({ port: 'other' })
  expect(owner.port).not.toBe(port)
  expect(owner.dir).toBe(dir)
  expect([owner.nodeId, await owner.ask('CLUSTER', 'MYID')]).toEqual([nodeId, nodeId])
  await cluster.waitUntilStable()
  expect((await owner.myself()).slots).toEqual(slots)
  expect(await cluster.nodeFor('foo')).toBe(owner)
  expect(await owner.ask('GET', 'foo')).toBe('bar')
  const known = (await other.lines()).find(({ id }) => id === nodeId)
  expect(known?.address).toEqual({ host: '127.0.0.1', port: owner.port, busPort: owner.port + 10_000 })
  expect(cluster.urls).toContain(`redis://127.0.0.1:${owner.port}`)
})

test('cli is the program that reshards a live cluster', async () => {
  await using cluster = await startCluster({ primaries: 2, replicas: 0 })
  expect(cluster.cli).toBe(cluster.binary.cli)
  const [from, to] = cluster.nodes as [LocalClusterNode, LocalClusterNode]
  const args = [
    '--cluster',
    'reshard',
    from.address,
    '--cluster-from',
    from.nodeId,
    '--cluster-to',
    to.nodeId,
  ]
  await promisify(execFile)(cluster.cli!, [...args, '--cluster-slots', '10', '--cluster-yes'])
  await cluster.waitUntilStable()
  expect(await cluster.nodeFor(9)).toBe(to)
  expect(await cluster.nodeFor(10)).toBe(from)
})

test('a cluster with TLS replicates and moves keys encrypted', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'slotwise-tls-'))
  try {
    // The nodes, too, must then show a certificate to each other, and the probe to them.
    const config = { 'tls-auth-clients': 'yes' }
    await using cluster = await startCluster({
      primaries: 2,
      replicas: 1,
      tls: makeCertificates(scratch),
      config,
    })
    expect(cluster.urls[0]).toMatch(/^rediss:/)
    const owner = await cluster.nodeFor('foo')
    await owner.ask('SET', 'foo', 'bar')
    const to = (await cluster.primaries()).find(node => node !== owner)!
    await cluster.moveSlot(SLOT_OF_FOO, to)
    expect(await to.ask('GET', 'foo')).toBe('bar')
    await expect(ask({ host: to.host, port: to.port }, ['PING'])).rejects.toThrow()
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

test('a cluster that cannot be is an error with what was missing, and nothing of it keeps running', async () => {
  await using taken = await startServer()
  const ports = [taken.port, taken.port + 1]
  const refused: unknown = await startCluster({ primaries: 2, replicas: 0, ports }).catch(
    (reason: unknown) => reason,
  )
  expect(refused).toBeInstanceOf(ServerStartError)
  await expect(ask({ host: '127.0.0.1', port: taken.port + 1 }, ['PING'])).rejects.toThrow(ConnectError)

  // Replicas that may not ask for a synchronisation never get their link.
  const config = { user: ['default on nopass ~* &* +@all -psync -sync'] }
  const late: unknown = await startCluster({ primaries: 1, timeoutMs: 5_000, config }).catch(
    (reason: unknown) => reason,
  )
  expect(late).toBeInstanceOf(ClusterNotReadyError)
  expect(late).toMatchObject({ code: 'CLUSTER_NOT_READY', log: expect.stringContaining('NOPERM') })
  expect((late as ClusterNotReadyError).problems.join()).toContain('has no link to its primary yet')
})

async function freePort(): Promise<number> {
  await using elsewhere = await startServer()
  return elsewhere.port
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** A key that lives on the node. */
async function keyOn(node: LocalClusterNode): Promise<string> {
  const [range] = (await node.myself()).slots
  for (let i = 0; ; i += 1) {
    const slot = Number(await node.ask('CLUSTER', 'KEYSLOT', `key:${i}`))
    if (range !== undefined && slot >= range[0] && slot < range[0] + 500) return `key:${i}`
  }
}
