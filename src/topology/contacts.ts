// Whom to ask for the topology, wave by wave: nodes with a live connection, so that a refresh opens no socket while one is
// alive; else known nodes; else the seeds, whose names are resolved anew by the dial.
import type { Endpoint } from '../core/address.js'
import type { Node } from '../node/node.js'
import type { NodeRegistry } from '../node/registry.js'

/** Known nodes asked at once. */
const CONTACTS = 3

export class Contacts {
  readonly #seeds: readonly Endpoint[]
  readonly #registry: NodeRegistry
  #turn = 0

  constructor(seeds: readonly Endpoint[], registry: NodeRegistry) {
    this.#seeds = seeds
    this.#registry = registry
  }

  /** Primaries and replicas in turn; before them `informed`, those that are known to know something new. */
  *waves(informed: readonly Node[]): Generator<readonly Node[]> {
    const known = this.#inTurn(this.#registry.all.filter(node => node.id !== undefined))
    const able = known.filter(node => node.available)
    const live = able.filter(node => node.connections.some(connection => connection.ready))
    const first = [...new Set([...informed.filter(node => live.includes(node)), ...live])]
    yield first.slice(0, CONTACTS)
    yield first.slice(CONTACTS, 2 * CONTACTS)
    yield able.filter(node => !live.includes(node)).slice(0, CONTACTS)
    // One that hangs, or cannot be dialled, is better than none.
    yield known.filter(node => !node.available).slice(0, CONTACTS)
    yield this.#seeds.map(endpoint => this.#registry.adopt({ endpoint }))
  }

  #inTurn(nodes: readonly Node[]): readonly Node[] {
    const first = nodes.length === 0 ? 0 : this.#turn++ % nodes.length
    return [...nodes.slice(first), ...nodes.slice(0, first)]
  }
}
