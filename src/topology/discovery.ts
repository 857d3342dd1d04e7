// How a deployment tells who is who. Cluster, Sentinel and standalone differ in this and nowhere else.
import type { Node } from '../node/node.js'
import type { Snapshot } from './snapshot.js'

export interface Discovery {
  /** Keys of one command must share a slot, and redirects are followed. */
  readonly slotted: boolean
  /** What is known before anybody was asked. */
  readonly initial?: Snapshot
  /** Asks `contact`; rejects with the reason when it cannot tell. */
  discover(contact: Node): Promise<Snapshot>
}
