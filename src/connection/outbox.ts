// What one connection has to write. Commands wait here unencoded; those of one turn of the event loop are encoded and
// written together, and their sinks join the in-flight queue.
//
//   add ──► waiting ──flush──► encoder ──► socket ──► kernel
//           │◄─────────── ceiling of bytes ────────►│
//
// While the socket is being made, or cannot take more, they wait; one whose caller has given up by then is not sent at all.
import type { Socket } from 'node:net'
import { channels, publish } from '../core/diagnostics.js'
import type { Command } from '../protocol/command.js'
import type { Sink } from '../protocol/executor.js'
import { weightOf } from '../protocol/weight.js'
import { Encoder } from '../resp/encoder.js'
import { type InFlight, NOBODY } from './in-flight.js'
import { PreludeSink, UnitSink } from './prelude.js'

/** News of the outbox, to its connection. */
export interface OutboxHooks {
  /** Commands that waited have been written. */
  onWritten(): void
  /** What is half encoded cannot be taken back: the connection is of no more use. */
  onBroken(cause: Error): void
}

// Bytes handed to the socket and not yet taken by the kernel, beyond which commands wait unencoded.
const WRITE_AHEAD_BYTES = 1 << 20

export class Outbox {
  readonly #encoder = new Encoder()
  readonly #inFlight: InFlight
  readonly #maxBytes: number
  readonly #hooks: OutboxHooks
  #commands: Command[] = []
  #sinks: Sink[] = []
  /** What those weigh. */
  #bytes = 0
  /** Bytes handed to the socket that the kernel had not taken when it was last asked. */
  #handed = 0
  #socket: Socket | undefined
  #isOpen = false
  #isBlocked = false
  #isScheduled = false

  constructor(inFlight: InFlight, maxBytes: number, hooks: OutboxHooks) {
    this.#inFlight = inFlight
    this.#maxBytes = maxBytes
    this.#hooks = hooks
  }

  /** Commands that wait. */
  get size(): number {
    return this.#sinks.length
  }

  /** Bytes that the kernel has not taken. */
  get bytes(): number {
    this.#handed = this.#socket?.writableLength ?? 0
    return this.#bytes + this.#handed
  }

  /** May a command of this weight wait, too? One that is above the ceiling may where nothing else waits. */
  hasRoomFor(bytes: number): boolean {
    if (this.#bytes + this.#handed + bytes <= this.#maxBytes) return true
    const waiting = this.bytes
    return waiting === 0 || waiting + bytes <= this.#maxBytes
  }

  add(command: Command, sink: Sink, bytes: number): void {
    this.#commands.push(command)
    this.#sinks.push(sink)
    this.#bytes += bytes
    if (!this.#isScheduled && this.#isOpen && !this.#isBlocked) this.#schedule()
  }

  /** There is a socket. Commands wait on until `open`. */
  connect(socket: Socket): void {
    this.#socket = socket
    socket.on('drain', this.#onDrain)
  }

  /** What waits is written, and what comes. */
  open(): void {
    this.#isOpen = true
    this.#flush()
  }

  /** Nothing is written any more. Gives the sinks of what waited, in order. */
  close(): readonly Sink[] {
    this.#isOpen = false
    return this.takeAll()
  }

  /** Ahead of what waits, and at once. */
  writeNow(commands: readonly Command[], sink: Sink): void {
    const socket = this.#socket
    if (socket === undefined) return
    for (const command of commands) {
      this.#encoder.append(command.args)
      this.#inFlight.push(command.hints.mode, sink)
    }
    this.#write(socket)
  }

  /** Gives up all that waits; the sinks are the caller's now, in order. */
  takeAll(): readonly Sink[] {
    const sinks = this.#sinks
    this.#commands = []
    this.#sinks = []
    this.#bytes = 0
    return sinks
  }

  /** Forgets those whose callers have left, and calls `expire` for each past its deadline. */
  sweep(now: number, expire: (sink: Sink) => void): void {
    if (!this.#sinks.some(sink => sink.settled || sink.deadline <= now)) return
    const commands: Command[] = []
    const sinks: Sink[] = []
    const expired: Sink[] = []
    let bytes = 0
    for (const [i, sink] of this.#sinks.entries()) {
      const command = this.#commands[i] as Command
      if (!sink.settled && sink.deadline > now) {
        commands.push(command)
        sinks.push(sink)
        bytes += weightOf(command)
      } else if (!sink.settled) {
        expired.push(sink)
      }
    }
    this.#commands = commands
    this.#sinks = sinks
    this.#bytes = bytes
    // Only now: whoever hears of its deadline may ask again, or end the connection.
    for (const sink of expired) expire(sink)
  }

  #schedule(): void {
    this.#isScheduled = true
    // After every socket readable in this turn has been read: their callers' next commands join the same write.
    // An idle connection does not wait for others.
    if (this.#inFlight.size === 0) process.nextTick(this.#flush)
    else setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isScheduled = false
    const socket = this.#socket
    if (!this.#isOpen || this.#isBlocked || socket === undefined) return
    try {
      this.#encodeWaiting(socket)
      if (this.#isOpen && this.#encoder.bytes > 0) this.#write(socket)
    } catch (error) {
      // A command that was changed after it was given.
      this.#hooks.onBroken(new Error('commands could not be written', { cause: error }))
    }
    if (this.#isOpen) this.#hooks.onWritten()
  }

  /** What comes meanwhile (a sink that calls again when it is told) waits for the next flush. */
  #encodeWaiting(socket: Socket): void {
    const commands = this.#commands
    const sinks = this.#sinks
    const encoder = this.#encoder
    const inFlight = this.#inFlight
    const count = commands.length
    let taken = 0
    while (taken < count) {
      const at = taken++
      const sink = sinks[at] as Sink
      if (sink.settled) continue
      const command = commands[at] as Command
      try {
        sink.sent()
      } catch (error) {
        publish(channels.error, { error })
      }
      // Whoever heard that may have ended the connection, or had its commands given back.
      if (this.#sinks !== sinks) return
      // From here on its place is in flight, whatever happens.
      sinks[at] = NOBODY
      if (command.prelude.length === 0) {
        inFlight.push(command.hints.mode, sink)
        encoder.append(command.args)
      } else {
        this.#appendUnit(command, sink)
      }
      // A very large batch is cut here; the rest follows when the socket has taken this part.
      if (encoder.bytes > WRITE_AHEAD_BYTES) {
        this.#write(socket)
        if (this.#isBlocked) break
      }
    }
    this.#forget(taken)
  }

  /** The first `taken` have been written. */
  #forget(taken: number): void {
    const commands = this.#commands
    const sinks = this.#sinks
    if (taken === commands.length) {
      commands.length = 0
      sinks.length = 0
      this.#bytes = 0
      return
    }
    for (const command of commands.splice(0, taken)) this.#bytes -= weightOf(command)
    sinks.splice(0, taken)
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
    this.#handed = socket.writableLength
    if (this.#handed > WRITE_AHEAD_BYTES) this.#isBlocked = true
  }

  readonly #onDrain = (): void => {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    if (this.#sinks.length > 0) this.#flush()
  }
}
