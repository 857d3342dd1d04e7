import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { channels, type DialFailed } from '../../src/core/diagnostics.js'
import {
  AuthenticationError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
} from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { Node } from '../../src/node/node.js'
import { command, type TestContext, testContext } from '../support/calls.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'

const nodes: Node[] = []
afterEach(() => {
  for (const node of nodes.splice(0)) node.destroy()
})

function nodeOf({ host, port }: { host: string; port: number }, context: TestContext, hooks = {}): Node {
  const node = new Node({ endpoint: { host, port } }, context, hooks)
  nodes.push(node)
  return node
}

const bare = { clientInfo: false }
const clientId = command('CLIENT', 'ID')

/** Answers everything, and counts who came. */
function willing(): Promise<ScriptedServer> {
  return scriptedServer(async (peer, index) => {
    await peer.greet()
    await peer.answerAll(`:${index}\r\n`)
  })
}

describe('the lanes of a node', () => {
  let server: LocalServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server?.stop()
  })

  test('nothing is dialled until something is asked, and then once for all that ask', async () => {
    await using peers = await willing()
    const context = testContext(bare)
    const node = nodeOf(peers, context)
    expect(node.connections).toEqual([])
    const replies = await Promise.all(Array.from({ length: 50 }, () => context.ask(node, 'GET', 'k')))
    expect(replies.every(reply => reply === 0)).toBe(true)
    expect([peers.dials, node.connections.length]).toEqual([1, 1])
  })

  test('what is asked while it is dialled waits in order', async () => {
    const context = testContext()
    const node = nodeOf(server, context)
    await context.ask(node, 'DEL', 'list')
    node.replaceConnections()
    for (let i = 0; i < 20; i++) context.call(node, command('RPUSH', 'list', String(i)))
    expect(await context.ask(node, 'LRANGE', 'list', '0', '-1')).toEqual(
      Array.from({ length: 20 }, (_, i) => String(i)),
    )
  })

  test('a slot keeps to its lane, and slots spread over all of them', async () => {
    const context = testContext({}, { lanes: 2 })
    const node = nodeOf(server, context)
    await Promise.all([context.ask(node, 'PING'), context.ask(node, 'PING')])
    const laneOf = (key: string): number => {
      const before = node.connections.map(connection => connection.queued)
      context.call(node, command('GET', key))
      return node.connections.findIndex((connection, lane) => connection.queued > (before[lane] ?? 0))
    }
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
    const first = keys.map(laneOf)
    expect([...new Set(first)].sort()).toEqual([0, 1])
    for (let i = 0; i < 5; i++) expect(keys.map(laneOf)).toEqual(first)
    // Keys of one tag are of one slot, and so of one lane.
    expect(new Set(['a', 'b', 'c', 'd'].map(name => laneOf(`{tag}${name}`))).size).toBe(1)
    await context.ask(node, 'PING')
  })

  test('commands without a key take the lanes in turn', async () => {
    const context = testContext({}, { lanes: 3 })
    const node = nodeOf(server, context)
    const ids = await Promise.all(Array.from({ length: 9 }, () => context.call(node, clientId).promise))
    expect(new Set(ids).size).toBe(3)
    expect(ids.slice(3)).toEqual([...ids.slice(0, 3), ...ids.slice(0, 3)])
  })

  test('a connection that worked is replaced at once, without a pause, for the next command', async () => {
    await using peers = await scriptedServer(async (peer, index) => {
      await peer.greet()
      await peer.expect('GET')
      peer.reply(`:${index}\r\n`)
      await peer.expect('GET')
      if (index < 5) peer.cut()
      else peer.reply('+x\r\n')
    })
    const context = testContext(bare, { redialMinMs: 60_000, redialMaxMs: 60_000 })
    const node = nodeOf(peers, context)
    for (let i = 0; i < 5; i++) {
      expect(await context.ask(node, 'GET', 'k')).toBe(i)
      expect(await context.call(node, command('GET', 'k')).failure()).toBeInstanceOf(ConnectionLostError)
    }
    expect(await context.ask(node, 'GET', 'k')).toBe(5)
    expect(await context.ask(node, 'GET', 'k')).toBe('x')
    expect([peers.dials, node.resting, node.lastError, node.available]).toEqual([6, false, undefined, true])
  })

  test('a server that greets and hangs up counts as one that refuses, and is not hammered', async () => {
    await using rude = await scriptedServer(async peer => {
      await peer.greet()
      await peer.next()
      peer.cut()
    })
    const context = testContext(bare, { redialMinMs: 60_000, redialMaxMs: 60_000 })
    const node = nodeOf(rude, context)
    vi.spyOn(Math, 'random').mockReturnValue(1)
    try {
      const lost = await context.call(node, command('GET', 'k')).failure()
      expect(lost).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
      const refused = await context.call(node, command('GET', 'k')).failure()
      expect(refused).toMatchObject({ name: 'ConnectError', phase: 'reply', outcome: 'not-sent' })
      expect([node.available, node.resting, rude.dials]).toEqual([false, true, 1])
    } finally {
      vi.restoreAllMocks()
    }
  })

  test("during the pause after a failed dial commands are refused at once, with the dial's own error", async () => {
    const failures: DialFailed[] = []
    const hear = (message: unknown): void => void failures.push(message as DialFailed)
    channels.dialFailed.subscribe(hear)
    vi.spyOn(Math, 'random').mockReturnValue(1)
    try {
      const context = testContext(bare, { redialMinMs: 60_000, redialMaxMs: 60_000 })
      const node = nodeOf({ host: '127.0.0.1', port: await deadPort() }, context)
      const first = await context.call(node, command('GET', 'k')).failure()
      expect(first).toMatchObject({
        name: 'ConnectError',
        phase: 'connect',
        outcome: 'not-sent',
        retryable: true,
      })
      expect([node.resting, node.lastError?.message]).toEqual([true, first.message])
      for (let i = 0; i < 100; i++) {
        const refused = context.call(node, command('GET', 'k'))
        // At once: no dial, no wait.
        expect(refused.error).toMatchObject({ message: first.message, cause: first.cause })
        expect(refused.error).not.toBe(first)
      }
      expect(failures).toEqual([{ address: node.address, error: node.lastError, failures: 1 }])
    } finally {
      vi.restoreAllMocks()
      channels.dialFailed.unsubscribe(hear)
    }
  })

  test('after the pause it dials again, and success forgets the failures', async () => {
    const victim = await startServer()
    const context = testContext({}, { redialMinMs: 1, redialMaxMs: 5 })
    const node = nodeOf(victim, context)
    await context.ask(node, 'PING')
    await victim.kill()
    await vi.waitFor(async () => {
      expect(await context.call(node, command('PING')).failure()).toBeInstanceOf(ConnectError)
    })
    await victim.restart()
    await vi.waitFor(async () => expect(await context.ask(node, 'PING')).toBe('PONG'))
    expect([node.lastError, node.resting]).toEqual([undefined, false])
    await victim.stop()
  })

  test('a server that refuses dials is not hammered', async () => {
    // Accepts and hangs up, so that every dial is seen.
    await using rude = await scriptedServer(peer => peer.cut())
    const context = testContext(bare, { lanes: 4 })
    const node = nodeOf(rude, context)
    const end = performance.now() + 300
    let asked = 0
    while (performance.now() < end) {
      asked++
      await context.call(node, command('GET', `k${asked}`)).failure()
      await new Promise(setImmediate)
    }
    expect(asked).toBeGreaterThan(rude.dials)
    // Without pauses some thousands; with these, each lane some tries before the pauses have grown.
    expect(rude.dials).toBeLessThan(60)
  })

  test('refused credentials are said as such every time, the first and in the pause', async () => {
    const locked = await startServer({ password: 'secret' })
    const context = testContext({ password: 'wrong' })
    const node = nodeOf(locked, context)
    for (let i = 0; i < 20; i++) {
      const error = await context.call(node, command('GET', 'k')).failure()
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toMatchObject({ phase: 'auth', retryable: false })
    }
    await locked.stop()
  })

  test('replaceConnections lets the old one finish, and sends what follows over a new one', async () => {
    let answer!: () => void
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    await using peers = await scriptedServer(async (peer, index) => {
      await peer.greet()
      await peer.expect('GET')
      if (index === 0) await held
      peer.reply(`:${index}\r\n`)
    })
    const context = testContext(bare)
    const node = nodeOf(peers, context)
    const old = context.call(node, command('GET', 'k'))
    await vi.waitFor(() => expect(old.wasSent).toBe(true))
    node.replaceConnections()
    expect(await context.ask(node, 'GET', 'k')).toBe(1)
    expect(old.settled).toBe(false)
    answer()
    expect(await old.promise).toBe(0)
    await peers.peers[0]?.left()
  })

  test('close waits for the answers, also of what was replaced; later commands may go elsewhere', async () => {
    let answer!: () => void
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    await using peers = await scriptedServer(async (peer, index) => {
      await peer.greet()
      await peer.expect('GET')
      await held
      peer.reply(`:${index}\r\n`)
    })
    const context = testContext(bare)
    const node = nodeOf(peers, context)
    const calls = [context.call(node, command('GET', 'k'))]
    await vi.waitFor(() => expect(calls[0]?.wasSent).toBe(true))
    node.replaceConnections()
    calls.push(context.call(node, command('GET', 'k')))
    let closed = false
    const closing = node.close().then(() => {
      closed = true
    })
    const refused = context.call(node, command('GET', 'k'))
    expect(refused.error).toMatchObject({ name: 'ConnectionLostError', outcome: 'not-sent', retryable: true })
    await vi.waitFor(() => expect(calls[1]?.wasSent).toBe(true))
    expect(closed).toBe(false)
    answer()
    await closing
    expect(calls.map(call => call.reply)).toEqual([0, 1])
    await node.close()
    expect(context.call(node, command('GET', 'k')).error).toBeInstanceOf(ConnectionLostError)
    expect([node.closed, node.connections.length, peers.dials]).toEqual([true, 0, 2])
  })

  test('destroy ends all of it now, also what is being replaced', async () => {
    await using silent = await scriptedServer(peer => peer.greet())
    const context = testContext(bare)
    const node = nodeOf(silent, context)
    const old = context.call(node, command('GET', 'k'))
    await vi.waitFor(() => expect(old.wasSent).toBe(true))
    node.replaceConnections()
    const young = context.call(node, command('GET', 'k'))
    node.destroy()
    node.destroy()
    expect([old.error?.name, young.error?.name]).toEqual(['ClosedError', 'ClosedError'])
    await silent.peers[0]?.left()
  })

  test('a caller that leaves while it is dialled is no failed dial', async () => {
    await using silent = await scriptedServer(() => {})
    const context = testContext(bare)
    const node = nodeOf(silent, context)
    expect(await context.call(node, command('GET', 'k'), 20).failure()).toBeInstanceOf(DeadlineExceededError)
    expect([node.resting, node.lastError]).toEqual([false, undefined])
  })
})
