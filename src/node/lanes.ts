// The shared, pipelined connections of one node. A lane dials when it is asked and has no connection; while a dial is
// under way commands wait in the new connection; after a failed dial the lane pauses, and refuses commands at once with
// the reason, so that the router can look elsewhere meanwhile.
import {
  Connection,
  type ConnectionContext,
  type ConnectionHooks,
  type ConnectionTarget,
} from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import { ConnectError, ConnectionLostError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Lifecycle, Sink } from '../protocol/executor.js'
import type { Redial } from './redial.js'

class Lane implements Executor, Lifecycle {
  #connection: Connection | undefined
  /** Connections replaced while they still had answers to come. */
  readonly #leaving = new Set<Connection>()
  #closed = false
  readonly #target: ConnectionTarget
  readonly #context: ConnectionContext
  readonly #redial: Redial
  readonly #hooks: ConnectionHooks

  constructor(target: ConnectionTarget, context: ConnectionContext, redial: Redial, hooks: ConnectionHooks) {
    this.#target = target
    this.#context = context
    this.#redial = redial
    this.#hooks = {
      ...hooks,
      onReady: connection => {
        redial.succeeded()
        hooks.onReady?.(connection)
      },
      onClose: (connection, error) => {
        this.#lost(connection, error)
        hooks.onClose?.(connection, error)
      },
    }
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  execute(command: Command, sink: Sink): void {
    const connection = this.#connection
    if (connection !== undefined) connection.execute(command, sink)
    else if (this.#closed)
      sink.reject(new ConnectionLostError(formatAddress(this.#target.endpoint), 'not-sent'))
    else if (this.#redial.paused) sink.reject(this.#redial.refusal())
    else {
      this.#connection = new Connection(this.#target, this.#context, this.#hooks)
      this.#connection.execute(command, sink)
    }
  }

  /** Makes the next command dial afresh; the present connection finishes what it has. */
  replace(): void {
    const old = this.#connection
    if (old === undefined) return
    this.#connection = undefined
    this.#leaving.add(old)
    void old.close()
  }

  async close(): Promise<void> {
    this.#closed = true
    const all = [...this.#leaving]
    if (this.#connection !== undefined) all.push(this.#connection)
    await Promise.all(all.map(connection => connection.close()))
  }

  destroy(reason?: Error): void {
    this.#closed = true
    for (const connection of this.#leaving) connection.destroy(reason)
    this.#connection?.destroy(reason)
  }

  #lost(connection: Connection, error: Error | undefined): void {
    this.#leaving.delete(connection)
    if (this.#connection === connection) this.#connection = undefined
    // The dial failed. A connection that worked is replaced without a pause, and so is one that nobody wanted any more.
    if (connection.inVain && error !== undefined) this.#redial.inVain(error)
    else if (error instanceof ConnectError && connection.hello === undefined) this.#redial.failed(error)
  }
}

/** n lanes; a slot always takes the same one, so the order of commands on a key holds. */
export class Lanes implements Executor, Lifecycle {
  readonly #lanes: readonly Lane[]
  readonly #only: Lane | undefined
  #turn = 0

  constructor(
    count: number,
    target: ConnectionTarget,
    context: ConnectionContext,
    redial: Redial,
    hooks: ConnectionHooks,
  ) {
    this.#lanes = Array.from({ length: count }, () => new Lane(target, context, redial, hooks))
    this.#only = count === 1 ? this.#lanes[0] : undefined
  }

  execute(command: Command, sink: Sink): void {
    const lane = this.#only ?? this.#laneFor(command.slot)
    lane.execute(command, sink)
  }

  get connections(): readonly Connection[] {
    return this.#lanes.flatMap(lane => lane.connection ?? [])
  }

  replace(): void {
    for (const lane of this.#lanes) lane.replace()
  }
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(lane => lane.close()))
  }
  destroy(reason?: Error): void {
    for (const lane of this.#lanes) lane.destroy(reason)
  }

  #laneFor(slot: number): Lane {
    const index = slot >= 0 ? slot : this.#turn++
    return this.#lanes[index % this.#lanes.length] as Lane
  }
}
