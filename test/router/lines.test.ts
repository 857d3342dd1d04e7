// Commands that wait for a node that answers, but serves nobody: one of them asks for all.
import { afterEach, describe, expect, test } from 'vitest'
import { type Client, type ClusterOptions, createCluster, keySlot } from '../../src/index.js'
import { type Answer, bulk, type FakeCluster, type FakeNode, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, turns, until } from '../support/wait.js'

let cluster: FakeCluster
let redis: Client

afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

async function start(answer: Answer, options: Partial<ClusterOptions> = {}): Promise<void> {
  cluster = await fakeCluster(2, answer)
  redis = createCluster({ nodes: cluster.urls, ...options })
  await redis.connect()
}

/** Keys of one node of two, in the order of their numbers. */
function keysOf(index: number, count: number): string[] {
  const keys: string[] = []
  for (let i = 0; keys.length < count; i++)
    if (Math.floor(keySlot(`k${i}`) / 8192) === index) keys.push(`k${i}`)
  return keys
}

function askedFor(node: FakeNode): string[] {
  return node.asked.map(words => words[1] as string)
}

const DOWN = '-CLUSTERDOWN The cluster is down\r\n'

describe.each([
  'CLUSTERDOWN The cluster is down',
  'LOADING Redis is loading the dataset in memory',
  'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no.',
])('%s', refusal => {
  test('is asked about by one command for all of its node; then all go, in order', async () => {
    let down = true
    await start((_words, node) => (down && node.index === 0 ? `-${refusal}\r\n` : bulk('served')))
    const keys = keysOf(0, 50)
    const first = keys.slice(0, 10).map(key => redis.get(key))
    const node = cluster.node(0)
    // The eleventh is a canary: the refusals have been read.
    await until(() => node.asked.length > 10)
    // These come when it is known to refuse: none of them is sent.
    const rest = keys.slice(10).map(key => redis.get(key))
    const before = node.asked.length
    await until(() => node.asked.length > before + 2)
    expect(new Set(askedFor(node).slice(before))).toEqual(new Set([keys[0]]))
    down = false
    const again = node.asked.length
    await Promise.all([...first, ...rest])
    // The canary may have been on its way when the answer changed.
    expect(
      askedFor(node)
        .slice(again)
        .filter(key => key !== keys[0]),
    ).toEqual(keys.slice(1))
  })

  test('holds up nobody on another node', async () => {
    let down = true
    await start((_words, node) => (down && node.index === 0 ? `-${refusal}\r\n` : bulk('served')))
    let settled = false
    const held = redis.get(keysOf(0, 1)[0] as string).then(() => {
      settled = true
    })
    await until(() => cluster.node(0).asked.length > 1)
    expect(await Promise.all(keysOf(1, 20).map(key => redis.get(key)))).toHaveLength(20)
    expect(settled).toBe(false)
    down = false
    await held
  })
})

test('a slot that nobody serves holds up no other slot of the node that says so', async () => {
  const [lost = '', ...served] = keysOf(0, 11)
  let down = true
  await start(words => (down && words[1] === lost ? '-CLUSTERDOWN Hash slot not served\r\n' : bulk('served')))
  const held = redis.get(lost)
  await until(() => cluster.node(0).asked.length > 2)
  expect(await Promise.all(served.map(key => redis.get(key)))).toHaveLength(10)
  down = false
  expect(await held).toBe('served')
})

test('what a canary is told of its own does not keep the others waiting', async () => {
  let down = true
  const [wrong = '', ...others] = keysOf(0, 5)
  await start((words, node) => {
    if (down && node.index === 0) return DOWN
    return words[1] === wrong ? '-WRONGTYPE Operation against a key\r\n' : bulk('served')
  })
  const error = failureOf(redis.get(wrong))
  await until(() => cluster.node(0).asked.length > 0)
  const rest = others.map(key => redis.get(key))
  down = false
  expect(await error).toMatchObject({ prefix: 'WRONGTYPE' })
  expect(await Promise.all(rest)).toEqual(others.map(() => 'served'))
})

