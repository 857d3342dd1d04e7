// Taking a node out of its cluster, without redis-cli: CLUSTER REPLICATE for its replicas, CLUSTER FORGET for all others.
import { InvalidArgumentError } from '../core/errors.js'
import type { LocalClusterNode } from './cluster-node.js'
import { countSlots, type NodeLine, SLOT_COUNT } from './cluster-view.js'
import { ClusterNotReadyError } from './errors.js'
import { allDone, replicate } from './joining.js'
import { type Deadline, until } from './until.js'

/** A replica that loses its primary, and the one it shall follow. */
export interface Adoption {
  readonly replica: LocalClusterNode
  readonly primary: LocalClusterNode
}

/**
 * Whether a node can go, by what the others believe; answers who follows whom then.
 *
 * @throws InvalidArgumentError with what has to be done before.
 */
export async function planLeave(
  node: LocalClusterNode,
  nodes: readonly LocalClusterNode[],
): Promise<Adoption[]> {
  const refusal = (why: string) => new InvalidArgumentError('removeNode', 'node', why)
  const others = nodes.filter(other => other !== node && other.state === 'running')
  if (others.length === 0) throw refusal('is the last one that runs')

  const views = await Promise.all(others.map(other => other.lines()))
  const lines = views.flat()
  const slots = Math.max(
    ...lines.filter(({ id }) => id === node.nodeId).map(line => countSlots(line.slots)),
    0,
  )
  if (slots > 0)
    throw refusal(`owns ${slots} of ${SLOT_COUNT} slots; move them first: migrateSlots(node, another)`)

  const bereaved = new Set(lines.filter(({ primaryId }) => primaryId === node.nodeId).map(({ id }) => id))
  const replicas = nodes.filter(({ nodeId }) => bereaved.has(nodeId))
  const absent = replicas.find(replica => !others.includes(replica))
  if (absent !== undefined)
    throw refusal(`has a replica that does not run, ${absent.address}; restart, resume or remove that first`)
  return adopt(replicas, others, views[0]!, refusal)
}

/** Each by the primary that has the fewest then; one that serves slots, since a replica of another protects nothing. */
function adopt(
  replicas: readonly LocalClusterNode[],
  others: readonly LocalClusterNode[],
  view: readonly NodeLine[],
  refusal: (why: string) => Error,
): Adoption[] {
  const owners = others
    .filter(({ nodeId }) => view.some(line => line.id === nodeId && line.slots.length > 0))
    .map(primary => ({
      primary,
      replicas: view.filter(({ primaryId }) => primaryId === primary.nodeId).length,
    }))
  return replicas.map(replica => {
    const fewest = owners.sort((a, b) => a.replicas - b.replicas)[0]
    if (fewest === undefined) throw refusal('has replicas, and no other primary that owns slots runs')
    fewest.replicas += 1
    return { replica, primary: fewest.primary }
  })
}

/** Resolves when no other node that runs lists it. The node itself may run or not; it is not told. */
export async function leave(
  node: LocalClusterNode,
  nodes: readonly LocalClusterNode[],
  adoptions: readonly Adoption[],
  deadline: Deadline,
  timeoutMs: number,
): Promise<void> {
  await allDone(adoptions.map(({ replica, primary }) => replicate(replica, primary, deadline, timeoutMs)))
  let reminded: readonly LocalClusterNode[] = []
  await until(
    deadline,
    async () => {
      // Gossip brings a node back, except for 60 s to those who were told to forget it. So all are told, at once, and
      // once more whoever had heard of it in between.
      const others = nodes.filter(other => other !== node && other.state === 'running')
      const lists = await Promise.all(others.map(other => other.lines()))
      reminded = others.filter((_, i) => lists[i]!.some(({ id }) => id === node.nodeId))
      if (reminded.length === 0) return true
      await allDone(reminded.map(other => forget(other, node)))
      return undefined
    },
    async () =>
      new ClusterNotReadyError(
        reminded.map(({ address }) => `${address} still lists ${node.address}`),
        await node.logTail(),
        timeoutMs,
      ),
  )
}

async function forget(by: LocalClusterNode, node: LocalClusterNode): Promise<void> {
  await by.ask('CLUSTER', 'FORGET', node.nodeId)
}
