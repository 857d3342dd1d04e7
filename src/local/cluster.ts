// A cluster of real servers: made without redis-cli, ready only when every node says so, and played with afterwards.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ClosedError, InvalidArgumentError, InvalidOptionError, UncoveredSlotError } from '../core/errors.js'
import { count, knownFields, oneOf } from '../core/options.js'
import { LocalClusterNode } from './cluster-node.js'
import { holdsSlot, SLOT_COUNT } from './cluster-view.js'
import { ClusterNotReadyError } from './errors.js'
import { findServer, type ServerBinary } from './find-server.js'
import { allDone, joinNodes, meet, replicate } from './joining.js'
import { leave, planLeave } from './leaving.js'
import {
  checkConfig,
  checkPort,
  checkTimeout,
  type Directives,
  type LocalClusterOptions,
  type NodePlace,
  type ResolvedClusterOptions,
  resolveClusterOptions,
} from './options.js'
import { MAX_CLUSTER_PORT } from './ports.js'
import { ask, type ProbeTarget } from './probe.js'
import { readTls } from './server.js'
import { begin, countKeys, finish, type MoveTerms, moveKeys, type SlotMove } from './slot-moves.js'
import { untilStable } from './stability.js'
import { deadlineIn, until } from './until.js'
import { Workspace } from './workspace.js'

/** A failover that was not answered by a promotion within this time is asked for again; the server gives up after 5 s. */
const FAILOVER_AGAIN_MS = 6_000
const POLITE_STOP_MS = 5_000

/**
 * Starts a cluster and resolves when it is truly ready: every node says `cluster_state:ok` and knows and is linked to
 * all others, all 16,384 slots are covered, every replica has its link to its primary, and all name the same owners.
 *
 * Its processes keep this one alive until {@link LocalCluster.stop} (or {@link LocalCluster.unref}), and never outlive
 * it, however it ends.
 *
 * @throws InvalidOptionError for an unknown option or a bad value, before anything is started.
 * @throws {@link ServerNotFoundError} when this machine has no server.
 * @throws {@link ServerStartError} when a server ended or did not answer; {@link ClusterNotReadyError} when the nodes
 * did not agree by `timeoutMs`, with what was missing. Nothing keeps running then.
 * @example
 * ```ts
 * await using cluster = await startCluster({ primaries: 3, replicas: 1 })
 * const redis = createCluster({ nodes: cluster.urls })
 * ```
 */
