// In what two snapshots differ, in few numbers.
import { formatAddress } from '../core/address.js'
import type { TopologyChanged } from '../core/diagnostics.js'
import { type NodeRecord, SLOTS, type Snapshot } from '../topology/snapshot.js'

/** Against no snapshot, all that there is has been added. */
export function changesBetween(before: Snapshot | undefined, after: Snapshot): TopologyChanged['changed'] {
  const old = new Map((before?.nodes ?? []).map(record => [record.id, record]))
  const kept = after.nodes.filter(({ id }) => old.has(id))
  return {
    nodesAdded: after.nodes.length - kept.length,
    nodesRemoved: old.size - kept.length,
    nodesChanged: kept.filter(record => !isSame(old.get(record.id) as NodeRecord, record)).length,
    slots: countMoved(ownersOf(before), ownersOf(after)),
  }
}

/** Its slots are counted for themselves. */
function isSame(one: NodeRecord, other: NodeRecord): boolean {
  return (
    one.role === other.role &&
    one.primaryId === other.primaryId &&
    one.failing === other.failing &&
    one.serverName === other.serverName &&
    formatAddress(one.endpoint) === formatAddress(other.endpoint)
  )
}

function ownersOf(snapshot: Snapshot | undefined): readonly (string | undefined)[] {
  const owners = new Array<string | undefined>(SLOTS).fill(undefined)
  // Of two claims that of the higher epoch holds, so it comes last.
  const claims = [...(snapshot?.nodes ?? [])].sort((a, b) => a.epoch - b.epoch)
  for (const { id, ranges } of claims) {
    for (const [start, end] of ranges) owners.fill(id, start, end + 1)
  }
  return owners
}

function countMoved(before: readonly (string | undefined)[], after: readonly (string | undefined)[]): number {
  return after.reduce((sum, owner, slot) => sum + Number(owner !== before[slot]), 0)
}
