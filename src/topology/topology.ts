// Who owns what, as far as this client knows: the slot map, the nodes, and the asking again. The router picks here and
// reports here; it never waits here.
import { setMaxListeners } from 'node:events'
import { isIP } from 'node:net'
import { type Endpoint, formatAddress } from '../core/address.js'
import {
  AbortedError,
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
import { type Snapshot, sameTopology } from './snapshot.js'

/** News of the topology, to the client. */
export interface TopologyHooks {
  /**
   * A snapshot was taken over: what waits for a topology may go. `changed`: it tells of other nodes, roles or owners
   * than the one before.
   */
  onChange(snapshot: Snapshot, reason: RefreshReason, changed: boolean): void
  /** Slots have gone from one node to another, by a failover that was seen before any snapshot told of it. */
  onFailover(from: Node, to: Node, slots: number): void
  /** Commands wait for this node, or are in flight on it: worth reviving, and worth asking its replicas. */
  isWanted(node: Node): boolean
  /** Nobody could tell. May ask for a refresh, which then waits out its pause. */
  onFailure(error: Error): void
  /** The deployment lists it; its `id` is set. */
  onNodeAdded(node: Node): void
  /** It does no more; its `id` is still that under which it was known. */
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
// How long the others may still take when one has said what asking again will not mend (a wrong password).
const GRACE_MS = 100

export class Topology implements Lifecycle {
  /** Keys of one command must share a slot, and redirects are followed. */
  readonly slotted: boolean
  readonly #seeds: readonly Endpoint[]
  readonly #discovery: Discovery
  readonly #registry: NodeRegistry
  readonly #translate: Translate
  readonly #hooks: TopologyHooks
  readonly #refresher: Refresher<Snapshot>
  readonly #slots = new SlotMap<Node>()
  #primaries: readonly Node[] = []
  #snapshot: Snapshot | undefined
  #lastFailure: Error | undefined
  /** Since the last success: who failed last time, and who is being asked. */
  readonly #failed = new Map<Node, FailedContact>()
  readonly #asked = new Set<Node>()
  /** Takes back the questions under way. */
  #round = new AbortController()
  /** What MOVED has taught while a refresh was under way: its answer may be older. */
  readonly #moves = new Map<number, Node>()
  #turn = 0
  #closed = false

  constructor(parts: TopologyParts) {
    this.slotted = parts.discovery.slotted
    this.#seeds = parts.seeds
    this.#discovery = parts.discovery
    this.#registry = parts.registry
    this.#translate = parts.translate
    this.#hooks = parts.hooks
    this.#refresher = new Refresher(parts.options, {
      ask: () => this.#ask(),
      take: (snapshot, reason) => this.#take(snapshot, reason),
      failed: error => this.#fail(error),
    })
    if (parts.discovery.initial !== undefined) this.#adopt(parts.discovery.initial)
  }

  /** What is known of a discovery that has not come to an end in time: every server asked, and how far each came. */
  unfinished(timeoutMs: number): DiscoveryError {
    // The seeds first, in the order they were given.
    const seeds = this.#seeds.flatMap(seed => this.#registry.get(formatAddress(seed)) ?? [])
    const contacts = [...new Set([...seeds, ...this.#failed.keys(), ...this.#asked])].flatMap(node => {
      const failed = this.#failed.get(node)
      if (failed !== undefined || !this.#asked.has(node)) return failed ?? []
      const cause = new DeadlineExceededError('an answer', 'unknown')
      return { address: node.address, phase: node.phase, cause }
    })
    const tried = contacts.length === 1 ? '1 server was tried' : `${contacts.length} servers were tried`
    return new DiscoveryError(`not connected within ${timeoutMs} ms; ${tried}`, contacts)
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
   * can reach. Throws what the application's `natMap` throws.
   */
  locate(host: string, port: number, from: Node): Node | undefined {
    if (host === '?') return undefined
    const fromHost = 'host' in from.target.endpoint ? from.target.endpoint.host : 'localhost'
    const endpoint = this.#translate({ host: host === '' ? fromHost : host, port })
    return this.#registry.get(formatAddress(endpoint)) ?? this.#nodeAt(endpoint, undefined)
  }

  /** A MOVED: the slot is the node's from now on; the rest of the map is asked for soon. */
  moved(slot: number, node: Node): void {
    // Known by now: the command had left before the map was taken over.
    if (this.#slots.get(slot) === node) return
    this.#slots.move(slot, node)
    if (this.#refresher.running) this.#moves.set(slot, node)
    this.refresh('MOVED')
  }

  /** Asks for the topology again, soon; a hint, never waited for. */
  refresh(reason: RefreshReason): void {
    if (!this.#closed) this.#refresher.poke(reason)
  }

  /** An unavailable node's shard is watched while somebody wants it. May be called again and again. */
  watch(_node: Node): void {}

  async close(): Promise<void> {
    this.#stop()
    await this.#registry.close()
  }

  destroy(reason?: Error): void {
    this.#stop()
    this.#registry.destroy(reason)
  }

  #stop(): void {
    this.#closed = true
    this.#refresher.stop()
    this.#round.abort()
  }

  #take(snapshot: Snapshot, reason: RefreshReason): void {
    const before = this.#snapshot
    try {
      this.#adopt(snapshot)
    } catch (cause) {
      // The application's natMap.
      const message = `natMap failed: ${(cause as Error).message}`
      const error = new ConnectError(snapshot.source, 'reply', { cause, message })
      error.retryable = false
      throw error
    }
    this.#lastFailure = undefined
    this.#failed.clear()
    this.#hooks.onChange(snapshot, reason, !sameTopology(before, snapshot))
    // The answer did not know of these: it was given before, and may be wrong elsewhere, too.
    if (this.#moves.size > 0) this.refresh('MOVED')
  }

  #fail(error: Error): void {
    this.#lastFailure = error
    this.#hooks.onFailure(error)
  }

  async #ask(): Promise<Snapshot> {
    this.#moves.clear()
    const known = this.#contacts()
    const snapshot = await this.#firstOf(known)
    if (snapshot !== undefined) return snapshot
    // The known nodes are of no help: back to the seeds, whose names are resolved anew by the dial.
    const seeds = new Set(this.#seeds.map(endpoint => this.#registry.adopt({ endpoint })))
    const first = await this.#firstOf([...seeds].filter(seed => !known.includes(seed)))
    if (first !== undefined) return first
    const contacts = [...new Set([...known, ...seeds])].flatMap(node => this.#failed.get(node) ?? [])
    const refused = contacts.find(({ cause }) => isFinal(cause))
    if (refused !== undefined) throw refused.cause
    throw new DiscoveryError('no server could be reached that describes the deployment', contacts)
  }

  /** The first description to arrive, or undefined when all have failed. The other questions are taken back. */
  async #firstOf(contacts: readonly Node[]): Promise<Snapshot | undefined> {
    if (contacts.length === 0 || this.#closed) return undefined
    const round = new AbortController()
    // As many listeners as questions.
    setMaxListeners(0, round.signal)
    this.#round = round
    let grace: NodeJS.Timeout | undefined
    const answers = contacts.map(async contact => {
      try {
        return await this.#discover(contact, round.signal)
      } catch (error) {
        if (isFinal(error)) grace ??= setTimeout(() => round.abort(), GRACE_MS)
        throw error
      }
    })
    try {
      return await Promise.any(answers)
    } catch {
      // Each contact's own error has been kept in #failed.
      return undefined
    } finally {
      clearTimeout(grace)
      round.abort()
    }
  }

  async #discover(contact: Node, signal: AbortSignal): Promise<Snapshot> {
    this.#asked.add(contact)
    try {
      return await this.#discovery.discover(contact, signal)
    } catch (error) {
      const cause = error as Error
      // One that was taken back has not failed.
      if (!(cause instanceof AbortedError)) {
        this.#failed.set(contact, { address: contact.address, phase: phaseOf(cause), cause })
      }
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
    // All translated before anything is changed: a natMap may throw. A failing node comes before the one that has taken
    // its address over.
    const found = snapshot.nodes
      .map(record => ({ record, endpoint: this.#translate(record.endpoint) }))
      .sort((a, b) => Number(b.record.failing) - Number(a.record.failing))
    const claims = found.map(({ record, endpoint }) => ({
      record,
      node: this.#nodeAt(endpoint, record.serverName),
    }))
    const primaries = claims.filter(({ record }) => record.role === 'primary')
    this.#slots.replace(
      // Later claims overwrite earlier ones, so the highest epoch comes last.
      primaries
        .sort((a, b) => a.record.epoch - b.record.epoch)
        .map(({ node, record }) => ({ owner: node, ranges: record.ranges })),
    )
    const serving = primaries.filter(({ record }) => record.ranges.length > 0 && !record.failing)
    this.#primaries = serving.map(({ node }) => node)
    this.#snapshot = snapshot
    this.#keepMoves()
    this.#identify(new Map(claims.map(({ node, record }) => [node, record.id])))
  }

  /** What a MOVED has said since the cluster was asked stands, until the cluster has been asked again. */
  #keepMoves(): void {
    for (const [slot, node] of this.#moves) {
      if (this.#slots.get(slot) === node || node.closed) this.#moves.delete(slot)
      else this.#slots.move(slot, node)
    }
  }

  /** Nodes come and go. */
  #identify(ids: ReadonlyMap<Node, string>): void {
    const moved = new Set(this.#moves.values())
    for (const node of this.#registry.all) {
      const id = ids.get(node)
      const before = node.id
      if (id === undefined) {
        if (moved.has(node)) continue
        this.#registry.retire(node)
      }
      if (id === before) continue
      if (before !== undefined) this.#hooks.onNodeRemoved(node)
      node.id = id
      if (id !== undefined) this.#hooks.onNodeAdded(node)
    }
  }

  #nodeAt(endpoint: Endpoint, serverName: string | undefined): Node {
    return this.#registry.adopt({ endpoint, serverName: serverName ?? this.#seedName(endpoint) })
  }

  /** A node found by IP that announces no name must prove the name of a seed. */
  #seedName(endpoint: Endpoint): string | undefined {
    if (!('host' in endpoint) || isIP(endpoint.host) === 0) return undefined
    for (const seed of this.#seeds) if ('host' in seed && isIP(seed.host) === 0) return seed.host
    return undefined
  }
}

/** Asking again would be answered the same. */
function isFinal(error: unknown): boolean {
  return error instanceof ConnectError && !error.retryable
}

function phaseOf(error: Error): ConnectPhase {
  return error instanceof ConnectError ? error.phase : 'reply'
}
