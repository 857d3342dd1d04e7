// What is sent again goes over a connection that is whole: the protocol agreed, the database selected. A command that
// overtook SELECT would be done in another database. Only a scripted server can take its time in the middle of that.
import { afterEach, expect, test } from 'vitest'
import { type Client, createClient } from '../../src/index.js'
import { HELLO_REPLY, type Peer, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, turns, until } from '../support/wait.js'

let server: ScriptedServer
let redis: Client
afterEach(async () => {
  redis.destroy()
  await server.close()
})

/** Answers one word of the handshake after the other, and looks that nothing comes before its time. */
async function greetSlowly(peer: Peer, log: string[]): Promise<void> {
  for (;;) {
    const words = await peer.next()
    if (words === undefined) return
    const name = String(words[0])
    log.push(name === 'CLIENT' ? `${name} ${words[1]}` : name)
    // Whoever does not wait for the answer would be heard of by now.
    await turns(5)
    if (name === 'HELLO') peer.reply(HELLO_REPLY)
    else if (name === 'SELECT' || name === 'CLIENT') {
      await turns(20)
      log.push(`${name} is answered`)
      peer.reply('+OK\r\n')
    } else if (name === 'GET') peer.reply('$1\r\nv\r\n')
    else peer.reply(':1\r\n')
  }
}

test('reads and marked writes are sent again after HELLO and SELECT are answered, in order; unmarked writes are not', async () => {
  const log: string[] = []
  server = await scriptedServer(async (peer, index) => {
    if (index > 0) return greetSlowly(peer, log)
    await peer.greet()
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      if (words[0] === 'GET') peer.cut()
      else if (words[0] !== 'INCR') peer.reply(words[0] === 'PING' ? '+PONG\r\n' : '+OK\r\n')
    }
  })
  redis = createClient({ host: server.host, port: server.port, db: 3, clientName: 'me' })
  await redis.connect()
  const lost = failureOf(redis.incr('n'))
  const marked = redis.with({ idempotent: true }).incr('n')
  const read = redis.get('last')
  expect(await lost).toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' })
  expect(await read).toBe('v')
  expect(await marked).toBe(1)
  expect(server.dials).toBe(2)
  expect(log.filter(what => what === 'INCR')).toHaveLength(1)
  const first = log.indexOf('INCR')
  expect(log.indexOf('HELLO')).toBe(0)
  expect(log.indexOf('SELECT is answered')).toBeGreaterThan(log.indexOf('SELECT'))
  expect(log.indexOf('SELECT is answered')).toBeLessThan(first)
  expect(log.slice(first)).toEqual(['INCR', 'GET'])
})

test('a connection that is lost in the middle of its handshake has been sent nothing', async () => {
  const log: string[][] = []
  let whole = false
  server = await scriptedServer(async (peer, index) => {
    if (index === 0) {
      await peer.greet()
      for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
        if (words[0] === 'GET') peer.cut()
        else peer.reply(words[0] === 'PING' ? '+PONG\r\n' : '+OK\r\n')
      }
      return
    }
    const heard: string[] = []
    log.push(heard)
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      heard.push(String(words[0]))
      if (words[0] === 'HELLO') peer.reply(HELLO_REPLY)
      else if (words[0] === 'SELECT' && !whole) peer.cut()
      else peer.reply(words[0] === 'GET' ? '$1\r\nv\r\n' : '+OK\r\n')
    }
  })
  redis = createClient({ host: server.host, port: server.port, db: 3 })
  await redis.connect()
  const read = redis.get('k')
  await until(() => log.length >= 3)
  whole = true
  expect(await read).toBe('v')
  for (const heard of log.slice(0, 2)) expect(heard).not.toContain('GET')
  expect(log.at(-1)?.filter(word => word === 'GET')).toHaveLength(1)
})
