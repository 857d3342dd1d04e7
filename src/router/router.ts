// Where to send, and what to do when it goes wrong. Each command gets an Attempt: a sink that passes the answer on, or,
// when the answer is a redirect, a refusal or a loss, asks `verdict` what to do and tries again until the deadline.
//
//   execute ──► node ──answer──► caller
//      │          └──failed()──► verdict ──► another node, at once
//      ▼                            ├──────► the line of its node, until that serves or its slots are another's
//   line of a held node             └──────► a rest, alone
import { backoffDelay } from '../core/backoff.js'
import { channels, publish } from '../core/diagnostics.js'
import {
  AuthenticationError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  CrossSlotError,
  DeadlineExceededError,
  TooManyRedirectsError,
  UnsupportedCommandError,
} from '../core/errors.js'
import type { Node } from '../node/node.js'
import {
  type Arg,
  type Command,
  createCommand,
  MIXED_SLOTS,
  NO_SLOT,
  withPrelude,
} from '../protocol/command.js'
import type { Executor, Lifecycle, Sink } from '../protocol/executor.js'
import { keyPositions } from '../protocol/keys.js'
import { specOf } from '../protocol/lookup.js'
import { distinctSlots } from '../protocol/slot.js'
import type { RefreshReason } from '../topology/refresher.js'
import type { Topology } from '../topology/topology.js'
import { ALONE_AFTER_LOSSES, Attempt } from './attempt.js'
import { Canary } from './canary.js'
import type { HeldBecause, Line, Waiter } from './line.js'
import type { ResolvedRouterOptions } from './options.js'
import { type Verdict, verdict } from './verdict.js'
import { WaitingRoom } from './waiting-room.js'

const ASKING: readonly Command[] = [createCommand(specOf('ASKING'), ['ASKING'], NO_SLOT, reply => reply)]

/** Commands of a line that are sent in one turn of the event loop. */
const DRAINED_AT_ONCE = 128

/** Redirects in a row that are followed without a rest between them. */
const MAX_HOPS = 3

/** What waits, and where; shown by `inspect()`. */
export interface RouterState {
  /** Commands with no node, in lines and resting. */
  readonly waiting: { readonly count: number; readonly bytes: number }
  /** Of them, those that rest between two tries. */
  readonly resting: number
  readonly lines: readonly {
    /** Of the node they wait for; undefined where nobody owns their slot. */
    readonly address: string | undefined
    readonly why: HeldBecause
    readonly waiting: number
    readonly sinceMs: number
  }[]
}

export class Router implements Executor, Lifecycle {
  readonly topology: Topology
  readonly waitingRoom: WaitingRoom
  readonly options: ResolvedRouterOptions
  readonly #canaries = new Map<Line, Canary<Attempt>>()
  #order = 0
  #closed = false
  /** What `destroy` was given. */
  #reason: Error | undefined

  constructor(topology: Topology, options: ResolvedRouterOptions) {
    this.topology = topology
    this.options = options
    this.waitingRoom = new WaitingRoom(options)
  }

