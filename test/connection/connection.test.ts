import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { channels } from '../../src/core/diagnostics.js'
import {
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  OverloadedError,
  ProtocolError,
  ReplyError,
} from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { withPrelude } from '../../src/protocol/command.js'
import { type Push, type Reply, RespMap } from '../../src/resp/types.js'
import {
  asBuffer,
  command,
  openConnection,
  TestCall,
  type TestContext,
  testContext,
} from '../support/calls.js'
import {
  deadPort,
  HELLO_REPLY,
  type Peer,
  type ScriptedServer,
  scriptedServer,
} from '../support/scripted-server.js'

// No CLIENT SETINFO: a scripted server has to answer HELLO only.
const bare = { clientInfo: false }

/** A connection to a script that has been greeted already, and is ready. */
async function readied(
  script: (peer: Peer) => Promise<void> | void,
  options = {},
): Promise<{
  server: ScriptedServer
  connection: Connection
  context: TestContext
  closed: Promise<Error | undefined>
  peer: Peer
}> {
  const server = await scriptedServer(async peer => {
    await peer.greet()
    peer.chunks.length = 0
    await script(peer)
  })
  servers.push(server)
  const context = testContext({ ...bare, ...options })
  const { connection, ready, closed } = openConnection(server, context)
  await ready
  return { server, connection, context, closed, peer: server.peers[0] as Peer }
}

const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

describe('writing', () => {
  test('commands of one tick leave in one write, in order', async () => {
    const { connection, context, peer } = await readied(peer => peer.answerAll(([, key]) => `+${key}\r\n`))
    const calls = Array.from({ length: 100 }, (_, i) => context.ask(connection, 'GET', `k${i}`))
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, i) => `k${i}`))
    expect(peer.chunks).toHaveLength(1)
  })

  test('so do those asked in answer to one read', async () => {
    const { connection, context, peer } = await readied(async peer => {
      for (let i = 0; i < 10; i++) await peer.expect('GET')
      // One write, so one read at the client; its callers then ask again, each in its own turn.
      peer.reply('+x\r\n'.repeat(10))
      await peer.answerAll('+y\r\n')
    })
    const chained = Array.from({ length: 10 }, async () => {
      await context.ask(connection, 'GET', 'a')
      await Promise.resolve()
      return context.ask(connection, 'GET', 'b')
    })
    expect(await Promise.all(chained)).toEqual(Array.from({ length: 10 }, () => 'y'))
    expect(peer.chunks).toHaveLength(2)
  })

  test('what is asked while it is being made waits, and leaves in one write when it is ready', async () => {
    await using server = await scriptedServer(async peer => {
      await peer.greet()
      peer.chunks.length = 0
      await peer.answerAll(([, key]) => `+${key}\r\n`)
    })
    const context = testContext(bare)
    const { connection } = openConnection(server, context)
    const early = ['a', 'b', 'c'].map(key => context.ask(connection, 'GET', key))
    expect([connection.ready, connection.queued]).toEqual([false, 3])
    expect(await Promise.all(early)).toEqual(['a', 'b', 'c'])
    expect([connection.ready, connection.queued, connection.inFlight]).toEqual([true, 0, 0])
    expect(server.peers[0]?.chunks).toHaveLength(1)
  })

  test('a call that has settled before the flush is not sent', async () => {
    const { connection, context, peer } = await readied(peer => peer.answerAll(([, key]) => `+${key}\r\n`))
    const [first, aborted, last] = ['a', 'b', 'c'].map(key => context.call(connection, command('GET', key)))
    aborted?.abort()
    expect(await last?.promise).toBe('c')
    expect([first?.wasSent, aborted?.wasSent, last?.wasSent]).toEqual([true, false, true])
    expect(Buffer.concat(peer.chunks).toString()).not.toContain('b')
  })

  test('the ceiling of maxQueued refuses one more, and only that one', async () => {
    const { connection, context } = await readied(peer => peer.answerAll('+x\r\n'), { maxQueued: 3 })
    const calls = Array.from({ length: 5 }, () => context.call(connection, command('GET', 'k')))
    for (const refused of calls.slice(3)) {
      expect(refused.error).toBeInstanceOf(OverloadedError)
      expect((refused.error as OverloadedError).limit).toBe('maxQueued')
      expect((refused.error as OverloadedError).outcome).toBe('not-sent')
    }
    expect(await Promise.all(calls.slice(0, 3).map(call => call.promise))).toEqual(['x', 'x', 'x'])
    expect(await context.ask(connection, 'GET', 'k')).toBe('x')
  })

  test('commands in flight count for the ceiling; those that expired while waiting do not', async () => {
    await using server = await scriptedServer(() => {})
    const context = testContext({ ...bare, maxQueued: 2 })
    const { connection } = openConnection(server, context)
    const short = [1, 2].map(() => context.call(connection, command('GET', 'k'), 1))
    const keeper = context.call(connection, command('GET', 'k'))
    expect(keeper.error).toBeInstanceOf(OverloadedError)
    await Promise.all(short.map(call => call.failure()))
    await vi.waitFor(() => expect(connection.queued).toBe(0))
    const later = context.call(connection, command('GET', 'k'))
    expect(later.settled).toBe(false)
  })
})

