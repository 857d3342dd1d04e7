// A primary is gone, and its replicas are asked who they are. Scripted servers, so that they can say anything.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ask } from '../../src/node/ask.js'
import type { Node } from '../../src/node/node.js'
import { NodeRegistry } from '../../src/node/registry.js'
import { createAddressMap } from '../../src/topology/address-map.js'
import { ClusterDiscovery } from '../../src/topology/cluster-discovery.js'
import { resolveTopologyOptions } from '../../src/topology/options.js'
import { Topology } from '../../src/topology/topology.js'
import { command, testContext } from '../support/calls.js'
import { bulk, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, turns, until } from '../support/wait.js'

const MASTER = '*3\r\n$6\r\nmaster\r\n:7\r\n*0\r\n'
const SLAVE = '*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:7000\r\n$9\r\nconnected\r\n:7\r\n'

// Nodes 0 and 1 are primaries; 2 and 3 are replicas of 0, 4 is one of 1.
const HEALTHY = ['0-8191 @1', '8192-16383 @2', 'of 0 @1', 'of 0 @1', 'of 1 @2']

let cluster: FakeCluster
/** Of its nodes, also of those that are gone. */
let addresses: readonly string[]
/** What each node says of all. */
let view: readonly string[]
/** What some say, who know more, or less. */
let views: Map<number, readonly string[]>
/** Whose descriptions of the cluster come later than the others'. */
let isLate: (index: number) => boolean
/** What each says to ROLE; undefined: nothing at all. */
let roles: (string | undefined)[]
let isWanted: boolean
let news: string[]
let topology: Topology
let registry: NodeRegistry

beforeEach(async () => {
  cluster = await fakeCluster(5, (words, node) => (words[0] === 'ROLE' ? roles[node.index] : bulk('PONG')))
  cluster.describe = teller => cluster.nodes.map(({ index }) => lineOf(index, teller.index)).join('\n')
  views = new Map()
  isLate = () => false
  addresses = cluster.nodes.map(({ address }) => address)
  view = HEALTHY
  roles = [MASTER, MASTER, SLAVE, SLAVE, SLAVE]
  isWanted = true
  news = []
  registry = new NodeRegistry(testContext(), {})
  const discovery = new ClusterDiscovery(5_000)
  topology = new Topology({
    seeds: [{ host: '127.0.0.1', port: cluster.node(1).port }],
    discovery: {
      slotted: true,
      async discover(contact, signal) {
        const snapshot = await discovery.discover(contact, signal)
        if (isLate(Number(nameOf(contact)))) await new Promise(resolve => setTimeout(resolve, 20))
        return snapshot
      },
    },
    registry,
    translate: createAddressMap(undefined),
    options: resolveTopologyOptions({ minRefreshGapMs: 0, maxRefreshPauseMs: 50, refreshPeriodMs: 0 }),
    hooks: {
      onChange: (_, reason, changed) => news.push(changed ? `${reason}: changed` : reason),
      onFailover: (from, to, slots) => news.push(`${nameOf(from)} → ${nameOf(to)}: ${slots} slots`),
      isWanted: () => isWanted,
      onFailure: error => news.push(error.message),
      onNodeAdded: () => {},
      onNodeRemoved: node => news.push(`-${nameOf(node)}`),
    },
  })
  await refresh()
  news = []
})
afterEach(async () => {
  topology.destroy()
  await cluster.close()
})

/** `of 0 @1`, `0-99 @3 fail`, `0-99 @3 at=127.0.0.1:7`, as CLUSTER NODES writes it. */
function lineOf(index: number, teller: number): string {
  const words = ((views.get(teller) ?? view)[index] as string).split(' ')
  const epoch = words.find(word => word.startsWith('@'))?.slice(1)
  const place = words.find(word => word.startsWith('at='))?.slice(3) ?? addresses[index]
  const isReplica = words[0] === 'of'
  const flags = `${isReplica ? 'slave' : 'master'}${words.includes('fail') ? ',fail' : ''}`
  const primary = isReplica ? cluster.node(Number(words[1])).id : '-'
  const ranges = isReplica ? '' : words.filter(word => /^\d+-\d+$/.test(word)).join(' ')
  return `${cluster.node(index).id} ${place}@1 ${flags} ${primary} 0 0 ${epoch} connected ${ranges}`
}

