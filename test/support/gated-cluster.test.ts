// The gates do what tests of failovers rely on: a node behind a black hole is gone for its cluster, or for clients alone.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, askAll } from '../../src/local/probe.js'
import { type GatedCluster, type GatedNode, gatedCluster } from './gated-cluster.js'
import { failureOf, until } from './wait.js'

let cluster: GatedCluster

beforeAll(async () => {
  cluster = await gatedCluster()
})
afterAll(() => cluster?.close())

/** As a client reaches it: through its door. */
function at(node: GatedNode) {
  return { host: '127.0.0.1', port: node.gate.door.ownPort }
}

/** A connection of a client, with all that came by it. */
async function lineTo(
  node: GatedNode,
): Promise<{ socket: Socket; heard: () => string; end: () => string | undefined }> {
  const socket = connect(at(node))
  let heard = ''
  let end: string | undefined
  socket.on('data', chunk => {
    heard += chunk
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end = error.code
  })
  socket.on('close', () => {
    end ??= 'closed'
  })
  socket.write('PING\r\n')
  await until(() => heard === '+PONG\r\n')
  return { socket, heard: () => heard, end: () => end }
}

test('nodes know each other by their gates alone, and talk through them', async () => {
  const addresses = cluster.nodes.map(node => `${node.address}@${node.gate.bus.ownPort}`).sort()
  for (const node of cluster.nodes) {
    const lines = String(await node.server.ask('CLUSTER', 'NODES'))
      .trim()
      .split('\n')
    expect(lines.map(line => line.split(' ')[1]!.split(',')[0]).sort()).toEqual(addresses)
    // One from each other node; its own lines end at their gates.
    expect(node.gate.bus.open).toBe(cluster.nodes.length - 1)
  }
  for (const primary of await cluster.primaries()) {
    expect(primary.gate.door.open - primary.gate.clients).toBe((await cluster.replicas(primary)).length)
  }
  const owner = await cluster.nodeFor('foo')
  expect(cluster.urls).toContain(`redis://${owner.address}`)
  expect(await ask(at(owner), ['SET', 'foo', 'bar'])).toBe('OK')
})

test('a primary that is a black hole for everybody is replaced, takes no part in it, and follows when healed', async () => {
  const primary = await cluster.nodeFor('foo')
  const [replica] = (await cluster.replicas(primary)) as [GatedNode]
  const line = await lineTo(primary)

  primary.gate.blackHole()
  line.socket.write('PING\r\n')
  const dials = primary.gate.door.dials
  const newcomer = failureOf(ask(at(primary), ['PING'], { timeoutMs: 500 }))
  await until(async () => (await replica.role()) === 'master')
  // Its own questions to the others are not answered either: it does not know that it was replaced.
  await until(async () => /cluster_state:fail/.test(String(await primary.server.ask('CLUSTER', 'INFO'))))
  expect(await primary.role()).toBe('master')
  expect(line.heard()).toBe('+PONG\r\n')
  expect(line.end()).toBeUndefined()
  expect((await newcomer).message).toContain('an answer to PING')
  expect(primary.gate.door.dials).toBeGreaterThan(dials)

  const mine = [['SET', 'foo', 'by the heir']] as const
  await until(() =>
    askAll(at(replica), mine).then(
      () => true,
      // CLUSTERDOWN, until it knows that it has the votes of all that it needs.
      () => false,
    ),
  )
  await primary.gate.heal()
  await until(() => line.heard() === '+PONG\r\n+PONG\r\n')
  await cluster.local.waitUntilStable()
  expect(await primary.role()).toBe('slave')
  expect(await cluster.nodeFor('foo')).toBe(replica)
  expect(await askAll(at(primary), [['READONLY'], ['GET', 'foo']])).toEqual(['OK', 'by the heir'])
  line.socket.destroy()
})

