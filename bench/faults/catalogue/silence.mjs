// Servers that do not die but fall silent.
import { PROBER_ADDRESS, startLosableCluster } from '../black-hole.mjs'
import {
  always,
  countErrors,
  failedIncrs,
  healthyFlow,
  longestOn,
  longestWithin,
  lostWrites,
  noErrors,
  noErrorsOnHealthy,
  nothingLostAfter,
  releasedWithin,
  servedWithin,
} from '../checks.mjs'
import { night, usualGroups, usualProbes, usualStreams } from '../night.mjs'

const CLUSTER = { primaries: 3, replicas: 1 }
const STOPPED_MS = 10_000
const LOST_MS = 25_000
const AFTERWARDS_MS = 4000
/** Until this long after the fault a client cannot know of it: nothing is wrong with 500 ms of silence, and the look takes a moment. */
const UNNOTICED_MS = 1000

const usual = { groups: usualGroups, streams: usualStreams, probes: usualProbes }

const leftInTime = [
  servedWithin(300),
  releasedWithin(1000),
  nothingLostAfter,
  noErrors('errors on GET and marked SET, affected slots', { groups: ['affected'], kinds: ['get', 'set'] }),
  failedIncrs,
  noErrorsOnHealthy,
  healthyFlow(),
  longestOn('longest call on affected slots', ['affected']),
  lostWrites,
  ...always,
]

export const silence = [
  {
    name: 'sigstop',
    title: 'SIGSTOP of a primary for 10 s',
    limitMs: 90_000,
    checks: leftInTime,
    run: stage =>
      night(stage, {
        ...usual,
        cluster: CLUSTER,
        async break() {
          const [node] = stage.cluster.nodes
          const from = stage.mark('SIGSTOP')
          await node.pause()
          const until = stage.mark('it is stopped')
          const servedAt = await stage.prober.served('affected', until, STOPPED_MS)
          stage.marks.push({ name: 'T: a replica serves', at: servedAt })
          await stage.wait(from + STOPPED_MS - servedAt)
          stage.mark('SIGCONT')
          await node.resume()
          await stage.wait(AFTERWARDS_MS)
          return {
            windows: [{ group: 'affected', from, until, servedAt, inFlightUntil: from + UNNOTICED_MS }],
          }
        },
      }),
  },
  {
    name: 'black-hole',
    title: 'network to one node black-holed for 25 s, for bus and clients',
    limitMs: 120_000,
    checks: leftInTime,
    run: stage =>
      night(stage, {
        ...usual,
        proberAddress: PROBER_ADDRESS,
        start: () => startLosableCluster(stage, CLUSTER),
        async break() {
          const [node] = stage.cluster.nodes
          const from = stage.mark('black hole')
          stage.network.lose(node)
          const until = stage.mark('nothing passes')
          const servedAt = await stage.prober.served('affected', until, LOST_MS)
          stage.marks.push({ name: 'T: a replica serves', at: servedAt })
          await stage.wait(from + LOST_MS - servedAt)
          stage.mark('healed')
          stage.network.heal()
          await stage.wait(AFTERWARDS_MS)
          return {
            windows: [{ group: 'affected', from, until, servedAt, inFlightUntil: from + UNNOTICED_MS }],
          }
        },
      }),
  },
  {
    name: 'black-hole-client',
    title: 'the same for the clients only (no failover)',
    limitMs: 120_000,
    checks: [
      servedWithin(300),
      {
        label: 'errors on affected slots that do not speak of a deadline or time-out',
        target: '0',
        unit: 'count',
        of: ({ errors }) => countOthers(errors),
        met: count => count === 0,
        over: 'worst',
      },
      {
        label: 'errors on affected slots',
        unit: 'count',
        of: facts => countErrors(facts, ['affected']),
        over: 'median',
      },
      longestWithin(10_050, 'longest call on affected slots (deadline 10 s + 50 ms)', ['affected']),
      noErrorsOnHealthy,
      longestWithin(200, 'longest call on healthy slots', ['healthy']),
      ...always,
    ],
    run: stage =>
      night(stage, {
        ...usual,
        proberAddress: PROBER_ADDRESS,
        start: () => startLosableCluster(stage, CLUSTER),
        async break() {
          const [node] = stage.cluster.nodes
          const from = stage.mark('black hole')
          stage.network.loseForClients(node)
          const until = stage.mark('nothing passes')
          await stage.wait(LOST_MS)
          stage.network.heal()
          const servedAt = stage.mark('healed')
          await stage.wait(AFTERWARDS_MS)
          return { windows: [{ group: 'affected', from, until, servedAt, inFlightUntil: servedAt }] }
        },
      }),
  },
]

function countOthers(errors) {
  return errors
    .filter(({ name, code, message }) => !/deadline|time(d)?[ -]?out/i.test(`${name} ${code} ${message}`))
    .reduce(
      (sum, { count, per }) => sum + (Object.keys(per).some(of => of.endsWith('affected')) ? count : 0),
      0,
    )
}
