// Nodes that are left, by the cluster or by their slots: what becomes of what they had, and of their sockets.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { NodeRegistry } from '../../src/node/registry.js'
import { command, type TestContext, testContext } from '../support/calls.js'
import { type Gate, gate } from '../support/gate.js'
import { failureOf, turns, until } from '../support/wait.js'
import { WatchedNode } from '../support/watched-node.js'

const soon = (): number => performance.now() + 20_000

let server: LocalServer
let line: Gate
beforeEach(async () => {
  server = await startServer()
  line = await gate(server.port)
})
afterEach(async () => {
  await line.close()
  await server.stop()
})

describe('a node whose slots are elsewhere now', () => {
  const reason = new Error('failed over')

  test('ends what is in flight with the reason, lent connections too, and is dialled anew when it is asked', async () => {
    const context = testContext({}, { maxLeases: 1 })
    const { node, news } = new WatchedNode({ host: '127.0.0.1', port: line.ownPort }, context)
    await context.ask(node, 'PING')
    const popped = context.call(node, command('BLPOP', 'q', '0'))
    const waiting = failureOf(node.lease(soon()))
    await until(() => popped.wasSent)
    await server.pause()
    const sent = context.call(node, command('INCR', 'n'))
    await until(() => sent.wasSent)
    const unsent = context.call(node, command('INCR', 'n'))
    node.abandon(reason)
    for (const call of [sent, popped])
      expect(call.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown', cause: reason })
    expect(unsent.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent', cause: reason })
    expect(await waiting).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent', cause: reason })
    expect([node.connections, node.closed, node.available]).toEqual([[], false, true])
    await server.resume()
    await until(() => line.open === 0)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(await context.ask(node, 'BLPOP', 'q', '0.01')).toBeNull()
    expect([line.dials, news]).toEqual([4, []])
  })

  test('without any connection there is nothing to end', async () => {
    const context = testContext()
    const { node } = new WatchedNode({ host: '127.0.0.1', port: line.ownPort }, context)
    node.abandon(reason)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(line.dials).toBe(1)
  })
})

describe('a node that left the cluster', () => {
  function registryOf(context: TestContext): NodeRegistry {
    const registry = new NodeRegistry(context, {})
    ended.push(registry)
    return registry
  }
  const ended: NodeRegistry[] = []
  afterEach(() => {
    for (const registry of ended.splice(0)) registry.destroy()
    vi.useRealTimers()
  })

  test('has four seconds to finish, then is ended: what hangs, what blocks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const context = testContext()
    const registry = registryOf(context)
    const node = registry.adopt({ endpoint: { host: '127.0.0.1', port: line.ownPort } })
    await context.ask(node, 'PING')
    const popped = context.call(node, command('BLPOP', 'q', '0'))
    while (!popped.wasSent) await turns(1)
    line.mute = true
    const hanging = context.call(node, command('INCR', 'n'))
    while (!hanging.wasSent) await turns(1)
    registry.retire(node)
    vi.advanceTimersByTime(3999)
    await turns()
    expect([popped.settled, hanging.settled, line.open]).toEqual([false, false, 2])
    vi.advanceTimersByTime(1)
    for (const call of [popped, hanging])
      expect(call.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
    vi.useRealTimers()
    await until(() => line.open === 0)
    await registry.close()
  })

  test('leaves no timer behind when it has finished sooner', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    const context = testContext()
    const registry = registryOf(context)
    const node = registry.adopt({ endpoint: { host: '127.0.0.1', port: line.ownPort } })
    const asked = context.ask(node, 'PING')
    const blocked = context.call(node, command('BLPOP', 'q', '0.01'))
    while (!blocked.wasSent) await turns(1)
    registry.retire(node)
    expect([await asked, await blocked.promise]).toEqual(['PONG', null])
    while (line.open > 0) await turns(1)
    // The sweeper's own, until its next tick.
    vi.advanceTimersByTime(40)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a caller who leaves while it waits for a lease gives up its place at the next sweep', async () => {
  const context = testContext({}, { maxLeases: 1, maxLeaseWaiters: 1 })
  const { node } = new WatchedNode(server, context)
  const lease = await node.lease(soon())
  const gone = context.call(node, command('BLPOP', 'q', '0'))
  expect(await failureOf(node.lease(soon()))).toMatchObject({ name: 'OverloadedError' })
  gone.abort()
  // Somebody else keeps the clock going.
  const other = context.call(node, command('BLPOP', 'q', '0'))
  expect(other.error).toBeUndefined()
  await until(() => node.inspect().leases.waiting === 0)
  const next = node.lease(soon())
  await until(() => node.inspect().leases.waiting === 1)
  lease.release()
  ;(await next).release()
  expect(node.inspect().leases).toEqual({ lent: 0, idle: 1, waiting: 0 })
})

test('inspect shows a node as it is, and what is shown does not change', async () => {
  const context = testContext({ silenceMs: 60_000 }, { lanes: 2 })
  const { node } = new WatchedNode(server, context)
  const nothing = { lent: 0, idle: 0, waiting: 0 }
  const fresh = node.inspect()
  expect(fresh).toEqual({
    address: server.address,
    id: undefined,
    available: true,
    lanes: [],
    leases: nothing,
    failures: 0,
    lastError: undefined,
  })
  const waiting = context.call(node, command('PING'))
  expect(node.inspect().lanes).toEqual([{ ready: false, phase: 'auth', queued: 1, inFlight: 0 }])
  expect([node.queued, node.inFlight]).toEqual([1, 0])
  await Promise.all([waiting.promise, context.ask(node, 'PING')])
  node.id = 'a'.repeat(40)
  await server.pause()
  const [seen, gone] = [context.call(node, command('PING')), context.call(node, command('PING'))]
  await until(() => seen.wasSent && gone.wasSent)
  gone.abort()
  const state = node.inspect()
  expect(state).toMatchObject({ id: 'a'.repeat(40), available: true, leases: nothing })
  expect(state.lanes).toHaveLength(2)
  expect([node.inFlight, node.queued]).toEqual([1, 0])
  expect(state.lanes.map(({ inFlight }) => inFlight).sort()).toEqual([0, 1])
  expect([state, state.lanes, state.lanes[0], state.leases].every(Object.isFrozen)).toBe(true)
  expect(fresh.lanes).toEqual([])
  await server.resume()
  await seen.promise
  await server.kill()
  await until(() => node.connections.length === 0)
  await context.call(node, command('PING')).failure()
  expect(node.inspect()).toMatchObject({
    available: false,
    lanes: [],
    failures: 1,
    lastError: expect.stringContaining(server.address),
  })
})
