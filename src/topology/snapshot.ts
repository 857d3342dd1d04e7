// One view of the cluster, as somebody told it, or as several did. Immutable.
import { type Endpoint, formatAddress } from '../core/address.js'

export interface NodeRecord {
  /** The cluster's own id of the node: its identity, whatever address it has. */
  readonly id: string
  readonly endpoint: Endpoint
  /** Name to prove by TLS, where the endpoint is an IP address. */
  readonly serverName: string | undefined
  readonly role: 'primary' | 'replica'
  /** A replica's primary, by id. */
  readonly primaryId: string | undefined
  /** Configuration epoch of the claim to these slots; 0 where the source does not tell. */
  readonly epoch: number
  /** Marked as failing by the node that was asked. */
  readonly failing: boolean
  /** Slot ranges it owns, both ends included; empty for a replica. */
  readonly ranges: readonly SlotRange[]
}

export type SlotRange = readonly [start: number, end: number]

export interface Snapshot {
  readonly nodes: readonly NodeRecord[]
  /** Address of the node that told it; of several, with commas between. */
  readonly source: string
}

export const SLOTS = 16_384

/** The same nodes at the same places, in the same roles, with the same slots. Epochs may differ, and the order of nodes. */
export function sameTopology(one: Snapshot | undefined, other: Snapshot): boolean {
  if (one === undefined || one.nodes.length !== other.nodes.length) return false
  const byId = new Map(one.nodes.map(record => [record.id, record]))
  return other.nodes.every(record => {
    const before = byId.get(record.id)
    return before !== undefined && sameRecord(before, record)
  })
}

function sameRecord(one: NodeRecord, other: NodeRecord): boolean {
  return (
    one.role === other.role &&
    one.primaryId === other.primaryId &&
    one.failing === other.failing &&
    one.serverName === other.serverName &&
    formatAddress(one.endpoint) === formatAddress(other.endpoint) &&
    sameRanges(one.ranges, other.ranges)
  )
}

function sameRanges(one: readonly SlotRange[], other: readonly SlotRange[]): boolean {
  return (
    one.length === other.length &&
    one.every(([start, end], i) => start === other[i]?.[0] && end === other[i]?.[1])
  )
}
