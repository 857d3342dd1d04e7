// A connection that is silent because the server holds what was asked on it: another one, just found, asks for that.
import { describe, expect, test } from 'vitest'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { command, testContext } from '../support/calls.js'
import { type Peer, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'
import { WatchedNode } from '../support/watched-node.js'

const SILENT = 'unavailable: silent'
const OLD_ID = 7
const BUSY = '-BUSY Redis is busy running a script.\r\n'
/** What the old connection owes: an INCR, and the PING that was sent into the silence. */
const OWED = ':1\r\n+PONG\r\n'

function watch(server: { host: string; port: number }): WatchedNode {
  const scene = new WatchedNode(server, testContext({ silenceMs: 100, clientInfo: false }))
  scene.want()
  return scene
}

/** How often the server was asked; nobody else asks for a list. */
async function questions(server: LocalServer): Promise<number> {
  const stats = String(await server.ask('INFO', 'commandstats'))
  const found = /cmdstat_client\|list:calls=(\d+),.*rejected_calls=(\d+)/.exec(stats)
  return Number(found?.[1] ?? 0) + Number(found?.[2] ?? 0)
}

describe('a real server', () => {
  test('that holds writes for two seconds does all of them, once, on the connection they were sent by', async () => {
    const server = await startServer()
    const { node, context, news } = watch(server)
    const first = await context.ask(node, 'CLIENT', 'ID')
    await server.ask('CLIENT', 'PAUSE', '2000', 'WRITE')
    const calls = Array.from({ length: 20 }, () => context.call(node, command('INCR', 'n')))
    expect(await Promise.all(calls.map(call => call.promise))).toEqual(calls.map((_, i) => i + 1))
    await until(() => node.available)
    expect(await context.ask(node, 'GET', 'n')).toBe('20')
    expect(await context.ask(node, 'CLIENT', 'ID')).toBe(first)
    expect(news).toEqual([SILENT, 'available'])
    expect(await questions(server)).toBeGreaterThan(1)
    await server.stop()
  })

  test('whose script runs on gives its answer, and those of what stands behind it, on the same connection', async () => {
    const server = await startServer({ config: { 'lua-time-limit': 300 } })
    const { node, context, news } = watch(server)
    const first = await context.ask(node, 'CLIENT', 'ID')
    const loop = "local t = redis.call('TIME')[1] while redis.call('TIME')[1] - t < 3 do end return 'done'"
    const script = context.call(node, command('EVAL', loop, '0'))
    const calls = Array.from({ length: 20 }, () => context.call(node, command('INCR', 'n')))
    expect(await script.promise).toBe('done')
    expect(await Promise.all(calls.map(call => call.promise))).toEqual(calls.map((_, i) => i + 1))
    expect(await context.ask(node, 'CLIENT', 'ID')).toBe(first)
    await until(() => node.available)
    expect(news).toEqual([SILENT, 'available'])
    expect(await questions(server)).toBeGreaterThan(1)
    await server.stop()
  })
})

type Answer = (found: Peer, old: Peer, question: number) => void

/** Its first connection is silent, also those of `hung`; what others say to the question is for `answer`. */
function silentServer(answer: Answer, hung: readonly number[] = []): Promise<ScriptedServer> {
  const peers: Peer[] = []
  let question = 0
  return scriptedServer(async (peer, index) => {
    peers.push(peer)
    await peer.expect('HELLO', '3')
    peer.reply(`%2\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:${OLD_ID + index}\r\n`)
    if (index === 0 || hung.includes(index)) return peer.left()
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      if (words[0] === 'PING') peer.reply('+PONG\r\n')
      else if (words.join(' ') === `CLIENT LIST ID ${OLD_ID}`) answer(peer, peers[0] as Peer, ++question)
      else throw new Error(`not expected: ${words.join(' ')}`)
    }
  })
}

function line(flags: string): string {
  const text = `id=${OLD_ID} addr=127.0.0.1:1 name=flags=b flags=${flags} db=0 cmd=incr user=b\n`
  return `=${text.length + 4}\r\ntxt:${text}\r\n`
}

describe('the old connection is replaced where the server', () => {
  test.each([
    ['may not be asked', "-NOPERM User u has no permissions to run the 'client|list' command\r\n"],
    ['does not know the question', '-ERR syntax error\r\n'],
    ['has forgotten it', '=4\r\ntxt:\r\n'],
    ['is not at work for it', line('N')],
  ])('%s', async (_, reply) => {
    await using server = await silentServer(found => found.reply(reply))
    const { node, context, news } = watch(server)
    const call = context.call(node, command('INCR', 'n'))
    expect(await call.failure()).toMatchObject({ name: 'ConnectionLostError', outcome: 'unknown' })
    await until(() => node.available)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect([server.dials, news]).toEqual([2, [SILENT, 'available']])
  })

  test('held what was asked on it, and does so no more without having answered', async () => {
    await using server = await silentServer((found, _, question) =>
      found.reply([line('b'), BUSY, line('xb')][question - 1] ?? line('N')),
    )
    const { node, context } = watch(server)
    const call = context.call(node, command('INCR', 'n'))
    expect(await call.failure()).toMatchObject({ outcome: 'unknown' })
    expect(server.dials).toBe(2)
  })
})

describe('the old connection stays', () => {
  test.each([
    ['blocked', line('b')],
    ['blocked within a transaction', line('xb')],
    ['busy with a script', BUSY],
  ])('while the server is %s, for as long as it takes', async (_, reply) => {
    await using server = await silentServer((found, old, question) => {
      found.reply(reply)
      if (question === 4) old.reply(OWED)
    })
    const { node, context, news } = watch(server)
    expect(await context.call(node, command('INCR', 'n')).promise).toBe(1)
    await server.peers[1]?.left()
    await until(() => node.available)
    expect([server.dials, news]).toEqual([2, [SILENT, 'available']])
  })

  test('where the answer is on its way when the server says that it has done', async () => {
    await using server = await silentServer((found, old, question) => {
      found.reply(question === 1 ? line('b') : line('N'))
      if (question > 1) setTimeout(() => old.reply(OWED), 10)
    })
    const { node, context } = watch(server)
    expect(await context.call(node, command('INCR', 'n')).promise).toBe(1)
    await server.peers[1]?.left()
  })

  test('where the found one hangs as well: another is dialled, and asks', async () => {
    await using server = await silentServer(
      (found, old) => {
        found.reply(line('b'))
        old.reply(OWED)
      },
      [1],
    )
    const { node, context, news } = watch(server)
    expect(await context.call(node, command('INCR', 'n')).promise).toBe(1)
    await server.peers[1]?.left()
    await until(() => node.available)
    expect([server.dials, news]).toEqual([3, [SILENT, 'available']])
  })

  test('until the deadline of the call, and no longer waited for then', async () => {
    await using server = await silentServer(found => found.reply(line('b')))
    const { node, context } = watch(server)
    const call = context.call(node, command('INCR', 'n'), 1500)
    expect(await call.failure()).toMatchObject({ name: 'DeadlineExceededError', outcome: 'unknown' })
    expect([server.dials, node.inFlight]).toEqual([2, 0])
  })
})
