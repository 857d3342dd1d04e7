// Finding the deployment: from whatever seeds, by the deadline, and with a full account of what went wrong.
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  AuthenticationError,
  type Client,
  ConnectError,
  createClient,
  createCluster,
  DeadlineExceededError,
  DiscoveryError,
  type NodeInput,
} from '../../src/index.js'
import {
  findServer,
  type LocalCluster,
  type LocalServer,
  startCluster,
  startServer,
} from '../../src/local/index.js'
import { type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { gate } from '../support/gate.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

const PASSWORD = 'correct horse'

let cluster: LocalCluster
let server: LocalServer
let silent: ScriptedServer
let nobody: number
let port: number
/** Of the cluster: more than one only where the server's clusters have numbered databases (Valkey 9). */
let databases: number

beforeAll(async () => {
  silent = await scriptedServer(peer => peer.left())
  nobody = await deadPort()
  const { flavour, version } = await findServer()
  databases = flavour === 'valkey' && Number.parseInt(version, 10) >= 9 ? 4 : 1
  const config = databases === 1 ? {} : { 'cluster-databases': databases }
  ;[cluster, server] = await Promise.all([
    startCluster({ primaries: 1, replicas: 0, password: PASSWORD, config }),
    startServer({ password: PASSWORD }),
  ])
  port = cluster.nodes[0]?.port as number
})
afterAll(async () => {
  await Promise.all([cluster?.stop(), server?.stop(), silent?.close()])
})

let redis: Client
afterEach(() => redis.destroy())

// Names end in .invalid that nobody has; the rest is asked of the system.
const lookup: LookupFunction = (hostname, options, callback) => {
  if (!hostname.endsWith('.invalid')) return systemLookup(hostname, options, callback)
  callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), [])
}

