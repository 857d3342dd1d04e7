// Options that cannot be right are refused with the name of the field, before anything is dialled.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ClusterOptions,
  createClient,
  createCluster,
  InvalidOptionError,
  intercept,
  keyPrefix,
  type ServerOptions,
  slowCommands,
} from '../../src/index.js'
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { turns } from '../support/wait.js'

let server: ScriptedServer

beforeAll(async () => {
  server = await scriptedServer(peer => peer.left())
})
afterAll(async () => {
  await turns()
  expect(server.dials).toBe(0)
  await server?.close()
})

function refusal(make: () => unknown): InvalidOptionError {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError)
    return error as InvalidOptionError
  }
  throw new Error('it was accepted')
}

const nodes = ['127.0.0.1:7000']

describe('createCluster and createClient refuse alike', () => {
  test.each<[string, object]>([
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs', { timeoutMs: Number.NaN }],
    ['timeoutMs', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['timeoutMs', { timeoutMs: 2 ** 31 }],
    ['timeoutMs', { timeoutMs: '5s' }],
    ['timeoutMs', { timeoutMs: null }],
    ['connectTimeoutMs', { connectTimeoutMs: 0 }],
    ['maxPending', { maxPending: 0 }],
    ['maxPending', { maxPending: 1.5 }],
    ['maxPending', { maxPending: '10' }],
    ['maxPendingBytes', { maxPendingBytes: 0 }],
    ['maxPendingBytes', { maxPendingBytes: Number.POSITIVE_INFINITY }],
    ['maxQueued', { maxQueued: 1.5 }],
    ['db', { db: -1 }],
    ['db', { db: '3' }],
    ['db', { db: Number.NaN }],
    ['tls', { tls: 'yes' }],
    ['protocol', { protocol: 4 }],
    ['family', { family: 5 }],
    ['clientName', { clientName: 'two words' }],
    ['password', { password: 5 }],
    ['password', { username: 'user' }],
    ['credentials', { credentials: 'secret' }],
    ['credentials', { credentials: { password: 'a' }, password: 'b' }],
    ['lookup', { lookup: true }],
    ['servername', { servername: 'a.test' }],
    ['limits', { limits: 5 }],
    ['node', { node: null }],
    ['node', { node: [] }],
    ['node.lanes', { node: { lanes: 0 } }],
    ['node.lane', { node: { lane: 1 } }],
    ['node.maxLeases', { node: { maxLeases: Number.NaN } }],
    ['node.redialMaxMs', { node: { redialMinMs: 100, redialMaxMs: 50 } }],
    ['router', { router: 5 }],
    ['router.maxRedirects', { router: { maxRedirects: -1 } }],
    ['router.maxRedirect', { router: { maxRedirect: 5 } }],
    ['router.maxWaiting', { router: { maxWaiting: Number.POSITIVE_INFINITY } }],
    ['router.retryMaxMs', { router: { retryMinMs: 100, retryMaxMs: 50 } }],
    ['interceptors', { interceptors: null }],
    ['interceptors', { interceptors: keyPrefix('a') }],
    ['interceptors[0]', { interceptors: ['x'] }],
    ['interceptors[1]', { interceptors: [keyPrefix('a'), undefined] }],
    ['interceptors[0]', { interceptors: new Array(1) }],
    ['interceptors[0]', { interceptors: [() => undefined] }],
    ['interceptors[0]', { interceptors: [() => ({ run() {} })] }],
    ['interceptors[1]', { interceptors: [keyPrefix('a'), () => null] }],
  ])('%s: %o', (field, options) => {
    expect(refusal(() => createCluster({ nodes, ...options } as ClusterOptions)).field).toBe(field)
    expect(refusal(() => createClient(options as ServerOptions)).field).toBe(field)
  })

  test.each([
    ['timeoutMS', 'timeoutMs'],
    ['timeout', 'timeoutMs'],
    ['pasword', 'password'],
    ['TLS', 'tls'],
    ['interceptor', 'interceptors'],
    ['rooter', 'router'],
  ])('the unknown option %s, and suggest %s', (given, meant) => {
    for (const error of [
      refusal(() => createCluster({ nodes, [given]: 5 } as ClusterOptions)),
      refusal(() => createClient({ [given]: 5 } as ServerOptions)),
    ]) {
      expect(error.field).toBe(given)
      expect(error.message).toContain(`did you mean ${meant}?`)
    }
  })

  test('an unknown option like no other, without a suggestion', () => {
    const error = refusal(() => createClient({ xyzzy: 1 } as ServerOptions))
    expect(error.message).toBe('xyzzy is not a known option')
  })

  test.each<[unknown]>([[null], ['redis://127.0.0.1:7000'], [5], [[]], [true]])(
    'options that are %o',
    given => {
      refusal(() => createCluster(given as ClusterOptions))
      refusal(() => createClient(given as ServerOptions))
    },
  )
})

describe('createCluster refuses', () => {
  test.each<[string, object]>([
    ['nodes', {}],
    ['nodes', { nodes: undefined }],
    ['nodes', { nodes: null }],
    ['nodes', { nodes: [] }],
    ['nodes', { nodes: '127.0.0.1:7000' }],
    ['nodes', { nodes: new Set(nodes) }],
    ['nodes[0]', { nodes: [null] }],
    ['nodes[0]', { nodes: [5] }],
    ['nodes[0]', { nodes: [''] }],
    ['nodes[0]', { nodes: new Array(2) }],
    ['nodes[0]', { nodes: [{}] }],
    ['nodes[0]', { nodes: ['http://127.0.0.1:7000'] }],
    ['nodes[0]', { nodes: ['redis://127.0.0.1:99999'] }],
    ['nodes[0]', { nodes: ['127.0.0.1:0'] }],
    ['nodes[0]', { nodes: ['127.0.0.1:abc'] }],
    ['nodes[0]', { nodes: ['redis://'] }],
    ['nodes[0].port', { nodes: [{ host: 'a', port: 0 }] }],
    ['nodes[0].port', { nodes: [{ host: 'a', port: 65_536 }] }],
    ['nodes[0].port', { nodes: [{ host: 'a', port: Number.NaN }] }],
    ['nodes[0].port', { nodes: [{ host: 'a', port: '7000' }] }],
    ['nodes[0].host', { nodes: [{ host: '', port: 1 }] }],
    ['nodes[0].host', { nodes: [{ host: null, port: 1 }] }],
    ['nodes[0].prot', { nodes: [{ host: 'a', prot: 1 }] }],
    ['nodes[1]', { nodes: [...nodes, 'redis://127.0.0.1/x'] }],
    ['nodes[1]', { nodes: ['redis://:a@127.0.0.1', 'redis://:b@127.0.0.2'] }],
    ['nodes[1]', { nodes: ['redis://127.0.0.1/1', 'redis://127.0.0.2/2'] }],
    ['nodes[1]', { nodes: ['redis://127.0.0.1', 'rediss://127.0.0.2'] }],
    ['natMap', { nodes, natMap: null }],
    ['natMap', { nodes, natMap: 'a' }],
    ["natMap['a:1'].port", { nodes, natMap: { 'a:1': { host: 'b', port: 0 } } }],
    ['topology', { nodes, topology: 5 }],
    ['topology.refreshMs', { nodes, topology: { refreshMs: 5 } }],
    ['topology.minRefreshGapMs', { nodes, topology: { minRefreshGapMs: -1 } }],
    ['topology.maxRefreshPauseMs', { nodes, topology: { minRefreshGapMs: 10, maxRefreshPauseMs: 5 } }],
    ['topology.discoveryTimeoutMs', { nodes, topology: { discoveryTimeoutMs: Number.NaN } }],
    ['url', { nodes, url: 'redis://127.0.0.1' }],
    ['host', { nodes, host: '127.0.0.1' }],
  ])('%s: %o', (field, options) => {
    expect(refusal(() => createCluster(options as ClusterOptions)).field).toBe(field)
  })
})

describe('createClient refuses', () => {
  test.each<[string, object]>([
    ['url', { url: undefined }],
    ['url', { url: '' }],
    ['url', { url: 5 }],
    ['url', { url: 'ftp://127.0.0.1' }],
    ['url', { url: 'redis://127.0.0.1:99999' }],
    ['url', { url: 'redis://127.0.0.1/one' }],
    ['url', { url: 'redis://127.0.0.1?x=1' }],
    ['url', { url: 'redis://:pass#word@127.0.0.1' }],
    ['url', { url: 'redis://127.0.0.1', port: 5 }],
    ['url', { url: 'redis://127.0.0.1', host: 'a' }],
    ['path', { path: '/run/redis.sock', port: 5 }],
    ['path', { path: '' }],
    ['host', { host: '' }],
    ['host', { host: 5 }],
    ['port', { port: 0 }],
    ['port', { port: 65_536 }],
    ['port', { port: 6379.5 }],
    ['port', { port: Number.NaN }],
    ['port', { port: '6379' }],
    ['nodes', { nodes }],
    ['natMap', { natMap: {} }],
    ['topology', { topology: {} }],
  ])('%s: %o', (field, options) => {
    expect(refusal(() => createClient(options as ServerOptions)).field).toBe(field)
  })

  test('a bad URL without telling its password', () => {
    for (const url of ['redis://:hunter2@127.0.0.1:99999', 'reddis://:hunter2@h', 'redis://:hunter2@h/x']) {
      const error = refusal(() => createClient({ url }))
      expect(error.message).not.toContain('hunter2')
      expect(error.stack).not.toContain('hunter2')
    }
  })
})

describe('with() refuses', () => {
  test.each<[string, unknown]>([
    ['with()', null],
    ['with()', undefined],
    ['with()', 'buffer'],
    ['with() replies', { replies: 'bytes' }],
    ['with() integers', { integers: 'string' }],
    ['with() idempotent', { idempotent: 1 }],
    ['with() timeoutMs', { timeoutMs: 0 }],
    ['with() timeoutMs', { timeoutMs: Number.NaN }],
    ['with() timeoutMs', { timeoutMs: 2 ** 31 }],
    ['with() signal', { signal: {} }],
    ['with() signal', { signal: new AbortController() }],
    ['with() timeout', { timeout: 5 }],
  ])('%s: %o', (field, options) => {
    const redis = createClient({ port: server.port })
    expect(refusal(() => redis.with(options as object)).field).toBe(field)
  })
})

test.each<[string, unknown]>([
  ['connect()', null],
  ['connect() timeoutMs', { timeoutMs: -5 }],
  ['connect() signal', { signal: 'now' }],
  ['connect() timeout', { timeout: 5 }],
])('connect() rejects with the field %s: %o', async (field, options) => {
  const redis = createClient({ port: server.port })
  await expect(redis.connect(options as object)).rejects.toMatchObject({ code: 'INVALID_OPTION', field })
})

test.each<[string, () => unknown]>([
  ['keyPrefix()', () => keyPrefix(5 as never)],
  ['slowCommands() thresholdMs', () => slowCommands(-1, () => {})],
  ['slowCommands() thresholdMs', () => slowCommands('5' as never, () => {})],
  ['slowCommands() report', () => slowCommands(5, undefined as never)],
  ['intercept()', () => intercept(undefined as never)],
])('an interceptor that cannot be made names %s', (field, make) => {
  expect(refusal(make).field).toBe(field)
})
