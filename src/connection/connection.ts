// One socket, one life: dialling → ready → closed, never backwards. Reconnecting means making another connection.
// A connection never resends; it tells each sink whether its command had left (`outcome`), and the router decides.
//
//   execute ──► waiting ──flush──► in flight ──reply──► sink
//               (not encoded yet)   (written, in order)
//
// Commands of one turn of the event loop are encoded and written together. While the socket is being dialled, or
// cannot take more, they wait; a command whose caller has given up by then is not sent at all.
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
} from '../core/errors.js'
import type { Sweepable, Sweeper } from '../core/sweeper.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Lifecycle, Sink } from '../protocol/executor.js'
import { Encoder } from '../resp/encoder.js'
import { INCOMPLETE, Parser } from '../resp/parser.js'
import { Push, type Reply } from '../resp/types.js'
import { flawOf } from './arguments.js'
import type { CredentialStore, Credentials } from './credentials.js'
import { dial } from './dial.js'
import { authenticate, handshake, isFarewell, type ServerHello } from './handshake.js'
import { InFlight, NOBODY } from './in-flight.js'
import type { ResolvedConnectionOptions } from './options.js'
import { PreludeSink, UnitSink } from './prelude.js'

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

// Bytes handed to the socket and not yet taken by the kernel, beyond which commands wait unencoded.
const WRITE_AHEAD_BYTES = 1 << 20
// A server that ends connections sooner, without a word, is not there.
const SETTLED_IN_MS = 1000
// All sockets read into this one buffer: what a read callback is given is parsed before it returns. A little over 64 KiB,
// so that a value of that size comes in one read with its head, and need not be put together.
const READ_BUFFER = Buffer.allocUnsafeSlow(65 * 1024)

export class Connection implements Executor, Lifecycle, Sweepable {
  readonly address: string
  readonly target: ConnectionTarget
  /** What the server said of itself, once ready. */
  hello: ServerHello | undefined

  readonly #context: ConnectionContext
  readonly #hooks: ConnectionHooks
  readonly #parser: Parser
  readonly #encoder = new Encoder()
  readonly #inFlight = new InFlight()
  #waitingCommands: Command[] = []
  #waitingSinks: Sink[] = []
  #emptyCommands: Command[] = []
  #emptySinks: Sink[] = []
  readonly #maxQueued: number
  readonly #maxBulkBytes: number
  #socket: Socket | undefined
  #phase: ConnectPhase = 'connect'
  #ready = false
  #closed = false
  #flushScheduled = false
  #blocked = false
  #closing: { promise: Promise<void>; done: () => void } | undefined
  #inVain = false
  /** Reads so far, and when it was ready; and when that was. */
  #reads = 0
  #readsWhenReady = 0
  #readyAt = 0
  #stopRenewals: (() => void) | undefined
  /** Runs until it is ready. */
  readonly #openTimer: NodeJS.Timeout
  readonly #abortDial = new AbortController()