export async function startCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  const resolved = resolveClusterOptions(options)
  if (resolved.dir !== undefined && existsSync(join(resolve(resolved.dir), 'node-1'))) {
    throw new InvalidOptionError('startCluster.dir', 'must be a folder that holds no cluster yet')
  }
  const binary = await findServer({ server: resolved.server })
  const tls = await readTls('startCluster', resolved)
  const cluster = new LocalCluster(resolved, binary, tls, await Workspace.create(resolved.dir))
  try {
    await cluster.begin()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** Options of {@link LocalCluster.failover}. */
export interface FailoverOptions {
  /**
   * `graceful`: the primary takes part, nothing is lost. `force`: without the primary, by the vote of the others.
   * `takeover`: without anybody's consent. Default: `graceful` while the primary runs, else `force`.
   */
  readonly mode?: 'graceful' | 'force' | 'takeover' | undefined
}

/** Options of {@link LocalCluster.addNode}. */
export interface AddNodeOptions {
  /** The primary whose replica it becomes. Default: none; it becomes a primary without slots. */
  readonly replicaOf?: LocalClusterNode | undefined
  /** Default: a free one. */
  readonly port?: number | undefined
}

/** A cluster started by {@link startCluster}. */
export class LocalCluster {
  readonly #options: ResolvedClusterOptions
  readonly #binary: ServerBinary
  readonly #tls: ProbeTarget['tls']
  readonly #workspace: Workspace
  readonly #nodes: LocalClusterNode[] = []
  #created = 0
  #stopped: Promise<void> | undefined

  /** @internal Use {@link startCluster}. */
  constructor(
    options: ResolvedClusterOptions,
    binary: ServerBinary,
    tls: ProbeTarget['tls'],
    workspace: Workspace,
  ) {
    this.#options = options
    this.#binary = binary
    this.#tls = tls
    this.#workspace = workspace
  }

  /** All nodes, also those that are paused or dead now, except removed ones; those that began as primaries come first. */
  get nodes(): readonly LocalClusterNode[] {
    return [...this.#nodes]
  }

  /** The URLs of all nodes, with credentials, as a client takes them for seeds. */
  get urls(): string[] {
    return this.#nodes.map(node => node.url)
  }

  /** The program that runs. */
  get binary(): ServerBinary {
    return this.#binary
  }

  /**
   * Path of the redis-cli or valkey-cli beside the server, or on PATH; undefined where there is none.
   *
   * @example
   * ```ts
   * const [node] = cluster.nodes
   * if (cluster.cli !== undefined) execFileSync(cluster.cli, ['--cluster', 'check', node.address])
   * ```
   */
  get cli(): string | undefined {
    return this.#binary.cli
  }

  /** The running nodes that say now that they are primaries, with or without slots. Paused ones cannot be asked. */
  async primaries(): Promise<LocalClusterNode[]> {
    return this.#ofRole('master')
  }

  /** The running nodes that say now that they are replicas; of the given primary, or of any. */
  async replicas(of?: LocalClusterNode): Promise<LocalClusterNode[]> {
    const replicas = await this.#ofRole('slave')
    if (of === undefined) return replicas
    const own = await Promise.all(replicas.map(replica => replica.myself()))
    return replicas.filter((_, i) => own[i]!.primaryId === of.nodeId)
  }

  /**
   * The running node that owns a slot, or the slot of a key.
   *
   * @throws UncoveredSlotError when no running node owns it. InvalidArgumentError for a slot out of range.
   * @example
   * ```ts
   * const owner = await cluster.nodeFor('user:{42}:name')
   * await owner.kill()
   * ```
   */
  async nodeFor(slotOrKey: number | string | Buffer): Promise<LocalClusterNode> {
    const slot = typeof slotOrKey === 'number' ? slotOrKey : await this.#slotOf(slotOrKey)
    checkSlot('nodeFor', slot)
    const nodes = this.#running
    const own = await Promise.all(nodes.map(node => node.myself()))
    const claims = nodes
      .map((node, i) => ({ node, line: own[i]! }))
      .filter(({ line }) => holdsSlot(line.slots, slot))
      // A primary that slept through its own replacement still claims its slots; the newer epoch is right.
      .sort((a, b) => b.line.epoch - a.line.epoch)
    if (claims[0] === undefined) throw new UncoveredSlotError(slot)
    return claims[0].node
  }

  /**
   * Waits until the nodes that run (neither paused nor dead) are one complete cluster that agrees, as after
   * {@link startCluster}. After `kill`, that is when a replica has taken over and all know.
   *
   * @param options - `timeoutMs`: default that of the start options.
   * @throws {@link ClusterNotReadyError} with what was still missing.
   */
  async waitUntilStable(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    knownFields('waitUntilStable', options, ['timeoutMs'])
    const timeoutMs = checkTimeout('waitUntilStable.timeoutMs', options.timeoutMs, this.#options.timeoutMs)
    await untilStable(this.nodes, deadlineIn(timeoutMs), timeoutMs)
  }

  /**
   * Makes a replica the primary of its shard, and waits until the cluster is stable again.
   *
   * @param node - The replica that shall take over, or the primary that shall be replaced (also a paused or dead one).
   * @returns The new primary.
   * @throws {@link ClusterNotReadyError} when it did not happen in time; InvalidArgumentError when there is no replica.
   */
  async failover(node: LocalClusterNode, options: FailoverOptions = {}): Promise<LocalClusterNode> {
    this.#checkNode('failover', 'node', node)
    knownFields('failover', options, ['mode'])
    const heir = await this.#heirOf(node)
    const { primaryId } = await heir.myself()
    const primary = this.#nodes.find(({ nodeId }) => nodeId === primaryId)
    const usual = primary?.state === 'running' ? 'graceful' : 'force'
    const how = oneOf('failover.mode', options.mode, usual, ['graceful', 'force', 'takeover'])

    const { timeoutMs } = this.#options
    const deadline = deadlineIn(timeoutMs)
    let askedAt = -Infinity
    await until(
      deadline,
      async () => {
        if ((await heir.myself()).flags.includes('master')) return true
        if (performance.now() - askedAt < FAILOVER_AGAIN_MS) return undefined
        askedAt = performance.now()
        await heir.ask('CLUSTER', 'FAILOVER', ...(how === 'graceful' ? [] : [how.toUpperCase()]))
        return undefined
      },
      async () =>
        new ClusterNotReadyError([`${heir.address} is not promoted`], await heir.logTail(), timeoutMs),
    )
    await untilStable(this.nodes, deadline, timeoutMs)
    return heir
  }

  /**
   * Starts one more node, makes the others know it, and waits until the cluster is stable. A primary owns no slots
   * until some are moved to it.
   */
  async addNode(options: AddNodeOptions = {}): Promise<LocalClusterNode> {
    knownFields('addNode', options, ['replicaOf', 'port'])
    const { replicaOf, port } = options
    if (replicaOf !== undefined) this.#checkNode('addNode', 'replicaOf', replicaOf)
    if (port !== undefined) checkPort('addNode.port', port, MAX_CLUSTER_PORT)
    const { timeoutMs } = this.#options
    const deadline = deadlineIn(timeoutMs)
    const known = this.#running
    const node = this.#createNode()
    try {
      await node.begin(port, deadline)
      await meet(node, known, deadline)
      if (replicaOf !== undefined) await replicate(node, replicaOf, deadline, timeoutMs)
      await untilStable(this.nodes, deadline, timeoutMs)
      return node
    } catch (error) {
      await node.stop({ timeoutMs: 0 })
      this.#nodes.splice(this.#nodes.indexOf(node), 1)
      throw error
    }
  }

  /**
   * Takes a node out of the cluster for good: its replicas follow the primary that has the fewest, all nodes that run
   * forget it (CLUSTER FORGET), none lists it any more, then it is stopped, and the cluster is stable. The node may be
   * dead or paused already. Other nodes that are, keep it in their own list, as failed.
   *
   * @throws InvalidArgumentError, before anything is done, when the node owns slots ({@link LocalCluster.migrateSlots}
   * moves them), when a replica of it does not run, or when no other node does.
   * @throws {@link ClusterNotReadyError} when it is still listed after the time-out of the start options.
   * @example
   * ```ts
   * const [first, second] = await cluster.primaries()
   * await cluster.migrateSlots(first, second)
   * await cluster.removeNode(first)
   * ```
   */
  async removeNode(node: LocalClusterNode): Promise<void> {
    this.#checkNode('removeNode', 'node', node)
    const { timeoutMs } = this.#options
    const deadline = deadlineIn(timeoutMs)
    const adoptions = await planLeave(node, this.nodes)
    await leave(node, this.nodes, adoptions, deadline, timeoutMs)
    await node.finish({ timeoutMs: this.#politeMs })
    this.#nodes.splice(this.#nodes.indexOf(node), 1)
    await untilStable(this.nodes, deadline, timeoutMs)
  }

  /**
   * Moves a slot with its keys to another primary, and resolves when all running nodes know the new owner.
   *
   * @example
   * ```ts
   * const [first, second] = await cluster.primaries()
   * await cluster.moveSlot(0, second)
   * ```
   */
  async moveSlot(slot: number, to: LocalClusterNode): Promise<void> {
    const move = await this.beginSlotMove(slot, to)
    await this.finishSlotMove(move)
  }

  /**
   * Moves the first `howMany` slots that `from` owns, with their keys, to `to`.
   *
   * @param howMany - Default: all.
   * @returns The slots moved: fewer than `howMany` when `from` owned fewer.
   */
  async migrateSlots(from: LocalClusterNode, to: LocalClusterNode, howMany = SLOT_COUNT): Promise<number[]> {
    this.#checkNode('migrateSlots', 'from', from)
    this.#checkNode('migrateSlots', 'to', to)
    const wanted = count('migrateSlots.howMany', howMany, SLOT_COUNT, { min: 0, max: SLOT_COUNT })
    const slots: number[] = []
    for (const [first, last] of (await from.myself()).slots) {
      for (let slot = first; slot <= last && slots.length < wanted; slot += 1) slots.push(slot)
    }
    if (slots.length === 0 || from === to) return []
    const terms = this.#moveTerms()
    await begin(slots, from, to, terms)
    await this.#moveAllKeys(slots, from, to, terms)
    await this.#giveOver(slots, from, to, terms)
    return slots
  }

  /**
   * The first half of a move: the slot is marked as migrating and importing, and its keys have not moved. From now on
   * its owner answers ASK for keys that it does not have.
   *
   * @returns The move, for `moveSlotKeys` and `finishSlotMove`.
   */
  async beginSlotMove(slot: number, to: LocalClusterNode): Promise<SlotMove> {
    checkSlot('beginSlotMove', slot)
    this.#checkNode('beginSlotMove', 'to', to)
    const from = await this.nodeFor(slot)
    if (from === to) throw new InvalidArgumentError('beginSlotMove', 'to', `owns slot ${slot} already`)
    await begin([slot], from, to, this.#moveTerms())
    return { slot, from, to }
  }

  /**
   * Moves keys of a slot that is on its way; afterwards some may be here and some there.
   *
   * @param limit - How many at most. Default: all.
   * @returns How many were moved.
   */
  async moveSlotKeys(move: SlotMove, limit = Number.MAX_SAFE_INTEGER): Promise<number> {
    count('moveSlotKeys.limit', limit, 0, { min: 0, max: Number.MAX_SAFE_INTEGER })
    return moveKeys(move, limit, this.#moveTerms())
  }

  /** The second half of a move: the remaining keys, then the ownership; resolves when all running nodes know it. */
  async finishSlotMove({ slot, from, to }: SlotMove): Promise<void> {
    const terms = this.#moveTerms()
    await this.#moveAllKeys([slot], from, to, terms)
    await this.#giveOver([slot], from, to, terms)
  }

  /**
   * Ends all nodes and removes what was temporary. In a temporary folder there is nothing to save, and the nodes are
   * killed; in `dir` they end politely. May be called twice.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** The processes keep this one alive until they are stopped: the default. */
  ref(): this {
    for (const node of this.#nodes) node.ref()
    return this
  }

  /** Lets this process end by itself although the cluster runs; it is then killed and cleaned up behind it. */
  unref(): this {
    for (const node of this.#nodes) node.unref()
    return this
  }

  /** The same as {@link LocalCluster.stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** @internal Starts the nodes and joins them. */
  async begin(): Promise<void> {
    const { primaries, replicas, ports, timeoutMs } = this.#options
    const deadline = deadlineIn(timeoutMs)
    const nodes = Array.from({ length: primaries * (1 + replicas) }, () => this.#createNode())
    await allDone(nodes.map((node, i) => node.begin(ports?.[i], deadline)))

    await joinNodes(nodes, primaries, deadline, timeoutMs)
    await untilStable(this.nodes, deadline, timeoutMs)
  }

  #createNode(): LocalClusterNode {
    if (this.#stopped !== undefined) throw new ClosedError('the local cluster')
    const index = this.#created
    this.#created += 1
    const node = new LocalClusterNode({
      mode: 'cluster',
      binary: this.#binary,
      options: this.#options,
      tls: this.#tls,
      dir: join(this.#workspace.path, `node-${index + 1}`),
      ownConfig: port => this.#configOf({ index, port }),
    })
    this.#nodes.push(node)
    return node
  }

  #configOf(place: NodePlace): Directives {
    const config = this.#options.nodeConfig?.(place) ?? {}
    checkConfig(`startCluster.nodeConfig(${place.index})`, config)
    return config
  }

  get #running(): LocalClusterNode[] {
    return this.#nodes.filter(node => node.state === 'running')
  }

  async #ofRole(flag: string): Promise<LocalClusterNode[]> {
    const nodes = this.#running
    const lines = await Promise.all(nodes.map(node => node.myself()))
    return nodes.filter((_, i) => lines[i]!.flags.includes(flag))
  }

  async #slotOf(key: string | Buffer): Promise<number> {
    const node = this.#running[0]
    if (node === undefined) throw new ClosedError('every node of the local cluster')
    return Number(await ask(node.target, ['CLUSTER', 'KEYSLOT', key]))
  }

  async #heirOf(node: LocalClusterNode): Promise<LocalClusterNode> {
    const replicas = await this.replicas()
    if (replicas.includes(node)) return node
    const heir = (await this.replicas(node))[0]
    if (heir === undefined)
      throw new InvalidArgumentError('failover', 'node', 'has no running replica to take over')
    return heir
  }

  async #moveAllKeys(
    slots: readonly number[],
    from: LocalClusterNode,
    to: LocalClusterNode,
    terms: MoveTerms,
  ) {
    // The count is of one database only; where there are several, each slot is looked through.
    const counts = terms.databases === 1 ? await countKeys(slots, from, terms) : undefined
    for (const [i, slot] of slots.entries()) {
      if (counts?.[i] === 0) continue
      await moveKeys({ slot, from, to }, Number.MAX_SAFE_INTEGER, terms)
    }
  }

  async #giveOver(slots: readonly number[], from: LocalClusterNode, to: LocalClusterNode, terms: MoveTerms) {
    const others = (await this.primaries()).filter(node => node !== from && node !== to)
    await finish(slots, from, to, others, terms)
    const { timeoutMs } = this.#options
    let unaware: string[] = []
    await until(
      terms.deadline,
      async () => {
        const nodes = this.#running
        const views = await Promise.all(nodes.map(node => node.lines()))
        unaware = nodes
          .filter((_, i) => {
            const owner = views[i]!.find(({ id }) => id === to.nodeId)
            return owner === undefined || !slots.every(slot => holdsSlot(owner.slots, slot))
          })
          .map(node => `${node.address} does not know the new owner`)
        return unaware.length === 0 ? true : undefined
      },
      async () => new ClusterNotReadyError(unaware, await to.logTail(), timeoutMs),
    )
  }

  #moveTerms(): MoveTerms {
    const { username, password, config, timeoutMs } = this.#options
    const databases = Number(config['cluster-databases'] ?? 1)
    return { username, password, databases, deadline: deadlineIn(timeoutMs) }
  }

  /** In a temporary folder there is nothing to save. */
  get #politeMs(): number {
    return this.#workspace.isTemporary ? 0 : POLITE_STOP_MS
  }

  #checkNode(method: string, argument: string, node: unknown): void {
    if (this.#nodes.includes(node as LocalClusterNode)) return
    throw new InvalidArgumentError(method, argument, 'must be a node of this cluster')
  }

  async #stop(): Promise<void> {
    await allDone(this.#nodes.map(node => node.finish({ timeoutMs: this.#politeMs })))
    await this.#workspace.remove()
  }
}

function checkSlot(method: string, slot: unknown): void {
  if (Number.isInteger(slot) && (slot as number) >= 0 && (slot as number) < SLOT_COUNT) return
  throw new InvalidArgumentError(method, 'slot', `must be an integer from 0 to ${SLOT_COUNT - 1}`)
}
