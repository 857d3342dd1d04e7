import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  ReplyError,
} from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { ask, askAll } from '../../src/local/probe.js'

let server: LocalServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(async () => {
  await server?.stop()
})

/** A listener that treats each connection in one way, for what a real server cannot be made to do. */
async function listener(treat: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>()
  const scripted = createServer(socket => {
    sockets.add(socket)
    treat(socket)
  })
  await new Promise<void>(resolve => scripted.listen(0, '127.0.0.1', resolve))
  scripted.unref()
  const { port } = scripted.address() as { port: number }
  return { port, server: scripted }
}

test('ask reads every kind of answer', async () => {
  expect(await server.ask('SET', 'k', 'v')).toBe('OK')
  expect(await server.ask('GET', 'k')).toBe('v')
  expect(await server.ask('GET', 'none')).toBeNull()
  expect(await server.ask('INCRBY', 'n', 41)).toBe(41)
  expect(await server.ask('INCRBY', 'big', '9223372036854775807')).toBe('9223372036854775807')
  expect(await server.ask('EVAL', "return {1, 'two', {}, {false, 'three'}}", 0)).toEqual([
    1,
    'two',
    [],
    [null, 'three'],
  ])
  expect(await server.ask('SET', 'leer', '')).toBe('OK')
  expect(await server.ask('GET', 'leer')).toBe('')
})

test('ask reads an answer that comes in many pieces', async () => {
  const value = 'grüße, 世界 '.repeat(100_000)
  await server.ask('SET', 'long', value)
  expect(await server.ask('GET', 'long')).toBe(value)
})

test('ask carries any bytes unharmed in latin1', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await server.ask('SET', bytes, bytes)
  const value = await ask(server.target, ['GET', bytes], { encoding: 'latin1' })
  expect(Buffer.from(String(value), 'latin1')).toEqual(bytes)
})

test('ask rejects with the error of the server', async () => {
  await server.ask('SET', 'text', 'x')
  const error: unknown = await server.ask('INCR', 'text').catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ReplyError)
  expect(error).toMatchObject({ prefix: 'ERR' })
})

test('askAll asks on one connection', async () => {
  const answers = await askAll(server.target, [['SELECT', 3], ['SET', 'there', '1'], ['DBSIZE']])
  expect(answers).toEqual(['OK', 'OK', 1])
  expect(await server.ask('EXISTS', 'there')).toBe(0)
})

test('ask gives up on a server that is silent, by its deadline', async () => {
  const { port, server: silent } = await listener(() => {})
  const question = ask({ host: '127.0.0.1', port }, ['PING'], { timeoutMs: 50 })
  await expect(question).rejects.toThrow(DeadlineExceededError)
  await expect(question).rejects.toThrow(/an answer to PING/)
  silent.close()
})

test('ask says whether a connection was never made or was lost', async () => {
  const { port, server: rude } = await listener(socket => socket.destroy())
  await expect(ask({ host: '127.0.0.1', port }, ['PING'])).rejects.toThrow(ConnectionLostError)
  await new Promise(resolve => rude.close(resolve))
  await expect(ask({ host: '127.0.0.1', port }, ['PING'])).rejects.toThrow(ConnectError)
})