function node(index: number): Node {
  return registry.get(addresses[index] as string) as Node
}
function nameOf({ address }: Node): string {
  return addresses.includes(address) ? String(addresses.indexOf(address)) : 'elsewhere'
}
function owner(slot: number): string | undefined {
  const found = topology.pick(slot)
  return found && nameOf(found)
}
function asked(index: number): number {
  return cluster.node(index).asked.filter(([word]) => word === 'ROLE').length
}
function failovers(): string[] {
  return news.filter(item => item.includes('→'))
}
async function askedMore(index: number, times = 5): Promise<void> {
  const before = asked(index)
  await until(() => asked(index) >= before + times)
}

async function refresh(): Promise<void> {
  const before = topology.snapshot
  topology.refresh('connect')
  await until(() => topology.snapshot !== before)
}

/** The node dies, and this client knows. */
async function kill(index: number): Promise<Node> {
  const killed = node(index)
  await cluster.node(index).server.close()
  await until(async () => {
    await failureOf(ask(killed, command('PING'), 1_000))
    return !killed.available
  })
  return killed
}

describe('a primary is gone', () => {
  test('a replica that says master has its slots at once; then the cluster is asked', async () => {
    const killed = await kill(0)
    topology.watch(killed)
    await askedMore(2)
    expect([owner(0), failovers()]).toEqual(['0', []])
    roles[3] = MASTER
    await until(() => owner(0) === '3')
    expect(owner(8191)).toBe('3')
    expect(owner(8192)).toBe('1')
    expect(topology.primaries.map(nameOf).sort()).toEqual(['1', '3'])
    expect(news[0]).toBe('0 → 3: 8192 slots')
    view = ['@1 fail', '8192-16383 @2', 'of 3 @5', '0-8191 @5', 'of 1 @2']
    await until(() => news.includes('failover: changed'))
    expect(failovers()).toEqual(['0 → 3: 8192 slots'])
    expect(owner(0)).toBe('3')
  })

  test('its word is not doubted for being the first: of all it is asked again, and waited for', async () => {
    const killed = await kill(0)
    for (const index of [2, 3, 4]) await ask(node(index), command('PING'), 1_000)
    // Nobody else has heard of it so far.
    views.set(3, ['of 3 @5', '8192-16383 @2', 'of 3 @5', '0-8191 @5', 'of 1 @2'])
    isLate = index => index === 3
    for (const turn of [1, 2, 3, 4]) {
      expect(owner(0), `turn ${turn}`).toBe('0')
      roles[3] = MASTER
      topology.watch(killed)
      await until(() => news.includes('failover: changed'))
      expect([owner(0), failovers()]).toEqual(['3', ['0 → 3: 8192 slots']])
      // Once more, with others among those who are asked.
      roles[3] = SLAVE
      const known = views.get(3) as string[]
      views.delete(3)
      await refresh()
      views.set(3, known)
      news = []
    }
  })

  test('nobody but its replicas is asked, and what those of others say does not matter', async () => {
    roles[4] = MASTER
    topology.watch(await kill(0))
    await askedMore(2)
    await askedMore(3)
    expect([asked(1), asked(4), failovers()]).toEqual([0, 0, []])
  })

  test.each([
    ['a status', '+master\r\n'],
    ['a text', bulk('master')],
    ['a number', ':1\r\n'],
    ['nothing', '_\r\n'],
    ['an empty list', '*0\r\n'],
    ['a list of lists', '*1\r\n*1\r\n$6\r\nmaster\r\n'],
    ['a sentinel', '*2\r\n$8\r\nsentinel\r\n*0\r\n'],
    ['an error', '-NOPERM no permission to run role\r\n'],
  ])('%s in place of a role changes nothing', async (_, reply) => {
    roles[2] = reply
    roles[3] = reply
    topology.watch(await kill(0))
    await askedMore(2)
    await askedMore(3)
    expect([owner(0), failovers()]).toEqual(['0', []])
  })

  test('a replica that does not answer is not asked again meanwhile; the other is', async () => {
    roles[2] = undefined
    topology.watch(await kill(0))
    await askedMore(3, 10)
    expect(asked(2)).toBe(1)
  })

  test('a replica that is gone, too, does not keep the other from being heard', async () => {
    const killed = await kill(0)
    await cluster.node(2).server.close()
    roles[3] = MASTER
    topology.watch(killed)
    await until(() => owner(0) === '3')
  })

  test('while nobody wants it nobody is asked, and from when somebody does they are', async () => {
    const killed = await kill(0)
    isWanted = false
    topology.watch(killed)
    expect(topology.inspect().watching).toEqual([killed.address])
    await until(() => topology.inspect().watching.length === 0)
    expect(asked(2)).toBe(0)
    isWanted = true
    topology.watch(killed)
    await askedMore(2)
    isWanted = false
    await until(() => topology.inspect().watching.length === 0)
  })

  test('to watch it ten thousand times is to watch it once', async () => {
    const killed = await kill(0)
    let revivals = 0
    killed.revive = () => revivals++
    for (let i = 0; i < 10_000; i++) topology.watch(killed)
    await askedMore(2)
    // At every look it is dialled, and each replica asked.
    expect(revivals).toBeLessThanOrEqual(asked(2) + 1)
  })

  test('one that serves is not watched', async () => {
    topology.watch(node(0))
    expect(topology.inspect().watching).toEqual([])
  })

  test.each(['close', 'destroy'] as const)('%s ends the asking', async verb => {
    roles[2] = undefined
    const killed = await kill(0)
    topology.watch(killed)
    await askedMore(3)
    await topology[verb]()
    const before = asked(3)
    topology.watch(killed)
    await turns(50)
    expect([asked(3), topology.inspect().watching]).toEqual([before, []])
  })
})