describe('seeds', () => {
  test.each<[string, () => string | NodeInput]>([
    ['a URL', () => `redis://127.0.0.1:${port}`],
    ['a URL of Valkey', () => `valkey://127.0.0.1:${port}`],
    ['a URL with the password', () => cluster.urls[0] as string],
    ['a URL with a name', () => `redis://localhost:${port}`],
    ['host:port', () => `127.0.0.1:${port}`],
    ['name:port', () => `localhost:${port}`],
    ['host and port', () => ({ host: '127.0.0.1', port })],
    ['a name and port', () => ({ host: 'localhost', port })],
    ['a port', () => ({ port })],
    ['an object with a URL', () => ({ url: `redis://127.0.0.1:${port}` })],
  ])('may be %s', async (_, seed) => {
    // The server listens on IPv4 only.
    redis = createCluster({ nodes: [seed()], password: PASSWORD, family: 4 })
    await redis.set('k', 'v')
    expect(await redis.get('k')).toBe('v')
  })

  test('one good one among dead, unresolvable and silent ones is enough', async () => {
    redis = createCluster({
      nodes: [
        `127.0.0.1:${nobody}`,
        'nowhere.invalid:6379',
        `127.0.0.1:${silent.port}`,
        `127.0.0.1:${server.port}`,
        `127.0.0.1:${port}`,
      ],
      password: PASSWORD,
      lookup,
    })
    await redis.connect()
    expect(await redis.set('k', 'v')).toBe('OK')
  })

  test('none that serves: connect() rejects by its deadline, with every one of them, how far it came and why', async () => {
    redis = createCluster({
      nodes: [`127.0.0.1:${nobody}`, 'nowhere.invalid:6379', `127.0.0.1:${silent.port}`],
      lookup,
    })
    const error = await failureOf<DiscoveryError>(redis.connect({ timeoutMs: 300 }))
    expect(error).toBeInstanceOf(DiscoveryError)
    expect(error.contacts.map(({ address, phase }) => `${address} ${phase}`)).toEqual([
      `127.0.0.1:${nobody} connect`,
      'nowhere.invalid:6379 dns',
      `127.0.0.1:${silent.port} reply`,
    ])
    const [dead, unresolved, mute] = error.contacts.map(({ cause }) => cause)
    expect(dead).toBeInstanceOf(ConnectError)
    expect(dead?.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect(unresolved?.cause).toMatchObject({ code: 'ENOTFOUND' })
    expect(mute).toBeInstanceOf(DeadlineExceededError)
    for (const { address } of error.contacts) expect(error.message).toContain(address)
    expect(error.message).toContain('not connected within 300 ms; 3 servers were tried')
  })

  test('the same of one server', async () => {
    redis = createClient({ port: nobody })
    const error = await failureOf<DiscoveryError>(redis.connect({ timeoutMs: 100 }))
    expect(error).toBeInstanceOf(DiscoveryError)
    expect(error.contacts).toMatchObject([{ address: `127.0.0.1:${nobody}`, phase: 'connect' }])
    expect(error.message).toContain('1 server was tried')
  })

  test('calls without connect() say the same as the cause of their deadline', async () => {
    redis = createCluster({ nodes: [`127.0.0.1:${nobody}`, 'nowhere.invalid:6379'], lookup, timeoutMs: 200 })
    const error = await failureOf<DeadlineExceededError>(redis.get('k'))
    expect(error).toMatchObject({ waitedFor: 'a topology', outcome: 'not-sent' })
    expect(error.cause).toMatchObject({ contacts: [{ phase: 'connect' }, { phase: 'dns' }] })
  })

  test('a server that comes later is found, and what waited for it goes', async () => {
    await using door = await gate()
    redis = createCluster({ nodes: [door.url], password: PASSWORD })
    const connected = redis.connect()
    const call = redis.set('k', 'v')
    await until(() => door.dials >= 3)
    door.port = port
    await connected
    expect(await call).toBe('OK')
  })

  test('a connect() that gave up leaves a client that still connects', async () => {
    await using door = await gate()
    redis = createCluster({ nodes: [door.url], password: PASSWORD })
    expect(await failureOf(redis.connect({ timeoutMs: 50 }))).toBeInstanceOf(DiscoveryError)
    door.port = port
    expect(await redis.set('k', 'v')).toBe('OK')
    await redis.connect()
  })
})

describe('what waiting would not mend is said at once', () => {
  // Longer than any test may run.
  const timeoutMs = 600_000

  test.each<[string, () => Client]>([
    ['of a cluster', () => createCluster({ nodes: [{ port }], password: 'wrong', timeoutMs })],
    ['of a cluster that wants one', () => createCluster({ nodes: [{ port }], timeoutMs })],
    ['of a server', () => createClient({ port: server.port, password: 'wrong', timeoutMs })],
    ['of a server that wants one', () => createClient({ port: server.port, timeoutMs })],
    ['under RESP2', () => createClient({ port: server.port, password: 'wrong', protocol: 2, timeoutMs })],
    [
      'although another seed never answers',
      () => createCluster({ nodes: [{ port: silent.port }, { port }], password: 'wrong', timeoutMs }),
    ],
    [
      'although another seed is dead',
      () => createCluster({ nodes: [{ port: nobody }, { port }], password: 'wrong', timeoutMs }),
    ],
  ])('a wrong password %s', async (_, make) => {
    redis = make()
    const calls = [redis.connect(), redis.get('k'), redis.call('PING')].map(call =>
      failureOf<AuthenticationError>(call),
    )
    const errors = await Promise.all(calls)
    errors.push(await failureOf<AuthenticationError>(redis.get('later')))
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error.message).not.toContain('wrong,')
      expect(error).toMatchObject({ phase: 'auth', retryable: false, outcome: 'not-sent' })
    }
    expect(new Set(errors).size).toBe(errors.length)
  })

  test('a server that is no cluster', async () => {
    redis = createCluster({ nodes: [{ port: server.port }], password: PASSWORD, timeoutMs })
    for (const error of [await failureOf(redis.connect()), await failureOf(redis.get('k'))]) {
      expect(error).toBeInstanceOf(ConnectError)
      expect(error.message).toContain('is not part of a cluster')
      expect(error.message).toContain('createClient()')
      expect(error.cause).toMatchObject({ code: 'REPLY_ERROR' })
    }
  })

  test('a numbered database that the cluster does not have', async () => {
    redis = createCluster({ nodes: [{ port }], password: PASSWORD, db: databases, timeoutMs })
    for (const error of [await failureOf(redis.connect()), await failureOf(redis.get('k'))]) {
      expect(error).toBeInstanceOf(ConnectError)
      expect(error.message).toContain(`db ${databases} is not to be had`)
    }
  })

  test('while one that it has is used', async () => {
    redis = createCluster({ nodes: [{ port }], password: PASSWORD, db: databases - 1 })
    await redis.set('numbered', 'v')
    const inFirst = createCluster({ nodes: [{ port }], password: PASSWORD })
    expect(await inFirst.get('numbered')).toBe(databases === 1 ? 'v' : null)
    expect(await redis.get('numbered')).toBe('v')
    await inFirst.close()
  })

  test('a numbered database that the server does not have', async () => {
    redis = createClient({ url: `${server.url}/16`, timeoutMs })
    for (const error of [await failureOf(redis.connect()), await failureOf(redis.get('k'))]) {
      expect(error).toBeInstanceOf(ConnectError)
      expect(error.message).toContain('db 16 is not to be had')
    }
  })

  test('a user who may not ask for the topology', async () => {
    await cluster.nodes[0]?.ask(
      'ACL',
      'SETUSER',
      'blind',
      'on',
      '>blind',
      '~*',
      '+@all',
      '-cluster|nodes',
      '-cluster|slots',
    )
    redis = createCluster({ nodes: [{ port }], username: 'blind', password: 'blind', timeoutMs })
    const error = await failureOf(redis.connect())
    expect(error).toBeInstanceOf(ConnectError)
    expect(error.message).toContain('may ask neither CLUSTER NODES nor CLUSTER SLOTS')
  })

  test.each(['cluster|nodes', 'cluster|slots'])('a user who may not ask %s asks the other', async one => {
    await cluster.nodes[0]?.ask('ACL', 'SETUSER', 'half', 'reset', 'on', '>half', '~*', '+@all', `-${one}`)
    redis = createCluster({ nodes: [{ port }], username: 'half', password: 'half' })
    expect(await redis.set('k', 'v')).toBe('OK')
  })

  test('a natMap that gives nonsense', async () => {
    redis = createCluster({
      nodes: [{ port }],
      password: PASSWORD,
      timeoutMs,
      natMap: () => ({ host: 'h', port: 0 }),
    })
    for (const error of [await failureOf(redis.connect()), await failureOf(redis.get('k'))]) {
      expect(error.message).toContain('natMap failed: natMap().port must be an integer from 1 to 65535')
      expect(error.cause).toMatchObject({ code: 'INVALID_OPTION', field: 'natMap().port' })
    }
  })
})