test('a primary that is a black hole for clients alone is kept by its cluster', async () => {
  const primary = await cluster.nodeFor('foo')
  const others = cluster.nodes.filter(node => node !== primary)
  const line = await lineTo(primary)

  primary.gate.blackHole('clients')
  line.socket.write('PING\r\n')
  const silent = failureOf(ask(at(primary), ['PING'], { timeoutMs: 500 }))
  // Longer than the node time-out allows without an answer: each of the others has heard it since.
  const since = Date.now() + 2_000
  await until(async () =>
    (await Promise.all(others.map(node => heardOf(node, primary)))).every(at => at > since),
  )
  expect((await silent).message).toContain('an answer to PING')
  expect(await primary.role()).toBe('master')
  expect(await cluster.nodeFor('foo')).toBe(primary)
  expect(line.heard()).toBe('+PONG\r\n')
  expect(await ask(at(others[0]!), ['PING'])).toBe('PONG')

  await primary.gate.heal()
  await until(() => line.heard() === '+PONG\r\n+PONG\r\n')
  line.socket.destroy()
  await until(() => primary.gate.clients === 0)
})

test('a primary that is a black hole for nodes alone is replaced before the eyes of its clients', async () => {
  const primary = await cluster.nodeFor('foo')
  const [replica] = (await cluster.replicas(primary)) as [GatedNode]
  primary.gate.blackHole('nodes')
  await until(async () => (await replica.role()) === 'master')
  expect(await ask(at(primary), ['PING'])).toBe('PONG')
  await primary.gate.heal()
  await cluster.local.waitUntilStable()
})

test('a black hole may also leave dials waiting; those that still do are taken when it is healed', async () => {
  const primary = await cluster.nodeFor('foo')
  const [replica] = (await cluster.replicas(primary)) as [GatedNode]
  const line = await lineTo(primary)
  primary.gate.blackHole()
  await primary.gate.dropDials()
  const patient = ask(at(primary), ['PING'], { timeoutMs: 30_000 })
  const error = await failureOf(ask(at(primary), ['PING'], { timeoutMs: 300 }))
  expect(error.message).toContain('a connection from')
  await until(async () => (await replica.role()) === 'master')
  expect(line.end()).toBeUndefined()
  await primary.gate.heal()
  expect(await patient).toBe('PONG')
  line.socket.write('PING\r\n')
  await until(() => line.heard() === '+PONG\r\n+PONG\r\n')
  await cluster.local.waitUntilStable()
  line.socket.destroy()
})

test('cut, mute and delay concern clients, and not the cluster', async () => {
  const primary = await cluster.nodeFor('foo')
  const [replica] = (await cluster.replicas(primary)) as [GatedNode]
  // Each time a replica comes anew, it is synchronised anew.
  const before = [await syncsBy(primary), primary.gate.bus.dials]

  const first = await lineTo(primary)
  primary.gate.cut()
  await until(() => first.end() !== undefined)
  expect(first.end()).toBe('ECONNRESET')

  const second = await lineTo(primary)
  primary.gate.mute = true
  second.socket.write('SET foo done\r\n')
  await until(async () => (await primary.server.ask('GET', 'foo')) === 'done')
  await until(async () => (await askAll(replica.server.target, [['READONLY'], ['GET', 'foo']]))[1] === 'done')
  expect(second.heard()).toBe('+PONG\r\n')
  await primary.gate.heal()
  second.socket.write('GET foo\r\n')
  await until(() => second.heard() === '+PONG\r\n$4\r\ndone\r\n')

  primary.gate.delayMs = 20
  second.socket.write('ECHO 1\r\n')
  primary.gate.delayMs = 1
  second.socket.write('ECHO 2\r\n')
  await until(() => second.heard().endsWith('1\r\n$1\r\n2\r\n'))
  await primary.gate.heal()
  second.socket.end()
  await until(() => second.end() !== undefined)
  expect(second.end()).toBe('closed')
  expect([await syncsBy(primary), primary.gate.bus.dials]).toEqual(before)
})

/** How often replicas have joined it, as it counts itself. */
async function syncsBy(node: GatedNode): Promise<string[] | null> {
  return String(await node.server.ask('INFO', 'stats')).match(/^sync_.*$/gm)
}

/** When a node last heard the other, in milliseconds since the epoch. */
async function heardOf(node: GatedNode, other: GatedNode): Promise<number> {
  const lines = String(await node.server.ask('CLUSTER', 'NODES')).split('\n')
  return Number(lines.find(line => line.startsWith(other.nodeId))?.split(' ')[5])
}
