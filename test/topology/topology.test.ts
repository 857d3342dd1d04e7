// The topology with a discovery that says what the test wants, when the test wants it; nothing is dialled.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/core/address.js'
import { AuthenticationError, ConnectError, DiscoveryError } from '../../src/core/errors.js'
import type { Node } from '../../src/node/node.js'
import { NodeRegistry } from '../../src/node/registry.js'
import { createAddressMap, type NatMap } from '../../src/topology/address-map.js'
import { resolveTopologyOptions } from '../../src/topology/options.js'
import type { RefreshReason } from '../../src/topology/refresher.js'
import type { NodeRecord, Snapshot } from '../../src/topology/snapshot.js'
import { Topology } from '../../src/topology/topology.js'
import { testContext } from '../support/calls.js'
import { turns, until } from '../support/wait.js'

interface Question {
  readonly address: string
  readonly signal: AbortSignal
  answer(snapshot: Snapshot): void
  fail(error: Error): void
}

function record(
  id: string,
  port: number,
  ranges: [number, number][],
  more: Partial<NodeRecord> = {},
): NodeRecord {
  return {
    id,
    endpoint: { host: '10.0.0.1', port },
    serverName: undefined,
    role: 'primary',
    primaryId: undefined,
    epoch: 0,
    failing: false,
    ranges,
    ...more,
  }
}

function snapshotOf(...nodes: NodeRecord[]): Snapshot {
  return { nodes, source: 'test' }
}

const ALL: [number, number][] = [[0, 16_383]]

class Scene {
  readonly questions: Question[] = []
  readonly news: string[] = []
  readonly failures: Error[] = []
  /** Of each refresh, whether it has changed anything. */
  readonly changes: boolean[] = []
  readonly registry = new NodeRegistry(testContext(), {})
  readonly topology: Topology

  constructor(seeds: readonly number[], natMap?: NatMap) {
    this.topology = new Topology({
      seeds: seeds.map(port => ({ host: '10.0.0.1', port })),
      discovery: {
        slotted: true,
        discover: (contact, signal) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason))
            this.questions.push({ address: contact.address, signal, answer: resolve, fail: reject })
          }),
      },
      registry: this.registry,
      translate: createAddressMap(natMap),
      options: resolveTopologyOptions({ minRefreshGapMs: 0, refreshPeriodMs: 0 }),
      hooks: {
        onChange: (snapshot, reason, changed) => {
          this.changes.push(changed)
          this.news.push(`${reason}: ${snapshot.nodes.length}`)
        },
        onFailover: (from, to, slots) => this.news.push(`${from.id} → ${to.id}: ${slots}`),
        isWanted: () => true,
        onFailure: error => this.failures.push(error),
        onNodeAdded: node => this.news.push(`+${node.id}`),
        onNodeRemoved: node => this.news.push(`-${node.id}`),
      },
    })
  }

  /** The questions of the next round, once it has begun. */
  async asked(count: number): Promise<Question[]> {
    await until(() => this.questions.length >= count)
    return this.questions.splice(0)
  }

  /** Everybody who is asked says so. */
  async learn(snapshot: Snapshot, reason: RefreshReason = 'connect'): Promise<void> {
    const before = this.changes.length
    this.topology.refresh(reason)
    await until(() => {
      for (const question of this.questions.splice(0)) question.answer(snapshot)
      return this.changes.length > before
    })
  }

  owner(slot: number): string | undefined {
    return this.topology.pick(slot)?.address
  }
  node(port: number): Node {
    return this.registry.get(formatAddress({ host: '10.0.0.1', port })) as Node
  }
}