  execute(command: Command, sink: Sink): void {
    const slot = command.slot
    // One server takes keys of any slots.
    if (slot < 0 && this.topology.slotted) {
      const refusal = refuse(command)
      if (refusal !== undefined) return sink.reject(refusal)
    }
    const node = this.topology.pick(slot)
    if (node !== undefined && !this.waitingRoom.anyHeld) {
      node.execute(command, new Attempt(this, command, sink, node, this.#order++))
    } else if (!sink.settled) {
      this.again(new Attempt(this, command, sink, undefined, this.#order++))
    }
  }

  /** The attempt failed: another way, another time, or the caller gets the error. */
  failed(attempt: Attempt, error: Error): void {
    // Connections and leases end with the client: that is what the caller hears, and why it was.
    if (this.#closed && (error instanceof ConnectionLostError || error === this.#reason)) {
      return attempt.fail(this.#closedBy(error))
    }
    // A node that keeps silent may have been replaced meanwhile.
    if (error instanceof DeadlineExceededError) this.topology.refresh('suspect node')
    const decision = this.#judge(attempt, error)
    if ('refresh' in decision && decision.refresh !== undefined) this.topology.refresh(decision.refresh)
    switch (decision.kind) {
      case 'follow':
      case 'ask':
        return this.#redirect(attempt, decision, error)
      case 'rest':
        return this.#rest(attempt, error)
      case 'hold':
        return this.#refused(attempt, error)
      case 'resend':
        return this.#resend(attempt, error)
      case 'reconnect':
        attempt.trouble.reconnected = true
        return this.#reconnect(attempt, error)
      case 'too many redirects': {
        const { redirects, trail } = attempt.trouble
        return attempt.fail(new TooManyRedirectsError(trail, { cause: error, redirects }))
      }
      case 'not authenticated':
        return attempt.fail(new AuthenticationError(attempt.node?.address ?? '', { cause: error }))
      case 'fail':
        return attempt.fail(error)
    }
  }

  /** To whoever serves the slot by now, or into a line. */
  again(attempt: Attempt): void {
    const node = this.#pick(attempt.command.slot)
    if (node === undefined) this.#waitForOwner(attempt)
    else this.#send(attempt, node)
  }

  /** The node serves nobody for now: its dial failed, or it keeps silent. What comes for it waits. */
  nodeUnavailable(node: Node, why: 'silent' | 'dial failed'): void {
    this.topology.refresh(why === 'silent' ? 'suspect node' : 'refused dial')
    const refusal = finalRefusal(node)
    if (refusal !== undefined) {
      // Waiting cannot help. Who comes next is told by the node itself.
      const line = this.waitingRoom.lineOf(node)
      if (line === undefined) return
      this.waitingRoom.rejectLine(line, () => refusal.again())
      return this.#release(line)
    }
    this.#endCanary(this.waitingRoom.hold(node, 'unavailable'))
    this.topology.watch(node)
  }

  nodeAvailable(node: Node): void {
    const line = this.waitingRoom.lineOf(node)
    if (line?.why === 'unavailable') this.#release(line)
  }

  /** Somebody waits for this node, or for an answer of it. */
  isWanted(node: Node): boolean {
    return (this.waitingRoom.lineOf(node)?.size ?? 0) > 0 || node.inFlight > 0
  }

  /** Slots may have other owners: what waits goes to them. */
  topologyChanged(): void {
    for (const line of [...this.waitingRoom.lines]) {
      const { node } = line
      if (node === undefined || node.closed) {
        this.#endCanary(line)
        this.waitingRoom.release(line)
        continue
      }
      this.#handOver(line, ({ slot }) => this.topology.pick(slot) !== node)
      // A dead node that owns nothing any more is not to be looked out for at every call.
      if (line.size === 0 && !this.topology.primaries.includes(node)) this.#release(line)
    }
    this.#keepAsking()
  }

  /** Nobody could tell the topology. What waits for it goes on waiting, unless waiting cannot help. */
  topologyFailed(error: Error): void {
    const line = this.waitingRoom.lineOf(undefined)
    if (line !== undefined && error instanceof ConnectError && !error.retryable) {
      this.waitingRoom.rejectLine(line, () => error.again())
    }
    this.#keepAsking()
  }

  inspect(): RouterState {
    const { size: count, bytes, resting, lines } = this.waitingRoom
    const now = performance.now()
    return {
      waiting: { count, bytes },
      resting,
      lines: [...lines]
        .filter(({ size }) => size > 0)
        .map(({ node, why, size, since }) => ({
          address: node?.address,
          why,
          waiting: size,
          sinceMs: Math.round(now - since),
        })),
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.topology.close()
  }

  destroy(reason?: Error): void {
    this.#closed = true
    this.#reason = reason
    for (const canary of this.#canaries.values()) canary.end()
    this.#canaries.clear()
    this.waitingRoom.rejectAll(() => new ClosedError('the client', 'not-sent', because(reason)))
    this.topology.destroy(reason)
  }

  #judge(attempt: Attempt, error: Error): Verdict {
    const { maxRedirects, redirectBudgetMs } = this.options
    const { redirects, redirectedAt, reconnected } = attempt.trouble
    return verdict(error, attempt.command, {
      redirects,
      redirectedForMs: redirects === 0 ? 0 : performance.now() - redirectedAt,
      maxRedirects,
      redirectBudgetMs,
      reconnected,
      slotted: this.topology.slotted,
    })
  }

  #closedBy(error: Error): ClosedError {
    const lost = error instanceof ConnectionLostError && error !== this.#reason
    const outcome = lost && error.outcome === 'unknown' ? 'unknown' : 'not-sent'
    return new ClosedError('the client', outcome, because(lost ? error.cause : error))
  }

  /** The owner; for a command of no slot in particular, one that serves, if any does. */
  #pick(slot: number): Node | undefined {
    const node = this.topology.pick(slot)
    if (slot >= 0 || node === undefined || !this.waitingRoom.isHeld(node)) return node
    return this.topology.primaries.find(primary => !this.waitingRoom.isHeld(primary)) ?? node
  }

  #send(attempt: Attempt, node: Node): void {
    const line = this.waitingRoom.lineOf(node)
    if (line !== undefined) this.#join(attempt, line, undefined)
    else if (attempt.isSuspect) attempt.tryAlone(node)
    else attempt.tryAt(node, attempt.command)
  }

  #join(attempt: Attempt, line: Line, error: Error | undefined): void {
    if (this.#closed) return attempt.fail(new ClosedError('the client', 'not-sent', because(error)))
    if (error !== undefined) {
      attempt.trouble.lastError = error
      line.cause = error
    }
    attempt.trouble.line = line
    attempt.trouble.isCanary = false
    if (!this.waitingRoom.join(line, attempt)) {
      return attempt.fail(this.waitingRoom.full(line, line.cause ?? line.node?.lastError))
    }
    if (line.why === 'refusing') this.#canaryOf(line).due()
    if (line.why === 'unavailable' && line.node !== undefined) this.topology.watch(line.node)
  }

  #redirect(
    attempt: Attempt,
    to: { kind: 'follow' | 'ask'; slot: number; host: string; port: number },
    error: Error,
  ): void {
    const from = attempt.node as Node
    const kind = to.kind === 'follow' ? 'MOVED' : 'ASK'
    attempt.followed(`${kind} ${to.host}:${to.port}`)
    let node: Node | undefined
    try {
      node = this.topology.locate(to.host, to.port, from)
    } catch (cause) {
      // The application's natMap.
      return attempt.fail(natMapFailed(from.address, cause as Error))
    }
    publish(channels.redirect, { kind, slot: to.slot, from: from.address, to: node?.address })
    if (node === undefined) {
      this.topology.refresh('unknown node')
      return this.#rest(attempt, error)
    }
    if (to.kind === 'ask') return this.#ask(attempt, node, error)
    // Moved to itself: a proxy's way to ask for a new connection.
    if (node === from) return this.#reconnect(attempt, error)
    this.topology.moved(to.slot, node)
    if (attempt.trouble.hops > MAX_HOPS) return this.#rest(attempt, error)
    const line = this.waitingRoom.lineOf(from)
    if (line === undefined || !this.waitingRoom.join(line, attempt)) return this.#send(attempt, node)
    // Others of the slot may wait for the node that has lost it: all go together, in order.
    this.#handOver(line, ({ slot }) => slot === to.slot || slot === attempt.slot)
  }

  #ask(attempt: Attempt, node: Node, error: Error): void {
    this.topology.asked()
    if (this.waitingRoom.isHeld(node) || attempt.trouble.hops > MAX_HOPS) return this.#rest(attempt, error)
    attempt.tryAt(node, withPrelude(attempt.command, [...ASKING, ...attempt.command.prelude]))
  }

  /** The node is sound, its connection is not what it wants. The others of its line follow the first that gets through. */
  #reconnect(attempt: Attempt, error: Error): void {
    const node = attempt.node as Node
    // Its siblings on the old connection hear the same: it is replaced once, and again if a canary hears it on the new one.
    if (!this.waitingRoom.isHeld(node) || attempt.trouble.isCanary) node.replaceConnections()
    this.#refused(attempt, error)
  }

