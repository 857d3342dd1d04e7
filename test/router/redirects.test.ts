// Redirects as a cluster of scripted servers gives them: loops, nonsense, and thousands at once.
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Client,
  type Command,
  CrossSlotError,
  createCluster,
  createCommand,
  DeadlineExceededError,
  keySlot,
  MIXED_SLOTS,
  OverloadedError,
  ReplyError,
  specOf,
  TooManyRedirectsError,
} from '../../src/index.js'
import { type Answer, bulk, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { refreshReasons } from '../support/refreshes.js'
import { failureOf, until } from '../support/wait.js'

// Of the first of two nodes.
const SLOT = keySlot('k')

let cluster: FakeCluster
let redis: Client
let news: string[]

async function start(answer: Answer, options: Partial<Parameters<typeof createCluster>[0]> = {}) {
  cluster = await fakeCluster(2, answer)
  redis = createCluster({ nodes: cluster.urls, ...options })
  news = refreshReasons()
  await redis.connect()
}

afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

/** The first node sends everybody to the second. */
const movedAway: Answer = (words, node) =>
  node.index === 0
    ? `-MOVED ${keySlot(String(words[1]))} ${cluster.node(1).address}\r\n`
    : bulk(`${words[1]} of ${node.index}`)

describe('MOVED', () => {
  test('is followed at once, and the slot is the other node’s from then on', async () => {
    await start(movedAway, { topology: { minRefreshGapMs: 60_000, maxRefreshPauseMs: 60_000 } })
    expect(await redis.get('k')).toBe('k of 1')
    expect(cluster.node(0).asked).toEqual([['GET', 'k']])
    expect(await redis.get('k')).toBe('k of 1')
    expect(cluster.node(0).asked).toHaveLength(1)
    // Nobody waited for the topology, which is not due for a minute.
    expect(news).toEqual(['connect'])
  })

  test('a thousand at once cost one refresh', async () => {
    await start(movedAway)
    cluster.describe = () => cluster.lines(['', '0-16383'])
    const described = cluster.described
    const keys = Array.from({ length: 4000 }, (_, i) => `key${i}`).filter(key => keySlot(key) < 8192)
    const replies = await Promise.all(keys.slice(0, 1000).map(key => redis.get(key)))
    expect(replies).toEqual(keys.slice(0, 1000).map(key => `${key} of 1`))
    expect(cluster.node(0).asked).toHaveLength(1000)
    await until(() => news.length === 2)
    expect(await redis.get(keys[1500] as string)).toBe(`${keys[1500]} of 1`)
    expect(cluster.node(0).asked).toHaveLength(1000)
    expect(news).toEqual(['connect', 'MOVED'])
    // Each node once: the first to answer is believed.
    expect(cluster.described - described).toBe(2)
  })

  test('to itself makes the node take a new connection, and the command goes there', async () => {
    const served = new Map<unknown, number>()
    await start((_words, node, peer) => {
      const index = node.server.peers.indexOf(peer)
      served.set(index, (served.get(index) ?? 0) + 1)
      return index === 0 ? `-MOVED ${SLOT} ${node.address}\r\n` : bulk('here')
    })
    expect(await redis.get('k')).toBe('here')
    expect([...served]).toEqual([
      [0, 1],
      [1, 1],
    ])
    const owner = cluster.nodes.find(node => node.asked.length > 0)
    expect(owner?.dials).toBe(2)
    await owner?.server.peers[0]?.left()
  })

  test('in a loop ends with an error that lists the way', async () => {
    await start((_words, node) => `-MOVED ${SLOT} ${cluster.node(1 - node.index).address}\r\n`, {
      router: { maxRedirects: 5, redirectBudgetMs: 0 },
    })
    const error = await failureOf<TooManyRedirectsError>(redis.get('k'))
    expect(error).toBeInstanceOf(TooManyRedirectsError)
    expect(error.trail).toHaveLength(5)
    expect(error.trail?.every(step => /^MOVED 127\.0\.0\.1:\d+$/.test(step))).toBe(true)
    expect(error).toMatchObject({ command: 'GET', slot: SLOT, attempts: 6, outcome: 'rejected' })
    expect(error.cause).toBeInstanceOf(ReplyError)
  })

  test('without a host is the same host at another port', async () => {
    await start((_words, node) =>
      node.index === 0 ? `-MOVED ${SLOT} :${cluster.node(1 - node.index).port}\r\n` : bulk('there'),
    )
    expect(await redis.get('k')).toBe('there')
  })

  test('to a host that is not known waits for the topology to know it', async () => {
    await start((_words, node) => (node.index === 0 ? `-MOVED ${SLOT} ?:1\r\n` : bulk('there')))
    cluster.describe = () => cluster.lines(['', '0-16383'])
    expect(await redis.get('k')).toBe('there')
    expect(news).toEqual(['connect', 'unknown node'])
  })

  test('to a node that does not answer its phone is tried again by the map', async () => {
    let sent = 0
    await start((_words, node) => {
      if (node.index !== 0 || sent++ > 0) return bulk('here')
      return `-MOVED ${SLOT} 127.0.0.1:1\r\n`
    })
    expect(await redis.get('k')).toBe('here')
  })

  test.each([
    'MOVED 99999 127.0.0.1:7000',
    'MOVED -5 127.0.0.1:7000',
    'MOVED NaN 127.0.0.1:7000',
    `MOVED ${SLOT} 127.0.0.1:0`,
    `MOVED ${SLOT} 127.0.0.1:99999`,
    `MOVED ${SLOT} 127.0.0.1`,
    `MOVED ${SLOT} ../../etc:7000`,
    'MOVED',
    `ASK ${SLOT}`,
    `ASK ${SLOT} <script>:1`,
    `MOVED ${SLOT} ${'x'.repeat(5000)}:7000`,
  ])('that is nonsense is the caller’s, and harms nothing: %s', async message => {
    let nonsense = true
    await start(() => (nonsense ? `-${message}\r\n` : bulk('sound')))
    const error = await failureOf<ReplyError>(redis.get('k'))
    expect(error).toBeInstanceOf(ReplyError)
    expect(error.message).toBe(message)
    expect(error).toMatchObject({ outcome: 'rejected', command: 'GET', attempts: 1 })
    nonsense = false
    expect(await redis.get('k')).toBe('sound')
    expect(news).toEqual(['connect'])
    expect(cluster.nodes.map(node => node.dials)).toEqual([1, 1])
  })

  test('which a natMap cannot translate is the caller’s', async () => {
    let angry = false
    await start((_words, node) => `-MOVED ${SLOT} ${cluster.node(1 - node.index).address}\r\n`, {
      natMap: () => {
        if (angry) throw new TypeError('mine')
        return undefined
      },
    })
    angry = true
    const error = await failureOf(redis.get('k'))
    expect(error).toMatchObject({
      code: 'CONNECT',
      outcome: 'rejected',
      retryable: false,
      command: 'GET',
      slot: SLOT,
    })
    expect(error.cause).toMatchObject({ message: 'mine' })
  })
})

describe('ASK', () => {
  test('sends ASKING immediately before the command, on the same connection, and leaves the map alone', async () => {
    await start((words, node) => {
      if (node.index === 0) return `-ASK ${SLOT} ${cluster.node(1).address}\r\n`
      return words[0] === 'ASKING' ? '+OK\r\n' : bulk(String(words[1]))
    })
    const replies = await Promise.all(Array.from({ length: 50 }, () => redis.get('k')))
    expect(new Set(replies)).toEqual(new Set(['k']))
    const expected = Array.from({ length: 50 }, () => [['ASKING'], ['GET', 'k']]).flat()
    expect(cluster.node(1).asked).toEqual(expected)
    expect(cluster.node(0).asked).toHaveLength(50)
    expect(news).toEqual(['connect'])
  })
})

describe('answers that time may change', () => {
  test.each<[string, string[]]>([
    ['TRYAGAIN Multiple keys request during rehashing of slot', []],
    ['LOADING Redis is loading the dataset in memory', []],
    ['MASTERDOWN Link with MASTER is down', ['CLUSTERDOWN']],
    ['NOREPLICAS Not enough good replicas to write.', []],
    ['BUSY Redis is busy running a script.', []],
    ['CLUSTERDOWN Hash slot not served', ['uncovered slot']],
    ['CLUSTERDOWN The cluster is down', ['CLUSTERDOWN']],
    ["READONLY You can't write against a read only replica.", ['READONLY']],
  ])(
    '%s: asked again until it is over, and the topology where it may have changed: %j',
    async (message, reasons) => {
      let over = false
      await start(() => (over ? bulk('done') : `-${message}\r\n`), {
        topology: { minRefreshGapMs: 0 },
        router: { retryMinMs: 1, retryMaxMs: 2 },
      })
      news.length = 0
      const call = redis.get('k')
      await until(() => cluster.node(0).asked.length > 3 && news.length >= reasons.length)
      over = true
      expect(await call).toBe('done')
      expect([...new Set(news)]).toEqual(reasons)
    },
  )

  test('and goes on until the deadline, which then says why', async () => {
    await start(() => '-LOADING Redis is loading the dataset in memory\r\n')
    const error = await failureOf<DeadlineExceededError>(redis.with({ timeoutMs: 60 }).incr('k'))
    expect(error).toBeInstanceOf(DeadlineExceededError)
    expect(error).toMatchObject({
      outcome: 'not-sent',
      command: 'INCR',
      slot: SLOT,
      waitedFor: expect.stringMatching(/^127\.0\.0\.1:\d+ to serve, which refuses at the moment$/),
    })
    expect(error.cause).toMatchObject({ prefix: 'LOADING' })
    expect(error.attempts).toBeGreaterThan(1)
    expect(error.address).toMatch(/^127\.0\.0\.1:\d+$/)
  })
})

describe('a waiting room that is full', () => {
  test('refuses one more with the option to raise, and serves those inside', async () => {
    cluster = await fakeCluster(2, () => bulk('served'))
    const view = cluster.describe
    cluster.describe = () => undefined
    redis = createCluster({ nodes: cluster.urls, router: { maxWaiting: 3 } })
    const inside = [redis.get('a'), redis.get('b'), redis.get('c')]
    const error = await failureOf<OverloadedError>(redis.get('d'))
    expect(error).toBeInstanceOf(OverloadedError)
    expect(error).toMatchObject({
      limit: 'router.maxWaiting',
      retryable: true,
      outcome: 'not-sent',
      command: 'GET',
    })
    cluster.describe = view
    // Those who asked in vain hang; a new question is answered.
    for (const node of cluster.nodes) node.server.peers[0]?.cut()
    expect(await Promise.all(inside)).toEqual(['served', 'served', 'served'])
  })

  test('refuses retries, too, and says what they are for', async () => {
    await start(() => '-LOADING Redis is loading\r\n', { router: { maxWaiting: 0 } })
    const error = await failureOf<OverloadedError>(redis.get('k'))
    expect(error).toBeInstanceOf(OverloadedError)
    expect(error.cause).toMatchObject({ prefix: 'LOADING' })
  })
})

describe('keys in several slots', () => {
  test('are refused before anything is sent, and their slots are named', async () => {
    await start(() => bulk('x'))
    const error = await failureOf<CrossSlotError>(redis.mget(['a', 'b', 'a']))
    expect(error).toBeInstanceOf(CrossSlotError)
    expect(error.slots).toEqual([keySlot('a'), keySlot('b')])
    expect(error).toMatchObject({ command: 'MGET', outcome: 'not-sent' })
    expect(await failureOf(redis.call('DEL', 'a', 'b'))).toBeInstanceOf(CrossSlotError)
    expect(cluster.nodes.flatMap(node => node.asked)).toEqual([])
  })

  test('are refused for good although the sink that hears it does not settle at once', async () => {
    await start(() => '*0\r\n')
    const slow = createCluster({
      nodes: cluster.urls,
      interceptors: [
        next => ({
          execute(command, sink) {
            next.execute(command, {
              settled: false,
              deadline: sink.deadline,
              sent: () => sink.sent(),
              resolve: reply => sink.resolve(reply),
              reject: error => void Promise.resolve().then(() => sink.reject(error)),
            })
          },
        }),
      ],
    })
    expect(await failureOf(slow.mget(['a', 'b']))).toBeInstanceOf(CrossSlotError)
    await slow.connect()
    expect(cluster.nodes.flatMap(node => node.asked)).toEqual([])
    await slow.close()
  })

  test('and so is SCAN, whose cursor is of one node', async () => {
    await start(() => bulk('x'))
    expect(await failureOf(redis.call('SCAN', '0'))).toMatchObject({
      code: 'UNSUPPORTED_COMMAND',
      command: 'SCAN',
    })
    expect(cluster.nodes.flatMap(node => node.asked)).toEqual([])
  })

  test('a hand-made command is judged by the slot it says', async () => {
    await start(() => bulk('x'))
    const odd: Command<unknown> = createCommand(specOf('GET'), ['GET', 'k'], MIXED_SLOTS, reply => reply)
    expect(await failureOf(redis.send(odd))).toBeInstanceOf(CrossSlotError)
  })
})
