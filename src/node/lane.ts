// One shared, pipelined connection of a node, and its successors. A lane dials when it is asked and has no connection;
// while a dial is under way commands wait in the new connection; after a failed dial the lane pauses, and refuses commands
// at once with the reason, so that the router can let them wait meanwhile.
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
import { isAtWork } from './at-work.js'
import { Probe } from './probe.js'
import type { Redial } from './redial.js'

/** News of a lane, to its node. */
export interface LaneHooks extends ConnectionHooks {
  /** Its connection is ready, or was silent and is no more. */
  onServes?(): void
}

// A silence goes on for so long before anybody is dialled because of it: most are over by then.
const PATIENCE_MS = 250

export class Lane implements Executor, Lifecycle {
  #connection: Connection | undefined
  /** Connections replaced while they still had answers to come. */
  readonly #leaving = new Set<Connection>()
  #probe: Probe | undefined
  #closed = false
  readonly #address: string
  readonly #target: ConnectionTarget
  readonly #context: ConnectionContext
  readonly #redial: Redial
  readonly #hooks: LaneHooks
  readonly #ownHooks: ConnectionHooks

  constructor(target: ConnectionTarget, context: ConnectionContext, redial: Redial, hooks: LaneHooks) {
    this.#address = formatAddress(target.endpoint)
    this.#target = target
    this.#context = context
    this.#redial = redial
    this.#hooks = hooks
    this.#ownHooks = {
      ...hooks,
      onReady: connection => this.#onReady(connection),
      onSilent: connection => {
        if (connection === this.#connection) hooks.onSilent?.(connection)
      },
      onHeard: connection => this.#onHeard(connection),
      onClose: (connection, error) => this.#onClose(connection, error),
    }
  }

  get connection(): Connection | undefined {
    return this.#connection
  }
  /** It answers, as far as is known. */
  get serves(): boolean {
    const connection = this.#connection
    return connection?.ready === true && connection.silentSince === undefined
  }
  get isSilent(): boolean {
    return this.#connection?.silentSince !== undefined
  }
  /** Nothing is there, nor being made. */
  get isEmpty(): boolean {
    return this.#connection === undefined && (this.#probe?.size ?? 0) === 0
  }

  execute(command: Command, sink: Sink): void {
    const connection = this.#connection
    if (connection !== undefined) connection.execute(command, sink)
    else if (this.#closed) sink.reject(new ConnectionLostError(this.#address, 'not-sent'))
    else if (this.#redial.paused) sink.reject(this.#redial.refusal())
    else {
      this.#connection = this.#dial()
      this.#connection.execute(command, sink)
    }
  }

  /** Dials, unless it is too soon, or done already. */
  dial(): void {
    if (this.#connection === undefined && !this.#closed && !this.#redial.paused)
      this.#connection = this.#dial()
  }

  /** Dials beside a connection that hangs; goes on with that when the connection has come to its end. */
  probe(now: number): void {
    if (this.#closed || !(this.#hangs(now) || (this.#connection === undefined && !this.isEmpty))) return
    this.#probe ??= new Probe({
      mayDial: () => !this.#redial.paused,
      dial: () => this.#dial(),
      isReplaceable: at => this.#connection?.ready !== true || this.#connection.isLost(at),
      isAtWork: async found => this.#connection !== undefined && isAtWork(this.#connection, found),
      onFound: found => this.#adopt(found),
    })
    this.#probe.poke(now)
  }

  /** Makes the next command dial afresh; the present connection finishes what it has. */
  replace(): void {
    const old = this.#connection
    if (old === undefined) return
    this.#connection = undefined
    this.#endProbe()
    this.#leaving.add(old)
    void old.close()
  }

  /** Ends its connections now; the next command dials afresh. */
  abandon(reason: Error): void {
    const old = this.#connection
    this.#connection = undefined
    this.#endProbe()
    for (const connection of [...this.#leaving]) connection.destroy(reason)
    old?.destroy(reason)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#endProbe()
    const all = [...this.#leaving]
    if (this.#connection !== undefined) all.push(this.#connection)
    await Promise.all(all.map(connection => connection.close()))
  }

  destroy(reason?: Error): void {
    this.#closed = true
    this.#endProbe()
    for (const connection of [...this.#leaving]) connection.destroy(reason)
    this.#connection?.destroy(reason)
  }

  #dial(): Connection {
    return new Connection(this.#target, this.#context, this.#ownHooks)
  }

  #onReady(connection: Connection): void {
    this.#redial.succeeded()
    if (connection === this.#connection) {
      this.#endProbe()
      this.#hooks.onServes?.()
    }
    this.#hooks.onReady?.(connection)
    this.#probe?.onReady(connection)
  }

  #onHeard(connection: Connection): void {
    if (connection !== this.#connection) return
    this.#endProbe()
    this.#hooks.onServes?.()
    this.#hooks.onHeard?.(connection)
  }

  #onClose(connection: Connection, error: Error | undefined): void {
    const wasCurrent = connection === this.#connection
    if (wasCurrent) this.#connection = undefined
    this.#leaving.delete(connection)
    this.#probe?.onClose(connection)
    // A connection that worked is replaced without a pause, and so is one that nobody wanted any more.
    if (connection.inVain && error !== undefined) this.#redial.inVain(error)
    else if (error instanceof ConnectError && connection.hello === undefined) this.#redial.failed(error)
    const found = this.#probe?.found
    if (wasCurrent && found !== undefined) {
      this.#connection = found
      this.#endProbe()
    }
    this.#hooks.onClose?.(connection, error)
    // Not before those have been told whose commands end with the old one: they are older than what waits.
    if (wasCurrent) queueMicrotask(() => this.#hooks.onServes?.())
  }

  /** It has been silent, or been made, for too long. */
  #hangs(now: number): boolean {
    const connection = this.#connection
    if (connection === undefined) return false
    const since = connection.silentSince ?? (connection.ready ? undefined : connection.since)
    return since !== undefined && now - since >= this.#context.options.silenceMs + PATIENCE_MS
  }

  /** It takes the place of a connection that hangs. */
  #adopt(found: Connection): void {
    const old = this.#connection
    this.#connection = found
    this.#endProbe()
    // In this order: who was in flight on the old one stands in line by then, before those who came later.
    old?.destroy(new Error(`${this.#address} was silent on this connection, and answered on another`))
    this.#hooks.onServes?.()
  }

  #endProbe(): void {
    const probe = this.#probe
    this.#probe = undefined
    probe?.end(this.#connection)
  }
}