  /** The node answers, but serves nobody at the moment. */
  #refused(attempt: Attempt, error: Error): void {
    const node = attempt.node as Node
    const held = this.waitingRoom.lineOf(node)
    const line = held?.why === 'unavailable' ? held : this.waitingRoom.hold(node, 'refusing')
    this.#join(attempt, line, error)
  }

  /** The connection is gone. */
  #resend(attempt: Attempt, error: Error): void {
    const trouble = attempt.trouble
    trouble.lastError = error
    const { node } = attempt
    const lost = error instanceof ConnectionLostError
    // It has failed before, when nobody was sent to it.
    if (node !== undefined && !lost && !node.available && !node.closed)
      this.nodeUnavailable(node, 'dial failed')
    const line = node === undefined ? undefined : this.waitingRoom.lineOf(node)
    const held = line !== undefined && line.why !== 'draining'
    if (lost && error.outcome === 'unknown') trouble.losses++
    // Once at once, by a new connection. What loses several is not hurried on, and not put at the head of any line.
    const isHarmless = trouble.losses < ALONE_AFTER_LOSSES
    if (!this.#closed && isHarmless && (held || (lost && trouble.resends++ === 0))) this.again(attempt)
    else this.#rest(attempt, error)
  }

  #rest(attempt: Attempt, error: Error): void {
    if (this.#closed) return attempt.fail(new ClosedError('the client', 'not-sent', { cause: error }))
    const { retryMinMs: baseMs, retryMaxMs: capMs } = this.options
    const trouble = attempt.trouble
    trouble.lastError = error
    trouble.line = undefined
    attempt.time = performance.now() + backoffDelay(trouble.rests++, { baseMs, capMs })
    if (!this.waitingRoom.rest(attempt)) attempt.fail(this.waitingRoom.full(undefined, error))
  }

  #waitForOwner(attempt: Attempt): void {
    const failure = this.topology.lastFailure
    if (this.#closed) return attempt.fail(new ClosedError('the client'))
    if (failure instanceof ConnectError && !failure.retryable) {
      // Ask again for the callers to come; this one hears what is known: waiting would not help it.
      this.topology.refresh('no topology')
      return attempt.fail(failure.again())
    }
    const { waitingRoom } = this
    this.#join(attempt, waitingRoom.lineOf(undefined) ?? waitingRoom.hold(undefined, 'no owner'), undefined)
    if (!attempt.settled) this.topology.refresh(this.#noOwner)
  }

  get #noOwner(): RefreshReason {
    return this.topology.snapshot === undefined ? 'no topology' : 'uncovered slot'
  }

  /** While commands wait, the topology is asked for again and again, at its own rate. */
  #keepAsking(): void {
    for (const { node, why, size } of this.waitingRoom.lines) {
      if (size === 0 || why === 'draining') continue
      if (why === 'refusing') this.topology.refresh('CLUSTERDOWN')
      else this.topology.refresh(node === undefined ? this.#noOwner : 'suspect node')
    }
  }

  /** The node serves again: all of its line go, in order, before whatever comes now. */
  #release(line: Line): void {
    this.#endCanary(line)
    line.why = 'draining'
    this.#drain(line)
  }

  /** Some at a time: the first answers are not to wait until the last has been sent, nor is anything else. */
  readonly #drain = (line: Line): void => {
    for (let sent = 0; sent < DRAINED_AT_ONCE; sent++) {
      // It may have been refused, or the node been lost, meanwhile.
      if (line.why !== 'draining') return
      // Nothing but attempts stands in line.
      const attempt = this.waitingRoom.next(line) as Attempt | undefined
      if (attempt === undefined) return this.waitingRoom.end(line)
      this.#sendFrom(line, attempt)
    }
    setImmediate(this.#drain, line)
  }

  #sendFrom({ node }: Line, attempt: Attempt): void {
    const isHere = node !== undefined && !node.closed && this.topology.pick(attempt.slot) === node
    if (!isHere) attempt.wake()
    else if (attempt.isSuspect) attempt.tryAlone(node)
    else attempt.tryAt(node, attempt.command)
  }

  /** Those whose slot has gone elsewhere stand in the lines of its owners, and these are drained if they serve. */
  #handOver(line: Line, leaves: (waiter: Waiter) => boolean): void {
    const draining = new Set<Line>()
    for (const waiter of line.take(leaves)) {
      const owner = this.#pick(waiter.slot)
      const target =
        this.waitingRoom.lineOf(owner) ??
        this.waitingRoom.hold(owner, owner === undefined ? 'no owner' : 'draining')
      target.add(waiter)
      const attempt = waiter as Attempt
      attempt.trouble.line = target
      if (target.why === 'draining') draining.add(target)
      if (target.why === 'refusing') this.#canaryOf(target).due()
      if (target.why === 'unavailable' && owner !== undefined) this.topology.watch(owner)
    }
    for (const target of draining) this.#drain(target)
  }

  #canaryOf(line: Line): Canary<Attempt> {
    let canary = this.#canaries.get(line)
    if (canary === undefined) {
      canary = new Canary<Attempt>({
        send: track => this.#sendCanary(line, track),
        waits: attempt => line.waiters.includes(attempt),
        passed: () => this.#release(line),
      })
      this.#canaries.set(line, canary)
    }
    return canary
  }

  #sendCanary(line: Line, track: (sink: Sink) => Sink): Attempt | undefined {
    for (;;) {
      // Nothing but attempts stands in line.
      const attempt = this.waitingRoom.next(line) as Attempt | undefined
      if (attempt === undefined) return undefined
      if (this.topology.pick(attempt.slot) !== line.node && attempt.slot >= 0) attempt.wake()
      else {
        attempt.trouble.isCanary = true
        attempt.tryAt(line.node as Node, attempt.command, track(attempt))
        return attempt
      }
    }
  }

  #endCanary(line: Line): void {
    this.#canaries.get(line)?.end()
    this.#canaries.delete(line)
  }
}