describe('connect()', () => {
  let fake: FakeCluster
  beforeAll(async () => {
    fake = await fakeCluster(1)
  })
  afterAll(() => fake.close())

  test('several times at once is once, and again is done already', async () => {
    redis = createCluster({ nodes: fake.urls })
    const before = fake.described
    const clients = await Promise.all([redis.connect(), redis.connect(), redis.get('k').then(() => redis)])
    expect(clients).toEqual([redis, redis, redis])
    await redis.connect()
    expect(fake.described - before).toBe(1)
  })

  test('is not needed, and nothing is dialled without a call', async () => {
    const { dials } = fake.node(0)
    redis = createCluster({ nodes: fake.urls })
    await new Promise(setImmediate)
    expect(fake.node(0).dials).toBe(dials)
    expect(await redis.call('SET', 'k', 'v')).toBe('OK')
  })

  test('ends with its signal, and with that of its view', async () => {
    redis = createCluster({ nodes: [{ port: silent.port }] })
    const controller = new AbortController()
    const own = failureOf(redis.connect({ signal: controller.signal }))
    const ofView = failureOf(redis.with({ signal: controller.signal }).connect())
    controller.abort('enough')
    expect(await own).toMatchObject({ name: 'AbortError', cause: 'enough' })
    expect(await ofView).toMatchObject({ name: 'AbortError', cause: 'enough' })
  })
})

describe('events', () => {
  test('tell of nodes and of topologies taken over', async () => {
    redis = createCluster({ nodes: [{ port }], password: PASSWORD })
    const news: unknown[] = []
    redis.on('node:add', node => news.push(node))
    redis.on('topology', change => news.push(change))
    redis.once('topology', () => news.push('once'))
    await redis.connect()
    expect(news).toEqual([
      { address: `127.0.0.1:${port}`, id: cluster.nodes[0]?.nodeId },
      {
        source: `127.0.0.1:${port}`,
        reason: 'connect',
        nodes: 1,
        changed: { nodesAdded: 1, nodesRemoved: 0, nodesChanged: 0, slots: 16_384 },
      },
      'once',
    ])
  })

  test('tell of failures in the background, and need nobody to listen', async () => {
    redis = createCluster({ nodes: [{ port: nobody }] })
    const errors: Error[] = []
    const listen = (error: Error): void => void errors.push(error)
    redis.on('error', listen)
    await failureOf(redis.connect({ timeoutMs: 50 }))
    expect(errors.length).toBeGreaterThan(0)
    expect(errors[0]).toBeInstanceOf(DiscoveryError)
    redis.off('error', listen)
    const { length } = errors
    await failureOf(redis.connect({ timeoutMs: 50 }))
    expect(errors).toHaveLength(length)
  })

  test('a listener that throws harms nobody', async () => {
    redis = createCluster({ nodes: [{ port }], password: PASSWORD })
    let heard = false
    redis.on('topology', () => {
      throw new Error('mine')
    })
    redis.on('topology', () => {
      heard = true
    })
    await redis.connect()
    expect(heard).toBe(true)
    expect(await redis.set('k', 'v')).toBe('OK')
  })
})
