// One command on its way, over as many tries as it takes. The only allocation per command below the client; what only a
// command in trouble needs is kept apart.
import { channels, publish } from '../core/diagnostics.js'
import {
  ConnectionLostError,
  DeadlineExceededError,
  ReplyError,
  SlotwiseError,
  UncoveredSlotError,
} from '../core/errors.js'
import type { Node } from '../node/node.js'
import type { Command } from '../protocol/command.js'
import type { Sink } from '../protocol/executor.js'
import { weightOf } from '../protocol/weight.js'
import type { Reply } from '../resp/types.js'
import type { Line } from './line.js'
import type { Router } from './router.js'
import { mayRepeat } from './verdict.js'
import type { Rester } from './waiting-room.js'

/** What has happened to a command that did not succeed at once. */
export class Trouble {
  /** Redirects followed, the last of them by name. */
  redirects = 0
  trail: readonly string[] = []
  /** When the first was followed, in milliseconds of `performance.now()`. */
  redirectedAt = 0
  /** Followed since the last rest. */
  hops = 0
  /** Connections that ended while its answer was due. */
  losses = 0
  /** Times it was sent again at once. */
  resends = 0
  /** Pauses it has rested. */
  rests = 0
  reconnected = false
  /** It was sent ahead of its line. */
  isCanary = false
  lastError: Error | undefined
  /** What it was counted for while it waited. */
  bytes: number | undefined
  /** The line it stands in, or stood in last. */
  line: Line | undefined
}

/** What has lost so many connections goes by one of its own: the loss may be its doing, and others' answers are at stake. */
export const ALONE_AFTER_LOSSES = 2
/** Steps of the way that an error lists; older ones are forgotten. */
const MAX_TRAIL = 16

export class Attempt implements Sink, Rester {
  time = 0
  heapIndex = -1
  node: Node | undefined
  readonly command: Command
  readonly order: number
  readonly #router: Router
  readonly #sink: Sink
  /** The present try's bytes left. */
  #sent = false
  /** The bytes of a try left, and its answer was lost: it may have happened, whatever became of later ones. */
  #inDoubt = false
  #tries: number
  #trouble: Trouble | undefined = undefined

  constructor(router: Router, command: Command, sink: Sink, node: Node | undefined, order: number) {
    this.#router = router
    this.command = command
    this.#sink = sink
    this.node = node
    this.order = order
    this.#tries = node === undefined ? 0 : 1
  }

  get settled(): boolean {
    return this.#sink.settled
  }
  get deadline(): number {
    return this.#sink.deadline
  }
  get slot(): number {
    return this.command.slot
  }
  get bytes(): number {
    const trouble = this.trouble
    // Once: whoever changes a command meanwhile does not change what it was counted for.
    trouble.bytes ??= weightOf(this.command)
    return trouble.bytes
  }
  get trouble(): Trouble {
    this.#trouble ??= new Trouble()
    return this.#trouble
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
    if (!this.#inDoubt) this.#sink.unsent?.()
    this.#sent = false
    this.#router.failed(this, error)
  }

  /** To this node; `track` wraps what hears the answer. */
  tryAt(node: Node, command: Command, sink: Sink = this): void {
    this.node = node
    this.#tries++
    node.execute(command, sink)
  }

  /** It may be what ends connections. */
  get isSuspect(): boolean {
    return this.#trouble !== undefined && this.#trouble.losses >= ALONE_AFTER_LOSSES
  }

  tryAlone(node: Node): void {
    this.node = node
    this.#tries++
    node.executeAlone(this.command, this)
  }

  followed(step: string): void {
    const trouble = this.trouble
    if (trouble.redirects++ === 0) trouble.redirectedAt = performance.now()
    trouble.hops++
    trouble.trail = [...trouble.trail, step].slice(-MAX_TRAIL)
  }

  wake(): void {
    const trouble = this.#trouble
    if (trouble !== undefined) trouble.hops = 0
    this.#router.again(this)
  }

  expire(): void {
    const cause = this.#reason
    const options = cause === undefined ? {} : { cause }
    this.fail(new DeadlineExceededError(this.#waitedFor, 'not-sent', options))
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
    const line = this.#trouble?.line
    if (line?.node !== undefined) return `${line.node.address} to serve${STATES[line.why]}`
    if (this.#trouble?.lastError !== undefined) return 'another try'
    return this.#router.topology.snapshot === undefined ? 'a topology' : 'an owner of its slot'
  }

  /** Why it has waited. */
  get #reason(): Error | undefined {
    const { lastFailure, snapshot } = this.#router.topology
    const { slot } = this.command
    const trouble = this.#trouble
    const node = trouble?.line?.node
    if (node !== undefined) return node.lastError ?? trouble?.lastError
    const uncovered = snapshot !== undefined && slot >= 0
    return trouble?.lastError ?? lastFailure ?? (uncovered ? new UncoveredSlotError(slot) : undefined)
  }

  #addFacts(error: SlotwiseError): void {
    const trouble = this.#trouble
    const node = this.node ?? trouble?.line?.node
    error.command ??= this.command.spec.name
    if (this.command.slot >= 0) error.slot ??= this.command.slot
    if (node !== undefined) error.address ??= node.address
    error.attempts ??= this.#tries
    if (trouble !== undefined && trouble.redirects > 0) error.trail ??= trouble.trail
    if (error instanceof ReplyError && MAY_PASS.has(error.prefix)) error.retryable = true
    if (this.#inDoubt && error.outcome !== 'applied') error.outcome = 'unknown'
    if (error.outcome === 'unknown' && error.retryable !== mayRepeat(this.command)) {
      // In doubt: once more does no harm only where doing it twice does none, and helps only what waiting may mend.
      error.retryable = mayRepeat(this.command) && isPassing(error)
    }
    if (error instanceof DeadlineExceededError) {
      if (trouble?.lastError !== undefined) error.cause ??= trouble.lastError
      // Many a log keeps nothing but the message.
      error.message = `${error.command}: ${error.message}${at(error)}${after(error.cause)}`
    }
  }
}

const STATES = {
  unavailable: ', which is unreachable or silent',
  refusing: ', which refuses at the moment',
  draining: ', which does again',
  'no owner': '',
} as const

/** Refusals of the moment that are left to the caller. */
const MAY_PASS: ReadonlySet<string> = new Set(['MISCONF', 'OOM', 'NOREPLICAS', 'BUSY'])

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