describe('Topology', () => {
  let scene: Scene

  beforeEach(() => {
    scene = new Scene([7000, 7001])
  })
  afterEach(() => {
    scene.topology.destroy()
  })

  test('asks every seed at first, and decides when most have answered: the other questions are taken back', async () => {
    const many = new Scene([7000, 7001, 7002])
    many.topology.refresh('connect')
    const questions = await many.asked(3)
    expect(questions.map(({ address }) => address)).toEqual([
      '10.0.0.1:7000',
      '10.0.0.1:7001',
      '10.0.0.1:7002',
    ])
    questions[2]?.answer(snapshotOf(record('a', 7001, ALL)))
    await turns()
    expect(many.topology.snapshot).toBeUndefined()
    questions[1]?.answer(snapshotOf(record('a', 7001, ALL)))
    await turns()
    expect(questions[0]?.signal.aborted).toBe(true)
    expect(many.owner(0)).toBe('10.0.0.1:7001')
    expect(many.news).toEqual(['+a', 'connect: 1'])
    many.topology.destroy()
  })

  test('one answer is enough when nobody else has anything to say', async () => {
    scene.topology.refresh('connect')
    const questions = await scene.asked(2)
    questions[1]?.answer(snapshotOf(record('a', 7001, ALL)))
    questions[0]?.fail(new Error('odd'))
    await turns()
    expect(scene.owner(0)).toBe('10.0.0.1:7001')
  })

  test('one answer is enough a little later, although another never answers', async () => {
    scene.topology.refresh('connect')
    const questions = await scene.asked(2)
    questions[1]?.answer(snapshotOf(record('a', 7001, ALL)))
    await until(() => scene.topology.snapshot !== undefined)
    expect(questions[0]?.signal.aborted).toBe(true)
    expect(scene.owner(0)).toBe('10.0.0.1:7001')
  })

  test('a seed given twice is asked once', async () => {
    const twice = new Scene([7000, 7000])
    twice.topology.refresh('connect')
    expect(await twice.asked(1)).toHaveLength(1)
    twice.topology.destroy()
  })

  test('of two that claim a slot the one with the higher epoch has it, in whatever order they are listed', async () => {
    const old = record('a', 7000, ALL, { epoch: 3 })
    const fresh = record('b', 7001, [[5, 5]], { epoch: 4 })
    for (const nodes of [
      [old, fresh],
      [fresh, old],
    ]) {
      await scene.learn(snapshotOf(...nodes))
      expect([4, 5, 6].map(slot => scene.owner(slot))).toEqual([
        '10.0.0.1:7000',
        '10.0.0.1:7001',
        '10.0.0.1:7000',
      ])
    }
  })

  test('commands without keys go to serving primaries in turn, and to no other', async () => {
    await scene.learn(
      snapshotOf(
        record('a', 7000, [[0, 99]]),
        record('b', 7001, [[100, 16_383]]),
        record('empty', 7002, []),
        record('failing', 7003, [[0, 99]], { failing: true }),
        record('replica', 7004, [], { role: 'replica', primaryId: 'a' }),
      ),
    )
    const picked = Array.from({ length: 4 }, () => scene.owner(-1))
    expect(picked.sort()).toEqual(['10.0.0.1:7000', '10.0.0.1:7000', '10.0.0.1:7001', '10.0.0.1:7001'])
    expect(scene.topology.primaries).toHaveLength(2)
  })

  test('nodes come and go with their ids', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL), record('b', 7001, [])))
    const leaving = scene.node(7001)
    await scene.learn(snapshotOf(record('a', 7000, ALL), record('c', 7002, [])))
    expect(scene.news).toEqual(['+a', '+b', 'connect: 2', '-b', '+c', 'connect: 2'])
    expect(leaving.closed).toBe(true)
    expect(scene.node(7001)).toBeUndefined()
  })

  test('another node at a known address is another node', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    await scene.learn(snapshotOf(record('z', 7000, ALL)))
    expect(scene.news).toEqual(['+a', 'connect: 1', '-a', '+z', 'connect: 1'])
  })

  test('a dead node does not hide the one that has taken its address over', async () => {
    const dead = record('a', 7000, [], { failing: true })
    for (const nodes of [
      [record('b', 7000, ALL), dead],
      [dead, record('b', 7000, ALL)],
    ]) {
      await scene.learn(snapshotOf(...nodes))
      expect(scene.owner(0)).toBe('10.0.0.1:7000')
      expect(scene.node(7000).id).toBe('b')
    }
    expect(scene.news).toEqual(['+b', 'connect: 2', 'connect: 2'])
  })

  test('a slot nobody has is nobody’s', async () => {
    await scene.learn(snapshotOf(record('a', 7000, [[0, 16_382]])))
    expect(scene.owner(16_383)).toBeUndefined()
    expect(scene.topology.coveredSlots).toBe(16_383)
  })

  test('a MOVED counts at once, also to a node never heard of', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    const target = scene.topology.locate('10.0.0.1', 7009, scene.node(7000)) as Node
    scene.topology.moved(7, target)
    expect([6, 7, 8].map(slot => scene.owner(slot))).toEqual([
      '10.0.0.1:7000',
      '10.0.0.1:7009',
      '10.0.0.1:7000',
    ])
    const newer = snapshotOf(record('a', 7000, [[0, 16_382]]), record('n', 7009, [[16_383, 16_383]]))
    for (const question of await scene.asked(1)) question.answer(newer)
    await until(() => scene.news.at(-1) === 'MOVED: 2')
    // The answer is younger than that MOVED.
    expect(scene.owner(7)).toBe('10.0.0.1:7000')
  })

  test('a MOVED heard while the cluster is asked outlives its answer, and the cluster is asked again', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    scene.topology.refresh('CLUSTERDOWN')
    const [older] = await scene.asked(1)
    const target = scene.topology.locate('10.0.0.1', 7009, scene.node(7000)) as Node
    scene.topology.moved(7, target)
    older?.answer(snapshotOf(record('a', 7000, ALL)))
    await until(() => scene.news.at(-1) === 'CLUSTERDOWN: 1')
    expect(scene.owner(7)).toBe('10.0.0.1:7009')
    expect(scene.owner(8)).toBe('10.0.0.1:7000')
    expect(target.closed).toBe(false)

    const [newer] = await scene.asked(1)
    newer?.answer(snapshotOf(record('a', 7000, ALL)))
    await until(() => scene.news.at(-1) === 'MOVED: 1')
    expect(scene.owner(7)).toBe('10.0.0.1:7000')
    expect(target.closed).toBe(true)
  })

  test('a MOVED heard while the cluster is asked costs no second question when the answer agrees', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL), record('b', 7001, [])))
    scene.topology.refresh('MOVED')
    const [question] = await scene.asked(1)
    for (let slot = 0; slot < 1000; slot++) scene.topology.moved(slot, scene.node(7001))
    question?.answer(snapshotOf(record('b', 7001, ALL)))
    await until(() => scene.news.at(-1) === 'MOVED: 1')
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(scene.questions).toEqual([])
  })

  test('a MOVED that says what the map says is no news', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    for (let slot = 0; slot < 1000; slot++) scene.topology.moved(slot, scene.node(7000))
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(scene.questions).toEqual([])
  })

  test('a redirect without a host means the node that sent it, one with a question mark nobody', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    const from = scene.node(7000)
    expect(scene.topology.locate('', 7005, from)?.address).toBe('10.0.0.1:7005')
    expect(scene.topology.locate('::1', 7005, from)?.address).toBe('[::1]:7005')
    expect(scene.topology.locate('?', 7005, from)).toBeUndefined()
  })

  test('a server that names ever new addresses fills no memory: from some number on they are no nodes', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    const from = scene.node(7000)
    const located = Array.from({ length: 5_000 }, (_, i) => scene.topology.locate('10.0.0.2', i + 1, from))
    expect(located.filter(node => node !== undefined)).toHaveLength(1_000)
    expect(scene.topology.locate('10.0.0.2', 1, from)).toBe(located[0])
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    expect(scene.registry.all).toHaveLength(1)
    expect(scene.topology.locate('10.0.0.2', 5_000, from)).toBeDefined()
  })

  test('known nodes are asked first, at most three at once, and the seeds when they are of no help', async () => {
    const nodes = [7010, 7011, 7012, 7013].map((port, i) => record(`n${i}`, port, [[i, i]]))
    await scene.learn(snapshotOf(...nodes))
    scene.topology.refresh('MOVED')
    const known = await scene.asked(3)
    expect(known).toHaveLength(3)
    for (const question of known) question.fail(new ConnectError(question.address, 'connect'))
    const seeds = await scene.asked(2)
    expect(seeds.map(({ address }) => address)).toEqual(['10.0.0.1:7000', '10.0.0.1:7001'])
    for (const seed of seeds) seed.answer(snapshotOf(record('new', 7020, ALL)))
    await until(() => scene.owner(0) === '10.0.0.1:7020')
  })

  test('when nobody can tell, all who were asked are listed with phase and cause', async () => {
    scene.topology.refresh('connect')
    const [first, second] = await scene.asked(2)
    first?.fail(new ConnectError('10.0.0.1:7000', 'dns', { message: 'no such name' }))
    second?.fail(new Error('odd'))
    await until(() => scene.failures.length === 1)
    expect(scene.failures[0]).toBeInstanceOf(DiscoveryError)
    expect(scene.failures[0]).toMatchObject({
      retryable: true,
      contacts: [
        { address: '10.0.0.1:7000', phase: 'dns' },
        { address: '10.0.0.1:7001', phase: 'reply' },
      ],
    })
    expect(scene.topology.lastFailure).toBe(scene.failures[0])
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    expect(scene.topology.lastFailure).toBeUndefined()
  })

  test('whoever stops waiting is told of every seed: why it failed last, or that it has not answered', async () => {
    scene.topology.refresh('connect')
    const [first] = await scene.asked(2)
    first?.fail(new ConnectError('10.0.0.1:7000', 'dns', { message: 'no such name' }))
    await until(() => scene.topology.unfinished(50).contacts[0]?.phase === 'dns')
    expect(scene.topology.unfinished(50)).toMatchObject({
      contacts: [
        { address: '10.0.0.1:7000', phase: 'dns', cause: { code: 'CONNECT' } },
        { address: '10.0.0.1:7001', phase: 'connect', cause: { code: 'DEADLINE_EXCEEDED' } },
      ],
    })
  })

  test('a refused password is told although another seed has not answered', async () => {
    scene.topology.refresh('connect')
    const questions = await scene.asked(2)
    questions[0]?.fail(new AuthenticationError('10.0.0.1:7000'))
    await until(() => scene.failures.length === 1)
    expect(scene.failures[0]).toBeInstanceOf(AuthenticationError)
    expect(questions[1]?.signal.aborted).toBe(true)
  })

  test('a refused password is passed over when another seed answers soon', async () => {
    scene.topology.refresh('connect')
    const questions = await scene.asked(2)
    questions[0]?.fail(new AuthenticationError('10.0.0.1:7000'))
    await new Promise(setImmediate)
    questions[1]?.answer(snapshotOf(record('a', 7001, ALL)))
    await until(() => scene.topology.snapshot !== undefined)
    expect(scene.failures).toEqual([])
  })

  test('a natMap is applied to what is announced and to redirects', async () => {
    const mapped = new Scene([7000], address => ({
      host: 'gate.test',
      port: Number(address.split(':')[1]) + 1,
    }))
    await mapped.learn(snapshotOf(record('a', 7000, ALL)))
    expect(mapped.owner(0)).toBe('gate.test:7001')
    const from = mapped.topology.pick(0) as Node
    expect(mapped.topology.locate('10.0.0.1', 7007, from)?.address).toBe('gate.test:7008')
    mapped.topology.destroy()
  })

  test('a natMap that throws leaves the map as it was, and is told as what it is', async () => {
    let angry = false
    const mapped = new Scene([7000], () => {
      if (angry) throw new TypeError('mine')
      return undefined
    })
    await mapped.learn(snapshotOf(record('a', 7000, ALL)))
    angry = true
    mapped.topology.refresh('MOVED')
    const [question] = await mapped.asked(1)
    question?.answer(snapshotOf(record('b', 7001, ALL)))
    await until(() => mapped.failures.length === 1)
    expect(mapped.failures[0]).toMatchObject({
      code: 'CONNECT',
      retryable: false,
      cause: { message: 'mine' },
    })
    expect(mapped.owner(0)).toBe('10.0.0.1:7000')
    expect(mapped.registry.all.map(node => node.address)).toEqual(['10.0.0.1:7000'])
    mapped.topology.destroy()
  })

  test('a refresh says whether it tells anything new', async () => {
    const one = record('a', 7000, [[0, 99]], { epoch: 1 })
    const other = record('b', 7001, [[100, 199]], { epoch: 2 })
    const replica = record('c', 7002, [], { role: 'replica', primaryId: 'a', epoch: 1 })
    await scene.learn(snapshotOf(one, other, replica))
    await scene.learn(snapshotOf(one, other, replica))
    await scene.learn(snapshotOf(replica, { ...other, epoch: 9 }, one))
    expect(scene.changes).toEqual([true, false, false])
    const changes: NodeRecord[][] = [
      [one, { ...other, ranges: [[100, 198]] }, replica],
      [one, other, { ...replica, primaryId: 'b' }],
      [one, other, { ...replica, role: 'primary', primaryId: undefined }],
      [{ ...one, failing: true }, other, replica],
      [one, other, { ...replica, endpoint: { host: '10.0.0.1', port: 7003 } }],
      [one, other, { ...replica, id: 'd' }],
      [one, other],
    ]
    for (const nodes of changes) {
      await scene.learn(snapshotOf(...nodes))
      expect(scene.changes.at(-1)).toBe(true)
      await scene.learn(snapshotOf(...nodes))
      expect(scene.changes.at(-1)).toBe(false)
    }
  })

  test('a node that is the same at another address is followed there', async () => {
    await scene.learn(snapshotOf(record('a', 7000, [[0, 99]]), record('b', 7001, [[100, 199]])))
    const before = scene.node(7001)
    await scene.learn(snapshotOf(record('a', 7000, [[0, 99]]), record('b', 7009, [[100, 199]])))
    expect(scene.owner(100)).toBe('10.0.0.1:7009')
    expect(before.closed).toBe(true)
    expect(scene.registry.all.map(node => `${node.id} ${node.address}`)).toEqual([
      'a 10.0.0.1:7000',
      'b 10.0.0.1:7009',
    ])
  })

  test('two nodes that have changed places are followed, too', async () => {
    await scene.learn(snapshotOf(record('a', 7000, [[0, 99]]), record('b', 7001, [[100, 199]])))
    await scene.learn(snapshotOf(record('a', 7001, [[0, 99]]), record('b', 7000, [[100, 199]])))
    expect([scene.owner(0), scene.owner(100)]).toEqual(['10.0.0.1:7001', '10.0.0.1:7000'])
    expect([scene.node(7000).id, scene.node(7001).id]).toEqual(['b', 'a'])
  })

  test.each([-1, 16_384, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 99_999_999_999])(
    'a MOVED of slot %s teaches nothing',
    async slot => {
      await scene.learn(snapshotOf(record('a', 7000, ALL), record('b', 7001, [])))
      scene.topology.moved(slot, scene.node(7001))
      await turns()
      expect(scene.questions).toEqual([])
      expect(scene.topology.coveredSlots).toBe(16_384)
    },
  )

  test('ten thousand MOVEDs that contradict each other cost one question, and one after it', async () => {
    const view = snapshotOf(record('a', 7000, ALL), record('b', 7001, []), record('c', 7002, []))
    await scene.learn(view)
    const contradict = (i: number): void => {
      scene.topology.moved(i % 10, scene.node(7001 + (Math.floor(i / 10) % 2)))
    }
    for (let i = 0; i < 10_000; i++) contradict(i)
    const first = await scene.asked(1)
    // They go on while it is asked.
    for (let i = 0; i < 10_000; i++) contradict(i)
    for (const question of first) question.answer(view)
    for (const question of await scene.asked(1)) question.answer(view)
    await until(() => scene.changes.length === 3)
    await turns(50)
    expect([scene.questions, scene.topology.inspect().nextRefreshInMs]).toEqual([[], undefined])
    expect(scene.topology.inspect().refreshes).toEqual({ connect: 1, MOVED: 2 })
    expect(scene.registry.all).toHaveLength(3)
    expect(scene.owner(0)).toBe('10.0.0.1:7000')
  })

  test('many ASKs are a reason to ask; a few are none', async () => {
    await scene.learn(snapshotOf(record('a', 7000, ALL)))
    for (let i = 0; i < 19; i++) scene.topology.asked()
    expect(scene.topology.inspect().nextRefreshInMs).toBeUndefined()
    for (let i = 0; i < 10_000; i++) scene.topology.asked()
    await scene.asked(1)
    expect(scene.topology.inspect().refreshes).toEqual({ connect: 1, 'ASK burst': 1 })
  })

  test('it tells what it knows, and since when', async () => {
    expect(scene.topology.inspect()).toEqual({
      nodes: { primaries: [], replicas: [] },
      coveredSlots: 0,
      lastRefresh: undefined,
      refreshes: {},
      nextRefreshInMs: undefined,
      watching: [],
    })
    await scene.learn(
      snapshotOf(
        record('a', 7000, [[0, 99]]),
        record('b', 7001, []),
        record('c', 7002, [], { role: 'replica', primaryId: 'a' }),
      ),
    )
    expect(scene.topology.inspect()).toEqual({
      nodes: { primaries: ['10.0.0.1:7000', '10.0.0.1:7001'], replicas: ['10.0.0.1:7002'] },
      coveredSlots: 100,
      lastRefresh: {
        reason: 'connect',
        ok: true,
        agoMs: expect.any(Number),
        source: 'test,test',
        error: undefined,
      },
      refreshes: { connect: 1 },
      nextRefreshInMs: undefined,
      watching: [],
    })
    scene.topology.refresh('CLUSTERDOWN')
    while (scene.failures.length === 0) {
      for (const question of await scene.asked(1)) question.fail(new Error('odd'))
      await turns()
    }
    expect(scene.topology.inspect()).toMatchObject({
      coveredSlots: 100,
      lastRefresh: {
        reason: 'CLUSTERDOWN',
        ok: false,
        source: undefined,
        error: expect.stringContaining('odd'),
      },
      refreshes: { connect: 1, CLUSTERDOWN: 1 },
    })
    // Plain data.
    const state = scene.topology.inspect()
    expect(structuredClone(state)).toEqual(state)
  })

  test.each(['close', 'destroy'] as const)('%s takes questions back and ends the asking', async verb => {
    scene.topology.refresh('connect')
    const questions = await scene.asked(2)
    await scene.topology[verb]()
    expect(questions.every(({ signal }) => signal.aborted)).toBe(true)
    scene.topology.refresh('connect')
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(scene.questions).toEqual([])
    expect(scene.failures).toEqual([])
  })
})

