// How a client ends, and that nothing of it is left.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Client,
  ClosedError,
  createClient,
  createCluster,
  InvalidOptionError,
  type SlotwiseError,
} from '../../src/index.js'
import { type LocalCluster, type LocalServer, startCluster, startServer } from '../../src/local/index.js'
import { fakeCluster } from '../support/fake-cluster.js'
import { refreshReasons } from '../support/refreshes.js'
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, turns, until } from '../support/wait.js'

const PROGRAM = fileURLToPath(new URL('fixtures/program.ts', import.meta.url))
const run = promisify(execFile)

let server: LocalServer
let cluster: LocalCluster
let silent: ScriptedServer

beforeAll(async () => {
  silent = await scriptedServer(peer => peer.left())
  ;[server, cluster] = await Promise.all([startServer(), startCluster({ primaries: 1, replicas: 0 })])
})
afterAll(async () => {
  await Promise.all([server?.stop(), cluster?.stop(), silent?.close()])
})

/** Connections at the server that speak RESP3: ours, and not the one that asks. */
async function connections(): Promise<number> {
  const list = String(await server.ask('CLIENT', 'LIST'))
  return list.split('\n').filter(line => line.includes('resp=3')).length
}

describe('close', () => {
  test('lets calls under way finish, and takes no others', async () => {
    const redis = createClient({ url: server.url })
    await redis.set('n', '0')
    expect(await connections()).toBe(1)
    const calls = Array.from({ length: 500 }, () => redis.incr('n'))
    const closed = redis.close()
    const late = failureOf(redis.incr('n'))
    expect(await Promise.all(calls)).toHaveLength(500)
    await closed
    expect(await late).toBeInstanceOf(ClosedError)
    expect(await server.ask('GET', 'n')).toBe('500')
    await until(async () => (await connections()) === 0)
  })

  test('lets those finish that wait for the first topology', async () => {
    const redis = createCluster({ nodes: cluster.urls })
    const calls = Array.from({ length: 100 }, (_, i) => redis.set(`k${i}`, 'v'))
    await redis.close()
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['OK']))
  })

  test('lets a blocking command finish', async () => {
    const redis = createClient({ url: server.url })
    const popped = redis.call('BLPOP', 'queue', 0)
    await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    const closed = redis.close({ timeoutMs: 600_000 })
    await server.ask('RPUSH', 'queue', 'v')
    expect(await popped).toEqual(['queue', 'v'])
    await closed
    await until(async () => (await connections()) === 0)
  })

  test('lets an unlisted command finish whose kind is still being asked', async () => {
    const redis = createClient({ url: server.url })
    await redis.connect()
    const unlisted = failureOf<SlotwiseError>(redis.call('FOO.BAR'))
    await redis.close()
    expect(await unlisted).toMatchObject({ code: 'UNSUPPORTED_COMMAND', command: 'FOO.BAR' })
  })

  test('rejects what has not finished by its time-out', async () => {
    const redis = createClient({ url: server.url })
    const popped = failureOf<SlotwiseError>(redis.call('BLPOP', 'queue', 0))
    await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    await redis.close({ timeoutMs: 20 })
    expect(await popped).toBeInstanceOf(ClosedError)
    expect(await popped).toMatchObject({ outcome: 'unknown', command: 'BLPOP' })
    await until(async () => (await connections()) === 0)
  })

  test('twice is the same end', async () => {
    const redis = createClient({ url: server.url })
    await redis.get('k')
    await Promise.all([redis.close(), redis.close()])
    await redis.close()
    redis.destroy()
    expect(await failureOf(redis.get('k'))).toBeInstanceOf(ClosedError)
  })

  test('of a client that was never used ends at once', async () => {
    await createClient({ url: server.url }).close()
    await createCluster({ nodes: cluster.urls }).close()
  })

  test('does not wait for a seed that never answers', async () => {
    const nodes = [`redis://127.0.0.1:${silent.port}`, ...cluster.urls]
    const redis = createCluster({ nodes, connectTimeoutMs: 600_000 })
    await redis.connect()
    await redis.close({ timeoutMs: 600_000 })
  })

  test('does not wait for a node that was asked for the topology, and need not have been', async () => {
    let silenced = false
    await using fake = await fakeCluster(2, () => '-CLUSTERDOWN The cluster is down\r\n')
    const view = fake.describe
    fake.describe = node => (silenced && node.index === 1 ? undefined : view(node))
    const redis = createCluster({ nodes: fake.urls, topology: { minRefreshGapMs: 0 } })
    const reasons = refreshReasons()
    await redis.connect()
    silenced = true
    const call = failureOf(redis.with({ timeoutMs: 300 }).get('k'))
    await until(() => reasons.includes('CLUSTERDOWN') && fake.node(1).described > 1)
    await call
    // The sweeper, which would find the question out, comes to rest.
    await new Promise(resolve => setTimeout(resolve, 60))
    await redis.close({ timeoutMs: 600_000 })
  })

  test('ends a connect() that is under way', async () => {
    const redis = createCluster({ nodes: [`redis://127.0.0.1:${silent.port}`] })
    const connecting = failureOf(redis.connect())
    await redis.close()
    expect(await connecting).toBeInstanceOf(ClosedError)
  })

  test('closes all views', async () => {
    const redis = createClient({ url: server.url })
    const view = redis.with({ replies: 'buffer' })
    await view.close()
    expect(await failureOf(redis.get('k'))).toBeInstanceOf(ClosedError)
    expect(await failureOf(view.call('FOO.BAR'))).toBeInstanceOf(ClosedError)
    expect(await failureOf(redis.connect())).toBeInstanceOf(ClosedError)
  })

  test.each<[string, unknown]>([
    ['timeoutMs of NaN', { timeoutMs: Number.NaN }],
    ['a negative timeoutMs', { timeoutMs: -1 }],
    ['timeoutMs as text', { timeoutMs: '5' }],
    ['an unknown option', { timeout: 5 }],
    ['null', null],
  ])('with %s closes nothing, and says why', async (_, options) => {
    const redis = createClient({ url: server.url })
    const error = await failureOf<InvalidOptionError>(redis.close(options as { timeoutMs?: number }))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error.field).toMatch(/^close\(\)/)
    expect(await redis.call('PING')).toBe('PONG')
    await redis.close()
  })

  test('is what `await using` does', async () => {
    let kept: Client
    {
      await using redis = createClient({ url: server.url })
      kept = redis
      expect(await redis.call('PING')).toBe('PONG')
    }
    expect(await failureOf(kept.get('k'))).toBeInstanceOf(ClosedError)
    await until(async () => (await connections()) === 0)
  })
})

