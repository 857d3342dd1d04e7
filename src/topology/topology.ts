// Who owns what, as far as this client knows: the slot map, the nodes, and the asking again. The router picks here and
// reports here; it never waits here.
import { isIP } from 'node:net'
import { type Endpoint, formatAddress } from '../core/address.js'
import {
  ConnectError,
  type ConnectPhase,
  DeadlineExceededError,
  DiscoveryError,
  type FailedContact,
} from '../core/errors.js'
import type { Node } from '../node/node.js'
import type { NodeRegistry } from '../node/registry.js'
import type { Lifecycle } from '../protocol/executor.js'
import type { Translate } from './address-map.js'
import type { Discovery } from './discovery.js'
import type { ResolvedTopologyOptions } from './options.js'
import { Refresher, type RefreshReason } from './refresher.js'
import { SlotMap } from './slot-map.js'
import type { NodeRecord, Snapshot } from './snapshot.js'

/** News of the topology, to the client. */
export interface TopologyHooks {
  /** A snapshot was taken over: what waits for a topology may go. */
  onChange(snapshot: Snapshot, reason: RefreshReason): void
  /** Nobody could tell. */
  onFailure(error: Error): void
  onNodeAdded(node: Node): void
  onNodeRemoved(node: Node): void
}

export interface TopologyParts {
  readonly seeds: readonly Endpoint[]
  readonly discovery: Discovery
  readonly registry: NodeRegistry
  readonly translate: Translate
  readonly options: ResolvedTopologyOptions
  readonly hooks: TopologyHooks
}

// Known nodes asked at once for a refresh; the first that can tell is believed.
const CONTACTS = 3

export class Topology implements Lifecycle {
  /** Keys of one command must share a slot, and redirects are followed. */
  readonly slotted: boolean
  readonly #seeds: readonly Endpoint[]
  readonly #discovery: Discovery
  readonly #registry: NodeRegistry
  readonly #translate: Translate
  readonly #hooks: TopologyHooks
  readonly #refresher: Refresher
  readonly #slots = new SlotMap<Node>()
  #primaries: readonly Node[] = []
  #snapshot: Snapshot | undefined
  #lastFailure: Error | undefined
  /** The contacts of the round of discovery under way, or of the last one: who failed, who has not answered yet. */
  readonly #failed = new Map<Node, FailedContact>()
  readonly #asked = new Set<Node>()
  #turn = 0
  #closed = false

  constructor(parts: TopologyParts) {
    this.slotted = parts.discovery.slotted
    this.#seeds = parts.seeds
    this.#discovery = parts.discovery
    this.#registry = parts.registry
    this.#translate = parts.translate
    this.#hooks = parts.hooks
    this.#refresher = new Refresher(parts.options, reason => this.#refresh(reason))
    if (parts.discovery.initial !== undefined) this.#adopt(parts.discovery.initial)
  }

