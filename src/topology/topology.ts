// Who owns what, as far as this client knows: the slot map, the nodes, and the asking again. The router picks here and
// reports here; it never waits here.
import { isIP } from 'node:net'
import { type Endpoint, formatAddress } from '../core/address.js'
import { channels, publish } from '../core/diagnostics.js'
import { ConnectError, type DiscoveryError } from '../core/errors.js'
import type { Node } from '../node/node.js'
import type { NodeRegistry } from '../node/registry.js'
import type { Lifecycle } from '../protocol/executor.js'
import type { Translate } from './address-map.js'
import { agree, isFamiliar } from './agreement.js'
import { Contacts } from './contacts.js'
import type { Discovery } from './discovery.js'
import { FailoverWatch } from './failover-watch.js'
import { Inquiry } from './inquiry.js'
import type { ResolvedTopologyOptions } from './options.js'
import { Promotions } from './promotions.js'
import { Refresher, type RefreshReason } from './refresher.js'
import { SlotMap } from './slot-map.js'
import { type NodeRecord, SLOTS, type Snapshot, sameTopology } from './snapshot.js'

/** News of the topology, to the client. */
export interface TopologyHooks {
  /**
   * A snapshot was taken over: what waits for a topology may go. `changed`: it tells of other nodes, roles or owners
   * than the one before.
   */
  onChange(snapshot: Snapshot, reason: RefreshReason, changed: boolean): void
  /** All slots of a node that served nobody have gone to another, or most of them: by its own word, or by a snapshot. */
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

/** What is known, and how; shown by `inspect()`. */
export interface TopologyState {
  /** Addresses of the nodes that the deployment lists. */
  readonly nodes: { readonly primaries: readonly string[]; readonly replicas: readonly string[] }
  readonly coveredSlots: number
  readonly lastRefresh:
    | {
        readonly reason: RefreshReason
        readonly ok: boolean
        readonly agoMs: number
        /** Who told, where it succeeded. */
        readonly source: string | undefined
        readonly error: string | undefined
      }
    | undefined
  /** How many there were, by what caused them. */
  readonly refreshes: Readonly<Partial<Record<RefreshReason, number>>>
  /** undefined: none is due before the end of the period. */
  readonly nextRefreshInMs: number | undefined
  /** Addresses of nodes that serve nobody, are wanted, and whose replicas are asked who they are. */
  readonly watching: readonly string[]
}

/** Nodes that redirects have named, and no snapshot. */
const MAX_STRANGERS = 1_000
/** A refresh that nobody waits for is put off by so much per known node, at random, and not by more than a second. */
const SPREAD_MS_PER_NODE = 2
const MAX_SPREAD_MS = 1_000
/** So many ASKs within a second mean that slots are being moved. */
const ASK_BURST = 20
const ASK_WINDOW_MS = 1_000

export class Topology implements Lifecycle {
  /** Keys of one command must share a slot, and redirects are followed. */
  readonly slotted: boolean
  readonly #seeds: readonly Endpoint[]
  readonly #registry: NodeRegistry
  readonly #translate: Translate
  readonly #hooks: TopologyHooks
  readonly #refresher: Refresher<Snapshot>
  readonly #slots = new SlotMap<Node>()
  readonly #contacts: Contacts
  readonly #inquiry: Inquiry
  readonly #promotions = new Promotions()
  /** Of nodes that serve nobody; some rest, because nobody wants theirs at the moment. */
  readonly #watches = new Map<Node, FailoverWatch>()
  #primaries: readonly Node[] = []
  /** By id. */
  #nodes: ReadonlyMap<string, Node> = new Map()
  #snapshot: Snapshot | undefined
  /** The snapshot is more than what was known before anybody was asked. */
  #wasTold = false
  #lastFailure: Error | undefined
  /** What MOVED or ROLE has taught while a refresh was under way: its answer may be older. */
  readonly #moves = new Map<number, Node>()
  #asks = 0
  #asksSince = Number.NEGATIVE_INFINITY
  #turn = 0
  #closed = false

