// Servers that die.
import {
  always,
  failedIncrs,
  healthyExtra,
  longestOn,
  lostWrites,
  noErrors,
  noErrorsOnHealthy,
  noErrorsOnRepeatable,
  onlyInFlightIncrs,
  released,
  servedWithin,
} from '../checks.mjs'
import { night, usualGroups, usualProbes, usualStreams } from '../night.mjs'
import { PERSISTENT, probesOfShards, threeShards } from '../shards.mjs'

const AFTERWARDS_MS = 4000
/** Clients whose pauses grow with the outage need longer after a long one. */
const LONG_AFTERWARDS_MS = 8000
const DOWN_MS = 5000

export const death = [
  killed('kill-9', 'kill -9 of a primary', { limitMs: 60_000, afterwardsMs: AFTERWARDS_MS }),
  killed('kill-9-stock', 'kill -9 of a primary, cluster-node-timeout 15 s, deadline 30 s', {
    limitMs: 120_000,
    afterwardsMs: LONG_AFTERWARDS_MS,
    config: { 'cluster-node-timeout': 15_000 },
    clientOptions: { timeoutMs: 30_000 },
    settleMs: 31_000,
  }),
  {
    name: 'all-killed',
    title: `every node killed, back after ${DOWN_MS / 1000} s`,
    limitMs: 90_000,
    checks: [
      servedWithin(150),
      released,
      noErrors('errors on GET and marked SET', { kinds: ['get', 'set'] }),
      onlyInFlightIncrs,
      failedIncrs,
      longestOn('longest call'),
      lostWrites,
      ...always,
    ],
    run: stage =>
      night(stage, {
        cluster: { primaries: 3, replicas: 1, config: PERSISTENT },
        groups: threeShards,
        streams: usualStreams,
        probes: probesOfShards,
        async break() {
          const { nodes } = stage.cluster
          const from = stage.mark('kill -9 of all')
          await Promise.all(nodes.map(node => node.kill()))
          const until = stage.mark('all are dead')
          await stage.wait(DOWN_MS)
          stage.mark('all are started')
          await Promise.all(nodes.map(node => node.restart()))
          const windows = await Promise.all(
            Object.keys(threeShards).map(async group => {
              const servedAt = await stage.prober.served(group, until, 30_000)
              return { group, from, until, servedAt }
            }),
          )
          stage.mark('T: the servers serve again')
          await stage.wait(AFTERWARDS_MS)
          return { windows }
        },
      }),
  },
]

function killed(name, title, { limitMs, afterwardsMs, config, clientOptions, settleMs }) {
  return {
    name,
    title,
    limitMs,
    checks: [
      servedWithin(50),
      released,
      noErrorsOnRepeatable,
      onlyInFlightIncrs,
      failedIncrs,
      noErrorsOnHealthy,
      healthyExtra,
      longestOn('longest call on affected slots', ['affected']),
      lostWrites,
      ...always,
    ],
    run: stage =>
      night(stage, {
        cluster: { primaries: 3, replicas: 1, config },
        clientOptions,
        groups: usualGroups,
        streams: usualStreams,
        probes: usualProbes,
        settleMs,
        async break() {
          const from = stage.mark('kill -9')
          await stage.cluster.nodes[0].kill()
          const until = stage.mark('it is dead')
          const servedAt = await stage.prober.served('affected', until, 60_000)
          stage.marks.push({ name: 'T: the servers serve again', at: servedAt })
          await stage.wait(afterwardsMs)
          return { windows: [{ group: 'affected', from, until, servedAt }] }
        },
      }),
  }
}
