import { describe, expect, test } from 'vitest'
import { startServer } from '../../src/local/index.js'
import { command, TestCall, testContext } from '../support/calls.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'
import { WatchedNode } from '../support/watched-node.js'

const bare = { clientInfo: false }

describe('a node whose dials fail', () => {
  test('is unavailable from the first of them, and available when one has succeeded; each is told once', async () => {
    const victim = await startServer()
    const { node, news, context } = new WatchedNode(
      victim,
      testContext({}, { redialMinMs: 1, redialMaxMs: 2 }),
    )
    await context.ask(node, 'PING')
    expect([node.available, news]).toEqual([true, []])
    await victim.kill()
    for (let failed = 0; failed < 3; ) {
      const error = await context.call(node, command('PING')).failure()
      if (error.name === 'ConnectError') failed++
    }
    expect([node.available, news]).toEqual([false, ['unavailable: dial failed']])
    await victim.restart()
    await until(async () => (await context.call(node, command('PING')).promise.catch(() => '')) === 'PONG')
    expect([node.available, news]).toEqual([true, ['unavailable: dial failed', 'available']])
    await victim.stop()
  })

  test('has told so, and has no connection, before any of those who waited hears of it; they hear in order', async () => {
    const context = testContext(bare, { redialMinMs: 60_000, redialMaxMs: 60_000 })
    const { node, news } = new WatchedNode({ host: '127.0.0.1', port: await deadPort() }, context)
    const heard: string[] = []
    class Persistent extends TestCall {
      constructor(readonly number: number) {
        super(context.sweeper, 20_000)
      }
      override reject(error: Error): void {
        heard.push(`${this.number} ${error.name} ${node.available} ${node.connections.length}`)
        super.reject(error)
        // Asks again at once, as a router does. It is refused, and does not come to wait where it has just been.
        const again = context.call(node, command('PING'))
        expect(again.error).toMatchObject({ name: 'ConnectError', outcome: 'not-sent' })
        expect(again.error).not.toBe(error)
      }
    }
    const calls = [1, 2, 3].map(number => new Persistent(number))
    for (const call of calls) node.execute(command('PING'), call)
    await Promise.allSettled(calls.map(call => call.promise))
    expect(heard).toEqual(calls.map(({ number }) => `${number} ConnectError false 0`))
    expect(news).toEqual(['unavailable: dial failed'])
  })

  test('tells anew when the reason becomes one that waiting does not mend', async () => {
    await using locked = await scriptedServer(async (peer, index) => {
      if (index === 0) return peer.cut()
      await peer.answerAll('-WRONGPASS invalid username-password pair or user is disabled.\r\n')
    })
    const context = testContext({ ...bare, password: 'x' }, { redialMinMs: 1, redialMaxMs: 1 })
    const finals: (boolean | undefined)[] = []
    const { node, news } = new WatchedNode(locked, context, {
      onUnavailable: ({ lastError }) => finals.push((lastError as { retryable?: boolean }).retryable),
    })
    while (locked.dials < 4) await context.call(node, command('PING')).failure()
    expect(news).toEqual(['unavailable: dial failed', 'unavailable: dial failed'])
    expect(finals).toEqual([true, false])
  })

  test('stays available by a lane that is ready when no connection can be had for a lease', async () => {
    await using full = await scriptedServer(async (peer, index) => {
      if (index > 0) return peer.last('-ERR max number of clients reached\r\n')
      await peer.greet()
      await peer.answerAll('+x\r\n')
    })
    const { node, news, context } = new WatchedNode(full, testContext(bare))
    expect(await context.ask(node, 'GET', 'k')).toBe('x')
    expect((await context.call(node, command('BLPOP', 'q', '0')).failure()).name).toBe('ConnectError')
    expect(await context.ask(node, 'GET', 'k')).toBe('x')
    expect([node.available, news]).toEqual([true, []])
  })

  test('is unavailable by a lease whose dial failed when no lane is ready, until one is', async () => {
    await using late: ScriptedServer = await scriptedServer(async (peer, index) => {
      if (index === 0) return peer.cut()
      await peer.greet()
      await peer.answerAll('+x\r\n')
    })
    const context = testContext(bare, { redialMinMs: 1, redialMaxMs: 1 })
    const { node, news } = new WatchedNode(late, context)
    await context.call(node, command('BLPOP', 'q', '0')).failure()
    expect([node.available, news]).toEqual([false, ['unavailable: dial failed']])
    await until(() => !node.resting)
    expect(await context.ask(node, 'GET', 'k')).toBe('x')
    expect([node.available, news]).toEqual([true, ['unavailable: dial failed', 'available']])
  })
})

test('what was lost with a connection may be asked again from within its rejection, and goes by a new one', async () => {
  await using peers = await scriptedServer(async (peer, index) => {
    await peer.greet()
    if (index > 0) return peer.answerAll(([, key]) => `+${key}\r\n`)
    await peer.expect('GET', 'first')
    peer.reply('+x\r\n')
    await peer.expect('GET', 'a')
    peer.cut()
  })
  const context = testContext(bare)
  const { node, news } = new WatchedNode(peers, context)
  await context.ask(node, 'GET', 'first')
  const again: TestCall[] = []
  class Persistent extends TestCall {
    constructor(readonly key: string) {
      super(context.sweeper, 20_000)
    }
    override reject(error: Error): void {
      again.push(context.call(node, command('GET', this.key)))
      super.reject(error)
    }
  }
  const lost = ['a', 'b', 'c'].map(key => new Persistent(key))
  for (const call of lost) node.execute(command('GET', call.key), call)
  await Promise.allSettled(lost.map(call => call.promise))
  expect(await Promise.all(again.map(call => call.promise))).toEqual(['a', 'b', 'c'])
  expect([peers.dials, news]).toEqual([2, []])
})
