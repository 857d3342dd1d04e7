// Slots and nodes that move while all are well: nothing of it should be seen.
import {
  always,
  longestOn,
  longestWithin,
  noErrors,
  nothingLost,
  onlyInFlightIncrs,
  released,
  servedWithin,
} from '../checks.mjs'
import { groupKeys, slotOf } from '../keys.mjs'
import { night, usualGroups, usualProbes, usualStreams } from '../night.mjs'
import { evacuate, forget, rebalance, reshard } from '../resharding.mjs'
import { PERSISTENT, probesOfShards, shardOf, threeShards } from '../shards.mjs'
import { countSocketsTo } from '../sockets.mjs'
import { freePorts } from '../stage.mjs'

const CLUSTER = { primaries: 3, replicas: 1 }
const RESHARDED = 2000
const KEYS_AT_ONCE = 20
const HELD_MS = 1500
const SOCKETS_AFTER_MS = 5000
const AFTERWARDS_MS = 2000
const ALL_KINDS = ['get', 'set', 'incr', 'mget', 'mset']

const failover = {
  name: 'failover',
  title: 'CLUSTER FAILOVER under load, there and back',
  limitMs: 60_000,
  checks: [
    noErrors('errors'),
    longestWithin(50, 'longest call'),
    {
      label: "longest call of the prober: the servers' own hold",
      unit: 'ms',
      of: (_, { servers }) => servers.gaps.affected.holdMs,
      over: 'median',
    },
    nothingLost,
    ...always,
  ],
  run: stage =>
    night(stage, {
      cluster: CLUSTER,
      groups: usualGroups,
      streams: usualStreams,
      probes: usualProbes,
      async break() {
        const { cluster } = stage
        const from = stage.mark('CLUSTER FAILOVER')
        const [primary] = cluster.nodes
        await cluster.failover(primary)
        stage.mark('and back')
        await cluster.failover(primary)
        const until = stage.mark('stable')
        await stage.wait(AFTERWARDS_MS)
        return { windows: [{ group: 'affected', from, until }] }
      },
    }),
}

const resharding = {
  name: 'reshard',
  title: `live reshard of ${RESHARDED} slots both ways, and a slot held half-migrated for ${HELD_MS / 1000} s`,
  limitMs: 180_000,
  checks: [
    noErrors('errors, held slot', { groups: ['held'] }),
    noErrors('errors, all other slots', { groups: ['moving', 'healthy'] }),
    longestWithin(100, 'longest call outside the held slot', ['moving', 'healthy']),
    longestOn('longest call in the held slot', ['held']),
    nothingLost,
    ...always,
  ],
  run: stage =>
    night(stage, {
      cluster: CLUSTER,
      groups: {
        moving: { slots: slot => slot < RESHARDED, count: 8, keys: KEYS_AT_ONCE },
        healthy: { slots: slot => slot >= RESHARDED && !shardOf(2, 3)(slot), count: 6 },
        held: { slots: shardOf(2, 3), count: 1, keys: KEYS_AT_ONCE },
      },
      streams: ({ moving, healthy, held }) => [
        { group: 'moving', tags: moving, kinds: ALL_KINDS, perSecond: 170, keys: KEYS_AT_ONCE },
        { group: 'healthy', tags: healthy, kinds: ['get', 'set', 'incr'], perSecond: 130 },
        { group: 'held', tags: held, kinds: ALL_KINDS, perSecond: 100, keys: KEYS_AT_ONCE },
      ],
      probes: () => [],
      async break() {
        const { cluster } = stage
        const [first, second] = cluster.nodes
        const from = stage.mark(`reshard of ${RESHARDED} slots`)
        await reshard(cluster, first, second, RESHARDED)
        stage.mark('and back')
        await reshard(cluster, second, first, RESHARDED)
        stage.mark('resharded')
        await stage.wait(500)
        await holdHalfMigrated(stage, stage.groups.held[0], second)
        const until = stage.mark('all is done')
        await stage.wait(AFTERWARDS_MS)
        return { windows: [{ group: 'held', from, until }] }
      },
    }),
}

