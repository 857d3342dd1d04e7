// The connection pool of one address: a lane for ordinary work, a lease for what needs a connection to itself.
import type {
  Connection,
  ConnectionContext,
  ConnectionHooks,
  ConnectionTarget,
} from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import { type ConnectError, ConnectionLostError, type ConnectPhase, ReplyError } from '../core/errors.js'
import type { Sweepable, Sweeper } from '../core/sweeper.js'
import type { Command } from '../protocol/command.js'
import { type Executor, type Lease, type Lifecycle, type Sink, WrappedSink } from '../protocol/executor.js'
import { Flag } from '../protocol/spec.js'
import type { Reply } from '../resp/types.js'
import { Lanes } from './lanes.js'
import type { ResolvedNodeOptions } from './options.js'
import { LeasePool } from './pool.js'
import { Redial } from './redial.js'

/** What nodes of one client share. */
export interface NodeContext extends ConnectionContext {
  readonly nodeOptions: ResolvedNodeOptions
}

/** News of a node, to whoever made it. */
export interface NodeHooks extends ConnectionHooks {
  /** It serves nobody at the moment. */
  onUnavailable?(node: Node, why: 'silent' | 'dial failed'): void
  /** It serves again. */
  onAvailable?(node: Node): void
}

export class Node implements Executor, Lifecycle {
  readonly address: string
  readonly target: ConnectionTarget
  /** The cluster's id of the node that was last seen at this address; undefined for a seed not yet identified. */
  id: string | undefined
  readonly #redial: Redial
  readonly #lanes: Lanes
  readonly #context: NodeContext
  readonly #hooks: NodeHooks
  #leases: LeasePool | undefined
  #available = true
  /** Its last failure is one that asking again does not mend. */
  #isFinal = false
  #closed = false

  constructor(target: ConnectionTarget, context: NodeContext, hooks: NodeHooks = {}) {
    this.target = target
    this.address = formatAddress(target.endpoint)
    this.#context = context
    this.#hooks = hooks
    this.#redial = new Redial(this.address, context.nodeOptions, error => this.#dialFailed(error))
    this.#lanes = new Lanes(context.nodeOptions.lanes, target, context, this.#redial, {
      ...hooks,
      onReady: connection => {
        this.#review()
        hooks.onReady?.(connection)
      },
    })
  }

  execute(command: Command, sink: Sink): void {
    if ((command.spec.flags & Flag.BLOCKING) === 0) this.#lanes.execute(command, sink)
    else this.#executeAlone(command, sink)
  }

  /** A connection for exclusive use. See {@link LeasePool.lease}. */
  lease(deadline: number): Promise<Lease> {
    if (this.#closed) return Promise.reject(new ConnectionLostError(this.address, 'not-sent'))
    return this.#leasePool().lease(deadline)
  }

  get closed(): boolean {
    return this.#closed
  }
  get connections(): readonly Connection[] {
    return [...this.#lanes.connections, ...(this.#leases?.connections ?? [])]
  }
  /** How far a connection to it has come. */
  get phase(): ConnectPhase {
    return this.#lanes.connections[0]?.phase ?? 'connect'
  }
  /** Why the last dial failed; undefined once one has succeeded. */
  get lastError(): Error | undefined {
    return this.#redial.lastError
  }
  /** No dial is made at the moment, because the last ones failed. */
  get resting(): boolean {
    return this.#redial.paused
  }

  /** False from a failed dial or a silence until a byte comes or a new connection is ready. */
  get available(): boolean {
    return this.#available
  }

  /** While it is unavailable: dials if it is time to. Called at short intervals by whoever wants it back. */
  revive(): void {}

  /** Its slots are another's now: ends its shared connections at once; commands in flight on them are rejected. */
  abandon(reason: Error): void {
    this.#lanes.destroy(reason)
  }

  /** Makes following commands dial afresh; present connections finish what they have. */
  replaceConnections(): void {
    this.#lanes.replace()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#lanes.close(), this.#leases?.close()])
  }

  destroy(reason?: Error): void {
    this.#closed = true
    this.#lanes.destroy(reason)
    this.#leases?.destroy(reason)
  }

  /** Whether waiting may help is news, too, and told by the same word. */
  #dialFailed(error: ConnectError): void {
    // A server that takes no more connections goes on serving those it has.
    if (this.#closed || this.#lanes.connections.some(({ ready }) => ready)) return
    const isNews = this.#available || this.#isFinal === error.retryable
    this.#available = false
    this.#isFinal = !error.retryable
    if (isNews) this.#hooks.onUnavailable?.(this, 'dial failed')
  }

  #review(): void {
    if (this.#available || this.#closed || !this.#lanes.connections.some(({ ready }) => ready)) return
    this.#available = true
    this.#isFinal = false
    this.#hooks.onAvailable?.(this)
  }

  #executeAlone(command: Command, sink: Sink): void {
    this.lease(sink.deadline).then(
      lease => {
        if (sink.settled) lease.release()
        else lease.execute(command, new LeaseSink(sink, lease, this.#context.sweeper))
      },
      (error: Error) => sink.reject(error),
    )
  }

  #leasePool(): LeasePool {
    this.#leases ??= new LeasePool(
      this.target,
      this.#context,
      this.#redial,
      this.#context.nodeOptions,
      this.#hooks,
    )
    return this.#leases
  }
}

/**
 * Ends a lease with its one command: kept when the server answered, thrown away when the server may still be at work.
 * A caller that leaves tells nobody, so the next sweep sees to the lease: before the command was sent, it is skipped
 * and the lease kept; after, the command expires where it stands in flight.
 */
class LeaseSink extends WrappedSink implements Sweepable {
  readonly #lease: Lease
  readonly #sweeper: Sweeper
  #sent = false
  #done = false

  constructor(inner: Sink, lease: Lease, sweeper: Sweeper) {
    super(inner)
    this.#lease = lease
    this.#sweeper = sweeper
    sweeper.add(this)
  }
  override get settled(): boolean {
    return this.#done || (!this.#sent && this.inner.settled)
  }
  override get deadline(): number {
    return this.inner.settled ? Number.NEGATIVE_INFINITY : this.inner.deadline
  }
  override sent(): void {
    this.#sent = true
    this.inner.sent()
  }
  override resolve(reply: Reply): void {
    this.#end()
    this.#lease.release()
    this.inner.resolve(reply)
  }
  override reject(error: Error): void {
    this.#end()
    if (error instanceof ReplyError) this.#lease.release()
    else this.#lease.discard(error)
    this.inner.reject(error)
  }
  sweep(): void {
    if (!this.settled) return
    this.#end()
    this.#lease.release()
  }
  #end(): void {
    this.#done = true
    this.#sweeper.remove(this)
  }
}