test('a canary that is sent elsewhere frees the others', async () => {
  let down = true
  const keys = keysOf(0, 5)
  await start((words, node) => {
    if (node.index === 1) return bulk('there')
    if (down) return DOWN
    return words[1] === keys[0]
      ? `-MOVED ${keySlot(keys[0] as string)} ${cluster.node(1).address}\r\n`
      : bulk('here')
  })
  const calls = keys.map(key => redis.get(key))
  await until(() => cluster.node(0).asked.length >= keys.length)
  down = false
  expect(await Promise.all(calls)).toEqual(['there', 'here', 'here', 'here', 'here'])
})

test('who stands in line for a node goes along with those of its slot that the node sends elsewhere, in order', async () => {
  const seen: string[] = []
  let asked = 0
  await start((words, node) => {
    if (node.index === 1) {
      seen.push(words[2] as string)
      return ':1\r\n'
    }
    // The first is refused; those behind it hear that the slot has gone.
    return asked++ === 0 ? DOWN : `-MOVED ${keySlot(words[1] as string)} ${cluster.node(1).address}\r\n`
  })
  const [key = ''] = keysOf(0, 1)
  await Promise.all(['1', '2', '3', '4', '5'].map(value => redis.rpush(key, value)))
  expect(seen).toEqual(['1', '2', '3', '4', '5'])
})

test('a canary whose caller leaves is followed by the next', async () => {
  let down = true
  await start(() => (down ? DOWN : bulk('served')))
  const [a = '', b = ''] = keysOf(0, 2)
  const aborted = new AbortController()
  const first = failureOf(redis.with({ signal: aborted.signal }).get(a))
  const second = redis.get(b)
  await until(() => cluster.node(0).asked.length > 4)
  aborted.abort()
  expect(await first).toMatchObject({ code: 'ABORTED' })
  const before = cluster.node(0).asked.length
  await until(() => cluster.node(0).asked.length > before + 2)
  expect(askedFor(cluster.node(0)).at(-1)).toBe(b)
  down = false
  expect(await second).toBe('served')
})

test('a line ends with the client', async () => {
  await start(() => DOWN)
  const [a = '', b = ''] = keysOf(0, 2)
  // One of them may be under way as canary; the other stands in line.
  const canary = failureOf(redis.get(a))
  const waiting = failureOf(redis.get(b))
  await until(() => cluster.node(0).asked.length > 3)
  redis.destroy()
  expect(await canary).toMatchObject({ code: 'CLOSED' })
  expect(await waiting).toMatchObject({ code: 'CLOSED', outcome: 'not-sent' })
  // What had been written before is read by then.
  for (const node of cluster.nodes) for (const peer of node.server.peers) await peer.left()
  const asked = cluster.nodes.map(node => node.asked.length)
  await turns(30)
  expect(cluster.nodes.map(node => node.asked.length)).toEqual(asked)
})

describe('NOAUTH on a connection that was let in', () => {
  test('is answered by a new connection, and every command is done once, in order', async () => {
    const done: string[] = []
    await start((words, node, peer) => {
      if (node.server.peers.indexOf(peer) < 2 && node.server.peers.length < 2) {
        return '-NOAUTH Authentication required.\r\n'
      }
      done.push(words[1] as string)
      return bulk('served')
    })
    const keys = keysOf(0, 20)
    expect(await Promise.all(keys.map(key => redis.get(key)))).toHaveLength(20)
    expect(done).toEqual(keys)
    expect(cluster.node(0).dials).toBe(2)
  })

  test('and from the new one, too, is the caller’s', async () => {
    await start(() => '-NOAUTH Authentication required.\r\n')
    const error = await failureOf(redis.get('k'))
    expect(error).toMatchObject({ code: 'AUTHENTICATION', retryable: false, command: 'GET' })
  })
})
