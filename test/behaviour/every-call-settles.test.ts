// Wherever a call is when its deadline passes, when its signal fires, or when the client is destroyed, it settles, says
// what it was waiting for and whether it may have happened, and leaves nothing behind: `close` then has nobody to wait
// for, and would run into the test's own time-out if it had.
import { getEventListeners } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  AbortedError,
  type Client,
  ClosedError,
  ConnectError,
  createClient,
  createCluster,
  DeadlineExceededError,
  DiscoveryError,
  type Interceptor,
  intercept,
  type SlotwiseError,
  UncoveredSlotError,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

let frozen: LocalServer
let silent: ScriptedServer
let holey: FakeCluster
let nobody: number

beforeAll(async () => {
  frozen = await startServer()
  // Takes connections and says nothing.
  silent = await scriptedServer(peer => peer.left())
  holey = await fakeCluster(1)
  holey.describe = () => holey.lines(['0'])
  nobody = await deadPort()
})
afterAll(async () => {
  await Promise.all([frozen?.stop(), silent?.close(), holey?.close()])
})

let redis: Client
afterEach(async () => {
  await frozen.resume()
  await redis.close({ timeoutMs: 50 })
})

const stuck: Interceptor = () => ({ execute() {} })
const swallowing: Interceptor = next => ({
  execute(command, sink) {
    const { deadline } = sink
    next.execute(command, {
      settled: false,
      deadline,
      sent: () => sink.sent(),
      resolve() {},
      reject() {},
    })
  },
})

interface Place {
  readonly where: string
  begin(): Promise<Client> | Client
  /** Resolves when a call that began has got there. */
  reached?(client: Client): Promise<void>
  call?(client: Client): Promise<unknown>
  readonly waitedFor: string | RegExp
  readonly outcome: 'not-sent' | 'unknown'
  readonly cause?: (cause: unknown) => void
  readonly address?: () => string
}