describe('Whom Topology asks', () => {
  const OURS = snapshotOf(
    ...[7010, 7011, 7012, 7013, 7014].map((port, i) => record(`n${i}`, port, [[i, i]], { epoch: 1 })),
  )
  const STRANGE = snapshotOf(record('x', 7010, ALL, { epoch: 9 }), record('y', 7011, [], { epoch: 9 }))
  let scene: Scene

  beforeEach(async () => {
    scene = new Scene([7000])
    await scene.learn(OURS)
  })
  afterEach(() => {
    scene.topology.destroy()
  })

  function connected(...ports: number[]): void {
    for (const port of ports)
      Object.defineProperty(scene.node(port), 'connections', { value: [{ ready: true }] })
  }
  function silent(...ports: number[]): void {
    for (const port of ports) Object.defineProperty(scene.node(port), 'available', { value: false })
  }
  const portsOf = (questions: readonly Question[]): number[] =>
    questions.map(({ address }) => Number(address.split(':')[1])).sort()

  test('nodes with a connection, and no other while one of them answers', async () => {
    connected(7011, 7013)
    scene.topology.refresh('CLUSTERDOWN')
    const questions = await scene.asked(1)
    expect(portsOf(questions)).toEqual([7011, 7013])
    questions[0]?.fail(new Error('odd'))
    await turns()
    questions[1]?.answer(OURS)
    await until(() => scene.changes.length === 2)
    expect(scene.questions).toEqual([])
  })

  test('at most three at once, all of them in turn', async () => {
    connected(7010, 7011, 7012, 7013, 7014)
    const counts = new Map<number, number>()
    for (let i = 0; i < 5; i++) {
      scene.topology.refresh('CLUSTERDOWN')
      const questions = await scene.asked(1)
      expect(questions).toHaveLength(3)
      for (const port of portsOf(questions)) counts.set(port, (counts.get(port) ?? 0) + 1)
      for (const question of questions) question.answer(OURS)
      await until(() => scene.changes.length === i + 2)
    }
    expect([...counts.values()]).toEqual([3, 3, 3, 3, 3])
  })

  test('a node that keeps silent last, although it has a connection', async () => {
    connected(7010, 7011)
    silent(7011)
    scene.topology.refresh('CLUSTERDOWN')
    const first = await scene.asked(1)
    expect(portsOf(first)).toEqual([7010])
    first[0]?.fail(new Error('odd'))
    const second = await scene.asked(3)
    expect(portsOf(second)).toEqual([7012, 7013, 7014])
    for (const question of second) question.fail(new Error('odd'))
    const [third] = await scene.asked(1)
    expect(third?.address).toBe('10.0.0.1:7011')
    third?.fail(new Error('odd'))
    const [seed] = await scene.asked(1)
    expect(seed?.address).toBe('10.0.0.1:7000')
    seed?.fail(new Error('odd'))
    await until(() => scene.failures.length === 1)
    const tried = (scene.failures[0] as DiscoveryError).contacts.map(({ address }) => address)
    expect(tried.sort()).toEqual([7000, 7010, 7011, 7012, 7013, 7014].map(port => `10.0.0.1:${port}`))
  })

  test('others, when those asked keep silent; and whoever answers first is heard', async () => {
    connected(7010)
    scene.topology.refresh('CLUSTERDOWN')
    const first = await scene.asked(1)
    const second = await scene.asked(1)
    expect([portsOf(first), portsOf(second)]).toEqual([[7010], expect.arrayContaining([7011])])
    first[0]?.answer(OURS)
    await until(() => scene.changes.length === 2)
    expect(second.every(({ signal }) => signal.aborted)).toBe(true)
  })

  test('two that agree are enough; the third may hang', async () => {
    connected(7010, 7011, 7012)
    scene.topology.refresh('CLUSTERDOWN')
    const questions = await scene.asked(3)
    questions[1]?.answer(OURS)
    questions[2]?.answer(OURS)
    await turns()
    expect(scene.changes).toHaveLength(2)
    expect(questions[0]?.signal.aborted).toBe(true)
  })

  test('a stranger at an address of ours is not believed: the others are waited for, and asked', async () => {
    connected(7010)
    scene.topology.refresh('CLUSTERDOWN')
    const [stranger] = await scene.asked(1)
    stranger?.answer(STRANGE)
    const others = await scene.asked(3)
    expect(scene.changes).toHaveLength(1)
    others[2]?.answer(OURS)
    await until(() => scene.changes.length === 2)
    expect(scene.changes[1]).toBe(false)
    expect(scene.owner(0)).toBe('10.0.0.1:7010')
  })

  test('… nor two of them, while one of ours can be found', async () => {
    connected(7010, 7011, 7012)
    scene.topology.refresh('CLUSTERDOWN')
    const first = await scene.asked(3)
    for (const question of first.filter(({ address }) => !address.endsWith('7012'))) question.answer(STRANGE)
    const others = await scene.asked(2)
    expect(scene.changes).toHaveLength(1)
    for (const question of [...others, ...first]) question.answer(OURS)
    await until(() => scene.changes.length === 2)
    expect(scene.owner(0)).toBe('10.0.0.1:7010')
  })

  test('a stranger is believed when nobody is left who could say otherwise', async () => {
    connected(7010)
    scene.topology.refresh('CLUSTERDOWN')
    const [stranger] = await scene.asked(1)
    stranger?.answer(STRANGE)
    for (const question of await scene.asked(3)) question.fail(new ConnectError(question.address, 'connect'))
    const [seed] = await scene.asked(1)
    seed?.answer(STRANGE)
    await until(() => scene.changes.length === 2)
    expect(scene.owner(0)).toBe('10.0.0.1:7010')
    expect(scene.node(7010).id).toBe('x')
  })

  test('… also when those who could do not answer', async () => {
    connected(7010)
    scene.topology.refresh('CLUSTERDOWN')
    const [stranger] = await scene.asked(1)
    stranger?.answer(STRANGE)
    await until(() => scene.changes.length === 2)
    expect(scene.node(7010).id).toBe('x')
  })
})