function natMapFailed(address: string, cause: Error): ConnectError {
  const error = new ConnectError(address, 'reply', { cause, message: `natMap failed: ${cause.message}` })
  error.retryable = false
  error.outcome = 'rejected'
  return error
}

/** Why every dial of the node will fail, whoever asks; undefined where the next one may not. */
function finalRefusal({ lastError }: Node): ConnectError | undefined {
  return lastError instanceof ConnectError && !lastError.retryable ? lastError : undefined
}

/** Why a command without one slot cannot be answered by a cluster; undefined for one that can. */
function refuse(command: Command): Error | undefined {
  if (command.slot === MIXED_SLOTS) return crossSlot(command)
  // Its cursor means something to the node that gave it, and to no other.
  if (command.spec.name === 'SCAN') {
    return new UnsupportedCommandError(
      'SCAN',
      'a cursor belongs to one node, and a cluster has several; scan each primary through createClient({ host, port })',
    )
  }
  return undefined
}

function crossSlot(command: Command): CrossSlotError {
  const keys = keyPositions(command.spec, command.args).map(position => command.args[position] as Arg)
  return new CrossSlotError(command.spec.name, distinctSlots(keys))
}

function because(cause: unknown): { cause?: unknown } {
  return cause === undefined ? {} : { cause }
}
