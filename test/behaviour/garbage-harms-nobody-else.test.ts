// A server that talks nonsense, at the handshake or in the middle of the work: whoever asked it hears a typed error in bounded
// time, its connection is dropped, memory stays where it was, the other nodes are served, and so is this one when it has
// come to its senses.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Client,
  createClient,
  createCluster,
  isSlotwiseError,
  keySlot,
  type SlotwiseError,
} from '../../src/index.js'
import { bulk, type FakeCluster, fakeCluster, HELLO } from '../support/fake-cluster.js'
import { type Peer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

const CHUNK = 'a'.repeat(65_536)

type Garbage = (peer: Peer) => void

/** Keeps saying the same until the client has left, or far more has been said than anybody should take. */
function endless(what: string): Garbage {
  return peer => {
    let left = false
    const leave = (): void => {
      left = true
    }
    // It may leave by a reset.
    peer.left().then(leave, leave)
    let said = 0
    const more = (): void => {
      if (left || said > 1_000_000_000) return
      said += what.length
      peer.reply(what)
      setImmediate(more)
    }
    more()
  }
}
const once =
  (what: string | Buffer): Garbage =>
  peer =>
    peer.reply(what)

/** The same bytes in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 42
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 16
  }
  // Not by chance a simple string.
  bytes[0] = 0xff
  return bytes
}

const kinds: [string, Garbage, RegExp][] = [
  ['a reply that is cut off', peer => peer.last('$100\r\nabc'), /CONNECTION_LOST|CONNECT|DEADLINE/],
  ['an end without a word', peer => peer.end(), /CONNECTION_LOST|CONNECT|DEADLINE/],
  ['random bytes', once(noise(10_000)), /PROTOCOL|CONNECT|DEADLINE/],
  ['a type nobody knows', once('&5\r\nhello\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['a length of 99999999999', once('$99999999999\r\nabc'), /PROTOCOL|CONNECT|DEADLINE/],
  ['a list of 99999999999', once('*99999999999\r\n:1\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['a map of 99999999999', once('%99999999999\r\n:1\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['a negative length', once('$-5\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['a length that is no number', once('$abc\r\nabc\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['lists in lists, without end', once('*1\r\n'.repeat(200_000)), /PROTOCOL|CONNECT|DEADLINE/],
  ['a line without end', endless(`+${CHUNK}`.slice(0, 65_536)), /PROTOCOL|CONNECT|DEADLINE/],
  ['another protocol', once('HTTP/1.1 400 Bad Request\r\n\r\n'), /PROTOCOL|CONNECT|DEADLINE/],
  ['answers to what nobody asked', once('+OK\r\n'.repeat(100)), /PROTOCOL|CONNECT|UNEXPECTED_REPLY|DEADLINE/],
  ['silence', () => {}, /DEADLINE|CONNECTION_LOST/],
]

const QUICK = { connectTimeoutMs: 150, node: { redialMaxMs: 50 } }

let redis: Client
let memory: number
beforeEach(() => {
  memory = process.memoryUsage().rss
})
afterEach(() => {
  redis.destroy()
  expect(process.memoryUsage().rss - memory).toBeLessThan(150 * 1024 * 1024)
})

function expectTyped(error: SlotwiseError, codes: RegExp, outcome: RegExp): void {
  expect(isSlotwiseError(error)).toBe(true)
  expect(error.code).toMatch(codes)
  expect(error.outcome).toMatch(outcome)
  expect(error.command).toBe('INCR')
  expect(error.message.length).toBeLessThan(500)
}

describe.each(kinds)('%s', (name, garbage, codes) => {
  test('from one server, where an answer should be', async () => {
    let sound = false
    await using server = await scriptedServer(async peer => {
      await peer.greet()
      for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
        if (words[0] === 'INCR' && !sound) garbage(peer)
        else peer.reply(words[0] === 'INCR' ? ':1\r\n' : '+OK\r\n')
      }
    })
    redis = createClient({ host: server.host, port: server.port, timeoutMs: 2000, ...QUICK })
    await redis.connect()
    const error = await failureOf<SlotwiseError>(redis.with({ timeoutMs: 300 }).incr('n'))
    expectTyped(error, codes, /unknown|applied/)
    sound = true
    if (name === 'silence') server.peers[0]?.cut()
    await server.peers[0]?.left().catch(() => {})
    expect(await redis.with({ timeoutMs: 10_000 }).incr('n')).toBe(1)
  })

  test('from one server, where its greeting should be', async () => {
    let sound = false
    await using server = await scriptedServer(async peer => {
      for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
        if (!sound) garbage(peer)
        else if (words[0] === 'HELLO') peer.reply(HELLO)
        else peer.reply(words[0] === 'INCR' ? ':1\r\n' : '+OK\r\n')
      }
    })
    redis = createClient({ host: server.host, port: server.port, timeoutMs: 200, ...QUICK })
    expectTyped(await failureOf<SlotwiseError>(redis.incr('n')), codes, /not-sent/)
    sound = true
    expect(await redis.with({ timeoutMs: 10_000 }).incr('n')).toBe(1)
  })

  test('from one node of a cluster: the other is served throughout', async () => {
    let sound = true
    const cluster: FakeCluster = await fakeCluster(2, (words, node, peer) => {
      if (node.index === 0 && !sound) {
        garbage(peer)
        return undefined
      }
      return words[0] === 'INCR' ? ':1\r\n' : bulk(String(words[1]))
    })
    redis = createCluster({ nodes: cluster.urls, ...QUICK })
    await redis.connect()
    const there = 'k'
    const here = Array.from({ length: 100 }, (_, i) => `key${i}`).filter(key => keySlot(key) >= 8192)
    expect(keySlot(there)).toBeLessThan(8192)
    expect(await redis.get(there)).toBe(there)
    sound = false
    const hasty = redis.with({ timeoutMs: 100 })
    const failures: SlotwiseError[] = []
    let goOn = true
    const poisoned = (async () => {
      while (goOn) {
        failures.push(await failureOf<SlotwiseError>(hasty.incr(there)))
        await new Promise(setImmediate)
      }
    })()
    let rounds = 0
    await until(async () => {
      expect(await Promise.all(here.map(key => redis.get(key)))).toEqual(here)
      return ++rounds >= 20 && failures.length > 0
    })
    goOn = false
    await poisoned
    for (const error of failures) expectTyped(error, codes, /unknown|applied|not-sent/)
    sound = true
    // Where nothing was said, answers to come would be taken for those that are owed.
    if (name === 'silence') for (const peer of cluster.node(0).server.peers) peer.cut()
    await until(async () => (await redis.incr(there).catch(() => 0)) === 1)
    redis.destroy()
    await cluster.close()
  })
})