describe('destroy', () => {
  test('rejects what is under way, each call with an error of its own', async () => {
    const redis = createClient({ url: server.url })
    await redis.connect()
    const calls = Array.from({ length: 100 }, () => failureOf<SlotwiseError>(redis.incr('n')))
    redis.destroy()
    const errors = await Promise.all(calls)
    for (const error of errors) expect(error).toBeInstanceOf(ClosedError)
    expect(new Set(errors).size).toBe(100)
    await until(async () => (await connections()) === 0)
  })

  test('tells sent from not sent, and passes its reason on as the cause', async () => {
    const redis = createClient({ url: server.url })
    await redis.connect()
    const sent = failureOf<SlotwiseError>(redis.call('BLPOP', 'queue', 0))
    await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    const waiting = failureOf<SlotwiseError>(redis.incr('n'))
    const reason = new Error('fire')
    redis.destroy(reason)
    expect(await sent).toMatchObject({ code: 'CLOSED', outcome: 'unknown', cause: reason })
    expect(await waiting).toMatchObject({ code: 'CLOSED', outcome: 'not-sent', cause: reason })
    expect(await failureOf(redis.get('k'))).toBeInstanceOf(ClosedError)
  })

  test('ends connect() with its reason', async () => {
    const redis = createCluster({ nodes: [`redis://127.0.0.1:${silent.port}`] })
    const connecting = failureOf(redis.connect())
    const reason = new Error('fire')
    redis.destroy(reason)
    expect(await connecting).toMatchObject({ code: 'CLOSED', cause: reason })
  })

  test('twice is the same end, and close after it ends at once', async () => {
    const redis = createClient({ url: server.url })
    await redis.connect()
    redis.destroy()
    redis.destroy(new Error('again'))
    await redis.close()
  })

  test('in the middle of close ends it', async () => {
    const redis = createClient({ url: server.url })
    const popped = failureOf(redis.call('BLPOP', 'queue', 0))
    await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    const closed = redis.close({ timeoutMs: 600_000 })
    await turns()
    redis.destroy()
    await closed
    expect(await popped).toBeInstanceOf(ClosedError)
  })
})

test('a program ends by itself, in whatever way its clients ended, and nothing of them is left before', async () => {
  const ways = [
    'closes after use',
    'closes a cluster after use',
    'closes what was never used',
    'never does anything with it',
    'closes after it could not connect',
    'destroys while it dials',
    'destroys a cluster while it asks',
    'closes although one seed never answers',
    'closes with calls under way',
    'closes with retries under way',
  ]
  const places = [server.url, String(cluster.urls[0]), `redis://127.0.0.1:${silent.port}`]
  const args = ['--import', 'tsx', PROGRAM, ...places, ...ways]
  const { stdout, stderr } = await run(process.execPath, args, { timeout: 50_000 })
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(ways)
})