  constructor(target: ConnectionTarget, context: ConnectionContext, hooks: ConnectionHooks = {}) {
    this.target = target
    this.address = formatAddress(target.endpoint)
    this.#context = context
    this.#hooks = hooks
    this.#maxQueued = context.options.maxQueued
    this.#maxBulkBytes = context.options.limits.maxBulkBytes
    this.#parser = new Parser(context.options.limits)
    context.sweeper.add(this)
    this.#openTimer = setTimeout(this.#onLate, context.options.connectTimeoutMs)
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
    return this.#waitingCommands.length
  }
  /** Commands written whose answers are due. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  execute(command: Command, sink: Sink): void {
    if (this.#closed || this.#closing !== undefined) {
      sink.reject(new ConnectionLostError(this.address, 'not-sent'))
      return
    }
    if (this.#waitingCommands.length + this.#inFlight.size >= this.#maxQueued) {
      sink.reject(
        new OverloadedError(
          `${this.address}: ${this.#maxQueued} commands are waiting or in flight already`,
          'maxQueued',
        ),
      )
      return
    }
    const flaw = flawOf(command, this.#maxBulkBytes)
    if (flaw !== undefined) {
      sink.reject(flaw)
      return
    }
    this.#waitingCommands.push(command)
    this.#waitingSinks.push(sink)
    if (!this.#flushScheduled && this.#ready && !this.#blocked) {
      this.#flushScheduled = true
      // After every socket readable in this turn has been read: their callers' next commands join the same write.
      // An idle connection does not wait for others.
      if (this.#inFlight.size === 0) process.nextTick(this.#flush)
      else setImmediate(this.#flush)
    }
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
    const commands = this.#waitingCommands
    const sinks = this.#waitingSinks
    let kept = 0
    // Whoever hears of its deadline may ask again, and so lengthen the list, or end the connection, and so replace it.
    for (let i = 0; i < sinks.length; i++) {
      const sink = sinks[i] as Sink
      if (sink.settled) continue
      if (sink.deadline > now) {
        commands[kept] = commands[i] as Command
        sinks[kept++] = sink
      } else {
        reject(sink, this.#overdue())
      }
    }
    commands.length = kept
    sinks.length = kept
    if (this.#closing === undefined) return
    // A server that answers no more does not keep a connection open whose callers have all left.
    if (kept === 0 && this.#inFlight.settled) this.#endPolitely()
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
      socket.on('drain', this.#onDrain)
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
      this.#readsWhenReady = this.#reads
      clearTimeout(this.#openTimer)
      publish(channels.connectionOpen, { address: this.address })
      this.#hooks.onReady?.(this)
      if (newest !== undefined && newest !== shown) this.#show(newest)
      this.#flush()
    } catch (error) {
      if (error instanceof AuthenticationError) credentials.refused(shown)
      this.#fail(error as Error)
    }
  }

  readonly #onPhase = (phase: ConnectPhase): void => {
    this.#phase = phase
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
      const socket = this.#socket
      if (this.#closed || socket === undefined) {
        reject(new ConnectionLostError(this.address, 'not-sent'))
        return
      }
      const answers = new AnswerSink(commands.length, outcome => {
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      })
      for (const command of commands) {
        this.#encoder.append(command.args)
        this.#inFlight.push(command.hints.mode, answers)
      }
      this.#write(socket)
    })

  readonly #flush = (): void => {
    this.#flushScheduled = false
    const socket = this.#socket
    if (!this.#ready || this.#blocked || this.#closed || socket === undefined) return
    // What comes meanwhile (a sink that calls again when it is told) waits for the next flush.
    const commands = this.#waitingCommands
    const sinks = this.#waitingSinks
    this.#waitingCommands = this.#emptyCommands
    this.#waitingSinks = this.#emptySinks
    let taken = 0
    try {
      taken = this.#encodeWaiting(commands, sinks, socket)
      if (this.#encoder.bytes > 0 && !this.#closed) this.#write(socket)
    } catch (error) {
      // A command that was changed after it was given: what is half encoded cannot be taken back.
      const cause = new Error('commands could not be written', { cause: error })
      this.#end(cause, cause)
    }
    if (this.#closed) {
      // An error of its own for each: the router adds to it what it knows of that call.
      const cause = new Error('the connection ended while it was written to')
      for (const sink of sinks) if (!sink.settled) reject(sink, this.#lost(cause, 'not-sent'))
      return
    }
    if (taken < commands.length) {
      this.#waitingCommands = [...commands.slice(taken), ...this.#waitingCommands]
      this.#waitingSinks = [...sinks.slice(taken), ...this.#waitingSinks]
    }
    // The lists are used in turn, rather than grown anew for every batch.
    commands.length = 0
    sinks.length = 0
    this.#emptyCommands = commands
    this.#emptySinks = sinks
    if (this.#closing !== undefined) this.#endIfDrained()
  }

  /** How many of them were taken: fewer than all when the socket has enough. */
  #encodeWaiting(commands: readonly Command[], sinks: Sink[], socket: Socket): number {
    const encoder = this.#encoder
    const inFlight = this.#inFlight
    for (let i = 0; i < commands.length; i++) {
      const sink = sinks[i] as Sink
      if (sink.settled) continue
      const command = commands[i] as Command
      try {
        sink.sent()
      } catch (error) {
        publish(channels.error, { error })
      }
      if (this.#closed) return i
      // From here on its place is in flight, whatever happens.
      sinks[i] = NOBODY
      if (command.prelude.length === 0) {
        inFlight.push(command.hints.mode, sink)
        encoder.append(command.args)
      } else {
        this.#appendUnit(command, sink)
      }
      // A very large batch is cut here; the rest follows when the socket has taken this part.
      if (encoder.bytes > WRITE_AHEAD_BYTES) {
        this.#write(socket)
        if (this.#blocked) return i + 1
      }
    }
    return commands.length
  }

  #appendUnit(command: Command, sink: Sink): void {
    const prelude = new PreludeSink()
    for (const part of command.prelude) {
      this.#encoder.append(part.args)
      this.#inFlight.push(part.hints.mode, prelude)
    }
    this.#encoder.append(command.args)
    this.#inFlight.push(command.hints.mode, new UnitSink(sink, prelude))
  }