const places: Place[] = [
  {
    where: 'between dials of a server that is not there',
    begin: () => createClient({ port: nobody }),
    waitedFor: /to serve/,
    outcome: 'not-sent',
    cause: cause => expect(cause).toMatchObject({ code: 'CONNECT', phase: 'connect' }),
    address: () => `127.0.0.1:${nobody}`,
  },
  {
    where: 'in a connection being made',
    begin: () => createClient({ port: silent.port }),
    waitedFor: /^a connection to 127/,
    outcome: 'not-sent',
    address: () => `127.0.0.1:${silent.port}`,
  },
  {
    where: 'at a server that has stopped answering',
    begin: async () => {
      const client = createClient({ url: frozen.url })
      await client.connect()
      await frozen.pause()
      return client
    },
    waitedFor: 'a reply',
    outcome: 'unknown',
    address: () => frozen.address,
  },
  {
    where: 'in the queue for a connection of its own',
    begin: async () => {
      const client = createClient({ url: frozen.url, node: { maxLeases: 1 } })
      failureOf(client.call('BLPOP', 'queue', 0)).catch(() => {})
      await until(async () => String(await frozen.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
      return client
    },
    call: client => client.call('BLPOP', 'other', 0),
    waitedFor: 'a free lease',
    outcome: 'not-sent',
    address: () => frozen.address,
  },
  {
    where: 'at a blocking command',
    begin: () => createClient({ url: frozen.url }),
    call: client => client.call('BLPOP', 'queue', 0),
    reached: () => until(async () => String(await frozen.ask('CLIENT', 'LIST')).includes('cmd=blpop')),
    waitedFor: 'a reply',
    outcome: 'unknown',
    address: () => frozen.address,
  },
  {
    where: 'waiting for a topology that nobody tells',
    begin: () => createCluster({ nodes: [{ port: nobody }] }),
    waitedFor: 'a topology',
    outcome: 'not-sent',
    cause: cause => expect(cause).toBeInstanceOf(DiscoveryError),
  },
  {
    where: 'waiting for an owner of its slot',
    begin: () => createCluster({ nodes: holey.urls }),
    waitedFor: 'an owner of its slot',
    outcome: 'not-sent',
    cause: cause => expect(cause).toBeInstanceOf(UncoveredSlotError),
  },
  {
    where: 'in an interceptor that passes nothing on',
    begin: () => createClient({ url: frozen.url, interceptors: [stuck] }),
    waitedFor: 'an interceptor',
    outcome: 'not-sent',
  },
  {
    where: 'in an interceptor that waits for ever',
    begin: () => createClient({ url: frozen.url, interceptors: [intercept(() => new Promise(() => {}))] }),
    waitedFor: 'an interceptor',
    outcome: 'not-sent',
  },
  {
    where: 'in an interceptor that swallows answers',
    begin: () => createClient({ url: frozen.url, interceptors: [swallowing] }),
    reached: () => until(async () => /cmdstat_incr:/.test(String(await frozen.ask('INFO', 'commandstats')))),
    waitedFor: 'an interceptor',
    outcome: 'unknown',
  },
  {
    where: 'while the server is asked what kind of command it is',
    begin: () => createClient({ port: silent.port }),
    call: client => client.call('FOO.BAR', 'k'),
    waitedFor: 'the description of the command',
    outcome: 'not-sent',
  },
]

describe.each(places)('$where', place => {
  const call = place.call ?? ((client: Client) => client.incr('n'))
  const reached = place.reached ?? (() => new Promise<void>(resolve => setTimeout(resolve, 30)))

  test('a call ends with its deadline', async () => {
    await frozen.ask('CONFIG', 'RESETSTAT')
    redis = await place.begin()
    const error = await failureOf<DeadlineExceededError>(call(redis.with({ timeoutMs: 300 })))
    expect(error).toBeInstanceOf(DeadlineExceededError)
    expect(error.waitedFor).toMatch(place.waitedFor)
    expect(error.outcome).toBe(place.outcome)
    expect(error.command).toMatch(/^(INCR|BLPOP|FOO\.BAR)$/)
    expect(error.elapsedMs).toBeGreaterThanOrEqual(299)
    place.cause?.(error.cause)
    if (place.address !== undefined) expect(error.address).toBe(place.address())
  })

  test('a call ends with its signal', async () => {
    await frozen.ask('CONFIG', 'RESETSTAT')
    redis = await place.begin()
    const controller = new AbortController()
    const error = failureOf<AbortedError>(call(redis.with({ signal: controller.signal })))
    await reached(redis)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('enough')
    expect(await error).toBeInstanceOf(AbortedError)
    expect(await error).toMatchObject({ name: 'AbortError', outcome: place.outcome, cause: 'enough' })
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('a call ends with the client', async () => {
    await frozen.ask('CONFIG', 'RESETSTAT')
    redis = await place.begin()
    const first = failureOf<SlotwiseError>(call(redis))
    const second = failureOf<SlotwiseError>(call(redis))
    await reached(redis)
    const reason = new Error('fire')
    redis.destroy(reason)
    for (const error of [await first, await second]) {
      expect(error).toBeInstanceOf(ClosedError)
      expect(error.outcome).toBe(place.outcome)
    }
    expect(await first).not.toBe(await second)
  })
})

test('an interceptor that throws makes the call reject with what it threw', async () => {
  const mine = new TypeError('mine')
  redis = createClient({
    url: frozen.url,
    interceptors: [
      () => ({
        execute() {
          throw mine
        },
      }),
    ],
  })
  expect(await failureOf(redis.get('k'))).toBe(mine)
})

test('an interceptor’s sink that throws harms its own call only, and that ends with its deadline', async () => {
  const angry: Interceptor = next => ({
    execute(command, sink) {
      if (command.args[1] !== 'angry') return next.execute(command, sink)
      const refuse = (): never => {
        throw new TypeError('mine')
      }
      next.execute(command, {
        settled: false,
        deadline: sink.deadline,
        sent() {},
        resolve: refuse,
        reject: refuse,
      })
    },
  })
  redis = createClient({ port: nobody, interceptors: [angry], router: { retryMinMs: 1, retryMaxMs: 1 } })
  const calm = failureOf(redis.with({ timeoutMs: 100 }).get('calm'))
  const own = failureOf(redis.with({ timeoutMs: 100 }).get('angry'))
  const after = failureOf(redis.with({ timeoutMs: 100 }).get('calm'))
  for (const error of await Promise.all([calm, own, after]))
    expect(error).toBeInstanceOf(DeadlineExceededError)
  await redis.close()

  redis = createClient({ url: frozen.url, interceptors: [angry] })
  const answered = await Promise.allSettled([
    redis.get('calm'),
    redis.with({ timeoutMs: 100 }).get('angry'),
    redis.get('calm'),
  ])
  expect(answered.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('a thousand calls of one view share one listener, and so do other views of the same signal', async () => {
  redis = createClient({ port: silent.port })
  const { signal, abort } = withAbort()
  const calls = [
    ...Array.from({ length: 1000 }, () => redis.with({ signal }).get('k')),
    redis.with({ signal }).with({ replies: 'buffer' }).get('k'),
    redis.with({ signal }).call('FOO.BAR'),
  ].map(call => failureOf(call))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  abort()
  for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(AbortedError)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a signal that has fired already sends nothing', async () => {
  redis = createClient({ url: frozen.url })
  const before = silent.dials
  const view = redis.with({ signal: AbortSignal.abort('no') })
  for (const call of [view.get('k'), view.call('FOO.BAR'), view.connect()]) {
    expect(await failureOf(call)).toMatchObject({ name: 'AbortError', outcome: 'not-sent', cause: 'no' })
  }
  expect(silent.dials).toBe(before)
})

test('a listener goes with the last answer', async () => {
  redis = createClient({ url: frozen.url })
  const { signal } = withAbort()
  const view = redis.with({ signal })
  await Promise.all([view.set('k', 'v'), view.get('k'), failureOf(view.call('INCR', 'k'))])
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a time-out of AbortSignal.timeout() ends a call, too', async () => {
  redis = createClient({ port: silent.port })
  const error = await failureOf(redis.with({ signal: AbortSignal.timeout(20) }).get('k'))
  expect(error).toMatchObject({ name: 'AbortError', cause: { name: 'TimeoutError' } })
})

test('an answer that comes after its caller has left is nobody’s, and the next one is right', async () => {
  redis = createClient({ url: frozen.url })
  await redis.set('late', 'late')
  await redis.set('next', 'next')
  await frozen.pause()
  expect(await failureOf(redis.with({ timeoutMs: 30 }).get('late'))).toBeInstanceOf(DeadlineExceededError)
  const next = redis.get('next')
  await frozen.resume()
  expect(await next).toBe('next')
})

test('a lost dial is told as what it is when it cannot be mended', async () => {
  redis = createClient({ url: frozen.url, db: 99 })
  const error = await failureOf(redis.get('k'))
  expect(error).toBeInstanceOf(ConnectError)
  expect(error.message).toContain('db 99')
})

function withAbort(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
