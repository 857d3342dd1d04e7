import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection, ConnectionHooks } from '../../src/connection/connection.js'
import type { ConnectionOptions } from '../../src/connection/options.js'
import { Silence } from '../../src/connection/silence.js'
import { ConnectionLostError } from '../../src/core/errors.js'
import { SWEEP_INTERVAL_MS } from '../../src/core/sweeper.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import {
  asBuffer,
  command,
  openConnection,
  TestCall,
  type TestContext,
  testContext,
} from '../support/calls.js'
import { Authority } from '../support/certificates.js'
import { gate } from '../support/gate.js'
import { type Peer, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'

const bare = { clientInfo: false }
// A few ticks of the sweeper.
const SOON = { silenceMs: 5 * SWEEP_INTERVAL_MS }

const folder = mkdtempSync(join(tmpdir(), 'slotwise-silence-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function encrypted(): Promise<{ tls: { ca: string }; peer: LocalServer }> {
  const authority = new Authority(folder, 'ca')
  const { cert, key } = authority.sign('server', ['IP:127.0.0.1'])
  return { tls: { ca: authority.caPem }, peer: await startServer({ tls: { cert, key, ca: authority.ca } }) }
}

interface Watched {
  readonly connection: Connection
  readonly context: TestContext
  /** What its maker heard. */
  readonly news: string[]
  readonly closed: Promise<Error | undefined>
}

async function watched(
  server: { host: string; port: number },
  options: ConnectionOptions = SOON,
  hooks: ConnectionHooks = {},
): Promise<Watched> {
  const context = testContext(options)
  const news: string[] = []
  const { connection, ready, closed } = openConnection({ host: server.host, port: server.port }, context, {
    onSilent: silent => {
      news.push('silent')
      hooks.onSilent?.(silent)
    },
    onHeard: heard => {
      news.push('heard')
      hooks.onHeard?.(heard)
    },
  })
  await ready
  return { connection, context, news, closed }
}

describe('a silence', () => {
  let server: LocalServer
  beforeAll(async () => {
    server = await startServer({ config: { 'enable-debug-command': 'yes' } })
  })
  afterAll(async () => {
    await server?.stop()
  })

  test('of a server busy with a slow command is told once, and ends with its answer; all are answered', async () => {
    const { connection, context, news } = await watched(server)
    const slow = context.call(connection, command('DEBUG', 'SLEEP', '0.4'))
    const next = context.call(connection, command('ECHO', 'next'))
    await until(() => news.length > 0)
    expect(connection.silentSince).toBeLessThanOrEqual(performance.now() - SOON.silenceMs)
    const late = context.call(connection, command('ECHO', 'late'))
    expect(await Promise.all([slow.promise, next.promise, late.promise])).toEqual(['OK', 'next', 'late'])
    // Its own question is answered, too, and by nobody heard.
    expect(await context.ask(connection, 'ECHO', 'last')).toBe('last')
    expect([news, connection.silentSince, connection.inFlight]).toEqual([['silent', 'heard'], undefined, 0])
  })

  test('of a stopped process is told once, and ends when it goes on; the next one is told again', async () => {
    const { connection, context, news } = await watched(server)
    for (let round = 1; round <= 2; round++) {
      await server.pause()
      const call = context.call(connection, command('ECHO', 'x'))
      await until(() => news.length > 2 * (round - 1))
      await until(() => performance.now() - (connection.silentSince ?? 0) > 3 * SOON.silenceMs)
      expect(news).toHaveLength(2 * round - 1)
      await server.resume()
      expect(await call.promise).toBe('x')
      expect(news).toEqual(Array.from({ length: 2 * round }, (_, i) => (i % 2 === 0 ? 'silent' : 'heard')))
    }
  })

  test('makes the connection ask for itself, once and in order; nobody hears the answer', async () => {
    await using mute = await scriptedServer(async peer => {
      await peer.greet()
      await peer.expect('GET', 'a')
      await peer.expect('PING')
      await peer.expect('GET', 'b')
      peer.reply('+a\r\n+PONG\r\n+b\r\n')
      await peer.answerAll('+x\r\n')
    })
    const { connection, context, news } = await watched(mute, { ...bare, ...SOON })
    const a = context.call(connection, command('GET', 'a'))
    await until(() => news.length > 0)
    await until(() => performance.now() - (connection.silentSince ?? 0) > 3 * SOON.silenceMs)
    const b = context.call(connection, command('GET', 'b'))
    expect(await Promise.all([a.promise, b.promise])).toEqual(['a', 'b'])
    expect(await context.ask(connection, 'GET', 'c')).toBe('x')
  })

  test('is none while nothing is due, however long', async () => {
    const { connection, context, news } = await watched(server)
    await context.ask(connection, 'PING')
    // Somebody else keeps the sweeper at work.
    const other = await watched(server, SOON)
    const slow = new TestCall(context.sweeper, 20_000)
    other.connection.execute(command('DEBUG', 'SLEEP', '0.4'), slow)
    await slow.promise
    expect(news).toEqual([])
    // Nor is what was before counted when something is due again.
    expect(await context.ask(connection, 'PING')).toBe('PONG')
    expect(news).toEqual([])
  })

  test('is none of a blocked event loop, however long', async () => {
    const { connection, context, news } = await watched(server)
    const calls = Array.from({ length: 5 }, (_, i) => context.call(connection, command('ECHO', String(i))))
    await until(() => calls.every(call => call.wasSent))
    for (let i = 0; i < 3; i++) {
      await new Promise(setImmediate)
      calls.push(context.call(connection, command('ECHO', String(calls.length)), 300))
      await new Promise(setImmediate)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700)
    }
    expect(await Promise.all(calls.map(call => call.promise))).toEqual(calls.map((_, i) => String(i)))
    expect(news).toEqual([])
  })

  test('is none where it is turned off, or where its maker does not ask', async () => {
    const off = await watched(server, { silenceMs: 0 })
    const context = testContext(SOON)
    const { connection, ready } = openConnection(server, context)
    await ready
    const calls = [
      off.context.call(off.connection, command('DEBUG', 'SLEEP', '0.3')),
      context.call(connection, command('PING')),
    ]
    await Promise.all(calls.map(call => call.promise))
    expect([off.news, connection.silentSince]).toEqual([[], undefined])
  })

  test.each(['TCP', 'TLS'])('is none while a large value comes or goes slowly, by %s', async by => {
    const { tls, peer } = by === 'TLS' ? await encrypted() : { tls: false, peer: server }
    await using slow = await gate(peer.port)
    // What the kernel has taken, some megabytes, has time to arrive; all of it takes far longer.
    const options = { silenceMs: 700, tls }
    const { connection, context, news } = await watched({ host: '127.0.0.1', port: slow.ownPort }, options)
    const big = randomBytes(60 * 1024 * 1024)
    let isDone = false
    const throttle = (async () => {
      while (!isDone) {
        const fill = slow.dig()
        await new Promise(resolve => setTimeout(resolve, 40))
        fill()
        await new Promise(setImmediate)
      }
    })()
    expect(await context.call(connection, command('SET', 'big', big), 60_000).promise).toBe('OK')
    const back = await context.call(connection, asBuffer(command('GET', 'big')), 60_000).promise
    isDone = true
    await throttle
    expect([big.equals(back as Buffer), news]).toEqual([true, []])
    if (peer !== server) await peer.stop()
  })

  test('is one when a large value stops on its way', async () => {
    await using stuck = await gate(server.port)
    const { connection, context, news } = await watched({ host: '127.0.0.1', port: stuck.ownPort })
    const fill = stuck.dig()
    const call = context.call(connection, command('SET', 'big', Buffer.alloc(64 * 1024 * 1024)), 60_000)
    await until(() => news.length > 0)
    fill()
    expect(await call.promise).toBe('OK')
    expect(news).toEqual(['silent', 'heard'])
  })
})

describe('a silence while it is being made', () => {
  test.each<[string, (peer: Peer) => Promise<void>]>([
    ['is told when nobody says a word', async () => {}],
    [
      'is told when the handshake stops half-way',
      async peer => {
        await peer.expect('HELLO')
        peer.reply('%2\r\n$6\r\nserver')
      },
    ],
  ])('%s and somebody waits', async (_, script) => {
    await using mute: ScriptedServer = await scriptedServer(script)
    const context = testContext({ ...bare, ...SOON })
    const news: string[] = []
    const { connection } = openConnection(mute, context, {
      onSilent: () => news.push('silent'),
      onHeard: () => news.push('heard'),
    })
    const call = context.call(connection, command('GET', 'k'))
    await until(() => news.length > 0)
    expect([connection.ready, call.settled, news]).toEqual([false, false, ['silent']])
  })

  test('ends when it is ready', async () => {
    const news: string[] = []
    await using late = await scriptedServer(async peer => {
      await until(() => news.length > 0)
      await peer.greet()
      await peer.answerAll('+x\r\n')
    })
    const context = testContext({ ...bare, ...SOON })
    const { connection } = openConnection(late, context, {
      onSilent: () => news.push('silent'),
      onHeard: ({ ready }) => news.push(`heard, ready: ${ready}`),
    })
    expect(await context.ask(connection, 'GET', 'k')).toBe('x')
    expect(news).toEqual(['silent', 'heard, ready: true'])
  })

  test('is none of the server while the credentials are waited for', async () => {
    await using server = await scriptedServer(async peer => {
      await peer.expect('HELLO')
      peer.reply('%1\r\n+proto\r\n:3\r\n')
      await peer.answerAll('+x\r\n')
    })
    const slow = testContext({
      ...bare,
      ...SOON,
      credentials: () =>
        new Promise(resolve => setTimeout(() => resolve({ password: 'x' }), 3 * SOON.silenceMs)),
    })
    const news: string[] = []
    const { connection } = openConnection(server, slow, { onSilent: () => news.push('silent') })
    expect(await slow.ask(connection, 'GET', 'k')).toBe('x')
    expect(news).toEqual([])
  })
})

test('giveBack rejects what is not written, in order, each with an error of its own; what is in flight stays', async () => {
  const server = await startServer()
  const { connection, context, closed } = await watched(server, { silenceMs: 100 })
  await server.pause()
  // As much as the kernel takes, and more: what comes then waits.
  const filler = context.call(connection, command('SET', 'k', Buffer.alloc(32 * 1024 * 1024)), 60_000)
  await until(() => filler.wasSent)
  const heard: string[] = []
  class Waiting extends TestCall {
    constructor(readonly number: number) {
      super(context.sweeper, 20_000)
    }
    override reject(error: Error): void {
      heard.push(`${this.number} ${(error as ConnectionLostError).outcome}`)
      super.reject(error)
      // It stands in the same queue again, behind nobody who has been given back.
      if (this.number < 10) connection.execute(command('PING'), new Waiting(this.number + 10))
    }
  }
  const waiting = [1, 2, 3].map(number => new Waiting(number))
  for (const call of waiting) connection.execute(command('PING'), call)
  waiting[1]?.abort()
  connection.giveBack()
  expect(heard).toEqual(['1 not-sent', '3 not-sent'])
  expect(waiting[0]?.error).toBeInstanceOf(ConnectionLostError)
  expect(waiting[0]?.error).not.toBe(waiting[2]?.error)
  expect([connection.queued, filler.settled, waiting.some(call => call.wasSent)]).toEqual([2, false, false])
  connection.giveBack()
  expect(heard.slice(2)).toEqual(['11 not-sent', '13 not-sent'])
  await server.resume()
  expect(await filler.promise).toBe('OK')
  expect(await context.ask(connection, 'PING')).toBe('PONG')
  connection.destroy()
  await closed
  await server.stop()
})

test('Silence counts from when answers are due, from signs, and from stalls; and is told once', () => {
  const silence = new Silence(500)
  const at = (now: number, isDue: boolean, signs: number, stalledAt = 0): boolean =>
    silence.notices(now, isDue, signs, undefined, stalledAt)
  expect(at(1000, false, 0)).toBe(false)
  expect(at(5000, true, 0)).toBe(false)
  expect(at(5499, true, 0)).toBe(false)
  expect(at(5500, true, 1)).toBe(false)
  expect(at(5999, true, 1)).toBe(false)
  expect(at(6000, true, 1, 5800)).toBe(false)
  expect(at(6299, true, 1, 5800)).toBe(false)
  expect([at(6300, true, 1, 5800), silence.since]).toEqual([true, 5800])
  expect(at(9000, true, 1)).toBe(false)
  expect([silence.breaks(), silence.breaks(), silence.since]).toEqual([true, false, undefined])
  expect(at(9100, true, 1)).toBe(false)
  expect(at(9600, true, 1)).toBe(true)
})

test('Silence is beyond doubt when a slow line had brought by then what the kernel has taken', () => {
  const silence = new Silence(500)
  const socket = { _handle: { bytesWritten: 0, writeQueueSize: 0 } }
  const at = (now: number, signs: number): boolean =>
    silence.notices(now, true, signs, socket as unknown as Socket, 0)
  at(0, 0)
  socket._handle.bytesWritten = 3_000_000
  at(20, 1)
  socket._handle.bytesWritten = 4_000_000
  expect([at(520, 1), silence.isBeyondDoubt(520)]).toEqual([true, false])
  // A megabyte per second.
  expect([silence.isBeyondDoubt(4519), silence.isBeyondDoubt(4520)]).toEqual([false, true])
  silence.breaks()
  expect(silence.isBeyondDoubt(10_000)).toBe(false)
  at(10_000, 2)
  expect([at(10_500, 2), silence.isBeyondDoubt(10_500)]).toEqual([true, true])
})
