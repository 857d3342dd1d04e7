// A node that says nothing: what waits is given back, and another connection takes over where one can be had.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConnectionLostError } from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { command, TestCall, testContext } from '../support/calls.js'
import { type Gate, gate } from '../support/gate.js'
import { scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'
import { WatchedNode } from '../support/watched-node.js'

const SILENCE_MS = 100
const SILENT = 'unavailable: silent'

let server: LocalServer
let line: Gate
beforeEach(async () => {
  server = await startServer({ config: { 'enable-debug-command': 'yes' } })
  line = await gate(server.port)
})
afterEach(async () => {
  await line.close()
  await server.stop()
})

function nodeAt(port: number, hooks = {}, options = {}): WatchedNode {
  const context = testContext({ silenceMs: SILENCE_MS, ...options })
  return new WatchedNode({ host: '127.0.0.1', port }, context, hooks)
}

/** What is open now is forgotten by the network: nothing passes, in either direction. New connections do. */
function forget(): () => void {
  let isNow = true
  const fill = line.dig(() => isNow)
  isNow = false
  return fill
}

const outcomes = (calls: readonly TestCall[]): unknown[] =>
  calls.map(({ error }) => (error as ConnectionLostError | undefined)?.outcome)

describe('a stopped process', () => {
  test('is told once; what was not written comes back, what was stays, and is answered when it goes on', async () => {
    const { node, context, news } = nodeAt(server.port)
    const first = await context.ask(node, 'CLIENT', 'ID')
    await server.pause()
    const filler = context.call(node, command('SET', 'big', Buffer.alloc(32 * 1024 * 1024)))
    await until(() => filler.wasSent)
    const told: string[] = []
    class Waiting extends TestCall {
      override reject(error: Error): void {
        told.push(`${node.available} ${(error as ConnectionLostError).outcome}`)
        super.reject(error)
      }
    }
    const waiting = [1, 2, 3].map(() => new Waiting(context.sweeper, 20_000))
    for (const call of waiting) node.execute(command('PING'), call)
    await until(() => news.length > 0)
    expect([node.available, told]).toEqual([false, Array(3).fill('false not-sent')])
    expect([filler.settled, node.queued, node.inFlight]).toEqual([false, 0, 1])
    expect(node.inspect().lanes[0]?.silentMs).toBeGreaterThanOrEqual(SILENCE_MS)
    await server.resume()
    expect(await filler.promise).toBe('OK')
    await until(() => node.available)
    expect(news).toEqual([SILENT, 'available'])
    expect(await context.ask(node, 'CLIENT', 'ID')).toBe(first)
  })

  test('keeps its connection, whoever is dialled meanwhile, and nothing stays open beside it', async () => {
    const scene = nodeAt(line.ownPort)
    const { node, context, news } = scene
    const first = await context.ask(node, 'CLIENT', 'ID')
    await server.pause()
    const call = context.call(node, command('INCR', 'n'), 60_000)
    await until(() => !node.available)
    scene.want()
    // One that is connected, and no more: a process that hangs takes them into its backlog.
    await until(() => line.dials === 2)
    await until(() => (node.inspect().lanes[0]?.silentMs ?? 0) > 1000)
    expect([line.dials, call.settled]).toEqual([2, false])
    await server.resume()
    expect(await call.promise).toBe(1)
    expect(await context.ask(node, 'CLIENT', 'ID')).toBe(first)
    expect(news).toEqual([SILENT, 'available'])
    await until(() => line.open === 1)
  })
})

describe('a server busy with a slow command', () => {
  test.each([
    ['DEBUG', 'SLEEP', '1'],
    ['CLIENT', 'PAUSE', '800'],
  ])('by %s %s %s keeps its connection; all are answered on it, in order', async (...slow) => {
    const scene = nodeAt(server.port)
    const { node, context, news } = scene
    scene.want()
    const first = await context.ask(node, 'CLIENT', 'ID')
    const calls = [command(...slow), command('RPUSH', 'l', 'a'), command('RPUSH', 'l', 'b')].map(what =>
      context.call(node, what),
    )
    await Promise.all(calls.map(call => call.promise))
    expect(await context.ask(node, 'LRANGE', 'l', '0', '-1')).toEqual(['a', 'b'])
    expect(await context.ask(node, 'CLIENT', 'ID')).toBe(first)
    expect(news).toEqual([SILENT, 'available'])
    await until(async () => String(await server.ask('CLIENT', 'LIST')).split('resp=3').length === 2)
  })
})

test('a byte on the old connection comes first where the server was only busy, and decides', async () => {
  await using busy = await scriptedServer(async (peer, index) => {
    await peer.greet()
    const [old] = busy.peers
    if (index === 0) return
    // The new one is greeted, and found; the old one is answered right after.
    setTimeout(() => old?.reply('+a\r\n+PONG\r\n'), 10)
    await peer.left()
  })
  const context = testContext({ silenceMs: SILENCE_MS, clientInfo: false })
  const scene = new WatchedNode(busy, context)
  scene.want()
  expect(await context.ask(scene.node, 'GET', 'k')).toBe('a')
  await until(() => scene.node.available)
  await busy.peers[1]?.left()
  expect(scene.news).toEqual([SILENT, 'available'])
})

describe('a connection that the network has forgotten', () => {
  test('is replaced; what was in flight is in doubt, and hears so before the node is available', async () => {
    const order: string[] = []
    const scene = nodeAt(line.ownPort, { onAvailable: () => order.push('available') })
    const { node, context, news } = scene
    const first = await context.ask(node, 'CLIENT', 'ID')
    const remember = forget()
    const calls = [1, 2].map(() => context.call(node, command('INCR', 'n')))
    for (const [i, call] of calls.entries()) {
      const reject = call.reject.bind(call)
      call.reject = error => {
        order.push(`lost ${i}`)
        reject(error)
      }
    }
    await until(() => !node.available)
    const old = node.connections[0]
    scene.want()
    await until(() => node.available)
    expect(order).toEqual(['lost 0', 'lost 1', 'available'])
    expect(outcomes(calls)).toEqual(['unknown', 'unknown'])
    expect([old?.closed, news, line.dials]).toEqual([true, [SILENT, 'available'], 2])
    expect(await context.ask(node, 'CLIENT', 'ID')).not.toBe(first)
    remember()
    await until(() => line.open === 1)
  })

  test('is replaced by what was found already when it ends by itself', async () => {
    const order: string[] = []
    const scene = nodeAt(line.ownPort, { onAvailable: () => order.push('available') })
    const { node, context } = scene
    await context.ask(node, 'PING')
    const remember = forget()
    // So much that it is not given up at once.
    const call = context.call(node, command('SET', 'big', Buffer.alloc(4 * 1024 * 1024)), 60_000)
    const reject = call.reject.bind(call)
    call.reject = error => {
      order.push('lost')
      reject(error)
    }
    await until(() => !node.available)
    scene.want()
    await until(async () => String(await server.ask('CLIENT', 'LIST')).split('resp=3').length > 2)
    node.connections[0]?.destroy(new Error('reset'))
    expect(call.error).toMatchObject({ outcome: 'unknown' })
    await until(() => node.available)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect([order, line.dials]).toEqual([['lost', 'available'], 2])
    remember()
  })

  test('without anybody who wants the node nothing is dialled; asked for by name it is served all the same', async () => {
    const { node, context } = nodeAt(line.ownPort)
    await context.ask(node, 'PING')
    const remember = forget()
    const call = context.call(node, command('INCR', 'n'), 700)
    await until(() => !node.available)
    expect(await call.failure()).toMatchObject({ name: 'DeadlineExceededError', outcome: 'unknown' })
    expect([line.dials, node.available, node.inFlight]).toEqual([1, false, 0])
    remember()
    await until(() => node.available)
  })

  test.each([2, 3])('with %i lanes the other ones serve on when it is replaced', async lanes => {
    const context = testContext({ silenceMs: SILENCE_MS }, { lanes })
    const scene = new WatchedNode({ host: '127.0.0.1', port: line.ownPort }, context)
    const { node, news } = scene
    // One lane on the line that is forgotten, the others on new ones.
    await context.call(node, command('PING')).promise
    const remember = forget()
    await Promise.all(Array.from({ length: lanes - 1 }, () => context.call(node, command('PING')).promise))
    const lost = context.call(node, command('PING'))
    await until(() => !node.available)
    scene.want()
    expect(await lost.failure()).toMatchObject({ outcome: 'unknown' })
    await until(() => node.available)
    const replies = await Promise.all(Array.from({ length: lanes }, () => context.ask(node, 'PING')))
    expect([replies, news]).toEqual([Array(lanes).fill('PONG'), [SILENT, 'available']])
    expect(line.dials).toBe(lanes + 1)
    remember()
  })

  test('a large value on its way by a slow line is not given up for a connection that works', async () => {
    const scene = nodeAt(line.ownPort)
    const { node, context } = scene
    await context.ask(node, 'PING')
    const remember = forget()
    // Taken by the kernel, most of it, and not arrived: as where a line is slow.
    const call = context.call(node, command('SET', 'big', Buffer.alloc(4 * 1024 * 1024)), 60_000)
    await until(() => !node.available)
    scene.want()
    await until(() => line.dials === 2)
    await until(() => (node.inspect().lanes[0]?.silentMs ?? 0) > 1000)
    expect([call.settled, node.available]).toEqual([false, false])
    remember()
    expect(await call.promise).toBe('OK')
    await until(() => node.available)
    await until(() => line.open === 1)
  })
})

describe('a black hole', () => {
  test('is silent while it is dialled; it is dialled again and again, and served as soon as it is none', async () => {
    await line.dropDials()
    const scene = nodeAt(line.ownPort, {}, { connectTimeoutMs: 60_000 })
    const { node, context, news } = scene
    const call = context.call(node, command('PING'))
    expect(await call.failure()).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent' })
    expect(news).toEqual([SILENT])
    scene.want()
    await new Promise(resolve => setTimeout(resolve, 1500))
    await line.takeDials()
    await until(() => node.available)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(news).toEqual([SILENT, 'available'])
    scene.unwant()
    await until(() => line.open === 1)
  })

  test('goes on being dialled when the dial that began it has come to its end', async () => {
    await line.dropDials()
    const scene = nodeAt(line.ownPort, {}, { connectTimeoutMs: 900 })
    const { node, context, news } = scene
    const call = context.call(node, command('PING'))
    await call.failure()
    scene.want()
    await until(() => node.inspect().failures > 0)
    await line.takeDials()
    await until(() => node.available)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(news).toEqual([SILENT, 'available'])
    scene.unwant()
    await until(() => line.open === 1)
  })
})

test.each(['close', 'destroy', 'abandon', 'replaceConnections'] as const)(
  'nothing is left of a probe by %s',
  async end => {
    const scene = nodeAt(line.ownPort)
    const { node, context } = scene
    await context.ask(node, 'PING')
    await server.pause()
    context.call(node, command('PING'))
    await until(() => !node.available)
    scene.want()
    await until(() => line.dials === 2)
    scene.unwant()
    if (end === 'close') void node.close()
    else if (end === 'replaceConnections') node.replaceConnections()
    else node[end](new Error('enough'))
    await server.resume()
    await until(() => line.open === 0)
  },
)
