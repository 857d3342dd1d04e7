// The connection pool of one address: a lane for ordinary work, a lease for what needs a connection to itself.
import type {
  Connection,
  ConnectionContext,
  ConnectionHooks,
  ConnectionTarget,
} from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import { type ConnectError, ConnectionLostError, type ConnectPhase } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Lease, Lifecycle, Sink } from '../protocol/executor.js'
import { Flag } from '../protocol/spec.js'
import { Lanes } from './lanes.js'
import { LeaseSink } from './lease-sink.js'
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

/** One shared connection as it is now; see {@link NodeState}. */
export interface LaneState {
  readonly ready: boolean
  /** How far it has come in being made. */
  readonly phase: ConnectPhase
  /** Commands that wait to be written. */
  readonly queued: number
  /** Commands whose answers are waited for. */
  readonly inFlight: number
  /** For how long it has owed answers without a sign of life; absent for one that is not taken for silent. */
  readonly silentMs?: number
}

/** A node as it is now. */
export interface NodeState {
  readonly address: string
  /** The cluster's id of it; undefined for one not yet identified. */
  readonly id: string | undefined
  /** False from a failed dial or a silence until it serves again. */
  readonly available: boolean
  readonly lanes: readonly LaneState[]
  /** Connections for exclusive use: lent, at hand, and callers waiting for one. */
  readonly leases: { readonly lent: number; readonly idle: number; readonly waiting: number }
  /** Dials failed in a row. */
  readonly failures: number
  /** Why the last of them did. */
  readonly lastError: string | undefined
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
      onServes: () => this.#review(),
      onSilent: connection => {
        // First the router, so that it keeps what it is given back.
        this.#becomeUnavailable('silent')
        hooks.onSilent?.(connection)
        connection.giveBack()
      },
    })
  }

  execute(command: Command, sink: Sink): void {
    if ((command.spec.flags & Flag.BLOCKING) === 0) this.#lanes.execute(command, sink)
    else this.executeAlone(command, sink)
  }

  /** A connection for exclusive use. See {@link LeasePool.lease}. */
  lease(deadline: number): Promise<Lease> {
    if (this.#closed) return Promise.reject(new ConnectionLostError(this.address, 'not-sent'))
    return this.#leasePool().lease(deadline)
  }

  /** Commands in flight whose callers wait for their answers. */
  get inFlight(): number {
    return this.connections.reduce((sum, { awaited }) => sum + awaited, 0)
  }
  /** Commands that wait to be written. */
  get queued(): number {
    return this.connections.reduce((sum, { queued }) => sum + queued, 0)
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

  /**
   * While it is unavailable: dials if it is time to, beside a silent connection if there is one. Called at short intervals
   * by whoever wants it back.
   */
  revive(): void {
    if (!this.#available && !this.#closed) this.#lanes.revive(performance.now())
  }

  /**
   * Its slots are another's now: ends its connections at once, lent ones too, and rejects what is on them, with `reason`
   * as the cause. Whoever asks it again dials it anew.
   */
  abandon(reason: Error): void {
    this.#lanes.abandon(reason)
    this.#leases?.abandon(reason)
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

  inspect(): NodeState {
    const now = performance.now()
    return Object.freeze({
      address: this.address,
      id: this.id,
      available: this.#available,
      lanes: Object.freeze(this.#lanes.connections.map(connection => stateOf(connection, now))),
      leases: Object.freeze({
        lent: this.#leases?.borrowed ?? 0,
        idle: this.#leases?.idle ?? 0,
        waiting: this.#leases?.waiting ?? 0,
      }),
      failures: this.#redial.failures,
      lastError: this.#redial.lastError?.message,
    })
  }

  #dialFailed(error: ConnectError): void {
    // A server that takes no more connections goes on serving those it has.
    if (this.#closed || this.#lanes.anyServes) return
    // Whether waiting may help is news, too, and told by the same word.
    if (this.#isFinal === error.retryable) this.#available = true
    this.#isFinal = !error.retryable
    this.#becomeUnavailable('dial failed')
  }

  #becomeUnavailable(why: 'silent' | 'dial failed'): void {
    if (!this.#available || this.#closed) return
    this.#available = false
    this.#hooks.onUnavailable?.(this, why)
  }

  #review(): void {
    if (this.#available || this.#closed || this.#lanes.anySilent || !this.#lanes.anyServes) return
    this.#available = true
    this.#isFinal = false
    this.#hooks.onAvailable?.(this)
  }

  /** By a connection that it has to itself. */
  executeAlone(command: Command, sink: Sink): void {
    if (this.#closed) return sink.reject(new ConnectionLostError(this.address, 'not-sent'))
    this.#leasePool()
      .lease(sink.deadline, sink)
      .then(
        lease => {
          if (sink.settled) lease.release()
          else lease.execute(command, new LeaseSink(sink, lease, this.#context.sweeper))
        },
        (error: Error) => {
          if (!sink.settled) sink.reject(error)
        },
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

function stateOf(connection: Connection, now: number): LaneState {
  const { ready, phase, queued, awaited, silentSince } = connection
  const state = { ready, phase, queued, inFlight: awaited }
  return Object.freeze(
    silentSince === undefined ? state : { ...state, silentMs: Math.round(now - silentSince) },
  )
}
