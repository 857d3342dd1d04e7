// One shard of many is gone for good, and the cluster serves what it has.

import { median } from '../report.mjs'
import { shardOf } from '../shards.mjs'

const PRIMARIES = 10
const CALLERS = 64
const WINDOWS = 3
const WINDOW_MS = 1200
/** What the application goes on asking of the shard that is gone. */
const ASKED_IN_VAIN = 100

const ten = {
  name: 'one-of-ten',
  title: 'one of ten shards down, cluster-require-full-coverage no',
  limitMs: 150_000,
  checks: [
    {
      label: 'throughput of the other nine, of what it was',
      target: '≥ 95 %',
      unit: '%',
      of: ({ during, before }) => ratioOf('perSecond', during, before) * 100,
      met: share => share >= 95,
      over: 'median',
    },
    {
      label: 'calls per second before',
      unit: '/s',
      of: ({ before }) => medianOf('perSecond', before),
      over: 'median',
    },
    {
      label: 'errors on the other nine',
      target: '0',
      unit: 'count',
      of: ({ loopErrors }) => loopErrors,
      met: count => count === 0,
      over: 'worst',
    },
    {
      label: 'CPU per call, of what it was',
      unit: '%',
      of: ({ during, before }) => ratioOf('cpuMicros', during, before) * 100,
      over: 'median',
    },
    {
      label: 'errors meanwhile on the shard that is gone',
      unit: 'count',
      of: ({ errors }) => errors.reduce((sum, { count }) => sum + count, 0),
      over: 'median',
    },
  ],
  // One client after the other, so that none takes another's time: a client that storms a dead node needs much of it.
  async run(stage) {
    const cluster = await stage.startCluster({
      primaries: PRIMARIES,
      replicas: 0,
      // Nobody is declared failed while we look: the shard is simply not there.
      config: { 'cluster-node-timeout': 60_000, 'cluster-require-full-coverage': 'no' },
    })
    const isGone = shardOf(0, PRIMARIES)
    const tags = await stage.prepareTags({
      gone: { slots: isGone, count: 4 },
      others: { slots: slot => !isGone(slot), count: 54 },
    })
    const clients = {}
    for (const id of stage.clients) {
      clients[id] = await lose(stage, cluster, tags, id)
      await cluster.nodes[0].restart()
      await cluster.waitUntilStable()
    }
    return { clients }
  },
}

async function lose(stage, cluster, { gone, others }, id) {
  const hand = stage.hand(id)
  await hand.ask('connect', { nodes: stage.seeds() })
  const streams = [{ group: 'gone', tags: gone, kinds: ['get'], perSecond: ASKED_IN_VAIN }]
  await hand.ask('load', { streams })
  await measure(hand, others, 1) // warm-up
  const before = await measure(hand, others, WINDOWS)
  await cluster.nodes[0].kill()
  const during = await measure(hand, others, WINDOWS)
  const record = await hand.ask('stop', { limitMs: 1 })
  hand.kill()
  if (record === undefined) return { lost: hand.lost }
  const errors = record.errors.map((error, i) => ({
    ...error,
    count: record.status.filter(status => status === i + 2).length,
  }))
  const loopErrors = [...before, ...during].reduce((sum, { errors }) => sum + errors.length, 0)
  return { before, during, loopErrors, errors }
}

async function measure(hand, tags, windows) {
  const seen = []
  for (let i = 0; i < windows; i++) {
    const answer = await hand.ask('loop', { tags, callers: CALLERS, ms: WINDOW_MS }, WINDOW_MS + 12_000)
    if (answer !== undefined) seen.push(answer)
  }
  return seen
}

function ratioOf(figure, during, before) {
  return medianOf(figure, during) / medianOf(figure, before)
}

function medianOf(figure, windows) {
  return median(windows.map(window => window[figure]))
}

export const shards = [ten]
