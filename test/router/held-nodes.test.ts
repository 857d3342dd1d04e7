// For which nodes commands wait, by the router's own book: what no answer shows, but every call pays for.
import { expect, test } from 'vitest'
import { ConnectError, ReplyError } from '../../src/core/errors.js'
import type { Node } from '../../src/node/node.js'
import type { Sink } from '../../src/protocol/executor.js'
import { resolveRouterOptions } from '../../src/router/options.js'
import { Router } from '../../src/router/router.js'
import type { Topology } from '../../src/topology/topology.js'
import { command, testContext } from '../support/calls.js'

/** A node that serves, or refuses as one does whose dial has failed. */
class FakeNode {
  available = true
  closed = false
  readonly asked: string[] = []
  readonly lastError = new ConnectError('h:1', 'connect')
  readonly inFlight = 0
  readonly address = 'h:1'
  execute(what: { args: readonly unknown[] }, sink: Sink): void {
    this.asked.push(String(what.args[1]))
    if (this.available) sink.resolve('served')
    else sink.reject(this.lastError.again())
  }
}

function setUp() {
  const [old, heir] = [new FakeNode(), new FakeNode()]
  const topology = { owner: old, primaries: [old], watched: 0 }
  const router = new Router(
    {
      slotted: true,
      pick: () => topology.owner,
      refresh: () => {},
      watch: () => topology.watched++,
      get primaries() {
        return topology.primaries
      },
    } as unknown as Topology,
    resolveRouterOptions(),
  )
  const { call } = testContext()
  return { old, heir, topology, router, get: (key: string) => call(router, command('GET', key)) }
}

const asNode = (node: FakeNode): Node => node as unknown as Node

test('a node that has failed and owns nothing any more is not held', async () => {
  const { old, heir, topology, router, get } = setUp()
  old.available = false
  router.nodeUnavailable(asNode(old), 'dial failed')
  const waiting = get('k')
  expect(router.waitingRoom.isHeld(asNode(old))).toBe(true)
  router.topologyChanged()
  // It is still the owner.
  expect(router.waitingRoom.isHeld(asNode(old))).toBe(true)
  topology.owner = heir
  topology.primaries = [heir]
  router.topologyChanged()
  expect(await waiting.promise).toBe('served')
  expect(router.waitingRoom.anyHeld).toBe(false)
  expect(old.asked).toEqual([])
})

test('and is again when its slots come back to it and it does not serve', async () => {
  const { old, topology, router, get } = setUp()
  old.available = false
  const waiting = get('k')
  expect(old.asked).toEqual(['k'])
  expect(router.waitingRoom.isHeld(asNode(old))).toBe(true)
  expect(topology.watched).toBeGreaterThan(0)
  get('l')
  expect(old.asked).toEqual(['k'])
  old.available = true
  router.nodeAvailable(asNode(old))
  expect(await waiting.promise).toBe('served')
  expect(old.asked).toEqual(['k', 'k', 'l'])
})

test('a long line goes some at a time, and what comes meanwhile goes behind it', async () => {
  const { old, heir, topology, router, get } = setUp()
  old.available = false
  router.nodeUnavailable(asNode(old), 'dial failed')
  const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`)
  const waiting = keys.map(key => get(key).promise)
  topology.owner = heir
  topology.primaries = [heir]
  router.topologyChanged()
  // Not all of them in the turn of the event loop that freed them.
  const first = heir.asked.length
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThan(keys.length)
  const last = get('last').promise
  expect(heir.asked).toHaveLength(first)
  await Promise.all([...waiting, last])
  expect(heir.asked).toEqual([...keys, 'last'])
  expect(router.waitingRoom.anyHeld).toBe(false)
  expect(router.waitingRoom.size).toBe(0)
})

test('a line that is refused while it goes stops, keeps its order, and goes on when its first gets through', async () => {
  const { old, router, get } = setUp()
  old.available = false
  router.nodeUnavailable(asNode(old), 'dial failed')
  const keys = Array.from({ length: 300 }, (_, i) => `k${i}`)
  const waiting = keys.map(key => get(key).promise)
  let refusals = 0
  const served: string[] = []
  old.execute = (what, sink) => {
    const key = String(what.args[1])
    if (refusals < 130 && served.length >= 10) {
      refusals++
      sink.reject(new ReplyError('CLUSTERDOWN The cluster is down'))
    } else {
      served.push(key)
      sink.resolve('served')
    }
  }
  old.available = true
  router.nodeAvailable(asNode(old))
  await Promise.all(waiting)
  expect(served).toEqual(keys)
  expect(router.waitingRoom.anyHeld).toBe(false)
})
