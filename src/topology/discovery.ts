// How a deployment tells who is who. Cluster, Sentinel and standalone differ in this and nowhere else.
import type { Node } from '../node/node.js'
import type { Snapshot } from './snapshot.js'

export interface Discovery {
  /** Keys of one command must share a slot, and redirects are followed. */
  readonly slotted: boolean
  /** What is known before anybody was asked. */
  readonly initial?: Snapshot
  /**
   * Asks `contact`; rejects with the reason when it cannot tell: a ConnectError that is not retryable where asking again
   * would not help. `signal` takes the question back.
   */
  discover(contact: Node, signal: AbortSignal): Promise<Snapshot>
}
