// An hour of refreshes every 5 s, in half a minute: as many of them, closer together. Each client has a cluster of its
// own, because the servers count connections without saying whose.
import { leave } from '../night.mjs'

const REFRESHES = 720
const PERIOD_MS = 50
/** A period begins when the last refresh has ended, and is up to a tenth longer. */
const WITH_JITTER = 1.15

const refreshes = {
  name: 'refreshes',
  title: `1 h of 5 s refreshes: ${REFRESHES} of them, ${PERIOD_MS} ms apart`,
  limitMs: 120_000,
  checks: [
    {
      label: 'total_connections_received grew by',
      target: '0',
      unit: 'count',
      of: ({ connections }) => connections,
      met: count => count === 0,
      over: 'worst',
    },
    {
      label: 'CLUSTER questions answered by the servers',
      unit: 'count',
      of: ({ questions }) => questions,
      over: 'median',
    },
    {
      label: 'errors',
      target: '0',
      unit: 'count',
      of: ({ failed }) => failed,
      met: count => count === 0,
      over: 'worst',
    },
  ],
  async run(stage) {
    const facts = await Promise.all(stage.clients.map(id => refreshing(stage, id)))
    return { clients: Object.fromEntries(stage.clients.map((id, i) => [id, facts[i]])) }
  },
}

async function refreshing(stage, id) {
  const cluster = await stage.startCluster({ primaries: 3, replicas: 0 })
  const { all } = await stage.prepareTags({ all: { slots: () => true, count: 12 } }, cluster)
  const hand = stage.hand(id)
  await hand.ask('connect', { nodes: stage.seeds(cluster), refreshMs: PERIOD_MS })
  if (hand.noSuchOption) return { notYet: 'no such option' }
  await hand.ask('load', { streams: [{ group: 'all', tags: all, kinds: ['get'], perSecond: 100 }] })
  await stage.wait(2000)
  const before = await countsOf(cluster)
  await stage.wait(REFRESHES * PERIOD_MS * WITH_JITTER)
  const after = await countsOf(cluster)
  const record = await hand.ask('stop', { limitMs: 2000 })
  return {
    // Each look is a connection of our own, and sees itself.
    connections: after.connections - before.connections - cluster.nodes.length,
    questions: after.questions - before.questions,
    failed: record?.status.filter(status => status !== 0).length,
    ...(await leave(hand)),
  }
}

async function countsOf({ nodes }) {
  const counts = { connections: 0, questions: 0 }
  for (const node of nodes) {
    const info = String(await node.ask('INFO', 'everything'))
    counts.connections += Number(/^total_connections_received:(\d+)/m.exec(info)?.[1])
    for (const [, calls] of info.matchAll(/^cmdstat_cluster\|(?:nodes|slots|shards):calls=(\d+)/gm)) {
      counts.questions += Number(calls)
    }
  }
  return counts
}

export const idle = [refreshes]
