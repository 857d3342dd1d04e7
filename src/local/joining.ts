// Making one cluster of nodes that do not know each other, without redis-cli: CLUSTER ADDSLOTSRANGE, MEET, REPLICATE.
import type { LocalClusterNode } from './cluster-node.js'
import { SLOT_COUNT } from './cluster-view.js'
import { ClusterNotReadyError } from './errors.js'
import { BUS_OFFSET } from './ports.js'
import { askAll, type Question } from './probe.js'
import { type Deadline, remaining, until } from './until.js'

/** The first `primaryCount` nodes become primaries, the others their replicas, in turn. */
export async function joinNodes(
  nodes: readonly LocalClusterNode[],
  primaryCount: number,
  deadline: Deadline,
  timeoutMs: number,
): Promise<void> {
  const primaries = nodes.slice(0, primaryCount)
  await allDone(primaries.map((node, i) => giveSlots(node, i, primaryCount, deadline)))
  // Everybody meets everybody, rather than one all others: gossip alone takes seconds to spread.
  await allDone(nodes.map((node, i) => meet(node, nodes.slice(i + 1), deadline)))
  const replicas = nodes.slice(primaryCount)
  await allDone(replicas.map((node, i) => replicate(node, primaries[i % primaryCount]!, deadline, timeoutMs)))
}

export async function meet(
  node: LocalClusterNode,
  others: readonly LocalClusterNode[],
  deadline: Deadline,
): Promise<void> {
  if (others.length === 0) return
  // Where they announce themselves, when told to: links that began elsewhere would be made anew at some later moment.
  const announced = await Promise.all(others.map(async other => (await other.myself()).address))
  const questions = others.map((other, i): Question => {
    const { host, port, busPort } = announced[i] ?? { ...other.target, busPort: other.port + BUS_OFFSET }
    return ['CLUSTER', 'MEET', host, port, busPort]
  })
  await askAll(node.target, questions, { timeoutMs: remaining(deadline) })
}

/** Waits until the node knows the primary, and makes it that one's replica. */
export async function replicate(
  node: LocalClusterNode,
  primary: LocalClusterNode,
  deadline: Deadline,
  timeoutMs: number,
): Promise<void> {
  await until(
    deadline,
    async () => {
      const line = (await node.lines()).find(({ id }) => id === primary.nodeId)
      return line === undefined || line.flags.includes('handshake') ? undefined : true
    },
    async () =>
      new ClusterNotReadyError(
        [`${node.address} does not know ${primary.address}`],
        await node.logTail(),
        timeoutMs,
      ),
  )
  await node.ask('CLUSTER', 'REPLICATE', primary.nodeId)
}

/** Waits for all also when one fails, so that nobody cleans up under those that are still at work. */
export async function allDone(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works)
  const failed = results.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** An even share of the slots, and an epoch of its own: else the nodes would first have to settle whose is newer. */
async function giveSlots(
  node: LocalClusterNode,
  i: number,
  count: number,
  deadline: Deadline,
): Promise<void> {
  const first = Math.round((SLOT_COUNT / count) * i)
  const last = Math.round((SLOT_COUNT / count) * (i + 1)) - 1
  const isSeven = Number.parseInt(node.binary.version, 10) >= 7
  const slots = Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  await askAll(
    node.target,
    [
      isSeven ? ['CLUSTER', 'ADDSLOTSRANGE', first, last] : ['CLUSTER', 'ADDSLOTS', ...slots],
      ['CLUSTER', 'SET-CONFIG-EPOCH', i + 1],
    ],
    { timeoutMs: remaining(deadline) },
  )
}
