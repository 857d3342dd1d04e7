// One view of the cluster, as somebody told it. Immutable.
import type { Endpoint } from '../core/address.js'

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
  readonly ranges: readonly (readonly [start: number, end: number])[]
}

export interface Snapshot {
  readonly nodes: readonly NodeRecord[]
  /** Address of the node that told it. */
  readonly source: string
}

export const SLOTS = 16_384