  #write(socket: Socket): void {
    const pieces = this.#encoder.take()
    const first = pieces[0]
    // Text pieces are ASCII (see Encoder), and latin1 is the cheaper way to write that: 64 KB 43 against 68 µs.
    if (pieces.length === 1 && first !== undefined) {
      if (typeof first === 'string') socket.write(first, 'latin1')
      else socket.write(first)
    } else {
      socket.cork()
      for (const piece of pieces) {
        if (typeof piece === 'string') socket.write(piece, 'latin1')
        else socket.write(piece)
      }
      socket.uncork()
    }
    if (socket.writableLength > WRITE_AHEAD_BYTES) this.#blocked = true
  }

  readonly #onDrain = (): void => {
    if (!this.#blocked) return
    this.#blocked = false
    if (this.#waitingCommands.length > 0) this.#flush()
  }

  // Called by the socket before every read: a large value is read straight into its own memory.
  readonly #readBuffer = (): Buffer => this.#parser.nextBuffer() ?? READ_BUFFER

  readonly #onRead = (size: number, buffer: Uint8Array): boolean => {
    if (this.#closed) return false
    this.#reads++
    try {
      if (buffer === READ_BUFFER) this.#parser.push(READ_BUFFER, 0, size)
      else this.#parser.filled(size)
      this.#deliver()
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
    if (this.#waitingCommands.length === 0 && this.#inFlight.size === 0) this.#endPolitely()
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
      this.#ready && this.#reads === this.#readsWhenReady && performance.now() - this.#readyAt < SETTLED_IN_MS
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
    clearTimeout(this.#openTimer)
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
    const waiting = this.#waitingSinks
    this.#waitingCommands = []
    this.#waitingSinks = []
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
    return new ConnectionLostError(this.address, outcome, { cause })
  }

  #overdue(): Error {
    const waitedFor = this.#ready ? 'the socket to take it' : `a connection to ${this.address}`
    return new DeadlineExceededError(waitedFor, 'not-sent')
  }
}

/** Collects the answers to several commands asked together; the server's errors are kept as values, in their place. */
class AnswerSink implements Sink {
  settled = false
  readonly deadline = Number.POSITIVE_INFINITY
  readonly #replies: Reply[] = []
  readonly #wanted: number
  readonly #done: (outcome: readonly Reply[] | Error) => void

  constructor(wanted: number, done: (outcome: readonly Reply[] | Error) => void) {
    this.#wanted = wanted
    this.#done = done
  }
  sent(): void {}
  resolve(reply: Reply): void {
    this.#replies.push(reply)
    const last = this.#replies.length === this.#wanted || (reply instanceof ReplyError && isFarewell(reply))
    if (!last || this.settled) return
    this.settled = true
    this.#done(this.#replies)
  }
  reject(error: Error): void {
    if (error instanceof ReplyError) {
      this.resolve(error)
    } else if (!this.settled) {
      this.settled = true
      this.#done(error)
    }
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
