// A TCP proxy before a real server, for what happens to the line between: answers that never arrive, connections cut
// after the server has done its work, an address that leads elsewhere from now on, a network that swallows everything.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { fillPort } from './full-port.js'

/** Tells by the address a line comes from whether something concerns it. */
export type Whom = (from: string) => boolean

const EVERYBODY: Whom = () => true

export class Gate {
  /** Where new connections lead; undefined: nowhere, they are cut at once. */
  port: number | undefined
  /** What servers say is not passed on. */
  mute = false
  /** What clients say is not read: it stays in their sockets. */
  deaf = false
  /** How long what is said stays on the way, in either direction; its order is kept. */
  delayMs = 0
  /** Whom `mute`, `deaf`, `delayMs` and `cut` concern. */
  concerns: Whom = EVERYBODY
  /** Clients that have said what is not read. */
  unheard = 0
  /** Connections taken so far. */
  dials = 0
  readonly #server: Server
  #ownPort = 0
  #freePort: (() => void) | undefined
  readonly #lines = new Set<Line>()
  readonly #holes = new Set<{ readonly whom: Whom }>()

  constructor(port: number | undefined) {
    this.port = port
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => this.#join(socket))
  }

  async listen(): Promise<this> {
    this.#server.listen(this.#ownPort, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#ownPort = (this.#server.address() as AddressInfo).port
    return this
  }

  get ownPort(): number {
    return this.#ownPort
  }
  get address(): string {
    return `127.0.0.1:${this.ownPort}`
  }
  get url(): string {
    return `redis://${this.address}`
  }
  /** Lines of which an end is open. */
  get open(): number {
    return this.#lines.size
  }
  /** The same, of those that come from there. */
  openFrom(whom: Whom): number {
    return [...this.#lines].filter(({ from }) => whom(from)).length
  }

  /** Cuts every connection that is open now. */
  cut(): void {
    for (const line of this.#lines) if (this.concerns(line.from)) line.cut()
  }

  /**
   * A hole that swallows what is said, both ways, for as long as it is there: sockets stay open, nothing is read or
   * written, an end is not told to the other side, and new connections are taken into silence. Nothing is lost in it:
   * what was said, also the end, arrives when it is filled, as what a network repeats until it is acknowledged.
   *
   * @returns What fills it.
   */
  dig(whom: Whom = EVERYBODY): () => void {
    const hole = { whom }
    this.#holes.add(hole)
    this.#review()
    return () => {
      this.#holes.delete(hole)
      this.#review()
    }
  }

  /**
   * New connections are neither taken nor refused: their dials wait. Lines that are open stay. In the instant of the
   * change, and of that back, a dial may be refused.
   */
  async dropDials(): Promise<void> {
    if (this.#freePort !== undefined) return
    this.#freePort = await fillPort(this.#ownPort, () => this.#server.close())
  }
  async takeDials(): Promise<void> {
    const free = this.#freePort
    this.#freePort = undefined
    if (free === undefined) return
    free()
    await this.listen()
  }

  async close(): Promise<void> {
    await this.takeDials()
    for (const line of this.#lines) line.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #join(client: Socket): void {
    this.dials++
    const line = new Line(this, client, () => this.#lines.delete(line))
    this.#lines.add(line)
    line.hold(this.#isHeld(line))
  }

  #isHeld({ from }: Line): boolean {
    return [...this.#holes].some(({ whom }) => whom(from))
  }

  #review(): void {
    for (const line of this.#lines) line.hold(this.#isHeld(line))
  }
}

/** A client, the server it was led to, and what is on the way between them. */
class Line {
  readonly from: string
  readonly #gate: Gate
  readonly #client: Socket
  #server: Socket | undefined
  readonly #asked: Flow
  readonly #answered: Flow
  readonly #gone: () => void
  #isHeld = false
  /** One end was reset, and the other is not to know it before the hole is filled. */
  #isBroken = false

  constructor(gate: Gate, client: Socket, gone: () => void) {
    this.from = client.remoteAddress ?? ''
    this.#gate = gate
    this.#client = client
    this.#gone = gone
    this.#asked = new Flow(client)
    this.#answered = new Flow()
    this.#answered.sink = client
    this.#watch(client, this.#asked)
    client.on('data', chunk => {
      if (gate.deaf && this.#isConcerned) {
        gate.unheard++
        client.pause()
      } else {
        this.#asked.push(chunk, this.#delayMs)
      }
    })
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#asked.hold(isHeld)
    this.#answered.hold(isHeld)
    if (isHeld) return
    if (this.#isBroken) this.cut()
    else if (this.#server === undefined) this.#lead()
  }

  cut(): void {
    this.#stop(socket => socket.resetAndDestroy())
  }

  destroy(): void {
    this.#stop(socket => socket.destroy())
  }

  #lead(): void {
    const { port } = this.#gate
    if (port === undefined) return this.cut()
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#server = server
    this.#asked.sink = server
    this.#answered.source = server
    this.#watch(server, this.#answered)
    server.on('data', chunk => {
      if (!(this.#gate.mute && this.#isConcerned)) this.#answered.push(chunk, this.#delayMs)
    })
    this.#asked.pass()
  }

  #watch(socket: Socket, flow: Flow): void {
    socket.on('end', () => flow.push(END, this.#delayMs))
    socket.on('error', () => {
      // The close that follows tells.
    })
    socket.on('close', hadError => {
      this.#isBroken ||= hadError
      if (this.#isBroken && !this.#isHeld) this.cut()
      if (this.#client.destroyed && this.#server?.destroyed !== false) this.#gone()
    })
  }

  #stop(end: (socket: Socket) => void): void {
    this.#asked.stop()
    this.#answered.stop()
    for (const socket of [this.#client, this.#server]) {
      if (socket !== undefined && !socket.destroyed) end(socket)
    }
  }

  get #isConcerned(): boolean {
    return this.#gate.concerns(this.from)
  }
  get #delayMs(): number {
    return this.#isConcerned ? this.#gate.delayMs : 0
  }
}

const END = Symbol('end')

/** One direction of a line. While it is held nothing more is read, so that the speaker's socket fills up as it would. */
class Flow {
  source: Socket | undefined
  sink: Socket | undefined
  readonly #waiting: { readonly what: Buffer | typeof END; readonly dueAt: number }[] = []
  #isHeld = false
  #isPaused = false
  #timer: NodeJS.Timeout | undefined

  constructor(source?: Socket) {
    this.source = source
  }

  push(what: Buffer | typeof END, delayMs: number): void {
    this.#waiting.push({ what, dueAt: delayMs === 0 ? 0 : performance.now() + delayMs })
    this.pass()
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isHeld) this.#pause()
    else this.pass()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }

  /** Passes on what is due; comes back for the rest when that is. */
  pass(): void {
    const { sink } = this
    if (this.#isHeld || sink === undefined) return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const inMs = next.dueAt - performance.now()
      if (inMs > 0) {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => this.pass(), Math.ceil(inMs))
        break
      }
      this.#waiting.shift()
      if (next.what === END) sink.end()
      else if (!sink.destroyed) sink.write(next.what)
    }
    if (sink.writableNeedDrain) {
      this.#pause()
      sink.once('drain', () => this.pass())
    } else if (this.#isPaused) {
      this.#isPaused = false
      this.source?.resume()
    }
  }

  #pause(): void {
    this.#isPaused = true
    this.source?.pause()
  }
}

export function gate(port?: number): Promise<Gate> {
  return new Gate(port).listen()
}
