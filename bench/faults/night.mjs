// The course of a bad night, the same for most faults: a cluster, every client under steady load beside the prober, the
// fault, some time afterwards, and then the books are checked.
import { analyse, callsOf, longestGap } from './analyse.mjs'
import { now } from './clock.mjs'
import { probeKey, slotOf } from './keys.mjs'
import { firstThird, SLOTS } from './shards.mjs'
import { verify } from './verify.mjs'

const WARM_UP_MS = 1000
/** The longest deadline of a client is 10 s (30 s where a fault says so); beyond that and a little nothing may be open. */
const SETTLE_MS = 11_000
const CLOSE_MS = 5000
const EXIT_MS = 3000

/**
 * @param plan
 *   cluster: options of startCluster · clientOptions, optionsOf(id): for `hire` · groups: which slots, by group ·
 *   streams(groups): the load · probes(stage, groups): what the prober writes · settleMs ·
 *   break(stage): the fault; answers { windows, … }, further facts of the run, `perClient` by client id among them
 */
export async function night(stage, plan) {
  const cluster = plan.start === undefined ? await stage.startCluster(plan.cluster) : await plan.start(stage)
  const groups = await stage.prepareTags(plan.groups)
  stage.groups = groups
  const probes = await plan.probes(stage, groups)
  if (probes.length > 0) await stage.startProber({ probes, localAddress: plan.proberAddress })
  await stage.hire({ nodes: stage.seeds(), optionsOf: plan.optionsOf, ...plan.clientOptions })
  await stage.askAll('load', { streams: plan.streams(groups, stage) })
  await stage.wait(WARM_UP_MS)

  const { windows, perClient = {}, ...more } = await plan.break(stage)
  const seen = (await stage.prober?.stop()) ?? new Map()
  const settleMs = plan.settleMs ?? SETTLE_MS
  const records = await stage.askAll('stop', { limitMs: settleMs }, settleMs + 5000)
  const stoppedAt = now()

  const clients = {}
  for (const hand of stage.hands) {
    const record = records.get(hand.id)
    clients[hand.id] =
      record === undefined
        ? {}
        : {
            connectMs: hand.connectMs,
            ...analyse(record, { windows, zero: windows[0].from, stoppedAt }),
            data: await verify(cluster, hand.id, callsOf(record, stoppedAt), windows),
            ...perClient[hand.id],
          }
  }
  await Promise.all(stage.hands.map(async hand => Object.assign(clients[hand.id], await leave(hand))))
  const zero = windows[0].from
  return {
    servers: serversOf(windows, seen),
    marks: stage.marks.map(({ name, at }) => ({ name, ms: Math.round(at - zero) })),
    ...more,
    clients,
  }
}

/** Closes the client and sees whether its process ends by itself. */
export async function leave(hand) {
  const end = await hand.ask('close', { limitMs: CLOSE_MS }, CLOSE_MS + 5000)
  const exits = end === undefined ? false : await hand.exits(EXIT_MS)
  if (hand.lost !== undefined) return { lost: hand.lost }
  const { how, closeMs, handles, unhandled, events } = end
  return { close: { how, closeMs, handles, exits }, unhandled, events }
}

/** The servers' own gaps: T of each window, and the longest of any other probed group over all windows. */
function serversOf(windows, seen) {
  const from = windows[0].from
  const until = Math.max(...windows.map(({ servedAt, until }) => servedAt ?? until)) + 2000
  const gaps = {}
  for (const [name, probe] of seen) {
    const { ms } = longestGap(probe, from, until)
    const holds = probe.slow.filter(([sent]) => sent >= from && sent <= until)
    const holdMs = Math.max(0, ...holds.map(([sent, heard]) => heard - sent))
    gaps[name] = { longestMs: ms, holdMs, refusals: Object.fromEntries(probe.refusals) }
  }
  // Where there is no moment of return, as in a move, the longest gap is what the servers themselves make.
  const windowsMs = windows.map(({ group, from, servedAt }) =>
    servedAt === undefined ? gaps[group]?.longestMs : servedAt - from,
  )
  return { windowsMs, gaps }
}

/** The usual: 200 calls a second on the shard that will suffer, 200 on the others. */
export const usualGroups = {
  affected: { slots: firstThird, count: 6 },
  healthy: { slots: slot => !firstThird(slot) && slot < SLOTS, count: 6 },
}

export function usualStreams(groups) {
  const kinds = ['get', 'set', 'incr']
  return Object.entries(groups).map(([group, tags]) => ({
    group,
    tags,
    kinds,
    perSecond: 400 / Object.keys(groups).length,
  }))
}

/** Writes to the affected shard's two nodes, and to one healthy shard's two. */
export async function usualProbes(stage, groups) {
  const { cluster } = stage
  const [first] = cluster.nodes
  const portsOf = async primary =>
    [primary, ...(await cluster.replicas(primary))].map(node => stage.portOf(node))
  const healthyTag = groups.healthy[0]
  const owner = await cluster.nodeFor(slotOf(healthyTag))
  return [
    { name: 'affected', key: probeKey(groups.affected[0]), ports: await portsOf(first) },
    { name: 'healthy', key: probeKey(healthyTag), ports: await portsOf(owner) },
  ]
}
