// A TCP gate before a server: passes on what both sides say, unless it is told to do something else with it.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const HOST = '127.0.0.1'

/**
 * @typedef {object} Rules What a gate does with what comes by. Each may be left out.
 * @property {(link: Link) => boolean} [admit] Whether a new connection is led on now; if not it is open and silent until
 * `link.begin()`.
 * @property {(link: Link, chunk: Buffer) => boolean} [heard] The client spoke: whether the server is told.
 * @property {(link: Link, chunk: Buffer) => boolean} [said] The server spoke: whether the client is told.
 */

export class Gate {
  links = new Set()
  #server
  #rules
  #target

  constructor(target, rules = {}) {
    this.#target = target
    this.#rules = rules
    this.#server = createServer(client => this.#open(client))
  }

  /** @param {number} [port] Default: a free one. */
  async listen(port = 0) {
    this.#server.listen(port, HOST)
    await once(this.#server, 'listening')
    return this
  }

  get port() {
    return this.#server.address().port
  }

  close() {
    this.#server.close()
    for (const link of this.links) link.cut()
  }

  #open(client) {
    const link = new Link(client, this.#target, this.#rules)
    this.links.add(link)
    client.on('close', () => this.links.delete(link))
    const { admit = () => true } = this.#rules
    if (admit(link)) link.begin()
  }
}

/** One connection: the client's half and the server's. */
export class Link {
  client
  server
  /** When the client left; undefined while it is there. */
  closedAt
  #target
  #rules

  constructor(client, target, rules) {
    this.client = client
    this.#target = target
    this.#rules = rules
    client.setNoDelay(true)
    client.on('error', () => {}) // 'close' follows
    client.on('close', () => {
      this.closedAt = performance.now()
      this.server?.destroy()
    })
  }

  get source() {
    return this.client.remoteAddress
  }

  /** Leads the client on to the server. Until then what it says stays in its socket. */
  begin() {
    if (this.server !== undefined || this.closedAt !== undefined) return
    const { heard = () => true, said = () => true } = this.#rules
    const { client } = this
    const server = connect({ host: HOST, port: this.#target, noDelay: true })
    this.server = server
    server.on('error', () => {})
    server.on('close', () => client.destroy())
    client.on('data', chunk => heard(this, chunk) && server.write(chunk))
    server.on('data', chunk => said(this, chunk) && client.write(chunk))
  }

  /** Neither side is read any more: what they say waits, and neither learns of it. */
  freeze() {
    this.client.pause()
    this.server?.pause()
  }

  thaw() {
    this.begin()
    this.client.resume()
    this.server?.resume()
  }

  /** Ends it for both (RST). */
  cut() {
    this.client.resetAndDestroy()
    this.server?.destroy()
  }
}