describe('reading', () => {
  // Every kind of reply, with a push in between.
  const wire = Buffer.from(
    '+OK\r\n$5\r\nhéll\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n:42\r\n*2\r\n$1\r\na\r\n_\r\n-ERR no\r\n%1\r\n+k\r\n#t\r\n',
  )
  const answers: unknown[] = ['OK', 'héll', 42, ['a', null], 'ERR no', ['k', true]]

  function heard(calls: readonly TestCall[]): unknown[] {
    return calls.map(
      ({ reply, error }) => error?.message ?? (reply instanceof RespMap ? reply.entries : reply),
    )
  }

  test('replies cut at any byte are the same replies', async () => {
    const pushes: Push[] = []
    await using server = await scriptedServer(async peer => {
      await peer.greet()
      for (let cut = 1; cut < wire.length; cut++) {
        for (let i = 0; i < answers.length; i++) await peer.expect('GET')
        peer.reply(wire.subarray(0, cut))
        // A segment of its own.
        await new Promise(setImmediate)
        peer.reply(wire.subarray(cut))
      }
    })
    const context = testContext(bare)
    const { connection } = openConnection(server, context, { onPush: (_, push) => void pushes.push(push) })
    for (let cut = 1; cut < wire.length; cut++) {
      const calls = answers.map(() => context.call(connection, command('GET', 'k')))
      await Promise.allSettled(calls.map(call => call.promise))
      expect(heard(calls)).toEqual(answers)
    }
    expect(pushes).toHaveLength(wire.length - 1)
  })

  test('replies that come byte by byte are the same replies', async () => {
    const { connection, context } = await readied(async peer => {
      for (let i = 0; i < answers.length; i++) await peer.expect('GET')
      await peer.trickle(wire)
    })
    const calls = answers.map(() => context.call(connection, command('GET', 'k')))
    await Promise.allSettled(calls.map(call => call.promise))
    expect(heard(calls)).toEqual(answers)
  })

  test('pushes go to the hook, in order, and never shift a reply', async () => {
    const pushes: unknown[] = []
    await using server = await scriptedServer(async peer => {
      await peer.greet()
      await peer.expect('GET', 'a')
      peer.reply('>2\r\n+one\r\n:1\r\n+a\r\n>2\r\n+two\r\n:2\r\n>2\r\n+three\r\n:3\r\n')
      await peer.expect('GET', 'b')
      peer.reply('+b\r\n')
    })
    const context = testContext(bare)
    const { connection } = openConnection(server, context, {
      onPush: (_, push) => void pushes.push(push.items[1]),
    })
    expect(await context.ask(connection, 'GET', 'a')).toBe('a')
    expect(await context.ask(connection, 'GET', 'b')).toBe('b')
    expect(pushes).toEqual([1, 2, 3])
  })

  test('a reply nobody asked for ends the connection, and says what it was', async () => {
    const { peer, closed } = await readied(() => {})
    peer.reply('-ERR Protocol error: invalid bulk length\r\n')
    const error = await closed
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error?.message).toContain('nobody had asked for: ERR Protocol error: invalid bulk length')
  })

  test('garbage is a ProtocolError for the caller at the head, a lost connection for the rest, nothing to others', async () => {
    const context = testContext(bare)
    await using sane = await scriptedServer(async peer => {
      await peer.greet()
      await peer.answerAll('+x\r\n')
    })
    const { connection: other } = openConnection(sane, context)
    const { server, connection, closed } = await readied(async peer => {
      for (let i = 0; i < 3; i++) await peer.expect('GET')
      peer.reply('+x\r\nHTTP/1.1 400 Bad Request\r\n')
    })
    const calls = Array.from({ length: 3 }, () => context.call(connection, command('GET', 'k')))
    const error = await closed
    expect(error).toBeInstanceOf(ProtocolError)
    expect(calls[0]?.reply).toBe('x')
    expect(calls[1]?.error).toBe(error)
    expect(calls[2]?.error).toBeInstanceOf(ConnectionLostError)
    expect(calls[2]?.error).toMatchObject({ outcome: 'unknown', cause: error })
    await server.peers[0]?.left()
    expect(await context.ask(other, 'GET', 'k')).toBe('x')
  })
})

