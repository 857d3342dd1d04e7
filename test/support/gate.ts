// A TCP proxy before a real server, for what happens to the line between: answers that never arrive, connections cut
// after the server has done its work, an address that leads elsewhere from now on.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class Gate {
  /** Where new connections lead; undefined: nowhere, they are cut at once. */
  port: number | undefined
  /** What servers say is not passed on. */
  mute = false
  /** What clients say is not read: it stays in their sockets. */
  deaf = false
  /** Clients that have said what is not read. */
  unheard = 0
  /** Connections taken so far. */
  dials = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(port: number | undefined) {
    this.port = port
    this.#server = createServer(socket => this.#join(socket))
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get ownPort(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get address(): string {
    return `127.0.0.1:${this.ownPort}`
  }
  get url(): string {
    return `redis://${this.address}`
  }
  get open(): number {
    return this.#sockets.size / 2
  }

  /** Cuts every connection that is open now. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #join(client: Socket): void {
    this.dials++
    if (this.port === undefined) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const server = connect(this.port, '127.0.0.1')
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => {})
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    client.on('data', chunk => {
      if (!this.deaf) {
        server.write(chunk)
      } else {
        this.unheard++
        client.pause()
      }
    })
    server.on('data', chunk => {
      if (!this.mute) client.write(chunk)
    })
  }
}

export function gate(port?: number): Promise<Gate> {
  return new Gate(port).listen()
}