  constructor(parts: TopologyParts) {
    this.slotted = parts.discovery.slotted
    this.#seeds = parts.seeds
    this.#registry = parts.registry
    this.#translate = parts.translate
    this.#hooks = parts.hooks
    this.#contacts = new Contacts(parts.seeds, parts.registry)
    this.#inquiry = new Inquiry(parts.discovery)
    // What is known before anybody was asked does not change by itself.
    const isFixed = parts.discovery.initial !== undefined
    this.#refresher = new Refresher(isFixed ? { ...parts.options, refreshPeriodMs: 0 } : parts.options, {
      ask: () => this.#ask(),
      take: (snapshot, reason) => this.#take(snapshot, reason),
      failed: error => this.#fail(error),
      spreadMs: () => Math.min(MAX_SPREAD_MS, SPREAD_MS_PER_NODE * this.#nodes.size),
    })
    if (parts.discovery.initial !== undefined) {
      this.#adopt(parts.discovery.initial, true)
      this.#identify()
    }
  }

  /** What is known of a discovery that has not come to an end in time: every server asked, and how far each came. */
  unfinished(timeoutMs: number): DiscoveryError {
    // The seeds first, in the order they were given.
    const seeds = this.#seeds.flatMap(seed => this.#registry.get(formatAddress(seed)) ?? [])
    return this.#inquiry.unfinished(timeoutMs, seeds)
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

  /** Of this primary's shard, as far as the present snapshot knows. */
  replicasOf(primary: Node): readonly Node[] {
    if (primary.id === undefined || this.#snapshot === undefined) return []
    return this.#snapshot.nodes.flatMap(record =>
      record.primaryId === primary.id ? (this.#nodes.get(record.id) ?? []) : [],
    )
  }

  /**
   * The node a redirect by `from` names. An empty host is the host that sent it; `undefined`: it names none this client
   * can reach. Throws what the application's `natMap` throws.
   */
  locate(host: string, port: number, from: Node): Node | undefined {
    if (host === '?') return undefined
    const fromHost = 'host' in from.target.endpoint ? from.target.endpoint.host : 'localhost'
    const endpoint = this.#translate({ host: host === '' ? fromHost : host, port })
    const known = this.#registry.get(formatAddress(endpoint))
    if (known !== undefined) return known
    // A server that names ever new addresses leads nowhere.
    if (this.#registry.all.length >= this.#nodes.size + MAX_STRANGERS) return undefined
    return this.#nodeAt(endpoint, undefined)
  }

  /** A MOVED: the slot is the node's from now on; the rest of the map is asked for soon. */
  moved(slot: number, node: Node): void {
    // A server may say anything.
    if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS || node.closed) return
    // Known by now: the command had left before the map was taken over.
    if (this.#slots.get(slot) === node) return
    this.#move(slot, node)
    this.refresh('MOVED')
  }

  /** An ASK was followed: the map stays, but many of them tell that it is about to change. */
  asked(): void {
    const now = performance.now()
    if (now - this.#asksSince >= ASK_WINDOW_MS) {
      this.#asksSince = now
      this.#asks = 0
    }
    if (++this.#asks === ASK_BURST) this.refresh('ASK burst')
  }

  /** Asks for the topology again, soon; a hint, never waited for. */
  refresh(reason: RefreshReason): void {
    if (!this.#closed) this.#refresher.poke(reason)
  }

  /** An unavailable node's shard is watched while somebody wants it. May be called again and again. */
  watch(node: Node): void {
    if (this.#closed || node.available || node.closed) return
    let watch = this.#watches.get(node)
    if (watch === undefined) {
      watch = new FailoverWatch(node, {
        isWanted: wanted => this.#hooks.isWanted(wanted),
        replicasOf: failed => this.replicasOf(failed),
        onPromoted: replica => this.#promote(node, replica),
      })
      this.#watches.set(node, watch)
    }
    watch.start()
  }

  inspect(): TopologyState {
    const now = performance.now()
    const { last, counts, plannedAt } = this.#refresher
    return {
      nodes: { primaries: this.#addressesOf('primary'), replicas: this.#addressesOf('replica') },
      coveredSlots: this.coveredSlots,
      lastRefresh: last && {
        reason: last.reason,
        ok: last.error === undefined,
        agoMs: Math.round(now - last.at),
        source: last.error === undefined ? this.#snapshot?.source : undefined,
        error: last.error?.message,
      },
      refreshes: Object.fromEntries(counts),
      nextRefreshInMs: plannedAt === undefined ? undefined : Math.max(0, Math.round(plannedAt - now)),
      watching: [...this.#watches].flatMap(([node, watch]) => (watch.running ? node.address : [])),
    }
  }

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
    this.#inquiry.stop()
    for (const watch of this.#watches.values()) watch.stop()
    this.#watches.clear()
  }

  async #ask(): Promise<Snapshot> {
    this.#moves.clear()
    this.#promotions.asking()
    // Whoever has just been promoted knows best, and the others may not have heard of it.
    const { heirs } = this.#promotions
    const isEnough = (heard: readonly Snapshot[]): boolean => isFamiliar(heard, this.#snapshot)
    const answers = await this.#inquiry.ask(this.#contacts.waves(heirs), isEnough, heirs)
    return agree(answers, this.#snapshot)
  }

  #take(snapshot: Snapshot, reason: RefreshReason): void {
    const changed = !this.#wasTold || !sameTopology(this.#snapshot, snapshot)
    const owners = this.#slots.owners
    const served = this.#primaries
    try {
      this.#adopt(snapshot, changed)
    } catch (cause) {
      // The application's natMap.
      const message = `natMap failed: ${(cause as Error).message}`
      const error = new ConnectError(snapshot.source, 'reply', { cause, message })
      error.retryable = false
      throw error
    }
    this.#wasTold = true
    this.#lastFailure = undefined
    this.#inquiry.forget()
    this.#leaveReplaced(owners)
    this.#leaveEmptied(served)
    this.#identify()
    this.#publishRefresh(snapshot.source)
    this.#hooks.onChange(snapshot, reason, changed)
    // The answer did not know of these: it was given before, and may be wrong elsewhere, too.
    if (this.#moves.size > 0) this.refresh(this.#promotions.heirs.length > 0 ? 'failover' : 'MOVED')
  }

  #fail(error: Error): void {
    this.#lastFailure = error
    this.#publishRefresh(undefined)
    this.#hooks.onFailure(error)
  }

  #publishRefresh(source: string | undefined): void {
    const { last } = this.#refresher
    if (last === undefined || !channels.refresh.hasSubscribers) return
    const { reason, ms, error } = last
    const sources = source === undefined ? [] : source.split(',')
    publish(channels.refresh, { reason, ok: error === undefined, ms: Math.round(ms), sources, error })
  }

  #adopt(snapshot: Snapshot, changed: boolean): void {
    // All translated before anything is changed: a natMap may throw. A failing node comes before the one that has taken
    // its address over.
    const found = snapshot.nodes
      .map(record => ({ record, endpoint: this.#translate(record.endpoint) }))
      .sort((a, b) => Number(b.record.failing) - Number(a.record.failing))
    const claims = found.map(({ record, endpoint }) => ({
      record,
      node: this.#nodeAt(endpoint, record.serverName),
    }))
    this.#slots.replace(claims.map(({ node, record }) => ({ owner: node, ranges: record.ranges })))
    this.#primaries = claims.filter(({ record }) => isServing(record)).map(({ node }) => node)
    this.#nodes = new Map(claims.map(({ node, record }) => [record.id, node]))
    this.#snapshot = snapshot
    this.#keepMoves()
    const epochs = new Map(claims.map(({ node, record }) => [node, record.epoch]))
    this.#promotions.judge({
      ownerOf: slot => this.#slots.get(slot),
      epochOf: node => epochs.get(node),
      changed,
    })
  }

  #move(slot: number, node: Node): void {
    this.#slots.move(slot, node)
    if (this.#refresher.running) this.#moves.set(slot, node)
  }

  /** What has been heard since the cluster was asked stands, until the cluster has been asked again. */
  #keepMoves(): void {
    for (const [slot, node] of this.#moves) {
      if (this.#slots.get(slot) === node || node.closed) this.#moves.delete(slot)
      else this.#slots.move(slot, node)
    }
  }

  /** A replica of the failed node says that it is a primary: it has its slots from now on. */
  #promote(failed: Node, heir: Node): void {
    const slots = this.#slots.slotsOf(failed)
    const isOurs = this.replicasOf(failed).includes(heir)
    if (slots.length === 0 || !isOurs || heir.closed || !this.#promotions.mayPromote(heir)) return
    // If it has come back meanwhile, whose the slots are is for the cluster to say.
    if (failed.available) return this.refresh('failover')
    this.#promotions.add(heir, failed, slots)
    for (const slot of slots) this.#move(slot, heir)
    this.#primaries = [...this.#primaries.filter(node => node !== failed && node !== heir), heir]
    this.refresh('failover')
    this.#leave(failed, heir, slots.length)
  }

  /** A snapshot may be the first to tell of a failover. A node that serves, and owns less than before, is none. */
  #leaveReplaced(before: readonly (Node | undefined)[]): void {
    for (const node of this.#registry.all) {
      if (node.available || !before.includes(node) || this.#slots.owners.includes(node)) continue
      const heirs = new Map<Node, number>()
      for (const [slot, owner] of before.entries()) {
        const heir = owner === node ? this.#slots.get(slot) : undefined
        if (heir !== undefined) heirs.set(heir, (heirs.get(heir) ?? 0) + 1)
      }
      const [most] = [...heirs].sort(([, one], [, other]) => other - one)
      if (most !== undefined) this.#leave(node, ...most)
    }
  }

  /** One that has given its slots away is about to leave, as a rule, and nobody may tell: no connection to it is kept idle. */
  #leaveEmptied(served: readonly Node[]): void {
    for (const node of served) {
      if (node.available && !this.#slots.owners.includes(node)) node.replaceConnections()
    }
  }

  #leave(failed: Node, heir: Node, slots: number): void {
    failed.abandon(new Error(`the slots of ${failed.address} are served by ${heir.address} now`))
    // The same node at another address has not failed over.
    if (failed.id === undefined || this.#nodes.get(failed.id) !== heir) {
      this.#hooks.onFailover(failed, heir, slots)
    }
  }

  /** Nodes come and go. */
  #identify(): void {
    const ids = new Map([...this.#nodes].map(([id, node]) => [node, id]))
    const moved = new Set(this.#moves.values())
    for (const node of this.#registry.all) {
      const id = ids.get(node)
      const before = node.id
      if (id === undefined) {
        if (moved.has(node)) continue
        this.#watches.get(node)?.stop()
        this.#watches.delete(node)
        this.#registry.retire(node)
      }
      if (id === before) continue
      if (before !== undefined) this.#hooks.onNodeRemoved(node)
      node.id = id
      if (id !== undefined) this.#hooks.onNodeAdded(node)
    }
  }

  #addressesOf(role: NodeRecord['role']): string[] {
    const records = this.#snapshot?.nodes.filter(record => record.role === role) ?? []
    return records.flatMap(({ id }) => this.#nodes.get(id)?.address ?? [])
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

/** Commands without keys may go to it. */
function isServing({ role, ranges, failing }: NodeRecord): boolean {
  return role === 'primary' && ranges.length > 0 && !failing
}
