// The connection pool of one address: a lane for ordinary work, a lease for what needs a connection to itself.
import type {
  Connection,
  ConnectionContext,
  ConnectionHooks,
  ConnectionTarget,
} from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import { ConnectionLostError, type ConnectPhase, ReplyError } from '../core/errors.js'
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

export class Node implements Executor, Lifecycle {
  readonly address: string
  readonly target: ConnectionTarget
  /** The cluster's id of the node that was last seen at this address; undefined for a seed not yet identified. */
  id: string | undefined
  readonly #redial: Redial
  readonly #lanes: Lanes
  readonly #context: NodeContext
  readonly #hooks: ConnectionHooks
  #leases: LeasePool | undefined
  #closed = false

  constructor(target: ConnectionTarget, context: NodeContext, hooks: ConnectionHooks = {}) {
    this.target = target
    this.address = formatAddress(target.endpoint)
    this.#context = context
    this.#hooks = hooks
    this.#redial = new Redial(this.address, context.nodeOptions)
    this.#lanes = new Lanes(context.nodeOptions.lanes, target, context, this.#redial, hooks)
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

  #executeAlone(command: Command, sink: Sink): void {
    this.lease(sink.deadline).then(
      lease => {
        if (sink.settled) lease.release()
        else lease.execute(command, new LeaseSink(sink, lease))
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
 * It stays unsettled until one of the two happened, whatever became of its caller: a caller that left makes it expire
 * at the next sweep, so that no lease is lost with an aborted call.
 */
class LeaseSink extends WrappedSink {
  readonly #lease: Lease
  #done = false

  constructor(inner: Sink, lease: Lease) {
    super(inner)
    this.#lease = lease
  }
  override get settled(): boolean {
    return this.#done
  }
  override get deadline(): number {
    return this.inner.settled ? Number.NEGATIVE_INFINITY : this.inner.deadline
  }
  override resolve(reply: Reply): void {
    this.#done = true
    this.#lease.release()
    this.inner.resolve(reply)
  }
  override reject(error: Error): void {
    this.#done = true
    if (error instanceof ReplyError) this.#lease.release()
    else this.#lease.discard(error)
    this.inner.reject(error)
  }
}
