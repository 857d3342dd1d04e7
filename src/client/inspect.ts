// A client as it is at this moment, as plain data: for logs, health checks and whoever debugs at night. No arguments, no
// values, no credentials.
import type { Node, NodeState } from '../node/node.js'
import type { RouterState } from '../router/router.js'
import { SLOTS } from '../topology/snapshot.js'
import type { TopologyState } from '../topology/topology.js'

/** What {@link Client.inspect} gives. */
export interface ClientState {
  /** `closing`: no new calls are taken, and those under way finish. */
  readonly state: 'open' | 'closing' | 'closed'
  /** Calls under way, wherever they are, and the bytes of their arguments. */
  readonly pending: { readonly count: number; readonly bytes: number }
  /** Of them, those that are with no node: in a line, or resting between two tries. */
  readonly waiting: RouterState['waiting']
  /** Of those that wait, how many rest between two tries. */
  readonly resting: number
  /** What the others wait for, and for how long already. */
  readonly lines: RouterState['lines']
  /** All nodes known; before the first answer, the seeds that were dialled. */
  readonly nodes: readonly ClientNodeState[]
  readonly slots: { readonly covered: number; readonly total: number }
  /** When the topology was last asked for, why, and what came of it. */
  readonly lastRefresh: TopologyState['lastRefresh']
  /** How often the topology was asked for, by reason. */
  readonly refreshes: TopologyState['refreshes']
  /** When it will be asked for again, if there is a reason. */
  readonly nextRefreshInMs: number | undefined
  /** Addresses of nodes that serve nobody, and whose replicas are asked who they are. */
  readonly watching: readonly string[]
}

/** One node of {@link ClientState}. */
export interface ClientNodeState extends NodeState {
  /** As the topology has it; undefined for a node that it does not list (yet). */
  readonly role: 'primary' | 'replica' | undefined
  /** Commands that wait to be written to it. */
  readonly queued: number
  /** Commands whose answers are due from it. */
  readonly inFlight: number
}

/** What the floors say of themselves. */
export interface Parts {
  readonly state: ClientState['state']
  readonly pending: { readonly count: number; readonly bytes: number }
  readonly router: RouterState
  readonly topology: TopologyState
  readonly nodes: readonly Node[]
}

export function clientState({ state, pending, router, topology, nodes }: Parts): ClientState {
  const { primaries, replicas } = topology.nodes
  const roleOf = (address: string): ClientNodeState['role'] => {
    if (primaries.includes(address)) return 'primary'
    return replicas.includes(address) ? 'replica' : undefined
  }
  return {
    state,
    pending: { count: pending.count, bytes: pending.bytes },
    waiting: router.waiting,
    resting: router.resting,
    lines: router.lines,
    nodes: nodes.map(node => ({
      ...node.inspect(),
      role: roleOf(node.address),
      queued: node.queued,
      inFlight: node.inFlight,
    })),
    slots: { covered: topology.coveredSlots, total: SLOTS },
    lastRefresh: topology.lastRefresh,
    refreshes: topology.refreshes,
    nextRefreshInMs: topology.nextRefreshInMs,
    watching: topology.watching,
  }
}

/** In a line of a log, or a few where something waits. */
export function summaryOf({ state, pending, nodes, slots, lines, lastRefresh }: ClientState): string {
  const down = nodes.filter(({ available }) => !available)
  const facts = [
    state,
    `${nodes.length} nodes${down.length === 0 ? '' : ` (${down.map(({ address }) => address).join(', ')} unavailable)`}`,
    `${slots.covered} of ${slots.total} slots`,
    `${pending.count} calls under way`,
    ...lines.map(
      ({ address, why, waiting, sinceMs }) =>
        `${waiting} wait for ${address ?? 'an owner of their slot'} (${why}, ${sinceMs} ms)`,
    ),
  ]
  if (lastRefresh !== undefined) {
    const { reason, ok, agoMs } = lastRefresh
    facts.push(`topology ${ok ? 'learned' : 'asked for in vain'} ${agoMs} ms ago (${reason})`)
  }
  return `Client <${facts.join('; ')}>`
}
