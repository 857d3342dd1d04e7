// A call has one deadline and one signal, for whatever it goes through: lines, rests, redirects, dials, repeats. The places
// below the router (a dial, a reply, a lease, an interceptor) are in every-call-settles.
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import {
  AbortedError,
  type Client,
  ClosedError,
  createClient,
  createCluster,
  DeadlineExceededError,
  keySlot,
  type SlotwiseError,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { type Answer, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, until } from '../support/wait.js'

let cluster: FakeCluster | undefined
let server: LocalServer | undefined
let redis: Client
afterEach(async () => {
  await redis.close({ timeoutMs: 50 })
  await Promise.all([cluster?.close(), server?.stop({ timeoutMs: 0 })])
  cluster = undefined
  server = undefined
})

async function scripted(answer: Answer): Promise<Client> {
  cluster = await fakeCluster(2, answer)
  redis = createCluster({ nodes: cluster.urls })
  return redis.connect()
}

/** At once, where there are many. */
const CALLS = 300

const asked = (): string[][] => cluster?.nodes.flatMap(node => node.asked) ?? []

interface Place {
  readonly where: string
  begin(): Promise<Client>
  /** A call that began has got there. */
  reached(): boolean
  readonly waitedFor: RegExp
  /** Why it waits; nobody has said so where the node says nothing. */
  readonly cause?: RegExp
  /** How many of many may be with a server at any moment, to be refused once more. */
  readonly underWay: number
}

const places: Place[] = [
  {
    where: 'in the line of a node whose process is gone',
    begin: async () => {
      server = await startServer()
      redis = createClient({ url: server.url })
      await redis.connect()
      await server.kill()
      await failureOf(redis.with({ timeoutMs: 50 }).get('k'))
      return redis
    },
    reached: () => true,
    waitedFor: /to serve/,
    cause: /ECONNREFUSED/,
    underWay: 0,
  },
  {
    where: 'in the line of a node that keeps silent',
    begin: async () => {
      server = await startServer()
      redis = createClient({ url: server.url })
      const suspects: string[] = []
      redis.on('node:suspect', ({ address }) => suspects.push(address))
      await redis.connect()
      await server.pause()
      failureOf(redis.get('k')).catch(() => {})
      await until(() => suspects.length === 1)
      return redis
    },
    reached: () => true,
    waitedFor: /to serve, .*silent/,
    underWay: 0,
  },
  {
    where: 'resting, because its keys are on their way',
    begin: () => scripted(() => '-TRYAGAIN Multiple keys request during rehashing of slot\r\n'),
    reached: () => asked().length > CALLS,
    waitedFor: /another try/,
    cause: /^TRYAGAIN/,
    underWay: CALLS - 1,
  },
  {
    where: 'in the line of a cluster that is down',
    begin: () => scripted(() => '-CLUSTERDOWN The cluster is down\r\n'),
    reached: () => asked().length > CALLS,
    waitedFor: /to serve/,
    cause: /^CLUSTERDOWN/,
    // Its head, as canary.
    underWay: 1,
  },
  {
    where: 'in the line of a node that loads its data',
    begin: () => scripted(() => '-LOADING Redis is loading the dataset in memory\r\n'),
    reached: () => asked().length > CALLS,
    waitedFor: /to serve/,
    cause: /^LOADING/,
    // Its head, as canary.
    underWay: 1,
  },
  {
    where: 'between nodes that send it to and fro',
    begin: () =>
      scripted((words, node) => {
        const other = cluster?.node(1 - node.index).address
        return `-MOVED ${keySlot(String(words[1]))} ${other}\r\n`
      }),
    reached: () => asked().length > CALLS * 4,
    waitedFor: /./,
    cause: /^MOVED/,
    underWay: CALLS,
  },
]

describe.each(places)('$where', place => {
  test('calls end with their deadline, and say what they waited for and why', async () => {
    const client = await place.begin()
    const hasty = client.with({ timeoutMs: 400 })
    const calls = Array.from({ length: 10 }, () => failureOf<DeadlineExceededError>(hasty.incr('n')))
    const errors = await Promise.all(calls)
    for (const error of errors) expect(error).toBeInstanceOf(DeadlineExceededError)
    // The others were on their way to be refused once more.
    const waiting = errors.filter(({ outcome }) => outcome === 'not-sent')
    expect(waiting.length).toBeGreaterThanOrEqual(Math.max(1, errors.length - place.underWay))
    for (const error of waiting) {
      expect(error.command).toBe('INCR')
      expect(error.waitedFor).toMatch(place.waitedFor)
      if (place.cause === undefined) continue
      const reason = String((error.cause as Error).message.split('\n')[0])
      expect(reason).toMatch(place.cause)
      expect(error.message).toContain(reason)
    }
  })

  test('many calls end with their signal, which has one listener', async () => {
    const client = await place.begin()
    const controller = new AbortController()
    const view = client.with({ signal: controller.signal })
    const calls = Array.from({ length: CALLS }, () => failureOf<AbortedError>(view.incr('n')))
    await until(place.reached)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('enough')
    const errors = await Promise.all(calls)
    for (const error of errors) {
      expect(error).toBeInstanceOf(AbortedError)
      expect(error).toMatchObject({ cause: 'enough', command: 'INCR' })
    }
    expect(errors.filter(({ outcome }) => outcome !== 'not-sent').length).toBeLessThanOrEqual(place.underWay)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('many calls end with the client', async () => {
    const client = await place.begin()
    const calls = Array.from({ length: CALLS }, () => failureOf<SlotwiseError>(client.incr('n')))
    await until(place.reached)
    client.destroy()
    const errors = await Promise.all(calls)
    for (const error of errors) expect(error).toBeInstanceOf(ClosedError)
    expect(errors.filter(({ outcome }) => outcome !== 'not-sent').length).toBeLessThanOrEqual(place.underWay)
  })
})

test('one deadline covers a way through all of them: whoever is asked later, and waits for one thing only, ends later', async () => {
  let visits = 0
  cluster = await fakeCluster(2, (words, node, peer) => {
    // An answer to anything would be taken for one that is owed.
    if (visits > 5) return undefined
    if (words[0] === 'ASKING') return '+OK\r\n'
    if (words[0] !== 'INCR') return '+PONG\r\n'
    const other = cluster?.node(1 - node.index).address
    switch (++visits) {
      case 1:
        return `-MOVED ${keySlot('k')} ${other}\r\n`
      case 2:
        return '-TRYAGAIN Multiple keys request during rehashing of slot\r\n'
      case 3:
        return `-ASK ${keySlot('k')} ${other}\r\n`
      case 4:
        return '-LOADING Redis is loading the dataset in memory\r\n'
      case 5:
        peer.cut()
        return undefined
      default:
        if (cluster !== undefined) cluster.describe = () => undefined
        return undefined
    }
  })
  // The first question about the cluster is lost: discovery takes its part of the time, too.
  const view = cluster.describe
  cluster.describe = () => undefined
  redis = createCluster({ nodes: cluster.urls })
  const ended: string[] = []
  const hasty = redis.with({ timeoutMs: 1500, idempotent: true })
  const first = failureOf<DeadlineExceededError>(hasty.incr('k'))
  first.then(() => ended.push('through all'))
  await until(() => (cluster?.described ?? 0) > 0)
  cluster.describe = view
  for (const node of cluster.nodes) for (const peer of node.server.peers) peer.cut()
  await until(() => visits >= 6)
  // The same time for one that has only just begun.
  const second = failureOf(hasty.incr('k')).then(() => ended.push('through one'))
  const error = await first
  expect(error).toBeInstanceOf(DeadlineExceededError)
  expect(error).toMatchObject({ command: 'INCR', outcome: 'unknown' })
  expect(error.trail).toEqual([expect.stringMatching(/^MOVED 127/), expect.stringMatching(/^ASK 127/)])
  expect(error.attempts).toBeGreaterThanOrEqual(6)
  expect(error.elapsedMs).toBeGreaterThanOrEqual(1499)
  await second
  expect(ended).toEqual(['through all', 'through one'])
})
