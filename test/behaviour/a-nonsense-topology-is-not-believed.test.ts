// What a node says of the cluster is believed when it can be: well formed, in bounds, and in the company of the others.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Client,
  createCluster,
  DiscoveryError,
  keySlot,
  type ReplyError,
  type SlotwiseError,
} from '../../src/index.js'
import { bulk, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, until } from '../support/wait.js'

const KEYS = Array.from({ length: 100 }, (_, i) => `key${i}`)
const ID = 'f'.repeat(40)

const nonsense: [string, string][] = [
  ['nothing', ''],
  ['prose', 'the cluster is very well, thank you'],
  ['a line that is too short', `${ID} 127.0.0.1:7000@17000 master`],
  ['a slot out of range', `${ID} 127.0.0.1:7000@17000 master - 0 0 99 connected 0-16384`],
  ['a slot below zero', `${ID} 127.0.0.1:7000@17000 master - 0 0 99 connected -1-5`],
  ['a range that runs backwards', `${ID} 127.0.0.1:7000@17000 master - 0 0 99 connected 16383-0`],
  ['a slot that is no number', `${ID} 127.0.0.1:7000@17000 master - 0 0 99 connected all`],
  ['a port out of range', `${ID} 127.0.0.1:70000@17000 master - 0 0 99 connected 0-16383`],
  ['no port', `${ID} 127.0.0.1 master - 0 0 99 connected 0-16383`],
  [
    'the same slots over and over',
    `${ID} 127.0.0.1:7000@1 master - 0 0 99 connected${' 0-16383'.repeat(1000)}`,
  ],
  [
    'a host name of 5000 characters',
    `${ID} ${'x'.repeat(5000)}:7000@17000 master - 0 0 99 connected 0-16383`,
  ],
  ['zeros', '\0'.repeat(1000)],
  ['ten thousand and one nodes', many(10_001)],
  ['five megabytes', 'x'.repeat(5 * 1024 * 1024)],
]

function many(count: number): string {
  return Array.from(
    { length: count },
    (_, i) => `${String(i).padStart(40, '0')} 10.0.0.1:${1000 + i}@1 master - 0 0 99 connected`,
  ).join('\n')
}

let cluster: FakeCluster
let redis: Client
let errors: Error[]
let sound: FakeCluster['describe']

beforeEach(async () => {
  cluster = await fakeCluster(3, (words, node) => bulk(`${words[1]} of ${node.index}`))
  sound = cluster.describe
  redis = createCluster({ nodes: cluster.urls, topology: { minRefreshGapMs: 0 } })
  errors = []
  redis.on('error', error => errors.push(error))
})
afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

const owner = (key: string): number => Math.floor((keySlot(key) * 3) / 16_384)
const asKnown = KEYS.map(key => `${key} of ${owner(key)}`)

async function expectServed(): Promise<void> {
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(asKnown)
}

/** Makes the client ask, until this node has been asked; everything is served meanwhile. */
async function askAgain(index: number): Promise<void> {
  const before = cluster.node(index).described
  await until(async () => {
    cluster
      .node((index + 1) % 3)
      .server.peers.at(-1)
      ?.cut()
    await expectServed()
    return cluster.node(index).described > before
  })
}

describe.each(nonsense)('%s', (_, text) => {
  test('from one node of three: nobody is harmed', async () => {
    cluster.describe = node => (node.index === 1 ? text : sound(node))
    await redis.connect()
    await expectServed()
    await askAgain(1)
    await expectServed()
  })

  test('from all of them: the map stays, and whoever listens is told', async () => {
    await redis.connect()
    cluster.describe = () => text
    await askAgain(1)
    await until(() => errors.length > 0)
    const error = errors[0] as DiscoveryError
    expect(error).toBeInstanceOf(DiscoveryError)
    expect(error.contacts.length).toBeGreaterThan(0)
    for (const { phase, cause } of error.contacts) {
      expect(phase).toBe('reply')
      expect(cause).toMatchObject({ code: 'UNEXPECTED_REPLY' })
    }
    await expectServed()
  })

  test('from all of them at the beginning: connect() fails with a typed error, and works when they are well', async () => {
    cluster.describe = () => text
    const error = await failureOf<DiscoveryError>(redis.connect({ timeoutMs: 250 }))
    expect(error).toBeInstanceOf(DiscoveryError)
    for (const { cause } of error.contacts) expect(cause).toMatchObject({ code: 'UNEXPECTED_REPLY' })
    cluster.describe = sound
    await redis.connect()
    await expectServed()
  })
})

