// One socket, one life: dialling → ready → closed, never backwards. Reconnecting means making another connection.
// A connection never resends; it tells each sink whether its command had left (`outcome`), and the router decides.
//
//   execute ──► Outbox ──flush──► InFlight ──reply──► sink
//               (not encoded yet)  (written, in order)
import type { Socket } from 'node:net'
import { type Endpoint, formatAddress } from '../core/address.js'
import { channels, publish } from '../core/diagnostics.js'
import {
  AuthenticationError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  type ConnectPhase,
  DeadlineExceededError,
  OverloadedError,
  ProtocolError,
  ReplyError,
  withoutStack,
} from '../core/errors.js'
import type { Sweepable, Sweeper } from '../core/sweeper.js'
import { Timeout } from '../core/timeout.js'
import { type Command, createCommand, NO_SLOT } from '../protocol/command.js'
import type { Executor, Lifecycle, Sink } from '../protocol/executor.js'
import { specOf } from '../protocol/lookup.js'
import { INCOMPLETE, Parser } from '../resp/parser.js'
import { Push, type Reply } from '../resp/types.js'
import { AnswersSink } from './answers.js'
import { weigh } from './arguments.js'
import type { CredentialStore, Credentials } from './credentials.js'
import { dial } from './dial.js'
import { authenticate, handshake, type ServerHello } from './handshake.js'
import { InFlight, NOBODY } from './in-flight.js'
import type { ResolvedConnectionOptions } from './options.js'
import { Outbox } from './outbox.js'
import { Silence } from './silence.js'

/** News from a connection, to whoever made it. */
export interface ConnectionHooks {
  onReady?(connection: Connection): void
  onPush?(connection: Connection, push: Push): void
  /** Answers are due, and for `silenceMs` there has been no sign of life. Told once per silence. */
  onSilent?(connection: Connection): void
  /** It was silent, and a byte came. */
  onHeard?(connection: Connection): void
  /** Called once, before those who wait for answers hear of it. `error` is undefined after a polite close. */
  onClose?(connection: Connection, error: Error | undefined): void
}

/** What connections of one client share. */
export interface ConnectionContext {
  readonly options: ResolvedConnectionOptions
  readonly credentials: CredentialStore
  readonly sweeper: Sweeper
}

export interface ConnectionTarget {
  readonly endpoint: Endpoint
  /** Name to prove by TLS when the endpoint is an IP address. */
  readonly serverName?: string | undefined
  /** Send READONLY: this connection may read from a cluster's replica. */
  readonly readOnly?: boolean | undefined
}

// A server that ends connections sooner, without a word, is not there.
const SETTLED_IN_MS = 1000
// All sockets read into this one buffer: what a read callback is given is parsed before it returns. A little over 64 KiB,
// so that a value of that size comes in one read with its head, and need not be put together.
const READ_BUFFER = Buffer.allocUnsafeSlow(65 * 1024)
const PING: readonly Command[] = [createCommand(specOf('PING'), ['PING'], NO_SLOT, reply => reply)]

export class Connection implements Executor, Lifecycle, Sweepable {
  readonly address: string
  readonly target: ConnectionTarget
  /** When it was made, in milliseconds of `performance.now()`. */
  readonly since = performance.now()
  /** What the server said of itself, once ready. */
  hello: ServerHello | undefined

  readonly #context: ConnectionContext
  readonly #hooks: ConnectionHooks
  readonly #parser: Parser
  readonly #inFlight = new InFlight()
  readonly #outbox: Outbox
  /** Of a connection whose maker wants to know. */
  readonly #silence: Silence | undefined
  readonly #maxQueued: number
  readonly #maxBulkBytes: number
  #socket: Socket | undefined
  #phase: ConnectPhase = 'connect'
  #ready = false
  #closed = false
  #closing: { promise: Promise<void>; done: () => void } | undefined
  #inVain = false
  /** Signs of life: reads, and steps of the dial. So many when it was ready; and when that was. */
  #signs = 0
  #signsWhenReady = 0
  #readyAt = 0
  #stopRenewals: (() => void) | undefined
  /** Runs until it is ready. */
  readonly #openTimer: Timeout
  readonly #abortDial = new AbortController()

