import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  AuthenticationError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  OverloadedError,
  ReplyError,
} from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { Node } from '../../src/node/node.js'
import { LeasePool } from '../../src/node/pool.js'
import { Redial } from '../../src/node/redial.js'
import { command, type TestContext, testContext } from '../support/calls.js'
import { deadPort, scriptedServer } from '../support/scripted-server.js'

interface Endpoint {
  readonly host: string
  readonly port: number
}

const ended: { destroy(): void }[] = []
afterEach(() => {
  for (const each of ended.splice(0)) each.destroy()
})

function poolOf({ host, port }: Endpoint, context: TestContext): { pool: LeasePool; redial: Redial } {
  const redial = new Redial(`${host}:${port}`, context.nodeOptions)
  const pool = new LeasePool({ endpoint: { host, port } }, context, redial, context.nodeOptions, {})
  ended.push(pool)
  return { pool, redial }
}

function nodeOf({ host, port }: Endpoint, context: TestContext): Node {
  const node = new Node({ endpoint: { host, port } }, context)
  ended.push(node)
  return node
}

const soon = (): number => performance.now() + 20_000
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => Promise.reject(new Error('no failure')),
    (error: Error) => error,
  )

let server: LocalServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server?.stop()
})

describe('LeasePool', () => {
  test('a lease is a connection of its own, which the next one gets again', async () => {
    const context = testContext()
    const { pool } = poolOf(server, context)
    const [one, two] = [await pool.lease(soon()), await pool.lease(soon())]
    const ids = [await context.ask(one, 'CLIENT', 'ID'), await context.ask(two, 'CLIENT', 'ID')]
    expect(ids[0]).not.toBe(ids[1])
    expect([pool.borrowed, pool.connections.length]).toEqual([2, 2])
    two.release()
    two.release()
    expect(pool.borrowed).toBe(1)
    const three = await pool.lease(soon())
    expect(await context.ask(three, 'CLIENT', 'ID')).toBe(ids[1])
    // A lease that is over is over, whoever has its connection now.
    expect(context.call(two, command('PING')).error).toBeInstanceOf(ClosedError)
    two.discard(new Error('late'))
    expect(await context.ask(three, 'PING')).toBe('PONG')
  })

  test('no more are lent than maxLeases; one more waits until one comes back', async () => {
    const context = testContext({}, { maxLeases: 2 })
    const { pool } = poolOf(server, context)
    const leases = await Promise.all([pool.lease(soon()), pool.lease(soon())])
    let third = false
    const waiting = pool.lease(soon()).then(lease => {
      third = true
      return lease
    })
    await context.ask(leases[0], 'PING')
    expect([third, pool.borrowed, pool.waiting]).toEqual([false, 2, 1])
    leases[0].release()
    const lease = await waiting
    expect(await context.ask(lease, 'PING')).toBe('PONG')
    expect([pool.borrowed, pool.waiting]).toEqual([2, 0])
  })

  test.each([
    [2, 1],
    [1, 0],
    [3, 5],
  ])('with %i leases out and %i callers waiting one more is refused', async (maxLeases, maxLeaseWaiters) => {
    const { pool } = poolOf(server, testContext({}, { maxLeases, maxLeaseWaiters }))
    // All in one tick, when none has been lent as yet.
    const all = Array.from({ length: maxLeases + maxLeaseWaiters + 2 }, () => pool.lease(soon()))
    const refused = await Promise.all(all.slice(maxLeases + maxLeaseWaiters).map(failureOf))
    for (const error of refused) {
      expect(error).toBeInstanceOf(OverloadedError)
      expect(error).toMatchObject({ limit: 'node.maxLeaseWaiters', outcome: 'not-sent', retryable: true })
    }
    for (const lease of all.slice(0, maxLeases + maxLeaseWaiters)) (await lease).release()
    expect([pool.borrowed, pool.waiting]).toEqual([0, 0])
  })

  test('waiters are served in the order in which they came', async () => {
    const { pool } = poolOf(server, testContext({}, { maxLeases: 1 }))
    const first = await pool.lease(soon())
    const order: number[] = []
    const all = [1, 2, 3].map(async n => {
      const lease = await pool.lease(soon())
      order.push(n)
      lease.release()
    })
    first.release()
    await Promise.all(all)
    expect(order).toEqual([1, 2, 3])
  })

  test('a wait ends by its deadline; the late grant is handed on, and nothing leaks', async () => {
    const { pool } = poolOf(server, testContext({}, { maxLeases: 1 }))
    const first = await pool.lease(soon())
    const late = pool.lease(performance.now() + 20)
    const patient = pool.lease(soon())
    const error = await failureOf(late)
    expect(error).toBeInstanceOf(DeadlineExceededError)
    expect(error).toMatchObject({ waitedFor: 'a free lease', outcome: 'not-sent' })
    expect(pool.waiting).toBe(1)
    first.release()
    const lease = await patient
    lease.release()
    await vi.waitFor(() => expect([pool.borrowed, pool.waiting]).toEqual([0, 0]))
  })

  test('callers that gave up do not count as waiting', async () => {
    const { pool } = poolOf(server, testContext({}, { maxLeases: 1, maxLeaseWaiters: 2 }))
    const first = await pool.lease(soon())
    const gone = [1, 2].map(() => pool.lease(performance.now() + 10))
    await Promise.all(gone.map(failureOf))
    const patient = pool.lease(soon())
    first.release()
    expect(await patient).toBeDefined()
  })

  test('a discarded lease takes its connection with it, and frees its place', async () => {
    const context = testContext({}, { maxLeases: 1 })
    const { pool } = poolOf(server, context)
    const first = await pool.lease(soon())
    const id = await context.ask(first, 'CLIENT', 'ID')
    const flying = context.call(first, command('BLPOP', 'nothing', '0'))
    await vi.waitFor(() => expect(flying.wasSent).toBe(true))
    const reason = new Error('unsound')
    first.discard(reason)
    expect(flying.error).toMatchObject({ name: 'ConnectionLostError', cause: reason, outcome: 'unknown' })
    const second = await pool.lease(soon())
    expect(await context.ask(second, 'CLIENT', 'ID')).not.toBe(id)
    expect(pool.connections).toHaveLength(1)
  })

  test('a lease given back with work under way is not lent again', async () => {
    const context = testContext({}, { maxLeases: 1 })
    const { pool } = poolOf(server, context)
    const first = await pool.lease(soon())
    const id = await context.ask(first, 'CLIENT', 'ID')
    const left = context.call(first, command('BLPOP', 'nothing', '0'))
    first.release()
    const second = await pool.lease(soon())
    expect(await context.ask(second, 'CLIENT', 'ID')).not.toBe(id)
    expect(left.settled).toBe(true)
  })

  test('a seat whose connection ended meanwhile dials afresh', async () => {
    const context = testContext()
    const { pool } = poolOf(server, context)
    const first = await pool.lease(soon())
    const id = await context.ask(first, 'CLIENT', 'ID')
    first.release()
    await server.ask('CLIENT', 'KILL', 'ID', String(id))
    await vi.waitFor(() => expect(pool.connections).toEqual([]))
    const second = await pool.lease(soon())
    expect(await context.ask(second, 'CLIENT', 'ID')).not.toBe(id)
  })

  test('refused dials do not spin, however many wait', async () => {
    let dials = 0
    await using rude = await scriptedServer(peer => {
      dials++
      peer.cut()
    })
    const context = testContext({ clientInfo: false }, { maxLeases: 2, maxLeaseWaiters: 1000 })
    const { pool } = poolOf(rude, context)
    let failed = 0
    const use = async (): Promise<void> => {
      const lease = await pool.lease(soon())
      const error = await context.call(lease, command('PING')).failure()
      lease.discard(error)
      throw error
    }
    // A crowd that waits already when the first dials fail, and others who come again and again, for 300 ms.
    const crowd = Array.from({ length: 500 }, () =>
      use().catch((error: Error) => {
        expect(error).toBeInstanceOf(ConnectError)
        failed++
      }),
    )
    const end = performance.now() + 300
    while (performance.now() < end) {
      await use().catch(() => failed++)
      await new Promise(setImmediate)
    }
    await Promise.all(crowd)
    expect(failed).toBeGreaterThan(500)
    expect(dials).toBeLessThan(60)
    expect([pool.borrowed, pool.waiting]).toEqual([0, 0])
  })

  test('refused credentials are said as such, at the first dial and in the pause after it', async () => {
    const locked = await startServer({ password: 'secret' })
    const context = testContext({ password: 'wrong' })
    const node = nodeOf(locked, context)
    for (let i = 0; i < 5; i++) {
      const error = await context.call(node, command('BLPOP', 'q', '0')).failure()
      expect(error).toBeInstanceOf(AuthenticationError)
    }
    await locked.stop()
  })

  test('an idle connection is lent also while dials fail', async () => {
    const context = testContext()
    const { pool, redial } = poolOf(server, context)
    const first = await pool.lease(soon())
    await context.ask(first, 'PING')
    first.release()
    redial.failed(new ConnectError('h:1', 'connect'))
    const second = await pool.lease(soon())
    expect(await context.ask(second, 'PING')).toBe('PONG')
  })

  test('idle seats are closed', async () => {
    const context = testContext({}, { leaseIdleMs: 30 })
    const { pool } = poolOf(server, context)
    const lease = await pool.lease(soon())
    const id = String(await context.ask(lease, 'CLIENT', 'ID'))
    lease.release()
    await vi.waitFor(async () => expect(await server.ask('CLIENT', 'LIST')).not.toContain(`id=${id} `))
    expect(pool.connections).toEqual([])
  })

  test('no timer stays behind a pool that was closed or destroyed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      for (const end of ['close', 'destroy'] as const) {
        const { pool } = poolOf(server, testContext())
        const lease = await pool.lease(soon())
        lease.discard(new Error('done'))
        await pool[end]()
        await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0))
      }
    } finally {
      vi.useRealTimers()
    }
  })

  test('close lets leases finish what they have, and refuses who waits or comes later', async () => {
    const context = testContext({}, { maxLeases: 1 })
    const { pool } = poolOf(server, context)
    const lease = await pool.lease(soon())
    const popped = context.call(lease, command('BLPOP', 'closing', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    const waiting = failureOf(pool.lease(soon()))
    let closed = false
    const closing = pool.close().then(() => {
      closed = true
    })
    // The command may go to another node: this one is leaving.
    expect(await waiting).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent', retryable: true })
    expect(await failureOf(pool.lease(soon()))).toBeInstanceOf(ConnectionLostError)
    expect(closed).toBe(false)
    await server.ask('RPUSH', 'closing', 'x')
    expect(await popped.promise).toEqual(['closing', 'x'])
    await closing
    lease.release()
    await pool.close()
    expect([pool.borrowed, pool.connections.length]).toEqual([0, 0])
  })

  test('destroy ends leases and waits now', async () => {
    const context = testContext({}, { maxLeases: 1 })
    const { pool } = poolOf(server, context)
    const lease = await pool.lease(soon())
    const popped = context.call(lease, command('BLPOP', 'nothing', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    const waiting = failureOf(pool.lease(soon()))
    const reason = new Error('enough')
    pool.destroy(reason)
    expect(popped.error).toMatchObject({ cause: reason })
    expect(await waiting).toBe(reason)
    lease.release()
    pool.destroy()
    await vi.waitFor(() => expect([pool.borrowed, pool.connections.length]).toEqual([0, 0]))
  })
})

describe('a blocking command by node.execute', () => {
  /** A node that has one lease to give, so that a leaked one is noticed by whoever asks next. */
  function narrow(): { node: Node; context: TestContext; next(): Promise<unknown> } {
    const context = testContext({}, { maxLeases: 1 })
    const node = nodeOf(server, context)
    return { node, context, next: () => context.ask(node, 'BLPOP', 'full', '0') }
  }
  beforeAll(async () => {
    await server.ask('RPUSH', 'full', ...Array.from({ length: 100 }, (_, i) => String(i)))
    await server.ask('SET', 'text', 'x')
  })

  test('takes a lease and gives it back: with a value', async () => {
    const { node, context, next } = narrow()
    for (let i = 0; i < 5; i++) expect(await next()).toEqual(['full', expect.any(String)])
    // One connection for all of them, and none shared with ordinary commands.
    expect(node.connections).toHaveLength(1)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(node.connections).toHaveLength(2)
  })

  test('does not hold up ordinary commands', async () => {
    const { node, context } = narrow()
    const popped = context.call(node, command('BLPOP', 'slow', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    expect(await context.ask(node, 'RPUSH', 'slow', 'x')).toBe(1)
    expect(await popped.promise).toEqual(['slow', 'x'])
  })

  test('gives it back: when nothing came in its time', async () => {
    const { node, context, next } = narrow()
    expect(await context.ask(node, 'BLPOP', 'nothing', '0.01')).toBeNull()
    expect(await next()).toBeDefined()
    expect(node.connections).toHaveLength(1)
  })

  test('gives it back: with an error of the server', async () => {
    const { node, context, next } = narrow()
    await context.ask(node, 'BLPOP', 'full', '0')
    const [connection] = node.connections
    expect(await context.call(node, command('BLPOP', 'text', '0')).failure()).toBeInstanceOf(ReplyError)
    await next()
    expect(node.connections).toEqual([connection])
  })

  test('ends its connection when the caller left: the server may still be at work', async () => {
    const { node, context, next } = narrow()
    const popped = context.call(node, command('BLPOP', 'nothing', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    const [connection] = node.connections
    popped.abort()
    await vi.waitFor(() => expect(connection?.closed).toBe(true))
    await next()
    // What is pushed now is not taken by a client nobody listens to.
    await server.ask('RPUSH', 'nothing', 'x')
    expect(await server.ask('LPOP', 'nothing')).toBe('x')
  })

  test('ends its connection when the deadline passed', async () => {
    const { node, context, next } = narrow()
    const popped = context.call(node, command('BLPOP', 'nothing', '0'), 50)
    expect(await popped.failure()).toMatchObject({ name: 'DeadlineExceededError', outcome: 'unknown' })
    await next()
    expect(node.connections).toHaveLength(1)
  })

  test('gives its place back when the caller left before the lease was had, or before the dial was done', async () => {
    const { node, context, next } = narrow()
    const early = context.call(node, command('BLPOP', 'untouched', '0'))
    early.abort()
    await next()
    await server.ask('RPUSH', 'untouched', 'x')
    // In the same turn as the lease was had: not sent as yet.
    const justThen = context.call(node, command('BLPOP', 'untouched', '0'))
    for (let i = 0; i < 20 && node.connections[0]?.queued === 0; i++) await Promise.resolve()
    expect([node.connections[0]?.queued, justThen.wasSent]).toEqual([1, false])
    justThen.abort()
    await next()
    expect(await server.ask('LLEN', 'untouched')).toBe(1)
    expect(node.connections).toHaveLength(1)

    await using silent = await scriptedServer(() => {})
    const stuck = testContext({ clientInfo: false }, { maxLeases: 1 })
    const slow = nodeOf(silent, stuck)
    const gone = stuck.call(slow, command('BLPOP', 'nothing', '0'), 20)
    expect(await gone.failure()).toMatchObject({ outcome: 'not-sent' })
    await vi.waitFor(() => expect(slow.connections).toEqual([]))
    // A caller's impatience is no failed dial.
    expect([slow.resting, slow.lastError]).toEqual([false, undefined])
  })

  test("gives its place back when the dial failed, with the dial's own error", async () => {
    const context = testContext({}, { maxLeases: 1, redialMinMs: 1, redialMaxMs: 1 })
    const node = nodeOf({ host: '127.0.0.1', port: await deadPort() }, context)
    for (let i = 0; i < 5; i++) {
      const error = await context.call(node, command('BLPOP', 'q', '0')).failure()
      expect(error).toMatchObject({ name: 'ConnectError', phase: 'connect', outcome: 'not-sent' })
    }
  })

  test('gives its place back when the server was killed under it', async () => {
    const victim = await startServer()
    const context = testContext({}, { maxLeases: 1, redialMinMs: 1, redialMaxMs: 5 })
    const node = nodeOf(victim, context)
    const popped = context.call(node, command('BLPOP', 'q', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    await victim.kill()
    expect(await popped.failure()).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
    await victim.restart()
    await victim.ask('RPUSH', 'q', 'x')
    await vi.waitFor(async () => expect(await context.ask(node, 'BLPOP', 'q', '0')).toEqual(['q', 'x']))
    await victim.stop()
  })

  test('is refused by a node that was closed, without a dial', async () => {
    await using peers = await scriptedServer(() => {})
    const context = testContext({ clientInfo: false })
    const node = nodeOf(peers, context)
    await node.close()
    const error = await context.call(node, command('BLPOP', 'q', '0')).failure()
    expect(error).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent' })
    expect(peers.dials).toBe(0)
  })
})