test('two that claim the same slots: the one of the higher epoch has them, whoever is asked, in whatever order', async () => {
  // By its own word each of them owns everything.
  const line = (index: number, epoch: number): string =>
    `${cluster.node(index).id} ${cluster.node(index).address}@1 master - 0 0 ${epoch} connected 0-16383`
  const rest = `${cluster.node(2).id} ${cluster.node(2).address}@1 master - 0 0 1 connected`
  cluster.describe = node => {
    const lines = [line(0, node.index === 0 ? 5 : 4), line(1, 9), rest]
    return (node.index === 2 ? lines.reverse() : lines).join('\n')
  }
  await redis.connect()
  expect(await Promise.all(KEYS.map(key => redis.get(key)))).toEqual(KEYS.map(key => `${key} of 1`))
})

test('a node that was reset, or lives in an old world, does not change the map', async () => {
  await redis.connect()
  const { id, address } = cluster.node(0)
  const worlds = [
    // It knows nobody, and claims everything, as after a reset: its epoch is 0.
    `${id} ${address}@1 myself,master - 0 0 0 connected 0-16383`,
    // It has slept: what it says was true once.
    [0, 1, 2]
      .map(i => {
        const node = cluster.node((i + 1) % 3)
        return `${node.id} ${node.address}@1 master - 0 0 0 connected ${cluster.share(i)}`
      })
      .join('\n'),
  ]
  const epochs = cluster.nodes.map(node => node.index + 10)
  for (const world of worlds) {
    cluster.describe = node =>
      node.index === 0
        ? world
        : cluster.nodes
            .map(
              each =>
                `${each.id} ${each.address}@1 master - 0 0 ${epochs[each.index]} connected ${cluster.share(each.index)}`,
            )
            .join('\n')
    for (let i = 0; i < 3; i++) await askAgain(0)
    await expectServed()
  }
})

test.each([
  ['a slot that does not exist', 'MOVED 99999 127.0.0.1:7000'],
  ['an address that is none', `MOVED ${keySlot('k')} ../../etc:7000`],
  ['no address', `MOVED ${keySlot('k')}`],
  ['a port of 0', `MOVED ${keySlot('k')} 127.0.0.1:0`],
  ['a word alone', 'MOVED'],
  ['an ASK to nowhere', `ASK ${keySlot('k')} :`],
])('a redirect with %s is the caller’s, and changes nothing', async (_, message) => {
  await redis.connect()
  const answer = cluster.answer
  cluster.answer = (words, node, peer) => (words[1] === 'k' ? `-${message}\r\n` : answer(words, node, peer))
  const error = await failureOf<ReplyError & SlotwiseError>(redis.get('k'))
  expect(error).toMatchObject({ code: 'REPLY_ERROR', outcome: 'rejected', message })
  await expectServed()
})

test('a redirect to a node without a name ("?") waits until the topology names it', async () => {
  await redis.connect()
  const answer = cluster.answer
  let unknown = true
  cluster.answer = (words, node, peer) =>
    unknown && words[1] === 'k' && node.index === owner('k')
      ? `-MOVED ${keySlot('k')} ?:7000\r\n`
      : answer(words, node, peer)
  let isOver = false
  const call = redis.get('k').finally(() => {
    isOver = true
  })
  await until(() => cluster.described > 6)
  expect(isOver).toBe(false)
  unknown = false
  expect(await call).toBe(`k of ${owner('k')}`)
})
