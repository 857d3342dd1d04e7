// What the application holds: typed methods over one executor. A view (`with`) is the same client with other hints.

import { isUint8Array } from 'node:util/types'
import { attach } from '../commands/attach.js'
import { catalogue } from '../commands/catalogue.js'
import type { As, Methods, TextView, View } from '../commands/types.js'
import {
  ClosedError,
  DeadlineExceededError,
  InvalidArgumentError,
  InvalidOptionError,
  SlotwiseError,
  UnsupportedCommandError,
} from '../core/errors.js'
import { duration, flag, knownFields, oneOf } from '../core/options.js'
import {
  type Arg,
  type Command,
  createCommand,
  createHints,
  DEFAULT_HINTS,
  type Hints,
  NO_SLOT,
  withHints,
} from '../protocol/command.js'
import { toJs } from '../protocol/decode.js'
import { commandSlot } from '../protocol/keys.js'
import { findSpec } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import { AbortGroup } from './abort-group.js'
import { Call } from './call.js'
import type { Engine } from './engine.js'
import { type ClientEvents, checkListener } from './events.js'
import { type ClientState, summaryOf } from './inspect.js'
import { stateChange } from './stateful.js'
import { nameOf, provisionalSpec } from './unlisted.js'

/** What a view changes. Every field is optional; what is left out stays as it is. */
export interface ViewOptions {
  /** Strings in replies as text (`string`) or bytes (`Buffer`). Default `'text'`. */
  replies?: 'text' | 'buffer'
  /** Integers that may pass 2^53 as `number` or `bigint`. Default `'number'`. */
  integers?: 'number' | 'bigint'
  /** Doing it twice does no harm: retried even when the first try may have happened. Default `false`. */
  idempotent?: boolean
  /** The whole call's deadline in milliseconds: waiting, wire, redirects and retries. Default: the client's `timeoutMs`. */
  timeoutMs?: number
  /** Ends the view's calls when it fires. */
  signal?: AbortSignal
}

/** The view that `with(options)` gives. An option that may be one or the other gives results that may be either. */
export type ViewOf<V extends View, O extends ViewOptions> = {
  bulk: BulkOf<O['replies'], V['bulk']>
  int: IntOf<O['integers'], V['int']>
}
// Conditional types over a bare parameter: a union is taken apart, and what is not given keeps what there was.
type BulkOf<R, Kept> = R extends 'buffer' ? Buffer : R extends 'text' ? string : Kept
type IntOf<I, Kept> = I extends 'bigint' ? bigint : I extends 'number' ? number : Kept

