// Pods move: every address that was known is dead, and the names that were given as seeds lead elsewhere. The names are
// kept for life, and looked up anew. All of 127/8 is loopback: a door per place, at one port, as a service's name has it.
import { once } from 'node:events'
import { connect, createServer, type LookupFunction, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Client, createCluster } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'
import { reserveFreePort } from '../../src/local/ports.js'
import { deadPort } from '../support/scripted-server.js'

const KEYS = Array.from({ length: 30 }, (_, i) => `key${i}`)
const TWO_PRIMARIES = { primaries: 2, replicas: 0, config: { 'cluster-node-timeout': 1000 } }

let cluster: LocalCluster
let redis: Client
let doorPort: number
let place: string
const asked: string[] = []
const doors: Server[] = []

const lookup: LookupFunction = (hostname, { all }, callback) => {
  asked.push(hostname)
  if (all === true) callback(null, [{ address: place, family: 4 }])
  else callback(null, place, 4)
}

/** A door at this place that leads to the port. */
async function openDoor(host: string, port: number): Promise<void> {
  const door = createServer(client => {
    const server = connect(port, '127.0.0.1')
    client.on('error', () => server.destroy()).on('close', () => server.destroy())
    server.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.pipe(server).pipe(client)
  })
  doors.push(door)
  door.listen(doorPort, host)
  await once(door, 'listening')
}

beforeAll(async () => {
  cluster = await startCluster(TWO_PRIMARIES)
})
afterAll(() => cluster?.stop())

beforeEach(async () => {
  doorPort = await deadPort()
  place = '127.0.0.2'
  await openDoor(place, Number(cluster.nodes[0]?.port))
  redis = createCluster({ nodes: [`redis.test:${doorPort}`], lookup, timeoutMs: 50_000 })
  await Promise.all(KEYS.map(key => redis.set(key, 'before')))
  expect(asked).toContain('redis.test')
  asked.length = 0
})
afterEach(async () => {
  redis.destroy()
  for (const door of doors.splice(0)) door.close()
})

test('the same nodes at other addresses, of which nobody was told', async () => {
  await Promise.all(cluster.nodes.map(node => node.kill()))
  for (const node of cluster.nodes) await node.restart({ port: await reserveFreePort('127.0.0.1') })
  const [first, second] = cluster.nodes
  // They were all moved at once, and have to be introduced to each other anew.
  await first?.ask('CLUSTER', 'MEET', '127.0.0.1', Number(second?.port))
  await cluster.waitUntilStable()
  const waiting = KEYS.map(key => redis.set(key, 'after'))
  place = '127.0.0.3'
  await openDoor(place, Number(first?.port))
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['OK']))
  expect(asked).toContain('redis.test')
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS.map(() => 'after'))
})

test('another cluster altogether behind the same name, the old one being gone', async () => {
  await using other = await startCluster(TWO_PRIMARIES)
  const added: (string | undefined)[] = []
  redis.on('node:add', ({ id }) => added.push(id))
  await Promise.all(cluster.nodes.map(node => node.kill()))
  place = '127.0.0.4'
  await openDoor(place, Number(other.nodes[1]?.port))
  await Promise.all(KEYS.map(key => redis.with({ idempotent: true }).set(key, 'there')))
  expect(asked).toContain('redis.test')
  expect(added.sort()).toEqual(other.nodes.map(({ nodeId }) => nodeId).sort())
  const owner = await other.nodeFor('key0')
  expect(await owner.ask('GET', 'key0')).toBe('there')
  redis.destroy()
})
