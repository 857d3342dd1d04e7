// What waits to be written: its ceiling, its order, and what becomes of it when writing fails.
import { afterEach, describe, expect, test } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { ConnectionLostError, DeadlineExceededError, OverloadedError } from '../../src/core/errors.js'
import { startServer } from '../../src/local/index.js'
import { type Command, withPrelude } from '../../src/protocol/command.js'
import { command, openConnection, TestCall, type TestContext, testContext } from '../support/calls.js'
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'

const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function opened(options = {}): Promise<{ connection: Connection; context: TestContext }> {
  const server = await scriptedServer(async peer => {
    await peer.greet()
    await peer.answerAll('+x\r\n')
  })
  servers.push(server)
  const context = testContext({ clientInfo: false, ...options })
  const { connection, ready } = openConnection(server, context)
  await ready
  return { connection, context }
}

describe('the ceiling of maxQueuedBytes', () => {
  // SET k <value> weighs 4 bytes more than its value.
  const set = (bytes: number): Command => command('SET', 'k', 'x'.repeat(bytes))

  test('refuses one more, says so, and takes it when there is room again', async () => {
    const { connection, context } = await opened({ maxQueuedBytes: 100 })
    const taken = [context.call(connection, set(46)), context.call(connection, set(46))]
    const refused = context.call(connection, command('GET', 'k'))
    expect(refused.error).toBeInstanceOf(OverloadedError)
    expect(refused.error).toMatchObject({ limit: 'maxQueuedBytes', outcome: 'not-sent', retryable: true })
    expect(refused.error?.message).toContain('100 bytes')
    expect(await Promise.all(taken.map(call => call.promise))).toEqual(['x', 'x'])
    expect(await context.ask(connection, 'GET', 'k')).toBe('x')
  })

  test('counts Buffers, and what stands before a command', async () => {
    const { connection, context } = await opened({ maxQueuedBytes: 100 })
    const unit = withPrelude(command('EXEC'), [command('MULTI'), command('SET', 'k', Buffer.alloc(85))])
    expect(context.call(connection, unit).error).toBeUndefined()
    expect(context.call(connection, command('GET', 'k')).error).toBeInstanceOf(OverloadedError)
  })

  test('lets one that is larger by itself pass where nothing else waits, and nothing beside it', async () => {
    const { connection, context } = await opened({ maxQueuedBytes: 100 })
    const large = context.call(connection, set(1000))
    expect(context.call(connection, command('GET', 'k')).error).toBeInstanceOf(OverloadedError)
    expect(await large.promise).toBe('x')
    const small = context.call(connection, command('GET', 'k'))
    expect(context.call(connection, set(1000)).error).toBeInstanceOf(OverloadedError)
    expect(await small.promise).toBe('x')
  })

  test('forgets those who leave, by their deadline or before', async () => {
    await using silent = await scriptedServer(() => {})
    const context = testContext({ clientInfo: false, maxQueuedBytes: 100 })
    const { connection } = openConnection(silent, context)
    const [expired, aborted] = [context.call(connection, set(46), 30), context.call(connection, set(46))]
    expect(context.call(connection, command('GET', 'k')).error).toBeInstanceOf(OverloadedError)
    aborted?.abort()
    expect(await expired?.failure()).toBeInstanceOf(DeadlineExceededError)
    const later = [context.call(connection, set(46)), context.call(connection, set(46))]
    expect(later.map(call => call.error)).toEqual([undefined, undefined])
    connection.giveBack()
    expect(later.every(call => call.error instanceof ConnectionLostError)).toBe(true)
    expect(context.call(connection, set(96)).error).toBeUndefined()
  })

  test('holds for what the socket has and the kernel has not taken', async () => {
    const MB = 1024 * 1024
    const server = await startServer()
    const context = testContext({ maxQueuedBytes: 41 * MB })
    const { connection, ready } = openConnection(server, context)
    await ready
    await server.pause()
    const large = context.call(connection, command('SET', 'k', Buffer.alloc(38 * MB)))
    await until(() => large.wasSent)
    const second = context.call(connection, command('SET', 'k', Buffer.alloc(2 * MB)))
    const refused = context.call(connection, command('SET', 'k', Buffer.alloc(2 * MB)))
    expect([connection.queued, second.error]).toEqual([1, undefined])
    expect(refused.error).toMatchObject({ limit: 'maxQueuedBytes' })
    await server.resume()
    expect(await Promise.all([large.promise, second.promise])).toEqual(['OK', 'OK'])
    expect(await context.ask(connection, 'SET', 'k', Buffer.alloc(38 * MB))).toBe('OK')
    connection.destroy()
    await server.stop()
  })
})

describe('when writing fails', () => {
  /** A command that is changed after it was given. */
  function spoilt(): { bad: Command; spoil(): void } {
    const args: (string | undefined)[] = ['GET', 'k']
    const bad = { ...command('GET', 'k'), args: args as string[] }
    return { bad, spoil: () => void args.splice(1, 1, undefined) }
  }

  test('each caller hears of it by an error of its own, in order, and what became of its command', async () => {
    const { connection, context } = await opened()
    const { bad, spoil } = spoilt()
    const order: string[] = []
    const calls = [command('GET', 'a'), bad, command('GET', 'b'), command('GET', 'c')].map(what =>
      context.call(connection, what),
    )
    for (const [i, call] of calls.entries()) void call.promise.catch(() => order.push(String(i)))
    spoil()
    const errors = await Promise.all(calls.map(call => call.failure()))
    // The first two had their place on the wire already.
    expect(errors.map(error => (error as ConnectionLostError).outcome)).toEqual([
      'unknown',
      'unknown',
      'not-sent',
      'not-sent',
    ])
    expect(errors.every(error => error instanceof ConnectionLostError)).toBe(true)
    // The router adds to each what it knows of that call.
    expect(new Set(errors).size).toBe(4)
    expect([order, connection.closed]).toEqual([['0', '1', '2', '3'], true])
  })

  test('and the connection is ended from within the writing, all hear in the order they were asked', async () => {
    const { connection, context } = await opened()
    const heard: number[] = []
    class Numbered extends TestCall {
      constructor(readonly number: number) {
        super(context.sweeper, 20_000)
      }
      override sent(): void {
        super.sent()
        if (this.number !== 1) return
        connection.execute(command('GET', 'late'), new Numbered(4))
        connection.destroy()
      }
      override reject(error: Error): void {
        heard.push(this.number)
        super.reject(error)
      }
    }
    const calls = [0, 1, 2, 3].map(number => new Numbered(number))
    for (const call of calls) connection.execute(command('GET', 'k'), call)
    await Promise.allSettled(calls.map(call => call.promise))
    expect(heard).toEqual([0, 1, 2, 3, 4])
  })
})