interface ViewState {
  readonly hints: Hints
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Longest time-out a call may have: what a timer can count. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** One argument of {@link Client.call}. Numbers and bigints are sent in their shortest decimal form. */
export type CallArg = string | Uint8Array | number | bigint

export interface Client<V extends View = TextView> extends Methods<typeof catalogue, V> {}

/**
 * A client of one server or of a whole cluster; made by `createClient` and `createCluster`.
 *
 * @example
 * ```ts
 * const redis = createCluster({ nodes: ['redis://127.0.0.1:7000'] })
 * await redis.set('greeting', 'hello', { ex: 60 })
 * await redis.get('greeting') // 'hello'
 * await redis.close()
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the typed methods are attached to the prototype, below
export class Client<V extends View = TextView> {
  readonly #engine: Engine
  readonly #hints: Hints
  readonly #timeoutMs: number
  readonly #view: ViewState
  readonly #abortGroup: AbortGroup | undefined

  constructor(engine: Engine, view: ViewState) {
    this.#engine = engine
    this.#view = view
    this.#hints = view.hints
    this.#timeoutMs = view.timeoutMs
    this.#abortGroup = view.signal === undefined ? undefined : AbortGroup.of(view.signal)
  }

  /**
   * Connects now rather than with the first command: resolves when the deployment has been found. Tries again until the
   * deadline (default: the client's `timeoutMs`), then rejects with a `DiscoveryError` that lists every server tried, how
   * far each came and why it ended; with an `AuthenticationError` at once when credentials are refused.
   */
  async connect(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<this> {
    knownFields('connect()', options, ['timeoutMs', 'signal'])
    const timeoutMs = callTimeout('connect() timeoutMs', options.timeoutMs, this.#timeoutMs)
    await this.#engine.connect(
      timeoutMs,
      checkedSignal('connect() signal', options.signal) ?? this.#view.signal,
    )
    return this
  }

  /**
   * The same client seen otherwise; connections, topology and limits are shared. Views are light: make one where it is
   * needed.
   *
   * @example
   * ```ts
   * const bytes = await redis.with({ replies: 'buffer' }).get('image') // Buffer | null
   * await redis.with({ timeoutMs: 200, idempotent: true }).incr('n')
   * ```
   */
  with<const O extends ViewOptions>(options: O): Client<ViewOf<V, O>> {
    knownFields('with()', options, ['replies', 'integers', 'idempotent', 'timeoutMs', 'signal'])
    const { replies, integers, idempotent } = this.#hints
    return new Client<ViewOf<V, O>>(this.#engine, {
      hints: createHints({
        replies: oneOf('with() replies', options.replies, replies, ['text', 'buffer']),
        integers: oneOf('with() integers', options.integers, integers, ['number', 'bigint']),
        idempotent: flag('with() idempotent', options.idempotent, idempotent),
      }),
      timeoutMs: callTimeout('with() timeoutMs', options.timeoutMs, this.#timeoutMs),
      signal: checkedSignal('with() signal', options.signal) ?? this.#view.signal,
    })
  }

  /** Sends a command built by a builder: `redis.send(get('k'))` is `redis.get('k')`. */
  send<T>(command: Command<T>): Promise<As<T, V>> {
    const engine = this.#engine
    if (engine.closing) return Promise.reject(new ClosedError('the client'))
    // From a program without types; below, it would be found out only when it is written.
    if (command?.spec === undefined || command.args === undefined) return Promise.reject(noCommand())
    if (engine.pending.isFull) return Promise.reject(engine.refusal(command))
    const hinted = this.#hinted(command)
    const call = new Call(hinted, performance.now(), this.#timeoutMs, engine.pending)
    // The promise is of what `decode` makes, seen through the view: the one place where the two types meet.
    const promise = call.promise as Promise<As<T, V>>
    if (this.#abortGroup !== undefined && !call.join(this.#abortGroup)) return promise
    engine.executor.execute(hinted, call)
    return promise
  }

  /**
   * Any command, by its words. Routed by its keys as the command table knows them; a command the table lacks is asked of
   * the server (COMMAND INFO) once. Replies come as they are: text or Buffer, number, array, Map.
   *
   * @example
   * ```ts
   * await redis.call('OBJECT', 'ENCODING', 'k') // 'embstr'
   * ```
   */
  call(...words: readonly CallArg[]): Promise<unknown> {
    let args: Arg[]
    try {
      args = wordsOf(words)
      const found = findSpec(args)?.spec
      if (found !== undefined) return this.send(commandOf(found, args))
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#callUnlisted(args)
  }

  /**
   * Adds a listener; see {@link ClientEvents}. An `error` nobody listens to does not throw, and a listener that throws
   * harms nobody.
   *
   * @throws InvalidArgumentError for an event that there is not.
   */
  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this {
    checkListener('on()', event, listener)
    this.#engine.events.on(event, listener)
    return this
  }
  once<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this {
    checkListener('once()', event, listener)
    this.#engine.events.once(event, listener)
    return this
  }
  off<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this {
    checkListener('off()', event, listener)
    this.#engine.events.off(event, listener)
    return this
  }

  /**
   * The client as it is now, in plain data that can be logged or sent as JSON: calls under way, what waits and why, every node
   * with its connections, slots covered, the last refresh and its reason. At any time, also before `connect()` and after
   * `close()`. The same of every view. No arguments, values or credentials are in it.
   *
   * @example
   * ```ts
   * const { pending, lines, nodes } = redis.inspect()
   * const down = nodes.filter(node => !node.available).map(node => node.address)
   * ```
   */
  inspect(): ClientState {
    return this.#engine.inspect()
  }

  /** One line, for `console.log(redis)`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return summaryOf(this.#engine.inspect())
  }

  /**
   * Takes no new calls, lets those under way finish, closes every connection. What has not finished within `timeoutMs`
   * (default 5000) is rejected with a `ClosedError`. May be called twice. Closes all views.
   */
  async close(options: { timeoutMs?: number } = {}): Promise<void> {
    knownFields('close()', options, ['timeoutMs'])
    await this.#engine.close(
      duration('close() timeoutMs', options.timeoutMs, 5000, { min: 0, max: MAX_TIMEOUT_MS }),
    )
  }

  /** Closes now: every call under way is rejected. May be called twice. Closes all views. */
  destroy(reason?: Error): void {
    this.#engine.destroy(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #hinted<T>(command: Command<T>): Command<T> {
    return this.#hints === DEFAULT_HINTS ? command : withHints(command, this.#hints)
  }

  /** The call begins now; its command is sent when the server has said where its keys are. */
  #callUnlisted(args: readonly Arg[]): Promise<unknown> {
    const engine = this.#engine
    if (engine.closing) return Promise.reject(new ClosedError('the client'))
    const spec = provisionalSpec(nameOf(args))
    if (engine.pending.isFull) return Promise.reject(engine.refusal({ spec, slot: NO_SLOT }))
    const provisional = this.#hinted(createCommand(spec, args, NO_SLOT, toJs))
    const call = new Call(provisional, performance.now(), this.#timeoutMs, engine.pending)
    if (this.#abortGroup !== undefined && !call.join(this.#abortGroup)) return call.promise
    engine.unlisted.hold(call)
    this.#describe(args, call)
    return call.promise
  }

  #describe(args: readonly Arg[], call: Call): void {
    const engine = this.#engine
    if (call.settled) return
    const execute = (spec: CommandSpec | undefined): void => {
      if (call.settled) return
      if (spec === undefined) throw unknownCommand(args)
      engine.executor.execute(this.#hinted(commandOf(spec, args)), call)
    }
    engine.specs
      .ask(args, Math.max(1, call.deadline - performance.now()))
      .then(execute)
      .catch((error: Error) => {
        if (!(error instanceof DeadlineExceededError)) return call.reject(unasked(error))
        // Another call's question, which had less time than this one has: it is asked again.
        if (performance.now() < call.deadline) this.#describe(args, call)
        else call.reject(new DeadlineExceededError(engine.unlisted.waitedFor, 'not-sent', { cause: error }))
      })
  }
}

attach<Client>(
  Client.prototype,
  catalogue,
  (client, command) => client.send(command),
  error => Promise.reject(error),
)

function noCommand(): InvalidArgumentError {
  return new InvalidArgumentError('send()', 0, 'must be a command, made by a builder or by createCommand()')
}

/** The question failed; the command itself was never sent. */
function unasked(error: Error): Error {
  if (error instanceof SlotwiseError && error.outcome === 'unknown') error.outcome = 'not-sent'
  return error
}

function unknownCommand(args: readonly Arg[]): UnsupportedCommandError {
  return new UnsupportedCommandError(nameOf(args), 'neither the command table nor the server knows it')
}

function commandOf(spec: CommandSpec, args: readonly Arg[]): Command<unknown> {
  const reason = stateChange(spec, args)
  if (reason !== undefined) throw new UnsupportedCommandError(spec.name, reason)
  const words = args.length
  if (spec.arity >= 0 ? words !== spec.arity : words < -spec.arity) {
    throw new InvalidArgumentError(
      spec.name,
      words,
      `is ${words < Math.abs(spec.arity) ? 'missing' : 'one too many'}`,
    )
  }
  return createCommand(spec, args, commandSlot(spec, args), toJs)
}

function wordsOf(words: readonly CallArg[]): Arg[] {
  const args = words.map((word, i): Arg => {
    if (typeof word === 'string') return word
    if ((typeof word === 'number' && Number.isFinite(word)) || typeof word === 'bigint') return String(word)
    if (Buffer.isBuffer(word)) return word
    if (isUint8Array(word)) return Buffer.from(word.buffer, word.byteOffset, word.byteLength)
    const command = i > 0 && typeof words[0] === 'string' ? words[0].toUpperCase() : 'call()'
    throw new InvalidArgumentError(command, i, 'must be a string, a Uint8Array, a finite number or a bigint')
  })
  if (args[0] === undefined || args[0].length === 0) {
    throw new InvalidArgumentError('call()', 0, 'must be the name of a command')
  }
  return args
}

function callTimeout(field: string, value: unknown, fallback: number): number {
  return duration(field, value, fallback, { min: 1, max: MAX_TIMEOUT_MS })
}

function checkedSignal(field: string, signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new InvalidOptionError(field, 'must be an AbortSignal')
}