/** Half of the keys that MGET and MSET ask for together are here and half there: the servers say TRYAGAIN. */
async function holdHalfMigrated(stage, tag, to) {
  const { cluster } = stage
  const move = await cluster.beginSlotMove(slotOf(tag), to)
  stage.mark('a slot is half migrated')
  const half = groupKeys(tag, KEYS_AT_ONCE).slice(0, KEYS_AT_ONCE / 2)
  await move.from.ask('MIGRATE', to.host, to.port, '', 0, 5000, 'REPLACE', 'KEYS', ...half)
  await stage.wait(HELD_MS)
  await cluster.finishSlotMove(move)
}

const scale = {
  name: 'scale',
  title: 'add node, rebalance, remove node',
  limitMs: 180_000,
  checks: [
    noErrors('errors'),
    {
      label: 'sockets to the removed node 5 s later',
      target: '0',
      unit: 'count',
      of: ({ socketsLeft }) => socketsLeft,
      met: count => count === 0,
      over: 'worst',
    },
    {
      label: 'sockets to it while it was there',
      unit: 'count',
      of: ({ socketsBefore }) => socketsBefore,
      over: 'median',
    },
    longestOn('longest call'),
    nothingLost,
    ...always,
  ],
  run: stage =>
    night(stage, {
      cluster: CLUSTER,
      groups: { all: { slots: () => true, count: 48 } },
      streams: usualStreams,
      probes: () => [],
      async break() {
        const { cluster } = stage
        const from = stage.mark('a node is added')
        const newcomer = await cluster.addNode()
        stage.mark('slots move to it')
        await rebalance(cluster, newcomer)
        stage.mark('it has its share')
        await stage.wait(1000)
        const socketsBefore = countSockets(stage, newcomer.port)
        stage.mark('slots move away')
        await evacuate(cluster, newcomer)
        await forget(cluster, newcomer)
        const until = stage.mark('it is removed')
        await stage.wait(SOCKETS_AFTER_MS)
        const socketsLeft = countSockets(stage, newcomer.port)
        const perClient = {}
        for (const { id } of stage.hands) {
          perClient[id] = { socketsBefore: socketsBefore[id], socketsLeft: socketsLeft[id] }
        }
        return { windows: [{ group: 'all', from, until }], perClient }
      },
    }),
}

function countSockets({ hands }, port) {
  const living = hands.filter(({ lost }) => lost === undefined)
  return Object.fromEntries(living.map(({ id, pid }) => [id, countSocketsTo(pid, port)]))
}

const ports = {
  name: 'ports',
  title: 'nodes restarted on other ports, one by one',
  limitMs: 180_000,
  checks: [
    servedWithin(50),
    released,
    noErrors('errors on GET and marked SET', { kinds: ['get', 'set'] }),
    onlyInFlightIncrs,
    longestOn('longest call'),
    nothingLost,
    ...always,
  ],
  run: stage =>
    night(stage, {
      cluster: { ...CLUSTER, config: PERSISTENT },
      groups: threeShards,
      streams: usualStreams,
      probes: probesOfShards,
      async break() {
        const { cluster } = stage
        const windows = []
        const fresh = await freePorts(cluster.nodes.length)
        for (const [i, node] of cluster.nodes.entries()) {
          const port = fresh[i]
          const group = `shard-${i}`
          // The nodes that began as primaries come first; a restart is too short for a failover.
          const isPrimary = i < CLUSTER.primaries
          const shard = isPrimary ? group : `shard-${i - CLUSTER.primaries}`
          stage.prober.addPorts(shard, [port])
          const from = stage.mark(`node ${i + 1} ends`)
          await node.kill('SIGTERM')
          const until = stage.mark('it has ended')
          await node.restart({ port })
          if (isPrimary) {
            const servedAt = await stage.prober.served(group, until, 20_000)
            windows.push({ group, from, until, servedAt })
          }
          await cluster.waitUntilStable()
          await stage.wait(500)
        }
        await stage.wait(AFTERWARDS_MS)
        return { windows }
      },
    }),
}

export const moves = [failover, resharding, scale, ports]
