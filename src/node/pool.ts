// generic-pool, tamed: exclusive use of connections of one node, for commands that would hold up a shared lane.
//
// generic-pool creates again at once, without a pause and without saying why, when its factory's `create` rejects
// while somebody waits; a create that hangs holds its place for ever. So what is pooled here is a Seat, which is made
// at once and cannot fail; the connection of a seat is dialled when the seat is lent, under the node's own redial
// pauses and deadlines. What is left to generic-pool is what it is good at: who may have how many, and who is next.
//
// The other traps, and what holds them:
//   no default limit on waiting       → maxWaitingClients and acquireTimeoutMillis are always set
//   a grant to a caller who left      → handed back at once (`grant`)
//   `drain()` waits for leases        → never waited for: `close` ends seats as their leases end, `destroy` now; but
//                                       nothing else stops the eviction timer, so it is called all the same
//   a rejecting `validate`            → no validate: a seat whose connection has ended dials afresh
//   `min` > 0 redials for ever        → min is 0
import { createPool, type Pool } from 'generic-pool'
import {
  Connection,
  type ConnectionContext,
  type ConnectionHooks,
  type ConnectionTarget,
} from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import {
  AbortedError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  OverloadedError,
} from '../core/errors.js'
import type { Sweepable } from '../core/sweeper.js'
import type { Command } from '../protocol/command.js'
import type { Lease, Lifecycle, Sink } from '../protocol/executor.js'
import type { ResolvedNodeOptions } from './options.js'
import type { Redial } from './redial.js'

/** A place in the pool, with or without a connection. */
interface Seat {
  connection: Connection | undefined
}

/** Longest wait for a lease whatever the caller's own deadline, in milliseconds. */
const MAX_WAIT_MS = 60_000

/** Who waits for a lease. */
interface Caller {
  /** Waits no more. */
  readonly settled: boolean
}

export class LeasePool implements Lifecycle, Sweepable {
  readonly #pool: Pool<Seat>
  readonly #seats = new Set<Seat>()
  /** Callers without a lease as yet; each is told why when it will get none. */
  readonly #waiters = new Map<(error: Error) => void, Caller | undefined>()
  readonly #target: ConnectionTarget
  readonly #context: ConnectionContext
  readonly #redial: Redial
  readonly #options: ResolvedNodeOptions
  readonly #hooks: ConnectionHooks
  #closed = false