describe('the end', () => {
  test('a connection that ends tells each caller whether its command had left', async () => {
    const { connection, context, closed } = await readied(async peer => {
      await peer.expect('GET', 'a')
      await peer.expect('GET', 'b')
      peer.last('+a\r\n')
    })
    const a = context.call(connection, command('GET', 'a'))
    const b = context.call(connection, command('GET', 'b'))
    let late: TestCall | undefined
    // Asked in answer to the last reply: waiting when the connection ends.
    void a.promise.then(() => {
      late = context.call(connection, command('GET', 'c'))
    })
    const error = await closed
    expect(a.reply).toBe('a')
    expect(b.error).toBeInstanceOf(ConnectionLostError)
    expect(b.error).toMatchObject({ outcome: 'unknown', retryable: false, cause: error })
    await vi.waitFor(() => expect(late?.error).toBeInstanceOf(ConnectionLostError))
    const after = context.call(connection, command('GET', 'd'))
    expect(after.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent', retryable: true })
    expect(after.wasSent).toBe(false)
  })

  test("while it was being made, nothing was sent: each hears the dial's own error, and its own copy of it", async () => {
    const context = testContext(bare)
    const { connection, closed } = openConnection({ host: '127.0.0.1', port: await deadPort() }, context)
    const calls = [1, 2].map(() => context.call(connection, command('GET', 'k')))
    const error = await closed
    for (const call of calls) {
      expect(call.error).toBeInstanceOf(ConnectError)
      expect(call.error).toMatchObject({ phase: 'connect', outcome: 'not-sent', message: error?.message })
    }
    expect(calls[0]?.error).not.toBe(calls[1]?.error)
  })

  test.each<[string, (peer: Peer) => void]>([
    ['ends (FIN)', peer => peer.end()],
    ['is cut (RST)', peer => peer.cut()],
  ])('the outcome is unknown for what was sent when the connection %s', async (_, cut) => {
    const { connection, context, closed } = await readied(async peer => {
      await peer.expect('INCR', 'n')
      cut(peer)
    })
    const call = context.call(connection, command('INCR', 'n'))
    expect(await call.failure()).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
    expect(await closed).toBeInstanceOf(Error)
    expect([connection.ready, connection.closed]).toEqual([false, true])
  })

  test('onClose is told once, with what ended it; an end asked for has no error', async () => {
    const heard: unknown[] = []
    await using server = await scriptedServer(peer => peer.greet())
    const { connection, ready } = openConnection(server, testContext(bare), {
      onClose: (_, error) => heard.push(error),
    })
    await ready
    await Promise.all([connection.close(), connection.close()])
    connection.destroy(new Error('late'))
    await connection.close()
    expect(heard).toEqual([undefined])
    await server.peers[0]?.left()
  })

  test('an ended connection is held by nothing that its client shares', async () => {
    await using server = await scriptedServer(peer => peer.greet())
    for (const end of ['close', 'destroy'] as const) {
      const context = testContext({ ...bare, credentials: () => ({ password: 'x' }) })
      const stop = vi.fn()
      vi.spyOn(context.credentials, 'onRenew').mockReturnValue(stop)
      const remove = vi.spyOn(context.sweeper, 'remove')
      const { connection, ready } = openConnection(server, context)
      await ready
      await connection[end]()
      expect(stop).toHaveBeenCalledTimes(1)
      expect(remove).toHaveBeenCalledWith(connection)
    }
  })

  test('close lets what was asked be answered, takes no more, and then ends the socket', async () => {
    let answer!: () => void
    const { connection, context, peer, closed } = await readied(async peer => {
      await peer.expect('GET', 'a')
      await new Promise<void>(resolve => {
        answer = resolve
      })
      peer.reply('+a\r\n')
      await peer.expect('GET', 'b')
      peer.reply('+b\r\n')
    })
    const a = context.call(connection, command('GET', 'a'))
    await vi.waitFor(() => expect(a.wasSent).toBe(true))
    const b = context.call(connection, command('GET', 'b'))
    const closing = connection.close()
    const refused = context.call(connection, command('GET', 'c'))
    expect(refused.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent' })
    expect([a.settled, b.settled, connection.closed]).toEqual([false, false, false])
    await vi.waitFor(() => answer())
    await closing
    expect([a.reply, b.reply]).toEqual(['a', 'b'])
    expect(await closed).toBeUndefined()
    await peer.left()
  })

  test('close of one that is being made waits for what was asked of it', async () => {
    await using server = await scriptedServer(async peer => {
      await peer.greet()
      await peer.answerAll('+x\r\n')
    })
    const context = testContext(bare)
    const { connection } = openConnection(server, context)
    const asked = context.call(connection, command('GET', 'k'))
    await connection.close()
    expect(asked.reply).toBe('x')
    // One that nobody asked is not made at all.
    const idle = openConnection(server, context)
    await idle.connection.close()
    expect(await idle.closed).toBeUndefined()
  })

  test('close does not wait for answers whose callers have left', async () => {
    const { connection, context } = await readied(() => {})
    const call = context.call(connection, command('GET', 'k'), 50)
    const unit = context.call(connection, withPrelude(command('GET', 'k'), [command('ASKING')]), 50)
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    await connection.close()
    for (const each of [call, unit]) expect(each.error).toBeInstanceOf(DeadlineExceededError)
  })

  test('destroy rejects everything now, and tells what was sent from what was not', async () => {
    const { connection, context, peer, closed } = await readied(() => {})
    const sent = context.call(connection, command('GET', 'a'))
    await vi.waitFor(() => expect(sent.wasSent).toBe(true))
    const waiting = context.call(connection, command('GET', 'b'))
    connection.destroy()
    expect(sent.error).toBeInstanceOf(ClosedError)
    expect(sent.error).toMatchObject({ outcome: 'unknown' })
    expect(waiting.error).toBeInstanceOf(ClosedError)
    expect(waiting.error).toMatchObject({ outcome: 'not-sent' })
    connection.destroy()
    await connection.close()
    expect(await closed).toBeUndefined()
    await peer.left()
  })

  test('destroy with a reason gives it to all as their cause, also after a close that waits', async () => {
    const { connection, context, closed } = await readied(() => {})
    const call = context.call(connection, command('GET', 'a'))
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    const closing = connection.close()
    const reason = new Error('enough')
    connection.destroy(reason)
    await closing
    expect(call.error).toMatchObject({ name: 'ConnectionLostError', cause: reason })
    expect(await closed).toBe(reason)
  })

  test('destroy of one that is being made opens nothing', async () => {
    const asked = vi.fn()
    await using server = await scriptedServer(async peer => {
      await peer.next()
      asked()
    })
    const context = testContext(bare)
    const { connection, closed } = openConnection(server, context)
    const call = context.call(connection, command('GET', 'k'))
    connection.destroy()
    expect(call.error).toBeInstanceOf(ClosedError)
    expect(await closed).toBeUndefined()
    await Promise.all(server.peers.map(peer => peer.left()))
    expect(asked).not.toHaveBeenCalled()
  })
})

describe('deadlines', () => {
  test('one that passes while it is being made was not sent', async () => {
    await using server = await scriptedServer(() => {})
    const context = testContext(bare)
    const { connection } = openConnection(server, context)
    const call = context.call(connection, command('GET', 'k'), 30)
    const other = context.call(connection, command('GET', 'k'))
    const error = await call.failure()
    expect(error).toBeInstanceOf(DeadlineExceededError)
    expect(error).toMatchObject({ outcome: 'not-sent', waitedFor: `a connection to ${connection.address}` })
    expect([call.wasSent, other.settled, connection.queued]).toEqual([false, false, 1])
  })

  test("one that passes in flight may have happened; its answer, when it comes, is nobody else's", async () => {
    let answer!: () => void
    const { connection, context } = await readied(async peer => {
      await peer.expect('GET', 'a')
      await peer.expect('GET', 'b')
      await new Promise<void>(resolve => {
        answer = resolve
      })
      peer.reply('+a\r\n+b\r\n')
      await peer.answerAll('+c\r\n')
    })
    const a = context.call(connection, command('GET', 'a'), 30)
    const b = context.call(connection, command('GET', 'b'))
    expect(await a.failure()).toMatchObject({
      name: 'DeadlineExceededError',
      outcome: 'unknown',
      waitedFor: 'a reply',
    })
    await vi.waitFor(() => answer())
    expect(await b.promise).toBe('b')
    expect(await context.ask(connection, 'GET', 'c')).toBe('c')
  })
})

describe('a command with a prelude', () => {
  test('stands right behind it, and its caller hears the last answer only', async () => {
    const seen: string[] = []
    const { connection, context } = await readied(peer =>
      peer.answerAll(words => {
        seen.push(words.join(' '))
        return `+${words.at(-1)}\r\n`
      }),
    )
    const unit = (key: string) => withPrelude(command('GET', key), [command('ASKING')])
    const calls = [command('GET', 'x'), unit('a'), unit('b'), command('GET', 'y')].map(what =>
      context.call(connection, what),
    )
    expect(await Promise.all(calls.map(call => call.promise))).toEqual(['x', 'a', 'b', 'y'])
    expect(seen).toEqual(['GET x', 'ASKING', 'GET a', 'ASKING', 'GET b', 'GET y'])
  })

  test('EXECABORT gives the first refusal among those it stands for', async () => {
    const { connection, context } = await readied(async peer => {
      for (let i = 0; i < 4; i++) await peer.next()
      peer.reply('+OK\r\n-MOVED 1 h:1\r\n-ERR second\r\n-EXECABORT Transaction discarded\r\n')
      await peer.answerAll('-EXECABORT alone\r\n')
    })
    const multi = [command('MULTI'), command('SET', 'a', '1'), command('SET', 'a', '2')]
    const error = await context.call(connection, withPrelude(command('EXEC'), multi)).failure()
    expect(error).toBeInstanceOf(ReplyError)
    expect(error.message).toBe('MOVED 1 h:1')
    const alone = await context.call(connection, command('EXEC')).failure()
    expect(alone.message).toBe('EXECABORT alone')
  })

  test('another refusal than EXECABORT is its own, whatever its prelude heard', async () => {
    const { connection, context } = await readied(async peer => {
      await peer.next()
      await peer.next()
      peer.reply('-ERR this instance has cluster support disabled\r\n-WRONGTYPE x\r\n')
    })
    const error = await context
      .call(connection, withPrelude(command('GET', 'k'), [command('ASKING')]))
      .failure()
    expect(error.message).toBe('WRONGTYPE x')
  })

  test('is not sent at all when its caller has left', async () => {
    const { connection, context, peer } = await readied(peer => peer.answerAll('+x\r\n'))
    const unit = context.call(connection, withPrelude(command('GET', 'k'), [command('ASKING')]))
    unit.abort()
    await context.ask(connection, 'GET', 'y')
    expect(Buffer.concat(peer.chunks).toString()).not.toContain('ASKING')
  })
})

describe('a sink that throws', () => {
  const reported: unknown[] = []
  const report = (message: unknown): void => void reported.push((message as { error: unknown }).error)
  beforeAll(() => channels.error.subscribe(report))
  afterAll(() => channels.error.unsubscribe(report))
  afterEach(() => {
    reported.length = 0
  })

  /** As an interceptor with a mistake in it. */
  class Throwing extends TestCall {
    readonly thrown = new Error('a mistake')
    constructor(
      context: TestContext,
      readonly at: 'sent' | 'resolve' | 'reject',
      timeoutMs = 20_000,
    ) {
      super(context.sweeper, timeoutMs)
    }
    override sent(): void {
      super.sent()
      if (this.at === 'sent') throw this.thrown
    }
    override resolve(reply: Reply): void {
      super.resolve(reply)
      if (this.at === 'resolve') throw this.thrown
    }
    override reject(error: Error): void {
      super.reject(error)
      if (this.at === 'reject') throw this.thrown
    }
  }

  test.each(['sent', 'resolve', 'reject'] as const)(
    'in %s is reported, and harms neither the connection nor its neighbours',
    async at => {
      const { connection, context } = await readied(peer =>
        peer.answerAll(([, key]) =>
          key === 'bad' ? (at === 'reject' ? '-ERR no\r\n' : '+bad\r\n') : `+${key}\r\n`,
        ),
      )
      const before = context.call(connection, command('GET', 'a'))
      const bad = new Throwing(context, at)
      connection.execute(command('GET', 'bad'), bad)
      const after = context.call(connection, command('GET', 'b'))
      expect([await before.promise, await after.promise]).toEqual(['a', 'b'])
      expect(await context.ask(connection, 'GET', 'c')).toBe('c')
      expect(connection.closed).toBe(false)
      expect(reported).toEqual([bad.thrown])
    },
  )

  test('keeps none of its neighbours waiting when the connection ends', async () => {
    const { connection, context } = await readied(() => {})
    const inFlight = [new Throwing(context, 'reject'), new TestCall(context.sweeper, 20_000)]
    for (const sink of inFlight) connection.execute(command('GET', 'k'), sink)
    await vi.waitFor(() => expect(inFlight[1]?.wasSent).toBe(true))
    const waiting = [new Throwing(context, 'reject'), new TestCall(context.sweeper, 20_000)]
    for (const sink of waiting) connection.execute(command('GET', 'k'), sink)
    connection.destroy()
    expect([...inFlight, ...waiting].map(sink => sink.settled)).toEqual([true, true, true, true])
    expect(reported).toHaveLength(2)
  })

  test('keeps none of its neighbours from their deadlines, in flight or waiting', async () => {
    await using silent = await scriptedServer(() => {})
    const flying = await readied(() => {})
    for (const { connection, context } of [
      flying,
      { context: flying.context, ...openConnection(silent, flying.context) },
    ]) {
      const sinks = [new Throwing(context, 'reject', 20), new TestCall(context.sweeper, 20)]
      for (const sink of sinks) connection.execute(command('GET', 'k'), sink)
      await sinks[1]?.failure()
      expect(sinks[0]?.settled).toBe(true)
    }
    expect(reported).toHaveLength(2)
  })
})

describe('with a real server', () => {
  let server: LocalServer

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server?.stop()
  })

  test('a server that takes nothing bounds what is encoded; all of it succeeds when it goes on', async () => {
    const context = testContext()
    const { connection, ready } = openConnection(server, context)
    await ready
    await server.pause()
    const value = Buffer.alloc(1024 * 1024, 'x')
    const calls = Array.from({ length: 200 }, (_, i) =>
      context.call(connection, command('SET', `k${i % 4}`, value), 50_000),
    )
    // All that the kernel takes has been handed to it, when nothing more is sent from one turn to the next.
    let sent = -1
    await vi.waitFor(() => {
      const now = calls.filter(call => call.wasSent).length
      const settled = now > 0 && now === sent
      sent = now
      expect(settled).toBe(true)
    })
    // What the kernel buffers, and about one megabyte; not two hundred.
    expect(sent).toBeLessThan(40)
    expect(connection.queued).toBe(200 - sent)
    await server.resume()
    const replies = await Promise.all(calls.map(call => call.promise))
    expect(replies.every(reply => reply === 'OK')).toBe(true)
    expect([connection.queued, connection.inFlight]).toEqual([0, 0])
  })

  test('what waits for a server that takes nothing can still be given up, and is then not sent', async () => {
    const context = testContext()
    const { connection, ready } = openConnection(server, context)
    await ready
    await server.pause()
    const filler = Buffer.alloc(16 * 1024 * 1024)
    const first = context.call(connection, command('SET', 'filler', filler))
    await vi.waitFor(() => expect(first.wasSent).toBe(true))
    const late = context.call(connection, command('SET', 'late', '1'), 30)
    const error = await late.failure()
    expect(error).toMatchObject({
      name: 'DeadlineExceededError',
      outcome: 'not-sent',
      waitedFor: 'the socket to take it',
    })
    await server.resume()
    expect(await first.promise).toBe('OK')
    expect(await context.ask(connection, 'EXISTS', 'late')).toBe(0)
  })

  test('destroy leaves no socket open to a server that takes nothing', async () => {
    const context = testContext()
    const { connection } = openConnection(server, context)
    const id = String(await context.ask(connection, 'CLIENT', 'ID'))
    await server.pause()
    const call = context.call(connection, command('SET', 'half', Buffer.alloc(16 * 1024 * 1024)))
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    connection.destroy()
    await server.resume()
    await vi.waitFor(async () => expect(await server.ask('CLIENT', 'LIST')).not.toContain(`id=${id} `))
    // Nor does it go on writing what it had.
    expect(await server.ask('EXISTS', 'half')).toBe(0)
  })

  test('values of 5 MB go both ways, as text and as Buffer', async () => {
    const context = testContext()
    const { connection } = openConnection(server, context)
    const bytes = randomBytes(5_000_000)
    const text = 'é🔑x'.repeat(700_000)
    expect(await context.ask(connection, 'SET', 'bytes', bytes)).toBe('OK')
    expect(await context.ask(connection, 'SET', 'text', text)).toBe('OK')
    const [back, again, read] = await Promise.all([
      context.call(connection, asBuffer(command('GET', 'bytes'))).promise,
      context.call(connection, asBuffer(command('GET', 'bytes'))).promise,
      context.ask(connection, 'GET', 'text'),
    ])
    expect(bytes.equals(back as Buffer)).toBe(true)
    expect(bytes.equals(again as Buffer)).toBe(true)
    expect(read === text).toBe(true)
  })

  test('keys may be any bytes', async () => {
    const context = testContext()
    const { connection } = openConnection(server, context)
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const keys = [all, Buffer.alloc(0), Buffer.from('\r\n$5\r\n'), Buffer.from([0]), randomBytes(10_000)]
    for (const [i, key] of keys.entries())
      expect(await context.ask(connection, 'SET', key, `v${i}`)).toBe('OK')
    for (const [i, key] of keys.entries()) expect(await context.ask(connection, 'GET', key)).toBe(`v${i}`)
    const found = (await context.call(connection, asBuffer(command('KEYS', '*'))).promise) as Buffer[]
    for (const key of keys) expect(found.some(each => each.equals(key))).toBe(true)
  })

  test('100,000 commands of one tick are answered in order', async () => {
    const context = testContext({ maxQueued: 100_000 })
    const { connection } = openConnection(server, context)
    await context.ask(connection, 'SET', 'n', '0')
    const calls = Array.from({ length: 100_000 }, () => context.call(connection, command('INCR', 'n')))
    await calls.at(-1)?.promise
    expect(calls.findIndex((call, i) => call.reply !== i + 1)).toBe(-1)
  })

  test("errors of the server are the caller's alone", async () => {
    const context = testContext()
    const { connection } = openConnection(server, context)
    const [wrong, right] = [
      context.call(connection, command('INCR', 'bytes')),
      context.ask(connection, 'PING'),
    ]
    expect(await wrong.failure()).toBeInstanceOf(ReplyError)
    expect(await right).toBe('PONG')
  })

  test('a server that is killed ends it with the outcome unknown', async () => {
    const victim = await startServer()
    const context = testContext()
    const { connection, closed } = openConnection(victim, context)
    const call = context.call(connection, command('BLPOP', 'q', '0'))
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    await victim.kill()
    expect(await call.failure()).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
    expect(await closed).toBeInstanceOf(Error)
    await victim.stop()
  })
})

test('openings and ends are published, without a word of what was asked', async () => {
  const heard: [string, unknown][] = []
  const opened = (message: unknown): void => void heard.push(['open', message])
  const ended = (message: unknown): void => void heard.push(['close', message])
  channels.connectionOpen.subscribe(opened)
  channels.connectionClose.subscribe(ended)
  try {
    await using server = await scriptedServer(peer =>
      peer.expect('HELLO').then(() => peer.reply(HELLO_REPLY)),
    )
    const { connection, ready } = openConnection(server, testContext(bare))
    await ready
    await connection.close()
    const { address } = connection
    expect(heard).toEqual([
      ['open', { address }],
      ['close', { address, error: undefined }],
    ])
  } finally {
    channels.connectionOpen.unsubscribe(opened)
    channels.connectionClose.unsubscribe(ended)
  }
})