  /** What is known of a discovery that has not come to an end in time: every server asked, and how far each came. */
  unfinished(timeoutMs: number): DiscoveryError {
    const contacts = new Map(this.#failed)
    for (const node of this.#asked) {
      const cause = new DeadlineExceededError('an answer', 'unknown')
      contacts.set(node, { address: node.address, phase: node.phase, cause })
    }
    const servers = contacts.size === 1 ? 'server was' : 'servers were'
    return new DiscoveryError(`not connected within ${timeoutMs} ms; ${contacts.size} ${servers} tried`, [
      ...contacts.values(),
    ])
  }

  /** The primary of a slot, or of no slot in particular: any primary, in turn. `undefined`: none is known. */
  pick(slot: number): Node | undefined {
    if (slot >= 0) return this.#slots.get(slot)
    const primaries = this.#primaries
    return primaries.length === 1 ? primaries[0] : primaries[this.#turn++ % primaries.length]
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }
  /** Why the last refresh failed; undefined after one that did not. */
  get lastFailure(): Error | undefined {
    return this.#lastFailure
  }
  get primaries(): readonly Node[] {
    return this.#primaries
  }
  get coveredSlots(): number {
    return this.#slots.covered
  }

  /**
   * The node a redirect by `from` names. An empty host is the host that sent it; `undefined`: it names none this client
   * can reach.
   */
  locate(host: string, port: number, from: Node): Node | undefined {
    if (host === '?') return undefined
    const fromHost = 'host' in from.target.endpoint ? from.target.endpoint.host : 'localhost'
    const endpoint = this.#translate({ host: host === '' ? fromHost : host, port })
    return this.#registry.get(formatAddress(endpoint)) ?? this.#add(endpoint, undefined)
  }

  /** A MOVED: the slot is the node's from now on; the rest of the map is asked for soon. */
  moved(slot: number, node: Node): void {
    this.#slots.move(slot, node)
    this.refresh('MOVED')
  }

  /** Asks for the topology again, soon; a hint, never waited for. */
  refresh(reason: RefreshReason): void {
    if (!this.#closed) this.#refresher.poke(reason)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#refresher.stop()
    await this.#registry.close()
  }

  destroy(reason?: Error): void {
    this.#closed = true
    this.#refresher.stop()
    this.#registry.destroy(reason)
  }

  async #refresh(reason: RefreshReason): Promise<void> {
    try {
      const snapshot = await this.#ask()
      if (this.#closed) return
      this.#lastFailure = undefined
      this.#adopt(snapshot)
      this.#hooks.onChange(snapshot, reason)
    } catch (error) {
      if (this.#closed) return
      this.#lastFailure = error as Error
      // Told once the refresher knows of the failure: whoever pokes again in answer waits out its pause.
      setImmediate(() => this.#hooks.onFailure(error as Error))
      throw error
    }
  }

  async #ask(): Promise<Snapshot> {
    this.#failed.clear()
    const known = this.#contacts()
    if (known.length > 0) {
      const snapshot = await this.#firstOf(known)
      if (snapshot !== undefined) return snapshot
    }
    // The known nodes are of no help: back to the seeds, whose names are resolved anew by the dial.
    const seeds = this.#seeds.map(endpoint => this.#registry.adopt({ endpoint }))
    const snapshot = await this.#firstOf(seeds.filter(seed => !known.includes(seed)))
    if (snapshot !== undefined) return snapshot
    const contacts = [...this.#failed.values()]
    const refused = contacts.find(
      contact => contact.cause instanceof ConnectError && !contact.cause.retryable,
    )
    if (refused !== undefined) throw refused.cause
    throw new DiscoveryError('no server could be reached that describes the deployment', contacts)
  }

  /** The first description to arrive, or undefined when all have failed. */
  async #firstOf(contacts: readonly Node[]): Promise<Snapshot | undefined> {
    if (contacts.length === 0) return undefined
    try {
      return await Promise.any(contacts.map(contact => this.#discover(contact)))
    } catch {
      // Each contact's own error has been kept in #failed.
      return undefined
    }
  }

  async #discover(contact: Node): Promise<Snapshot> {
    this.#asked.add(contact)
    try {
      return await this.#discovery.discover(contact)
    } catch (error) {
      const cause = error as Error
      this.#failed.set(contact, { address: contact.address, phase: phaseOf(cause), cause })
      throw cause
    } finally {
      this.#asked.delete(contact)
    }
  }

  /** Up to three known nodes, those with a live connection first, in turn. */
  #contacts(): readonly Node[] {
    const all = this.#registry.all.filter(node => node.id !== undefined && !node.resting)
    const live = all.filter(node => node.connections.some(connection => connection.ready))
    const chosen = live.length > 0 ? live : all
    const first = this.#turn++
    return Array.from(
      { length: Math.min(CONTACTS, chosen.length) },
      (_, i) => chosen[(first + i) % chosen.length] as Node,
    )
  }

  #adopt(snapshot: Snapshot): void {
    const wanted = new Map<Node, NodeRecord>()
    for (const record of snapshot.nodes) {
      const node = this.#add(this.#translate(record.endpoint), record.serverName)
      node.id = record.id
      wanted.set(node, record)
    }
    const primaries = [...wanted].filter(([, record]) => record.role === 'primary')
    this.#slots.replace(
      // Later claims overwrite earlier ones, so the highest epoch comes last.
      primaries
        .sort(([, a], [, b]) => a.epoch - b.epoch)
        .map(([owner, record]) => ({ owner, ranges: record.ranges })),
    )
    const serving = primaries.filter(([, record]) => record.ranges.length > 0 && !record.failing)
    this.#primaries = serving.map(([node]) => node)
    this.#snapshot = snapshot
    for (const node of this.#registry.all) {
      if (wanted.has(node)) continue
      this.#registry.retire(node)
      if (node.id !== undefined) this.#hooks.onNodeRemoved(node)
    }
  }

  #add(endpoint: Endpoint, serverName: string | undefined): Node {
    const known = this.#registry.get(formatAddress(endpoint))
    const node = this.#registry.adopt({ endpoint, serverName: serverName ?? this.#seedName(endpoint) })
    if (node !== known) this.#hooks.onNodeAdded(node)
    return node
  }

  /** A node found by IP that announces no name must prove the name of a seed. */
  #seedName(endpoint: Endpoint): string | undefined {
    if (!('host' in endpoint) || isIP(endpoint.host) === 0) return undefined
    for (const seed of this.#seeds) if ('host' in seed && isIP(seed.host) === 0) return seed.host
    return undefined
  }
}

function phaseOf(error: Error): ConnectPhase {
  return error instanceof ConnectError ? error.phase : 'reply'
}