  constructor(
    target: ConnectionTarget,
    context: ConnectionContext,
    redial: Redial,
    options: ResolvedNodeOptions,
    hooks: ConnectionHooks,
  ) {
    this.#target = target
    this.#context = context
    this.#redial = redial
    this.#options = options
    this.#hooks = hooks
    this.#pool = createPool<Seat>(
      {
        create: async () => {
          const seat: Seat = { connection: undefined }
          this.#seats.add(seat)
          return seat
        },
        destroy: async seat => {
          this.#seats.delete(seat)
          seat.connection?.destroy()
          seat.connection = undefined
        },
      },
      {
        min: 0,
        max: options.maxLeases,
        // Callers who gave up stand in its queue until their turn comes; the true limit is that of `lease`.
        maxWaitingClients: 2 * (options.maxLeases + options.maxLeaseWaiters),
        acquireTimeoutMillis: MAX_WAIT_MS,
        idleTimeoutMillis: options.leaseIdleMs,
        evictionRunIntervalMillis: Math.max(10, Math.floor(options.leaseIdleMs / 2)),
        numTestsPerEvictionRun: options.maxLeases,
      },
    )
  }

  /** Connections lent now. */
  get borrowed(): number {
    return this.#pool.borrowed
  }
  /** Places that were lent before, and are free. */
  get idle(): number {
    return this.#pool.available
  }
  /** Connections at hand, lent or idle. */
  get connections(): readonly Connection[] {
    return [...this.#seats].flatMap(seat => seat.connection ?? [])
  }
  /** Callers waiting for a lease. */
  get waiting(): number {
    return this.#waiters.size
  }

  /**
   * Lends a connection until `release` or `discard`. Rejects with DeadlineExceededError when none is free by
   * `deadline` (milliseconds of `performance.now()`), OverloadedError when too many wait already. A `caller` that settles
   * while it waits loses its place at the next sweep.
   */
  async lease(deadline: number, caller?: Caller): Promise<Lease> {
    if (this.#closed) throw this.#refusal()
    const { maxLeases, maxLeaseWaiters } = this.#options
    if (this.#pool.borrowed + this.#waiters.size >= maxLeases + maxLeaseWaiters) {
      throw new OverloadedError(
        `${maxLeases} leases of this node are out and ${maxLeaseWaiters} callers wait for one`,
        'node.maxLeaseWaiters',
      )
    }
    const seat = await this.#acquire(deadline, caller)
    if (this.#closed) {
      void this.#giveBack(seat, false)
      throw this.#refusal()
    }
    if (seat.connection === undefined || seat.connection.closed) {
      if (this.#redial.paused) {
        void this.#giveBack(seat, true)
        throw this.#redial.refusal()
      }
      seat.connection = this.#dial(seat)
    }
    return new SeatLease(seat.connection, sound => this.#giveBack(seat, sound))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#shut(() => this.#refusal())
    await Promise.all([...this.#seats].map(seat => seat.connection?.close()))
    await this.#pool.clear()
  }

  destroy(reason?: Error): void {
    this.#shut(() => reason ?? new ClosedError('the client'))
    for (const seat of this.#seats) seat.connection?.destroy(reason)
    // What is idle. The rest comes back as its callers settle; nothing waits for it.
    this.#pool.clear().catch(() => {})
  }

  /** Ends its connections now, and turns those away who wait for one; whoever comes later has a new one. */
  abandon(reason: Error): void {
    const address = formatAddress(this.#target.endpoint)
    this.#turnAway(() => new ConnectionLostError(address, 'not-sent', { cause: reason }))
    for (const seat of [...this.#seats]) seat.connection?.destroy(reason)
  }

  sweep(): void {
    for (const [leave, caller] of [...this.#waiters]) {
      if (caller?.settled === true) leave(new AbortedError('not-sent', undefined))
    }
    if (this.#waiters.size === 0) this.#context.sweeper.remove(this)
  }

  /** Each with an error of its own. */
  #turnAway(error: () => Error): void {
    for (const leave of [...this.#waiters.keys()]) leave(error())
  }

  #shut(error: () => Error): void {
    this.#closed = true
    this.#context.sweeper.remove(this)
    this.#turnAway(error)
    this.#pool.drain().catch(() => {})
  }

  /** The node is being retired: the command may go elsewhere. */
  #refusal(): Error {
    return new ConnectionLostError(formatAddress(this.#target.endpoint), 'not-sent')
  }

  #acquire(deadline: number, caller: Caller | undefined): Promise<Seat> {
    return new Promise((resolve, reject) => {
      let left = false
      const leave = (error: Error): void => {
        left = true
        clearTimeout(timer)
        this.#waiters.delete(leave)
        reject(error)
      }
      const waitMs = Math.min(MAX_WAIT_MS, Math.max(0, deadline - performance.now()))
      const timer = setTimeout(() => leave(new DeadlineExceededError('a free lease', 'not-sent')), waitMs)
      this.#waiters.set(leave, caller)
      this.#context.sweeper.add(this)
      this.#pool.acquire().then(
        seat => {
          if (left) {
            void this.#giveBack(seat, true)
            return
          }
          clearTimeout(timer)
          this.#waiters.delete(leave)
          resolve(seat)
        },
        (cause: unknown) =>
          leave(new OverloadedError('no lease was to be had', 'node.maxLeaseWaiters', { cause })),
      )
    })
  }

  #dial(seat: Seat): Connection {
    return new Connection(this.#target, this.#context, {
      ...this.#hooks,
      onReady: connection => {
        this.#redial.succeeded()
        this.#hooks.onReady?.(connection)
      },
      onClose: (connection, error) => {
        if (seat.connection === connection) seat.connection = undefined
        // A caller that left before the dial was done is no failure of the node's.
        if (connection.inVain && error !== undefined) this.#redial.inVain(error)
        else if (error instanceof ConnectError && connection.hello === undefined) this.#redial.failed(error)
        this.#hooks.onClose?.(connection, error)
      },
    })
  }

  #giveBack(seat: Seat, sound: boolean): Promise<void> {
    return sound && !this.#closed ? this.#pool.release(seat) : this.#pool.destroy(seat)
  }
}

class SeatLease implements Lease {
  readonly #connection: Connection
  readonly #giveBack: (sound: boolean) => Promise<void>
  #over = false

  constructor(connection: Connection, giveBack: (sound: boolean) => Promise<void>) {
    this.#connection = connection
    this.#giveBack = giveBack
  }

  execute(command: Command, sink: Sink): void {
    if (this.#over) sink.reject(new ClosedError('the lease'))
    else this.#connection.execute(command, sink)
  }
  release(): void {
    if (this.#over) return
    this.#over = true
    const { closed, inFlight, queued } = this.#connection
    void this.#giveBack(!closed && inFlight === 0 && queued === 0)
  }
  discard(reason: Error): void {
    if (this.#over) return
    this.#over = true
    this.#connection.destroy(reason)
    void this.#giveBack(false)
  }
  [Symbol.dispose](): void {
    this.release()
  }
}
