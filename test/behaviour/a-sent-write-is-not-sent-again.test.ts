// Whether a command may have happened decides whether it is tried again. The server is real; the line to it is cut.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type Client,
  ConnectionLostError,
  createClient,
  type DeadlineExceededError,
  type SlotwiseError,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { type Gate, gate } from '../support/gate.js'
import { failureOf, until } from '../support/wait.js'

let server: LocalServer
let line: Gate
let redis: Client

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

beforeEach(async () => {
  await server.ask('FLUSHALL')
  await server.ask('CONFIG', 'RESETSTAT')
  line = await gate(server.port)
  redis = createClient({ url: line.url, router: { retryMinMs: 1, retryMaxMs: 5 }, node: { redialMaxMs: 20 } })
})
afterEach(async () => {
  redis.destroy()
  await line.close()
})

async function value(key: string): Promise<number> {
  return Number(await server.ask('GET', key))
}
async function calls(name: string): Promise<number> {
  const stats = String(await server.ask('INFO', 'commandstats'))
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}

/** The server does it, its answer does not arrive, and the connection ends. */
async function loseAnswers(done: () => Promise<boolean>): Promise<void> {
  await until(done)
  line.cut()
  line.mute = false
}

test('a write whose answer was lost is not sent again, and its error says that it may have happened', async () => {
  await redis.connect()
  line.mute = true
  const lost = failureOf<SlotwiseError>(redis.incr('n'))
  await loseAnswers(async () => (await value('n')) === 1)
  const error = await lost
  expect(error).toBeInstanceOf(ConnectionLostError)
  expect(error).toMatchObject({
    outcome: 'unknown',
    retryable: false,
    command: 'INCR',
    address: line.address,
    attempts: 1,
  })
  expect(error.cause).toBeInstanceOf(Error)
  expect(await redis.incr('n')).toBe(2)
  expect(await calls('incr')).toBe(2)
})

test('of a hundred at once none is done twice', async () => {
  await redis.connect()
  line.mute = true
  const lost = Array.from({ length: 100 }, () => failureOf<SlotwiseError>(redis.incr('n')))
  await loseAnswers(async () => (await value('n')) === 100)
  for (const error of await Promise.all(lost)) expect(error.outcome).toBe('unknown')
  expect(await redis.get('n')).toBe('100')
})

test('a read whose answer was lost is sent again, and nobody notices', async () => {
  await server.ask('SET', 'k', 'v')
  await redis.connect()
  line.mute = true
  const reply = redis.get('k')
  await loseAnswers(async () => (await calls('get')) === 1)
  expect(await reply).toBe('v')
  expect(await calls('get')).toBe(2)
})

test('a write that its caller calls idempotent is sent again', async () => {
  await redis.connect()
  line.mute = true
  const reply = redis.with({ idempotent: true }).incr('n')
  await loseAnswers(async () => (await value('n')) === 1)
  expect(await reply).toBe(2)
})

test('a write that never left is sent, once, however often the dial fails before', async () => {
  line.port = undefined
  const reply = redis.incr('n')
  await until(() => line.dials >= 3)
  expect(await value('n')).toBe(0)
  line.port = server.port
  expect(await reply).toBe(1)
  expect(await calls('incr')).toBe(1)
})

test('writes that wait for a connection that never comes to be are sent over the next one', async () => {
  // The handshake gets no answer; then the line is cut under it.
  line.mute = true
  const replies = Array.from({ length: 50 }, (_, i) => redis.set(`k${i}`, 'v'))
  await until(() => line.dials === 1)
  line.mute = false
  line.cut()
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 50 }, () => 'OK'))
  expect(await calls('set')).toBe(50)
})

test('writes behind one that fills the socket have not left, and are sent over the next connection', async () => {
  await redis.connect()
  line.deaf = true
  // More than the sockets on the way hold.
  const large = failureOf<SlotwiseError>(redis.set('large', Buffer.alloc(16_000_000)))
  const behind = Array.from({ length: 10 }, () => redis.incr('n'))
  await until(() => line.unheard === 1)
  line.deaf = false
  line.cut()
  expect((await Promise.all(behind)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(await large).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  expect(await calls('incr')).toBe(10)
})

test('an earlier try that may have happened is not forgotten when a later one never leaves', async () => {
  await redis.connect()
  line.mute = true
  const lost = failureOf<DeadlineExceededError>(redis.with({ idempotent: true, timeoutMs: 1500 }).incr('n'))
  await until(async () => (await value('n')) === 1)
  line.port = undefined
  line.cut()
  const error = await lost
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown', command: 'INCR' })
  expect(error.attempts).toBeGreaterThan(1)
  expect(error.cause).toMatchObject({ code: 'CONNECT' })
})

test('nor when the server refuses a later one', async () => {
  await redis.connect()
  line.mute = true
  const lost = failureOf<SlotwiseError>(redis.with({ idempotent: true }).incr('n'))
  await until(async () => (await value('n')) === 1)
  await server.ask('SET', 'n', 'no number')
  line.mute = false
  line.cut()
  expect(await lost).toMatchObject({ code: 'REPLY_ERROR', outcome: 'unknown', attempts: 2 })
})

test('a blocking write whose answer was lost is not sent again', async () => {
  await redis.connect()
  line.mute = true
  const lost = failureOf<SlotwiseError>(redis.call('BLPOP', 'queue', 0))
  // The connection made for it is greeted only with the line open.
  await until(() => line.dials === 2)
  line.mute = false
  line.cut()
  // That dial was cut before the command left: it is sent now.
  await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
  line.mute = true
  await server.ask('RPUSH', 'queue', 'a', 'b')
  await until(async () => Number(await server.ask('LLEN', 'queue')) === 1)
  line.cut()
  expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  expect(await server.ask('LLEN', 'queue')).toBe(1)
})
