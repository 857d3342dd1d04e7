// What happens to nodes and topology, told to the application: as events of this client, and on diagnostics channels.
import { channels, publish } from '../core/diagnostics.js'
import type { Emitter } from '../core/events.js'
import type { Node } from '../node/node.js'
import type { Snapshot } from '../topology/snapshot.js'
import { changesBetween } from './changes.js'
import type { ClientEvents } from './events.js'

export class News {
  readonly #events: Emitter<ClientEvents>
  /** What was told last. */
  #snapshot: Snapshot | undefined
  /** Since when they have not been available, in milliseconds of `performance.now()`. */
  readonly #suspectSince = new WeakMap<Node, number>()

  constructor(events: Emitter<ClientEvents>) {
    this.#events = events
  }

  /** A snapshot was taken over: news where it `changed` anything. */
  topology(snapshot: Snapshot, reason: string, changed: boolean): void {
    if (!changed) return
    const before = this.#snapshot
    this.#snapshot = snapshot
    if (!channels.topology.hasSubscribers && this.#events.listenerCount('topology') === 0) return
    const message = {
      source: snapshot.source,
      reason,
      nodes: snapshot.nodes.length,
      changed: changesBetween(before, snapshot),
    }
    publish(channels.topology, message)
    this.#events.emit('topology', message)
  }

  added({ address, id }: Node): void {
    this.#events.emit('node:add', { address, id })
  }

  removed({ address, id }: Node): void {
    this.#events.emit('node:remove', { address, id })
  }

  suspect(node: Node, why: 'silent' | 'dial failed'): void {
    const { address, id, lastError } = node
    if (!this.#suspectSince.has(node)) this.#suspectSince.set(node, performance.now())
    publish(channels.nodeSuspect, { address, id, why, error: why === 'silent' ? undefined : lastError })
    this.#events.emit('node:suspect', { address, id, why })
  }

  available(node: Node): void {
    const { address, id } = node
    const now = performance.now()
    const afterMs = Math.round(now - (this.#suspectSince.get(node) ?? now))
    this.#suspectSince.delete(node)
    publish(channels.nodeAvailable, { address, id, afterMs })
    this.#events.emit('node:available', { address, id, afterMs })
  }

  failover(from: Node, to: Node, slots: number): void {
    const message = { from: from.address, to: to.address, slots }
    publish(channels.failover, message)
    this.#events.emit('failover', message)
  }
}
