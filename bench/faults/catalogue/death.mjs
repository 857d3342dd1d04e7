// Servers that die.
import {
  always,
  failedIncrs,
  healthyExtra,
  longestOn,
  lostWrites,
  noErrorsOnHealthy,
  noErrorsOnRepeatable,
  onlyInFlightIncrs,
  servedWithin,
} from '../checks.mjs'
import { night, usualGroups, usualProbes, usualStreams } from '../night.mjs'

const AFTERWARDS_MS = 4000

export const death = [
  killed('kill-9', 'kill -9 of a primary', { limitMs: 60_000 }),
  killed('kill-9-stock', 'kill -9 of a primary, cluster-node-timeout 15 s, deadline 30 s', {
    limitMs: 120_000,
    config: { 'cluster-node-timeout': 15_000 },
    clientOptions: { timeoutMs: 30_000 },
    settleMs: 31_000,
  }),
]

function killed(name, title, { limitMs, config, clientOptions, settleMs }) {
  return {
    name,
    title,
    limitMs,
    checks: [
      servedWithin(50),
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
          await stage.wait(AFTERWARDS_MS)
          return { windows: [{ group: 'affected', from, until, servedAt }] }
        },
      }),
  }
}