  constructor(target: ConnectionTarget, context: ConnectionContext, hooks: ConnectionHooks = {}) {
    this.target = target
    this.address = formatAddress(target.endpoint)
    this.#context = context
    this.#hooks = hooks
    this.#maxQueued = context.options.maxQueued
    this.#maxBulkBytes = context.options.limits.maxBulkBytes
    this.#parser = new Parser(context.options.limits)
    this.#outbox = new Outbox(this.#inFlight, context.options.maxQueuedBytes, {
      onWritten: () => this.#endIfDrained(),
      onBroken: cause => this.#end(cause, cause),
    })
    if (hooks.onSilent !== undefined) this.#silence = new Silence(context.options.silenceMs)
    context.sweeper.add(this)
    this.#openTimer = new Timeout(context.options.connectTimeoutMs, this.#onLate)
    void this.#open()
  }

  get ready(): boolean {
    return this.#ready && !this.#closed
  }
  get closed(): boolean {
    return this.#closed
  }
  /** The other side ended it within a second of its being ready, and had said nothing: as good as a failed dial. */
  get inVain(): boolean {
    return this.#inVain
  }
  /** How far it has come in being made. */
  get phase(): ConnectPhase {
    return this.#phase
  }
  /** Commands waiting to be written. */
  get queued(): number {
    return this.#outbox.size
  }
  /** Commands written whose answers are due. */
  get inFlight(): number {
    return this.#inFlight.size
  }
  /** Of them, those whose callers still wait. */
  get awaited(): number {
    return this.#inFlight.awaited
  }
  /** Since when there has been no sign of life, in milliseconds of `performance.now()`; undefined for one that is not silent. */
  get silentSince(): number | undefined {
    return this.#silence?.since
  }
  /** It is silent, and not because of a large value that is still on its way. */
  isLost(now: number): boolean {
    return this.#silence?.isBeyondDoubt(now) === true
  }

  execute(command: Command, sink: Sink): void {
    if (this.#closed || this.#closing !== undefined) {
      sink.reject(new ConnectionLostError(this.address, 'not-sent'))
      return
    }
    const outbox = this.#outbox
    if (outbox.size + this.#inFlight.size >= this.#maxQueued) {
      sink.reject(this.#overloaded(`${this.#maxQueued} commands are waiting or in flight`, 'maxQueued'))
      return
    }
    const weight = weigh(command, this.#maxBulkBytes)
    if (typeof weight !== 'number') {
      sink.reject(weight)
      return
    }
    if (!outbox.hasRoomFor(weight)) {
      sink.reject(this.#overloaded(`${outbox.bytes} bytes are waiting to be written`, 'maxQueuedBytes'))
      return
    }
    outbox.add(command, sink, weight)
  }

  /** Rejects what is not written, in order; what is in flight stays. */
  giveBack(): void {
    const cause = new Error(`${this.address} is silent`)
    for (const sink of this.#outbox.takeAll()) if (!sink.settled) reject(sink, this.#lost(cause, 'not-sent'))
    this.#endIfDrained()
  }

  /** Finishes what waits and what is in flight, then ends the socket. Takes no new work. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    if (this.#closing === undefined) {
      let done = (): void => {}
      const promise = new Promise<void>(resolve => {
        done = resolve
      })
      this.#closing = { promise, done }
      this.#endIfDrained()
    }
    return this.#closing.promise
  }

  /** Ends the socket now; everything waiting or in flight is rejected. */
  destroy(reason?: Error): void {
    this.#end(reason ?? new ClosedError(`connection to ${this.address}`), reason)
  }

  sweep(now: number): void {
    this.#inFlight.sweep(now, expireInFlight)
    this.#outbox.sweep(now, this.#expireWaiting)
    if (this.#closed) return
    // A server that answers no more does not keep a connection open whose callers have all left.
    if (this.#closing === undefined) this.#watch(now)
    else if (this.#outbox.size === 0 && this.#inFlight.awaited === 0) this.#endPolitely()
  }

  #watch(now: number): void {
    const silence = this.#silence
    if (silence === undefined) return
    // Before the dial it is the credentials that are waited for, and not the server.
    const isDue = this.#inFlight.size > 0 || (this.#outbox.size > 0 && this.#phase !== 'auth')
    const { stalledAt } = this.#context.sweeper
    if (!silence.notices(now, isDue, this.#signs, this.#socket, stalledAt)) return
    // A peer that has forgotten this connection has something to reset by it.
    if (this.#ready) this.#outbox.writeNow(PING, NOBODY)
    this.#hooks.onSilent?.(this)
  }

  /** A sign of life has come. */
  #heard(): void {
    if (this.#silence?.breaks() === true) this.#hooks.onHeard?.(this)
  }

  async #open(): Promise<void> {
    const { options, credentials } = this.#context
    let shown: Credentials | undefined
    try {
      // Before the dial: a server that turns us away may say so before it is spoken to, and waits for nobody's provider.
      this.#phase = 'auth'
      shown = await credentials.current(this.address)
      if (this.#closed) return
      let newest = shown
      this.#stopRenewals = credentials.onRenew(fresh => {
        newest = fresh
        if (this.#ready) this.#show(fresh)
      })
      const socket = await dial(this.target.endpoint, options, {
        serverName: this.target.serverName,
        signal: this.#abortDial.signal,
        onread: { buffer: this.#readBuffer, callback: this.#onRead },
        onPhase: this.#onPhase,
      })
      if (this.#closed) {
        socket.destroy()
        return
      }
      this.#phase = 'reply'
      this.#socket = socket
      socket.on('error', this.#onError)
      socket.on('close', this.#onEnd)
      socket.on('end', this.#onEnd)
      this.#outbox.connect(socket)
      const hello = await handshake(this.#askNow, {
        address: this.address,
        options,
        credentials: shown,
        readOnly: this.target.readOnly ?? false,
      })
      if (this.#closed) return
      this.hello = hello
      this.#ready = true
      this.#readyAt = performance.now()
      this.#signsWhenReady = this.#signs
      this.#openTimer.clear()
      publish(channels.connectionOpen, { address: this.address })
      this.#heard()
      this.#hooks.onReady?.(this)
      if (newest !== undefined && newest !== shown) this.#show(newest)
      this.#outbox.open()
    } catch (error) {
      if (error instanceof AuthenticationError) credentials.refused(shown)
      this.#fail(error as Error)
    }
  }

  readonly #onPhase = (phase: ConnectPhase): void => {
    this.#phase = phase
    this.#signs++
  }

  readonly #onLate = (): void => {
    const { connectTimeoutMs } = this.#context.options
    const message = `not done within the connect timeout of ${connectTimeoutMs} ms`
    const cause = new DeadlineExceededError('a connection', 'not-sent')
    this.#fail(new ConnectError(this.address, this.#phase, { cause, message }))
  }

  /** Shows fresh credentials. Where they are refused the connection goes on with those it has shown before. */
  #show(fresh: Credentials): void {
    authenticate(this.#askNow, fresh, this.address).catch((error: Error) => {
      // Any other failure is the connection's own end, and told as such.
      if (error instanceof AuthenticationError) this.#context.credentials.renewalRefused(fresh, error)
    })
  }

  /**
   * For handshake and re-authentication: written at once, ahead of what waits. Errors of the server are values here. No
   * time-out of its own: an AUTH behind a BLPOP is answered when that is.
   */
  readonly #askNow = (commands: readonly Command[]): Promise<readonly Reply[]> =>
    new Promise((resolve, reject) => {
      if (this.#closed || this.#socket === undefined) {
        reject(new ConnectionLostError(this.address, 'not-sent'))
        return
      }
      const answers = new AnswersSink(commands.length, outcome => {
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      })
      this.#outbox.writeNow(commands, answers)
    })

  // Called by the socket before every read: a large value is read straight into its own memory.
  readonly #readBuffer = (): Buffer => this.#parser.nextBuffer() ?? READ_BUFFER

  readonly #onRead = (size: number, buffer: Uint8Array): boolean => {
    if (this.#closed) return false
    this.#signs++
    try {
      if (buffer === READ_BUFFER) this.#parser.push(READ_BUFFER, 0, size)
      else this.#parser.filled(size)
      this.#deliver()
      // One that is being made is heard when it is ready.
      if (this.#silence?.isTold === true && this.ready) this.#heard()
    } catch (error) {
      this.#fail(
        error instanceof ProtocolError ? error : new ProtocolError(`cannot read replies: ${String(error)}`),
      )
    }
    return !this.#closed
  }

  #deliver(): void {
    const parser = this.#parser
    const inFlight = this.#inFlight
    for (;;) {
      const reply = parser.read(inFlight.headMode)
      if (reply === INCOMPLETE) break
      if (reply instanceof Push) {
        this.#hooks.onPush?.(this, reply)
      } else {
        const sink = inFlight.shift()
        if (sink === undefined) throw unasked(parser, reply)
        // A sink may run code of the application's: what that throws is not this connection's affair.
        try {
          if (typeof reply === 'string') sink.resolve(reply)
          else if (reply instanceof Error) sink.reject(reply)
          else sink.resolve(reply)
        } catch (error) {
          publish(channels.error, { error })
        }
      }
      if (this.#closed) return
    }
    if (this.#closing !== undefined) this.#endIfDrained()
  }

  #endIfDrained(): void {
    if (this.#closing === undefined || this.#closed) return
    if (this.#outbox.size === 0 && this.#inFlight.size === 0) this.#endPolitely()
  }

  #endPolitely(): void {
    this.#end(new ClosedError(`connection to ${this.address}`), undefined, true)
  }

  readonly #onError = (error: Error): void => this.#fail(error)

  readonly #onEnd = (): void => this.#fail(new Error('the server closed the connection'))

  /** The connection is of no more use. If it has not been ready yet, it could not be made. */
  #fail(error: Error): void {
    if (this.#closed) return
    this.#inVain =
      this.#ready && this.#signs === this.#signsWhenReady && performance.now() - this.#readyAt < SETTLED_IN_MS
    const failure =
      this.#ready || error instanceof ConnectError
        ? error
        : new ConnectError(this.address, isTlsError(error) ? 'tls' : this.#phase, { cause: error })
    this.#end(failure, failure)
  }

  /** The only way to `closed`. `cause` is what the sinks hear of; `news` what the maker hears of. */
  #end(cause: Error, news: Error | undefined, politely = false): void {
    if (this.#closed) return
    this.#closed = true
    this.#ready = false
    this.#openTimer.clear()
    this.#context.sweeper.remove(this)
    this.#stopRenewals?.()
    this.#abortDial.abort(cause)
    const socket = this.#socket
    if (socket !== undefined) {
      // Errors of a socket already given up have nobody to hear them.
      socket.removeListener('error', this.#onError)
      socket.on('error', ignore)
      if (politely) farewell(socket)
      else socket.destroy()
    }
    const waiting = this.#outbox.close()
    publish(channels.connectionClose, { address: this.address, error: news })
    // The maker first: who hears that its command was lost may ask again at once, and must not be led here again.
    this.#tellEnd(news)
    // First those who were sent, then those who were not: the order in which they were asked.
    // The caller whose answer could not be read hears of that; those behind it hear of the lost connection.
    const unread = cause instanceof ProtocolError ? this.#inFlight.shift() : undefined
    if (unread !== undefined) reject(unread, cause)
    for (let sink = this.#inFlight.shift(); sink !== undefined; sink = this.#inFlight.shift()) {
      reject(sink, this.#lost(cause, 'unknown'))
    }
    for (const sink of waiting) if (!sink.settled) reject(sink, this.#lost(cause, 'not-sent'))
    this.#closing?.done()
  }

  #tellEnd(news: Error | undefined): void {
    try {
      this.#hooks.onClose?.(this, news)
    } catch (error) {
      publish(channels.error, { error })
    }
  }

  #lost(cause: Error, outcome: 'not-sent' | 'unknown'): Error {
    if (outcome === 'not-sent' && cause instanceof ConnectError) return cause.again()
    if (cause instanceof ClosedError) return new ClosedError('the client', outcome)
    return withoutStack(() => new ConnectionLostError(this.address, outcome, { cause }))
  }

  readonly #expireWaiting = (sink: Sink): void => {
    const waitedFor = this.#ready ? 'the socket to take it' : `a connection to ${this.address}`
    reject(sink, new DeadlineExceededError(waitedFor, 'not-sent'))
  }

  #overloaded(what: string, limit: string): OverloadedError {
    return new OverloadedError(`${this.address}: ${what} already`, limit)
  }
}

/** Tells a sink; what it throws is published and goes no further. */
function reject(sink: Sink, error: Error): void {
  try {
    sink.reject(error)
  } catch (thrown) {
    publish(channels.error, { error: thrown })
  }
}

function expireInFlight(sink: Sink): void {
  reject(sink, new DeadlineExceededError('a reply', 'unknown'))
}

// An alert of TLS 1.3 about our certificate comes after the handshake, as the first thing read.
function isTlsError(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('ERR_SSL_') === true
}

function unasked(parser: Parser, reply: Reply): ProtocolError {
  const what = reply instanceof ReplyError ? `: ${reply.message}` : ''
  return new ProtocolError(`a reply came that nobody had asked for${what}`, parser.offset)
}

// Not held open by a peer that takes nothing any more.
function farewell(socket: Socket): void {
  socket.end(() => socket.destroy())
  socket.unref()
}

function ignore(): void {}