describe('a replica says master, and the cluster says no', () => {
  /** The slots went to node 2, and have come back. */
  async function contradicted(): Promise<Node> {
    const killed = await kill(0)
    roles[2] = MASTER
    topology.watch(killed)
    await until(() => failovers().length === 1 && owner(0) === '0')
    return killed
  }

  test('its word does not count again, however often it says so', async () => {
    await contradicted()
    await askedMore(2, 10)
    for (let i = 0; i < 3; i++) await refresh()
    await askedMore(2, 10)
    expect([owner(0), failovers()]).toEqual(['0', ['0 → 2: 8192 slots']])
  })

  test('… but another’s does', async () => {
    await contradicted()
    roles[3] = MASTER
    await until(() => failovers().length === 2)
    expect(failovers()[1]).toBe('0 → 3: 8192 slots')
  })

  test.each([
    ['its epoch', ['0-8191 @1', '8192-16383 @2', 'of 0 @3', 'of 0 @1', 'of 1 @2']],
    ['what is known of anybody', ['0-8191 @1 fail', '8192-16383 @2', 'of 0 @1', 'of 0 @1', 'of 1 @2']],
  ])('… and its own does when something has changed: %s', async (_, changed) => {
    await contradicted()
    view = changed
    await refresh()
    await until(() => failovers().length === 2)
    expect(failovers()[1]).toBe('0 → 2: 8192 slots')
  })
})

describe('a snapshot is the first to tell', () => {
  const REPLACED = ['@1 fail', '8192-16383 @2', '0-8000 @5', '8001-8191 @6', 'of 1 @2']

  test('that all slots of a node that serves nobody are others’: it is left for the one that has most', async () => {
    const killed = await kill(0)
    const reasons: Error[] = []
    killed.abandon = reason => reasons.push(reason)
    view = REPLACED
    await refresh()
    expect(news.slice(-2)).toEqual(['0 → 2: 8001 slots', 'connect: changed'])
    expect(reasons.map(({ message }) => message)).toEqual([
      `the slots of ${addresses[0]} are served by ${addresses[2]} now`,
    ])
    await refresh()
    expect(failovers()).toHaveLength(1)
  })

  test('… but a node that serves has given them away', async () => {
    view = REPLACED
    await refresh()
    expect(failovers()).toEqual([])
  })

  test('… and one that keeps some is not left', async () => {
    const killed = await kill(0)
    const reasons: Error[] = []
    killed.abandon = reason => reasons.push(reason)
    view = ['0-9 @1', '8192-16383 @2', '10-8191 @5', 'of 0 @1', 'of 1 @2']
    await refresh()
    expect([failovers(), reasons, news.at(-1)]).toEqual([[], [], 'connect: changed'])
  })

  test('… and one that has moved to another address is left for itself, which is no failover', async () => {
    const killed = await kill(0)
    const reasons: Error[] = []
    killed.abandon = reason => reasons.push(reason)
    view = ['0-8191 @1 at=127.0.0.1:7', ...HEALTHY.slice(1)]
    await refresh()
    expect([failovers(), reasons.length, killed.closed]).toEqual([[], 1, true])
    expect(topology.pick(0)).toMatchObject({ address: '127.0.0.1:7', id: cluster.node(0).id })
    expect(news).toContain('-0')
  })
})
