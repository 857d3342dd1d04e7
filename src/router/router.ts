// Where to send, and what to do when it goes wrong. Each command gets an Attempt: a sink that passes the answer on, or,
// when the answer is a redirect or a loss, asks `verdict` what to do and tries again until the caller's deadline.
import { backoffDelay } from '../core/backoff.js'
import { channels, publish } from '../core/diagnostics.js'
import {
  ClosedError,
  ConnectError,
  ConnectionLostError,
  CrossSlotError,
  DeadlineExceededError,
  ReplyError,
  SlotwiseError,
  TooManyRedirectsError,
  UncoveredSlotError,
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
import type { Reply } from '../resp/types.js'
import type { RefreshReason } from '../topology/refresher.js'
import type { Topology } from '../topology/topology.js'
import type { ResolvedRouterOptions } from './options.js'
import { mayRepeat, verdict } from './verdict.js'
import { type Waiter, WaitingRoom } from './waiting-room.js'

const ASKING: readonly Command[] = [createCommand(specOf('ASKING'), ['ASKING'], NO_SLOT, reply => reply)]
const NO_TRAIL: readonly string[] = Object.freeze([])

export class Router implements Executor, Lifecycle {
  readonly topology: Topology
  readonly waitingRoom: WaitingRoom
  readonly options: ResolvedRouterOptions
  #closed = false
  /** What `destroy` was given. */
  #reason: Error | undefined

  constructor(topology: Topology, options: ResolvedRouterOptions) {
    this.topology = topology
    this.options = options
    this.waitingRoom = new WaitingRoom(options.maxWaiting)
  }

  execute(command: Command, sink: Sink): void {
    const slot = command.slot
    // One server takes keys of any slots.
    if (slot < 0 && this.topology.slotted) {
      const refusal = refuse(command)
      if (refusal !== undefined) return sink.reject(refusal)
    }
    const node = this.topology.pick(slot)
    if (node !== undefined) node.execute(command, new Attempt(this, command, sink, node))
    else if (!sink.settled) this.#park(new Attempt(this, command, sink, undefined))
  }

  /** The attempt failed: redirect, try again later, or give the caller the error. */
  failed(attempt: Attempt, error: Error): void {
    // Connections and leases end with the client: that is what the caller hears, and why it was.
    if (this.#closed && (error instanceof ConnectionLostError || error === this.#reason)) {
      return attempt.fail(this.#closedBy(error))
    }
    // A node that keeps silent may have been replaced meanwhile.
    if (error instanceof DeadlineExceededError) this.topology.refresh('suspect node')
    const decision = verdict(error, attempt.command, {
      redirects: attempt.trail.length,
      maxRedirects: this.options.maxRedirects,
      slotted: this.topology.slotted,
    })
    switch (decision.kind) {
      case 'follow':
      case 'ask':
        return this.#redirect(attempt, decision, error)
      case 'retry':
        if (decision.refresh !== undefined) this.topology.refresh(decision.refresh)
        return this.#later(attempt, error)
      case 'too many redirects':
        return attempt.fail(new TooManyRedirectsError(attempt.trail, { cause: error }))
      case 'fail':
        return attempt.fail(error)
    }
  }

  /** After a wait: to whoever serves the slot by now. */
  again(attempt: Attempt): void {
    const node = this.topology.pick(attempt.command.slot)
    if (node === undefined) this.#park(attempt)
    else attempt.tryAt(node, attempt.command)
  }

  topologyChanged(): void {
    this.waitingRoom.release()
  }

  /** Nobody could tell the topology. What waits for it goes on waiting, unless waiting cannot help. */
  topologyFailed(error: Error): void {
    if (error instanceof ConnectError && !error.retryable) this.waitingRoom.rejectParked(() => error.again())
    else if (this.waitingRoom.parked > 0) this.topology.refresh('no topology')
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.topology.close()
  }

  destroy(reason?: Error): void {
    this.#closed = true
    this.#reason = reason
    this.waitingRoom.rejectAll(() => new ClosedError('the client', 'not-sent', because(reason)))
    this.topology.destroy(reason)
  }

  #closedBy(error: Error): ClosedError {
    const lost = error instanceof ConnectionLostError && error !== this.#reason
    const outcome = lost && error.outcome === 'unknown' ? 'unknown' : 'not-sent'
    return new ClosedError('the client', outcome, because(lost ? error.cause : error))
  }

  #redirect(
    attempt: Attempt,
    to: { kind: 'follow' | 'ask'; slot: number; host: string; port: number },
    error: Error,
  ): void {
    const from = attempt.node as Node
    attempt.trail = [...attempt.trail, `${to.kind === 'follow' ? 'MOVED' : 'ASK'} ${to.host}:${to.port}`]
    let node: Node | undefined
    try {
      node = this.topology.locate(to.host, to.port, from)
    } catch (cause) {
      // The application's natMap.
      return attempt.fail(cause as Error)
    }
    const kind = to.kind === 'follow' ? 'MOVED' : 'ASK'
    publish(channels.redirect, { kind, slot: to.slot, from: from.address, to: node?.address })
    if (node === undefined) {
      this.topology.refresh('MOVED')
      this.#later(attempt, error)
    } else if (to.kind === 'ask') {
      attempt.tryAt(node, withPrelude(attempt.command, [...ASKING, ...attempt.command.prelude]))
    } else if (node === from) {
      // Moved to itself: a proxy's way to ask for a new connection.
      node.replaceConnections()
      this.#later(attempt, error)
    } else {
      this.topology.moved(to.slot, node)
      attempt.tryAt(node, attempt.command)
    }
  }

  #later(attempt: Attempt, error: Error): void {
    if (this.#closed) return attempt.fail(new ClosedError('the client', 'not-sent', { cause: error }))
    const { retryMinMs: baseMs, retryMaxMs: capMs } = this.options
    attempt.lastError = error
    attempt.time = performance.now() + backoffDelay(attempt.retries++, { baseMs, capMs })
    if (!this.waitingRoom.rest(attempt)) attempt.fail(this.waitingRoom.full(error))
  }

  #park(attempt: Attempt): void {
    const failure = this.topology.lastFailure
    if (this.#closed) return attempt.fail(new ClosedError('the client'))
    if (failure instanceof ConnectError && !failure.retryable) {
      // Ask again for the callers to come; this one hears what is known: waiting would not help it.
      this.topology.refresh('no topology')
      return attempt.fail(failure.again())
    }
    const reason: RefreshReason = this.topology.snapshot === undefined ? 'no topology' : 'uncovered slot'
    if (this.waitingRoom.park(attempt)) this.topology.refresh(reason)
    else attempt.fail(this.waitingRoom.full())
  }
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

function at({ address, attempts }: SlotwiseError): string {
  return address === undefined ? '' : ` (${address}, try ${attempts})`
}

function after(cause: unknown): string {
  return cause instanceof Error ? `; before that: ${cause.message.split('\n')[0]}` : ''
}

/** A failure of the moment, not of the command. */
function isPassing(error: SlotwiseError): boolean {
  return error instanceof DeadlineExceededError || error instanceof ConnectionLostError
}

/** One command on its way, over as many tries as it takes. The only allocation per command below the client. */
class Attempt implements Sink, Waiter {
  time = 0
  heapIndex = -1
  retries = 0
  trail: readonly string[] = NO_TRAIL
  lastError: Error | undefined = undefined
  node: Node | undefined
  readonly command: Command
  readonly #router: Router
  readonly #sink: Sink
  /** The present try's bytes left. */
  #sent = false
  /** The bytes of a try left, and its answer was lost: it may have happened, whatever became of later ones. */
  #inDoubt = false
  #tries: number

  constructor(router: Router, command: Command, sink: Sink, node: Node | undefined) {
    this.#router = router
    this.command = command
    this.#sink = sink
    this.node = node
    this.#tries = node === undefined ? 0 : 1
  }

  get settled(): boolean {
    return this.#sink.settled
  }
  get deadline(): number {
    return this.#sink.deadline
  }

  sent(): void {
    this.#sent = true
    this.#sink.sent()
  }

  resolve(reply: Reply): void {
    this.#sink.resolve(reply)
  }

  reject(error: Error): void {
    if (this.#sink.settled) return
    // Only the server's own word says that it was not done.
    if (this.#sent && !(error instanceof ReplyError)) this.#inDoubt = true
    this.#sent = false
    this.#router.failed(this, error)
  }

  tryAt(node: Node, command: Command): void {
    this.node = node
    this.#tries++
    node.execute(command, this)
  }

  wake(): void {
    this.#router.again(this)
  }

  expire(): void {
    this.fail(new DeadlineExceededError(this.#waitedFor, 'not-sent', because(this.#reason)))
  }

  /** Gives the caller the error, with what is known of the way. */
  fail(error: Error): void {
    if (this.#sink.settled) return
    if (error instanceof SlotwiseError) this.#addFacts(error)
    try {
      this.#sink.reject(error)
    } catch (thrown) {
      // An interceptor's sink. Others wait in the same queues, and must hear of theirs.
      publish(channels.error, { error: thrown })
    }
  }

  get #waitedFor(): string {
    if (this.lastError !== undefined) return 'another try'
    return this.#router.topology.snapshot === undefined ? 'a topology' : 'an owner of its slot'
  }

  /** Why it has waited. */
  get #reason(): Error | undefined {
    const { lastFailure, snapshot } = this.#router.topology
    const { slot } = this.command
    const uncovered = snapshot !== undefined && slot >= 0
    return this.lastError ?? lastFailure ?? (uncovered ? new UncoveredSlotError(slot) : undefined)
  }

  #addFacts(error: SlotwiseError): void {
    error.command ??= this.command.spec.name
    if (this.command.slot >= 0) error.slot ??= this.command.slot
    if (this.node !== undefined) error.address ??= this.node.address
    error.attempts ??= this.#tries
    if (this.trail.length > 0) error.trail ??= this.trail
    if (this.#inDoubt && error.outcome !== 'applied') error.outcome = 'unknown'
    if (error.outcome === 'unknown' && error.retryable !== mayRepeat(this.command)) {
      // In doubt: once more does no harm only where doing it twice does none, and helps only what waiting may mend.
      error.retryable = mayRepeat(this.command) && isPassing(error)
    }
    if (error instanceof DeadlineExceededError) {
      if (this.lastError !== undefined) error.cause ??= this.lastError
      // Many a log keeps nothing but the message.
      error.message = `${error.command}: ${error.message}${at(error)}${after(error.cause)}`
    }
  }
}
