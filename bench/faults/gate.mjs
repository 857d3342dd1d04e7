// A TCP gate before a server: passes on what both sides say, unless it is told to do something else with it.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const HOST = '127.0.0.1'

/**
 * @typedef {object} Rules What a gate does with what comes by. Each may be left out.
 * @property {(link: Link) => boolean} [admit] Whether a new connection is led on; if not it stays open and silent.
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
    const link = new Link(client)
    this.links.add(link)
    client.on('close', () => this.links.delete(link))
    const { admit = () => true, heard = () => true, said = () => true } = this.#rules
    if (!admit(link)) return
    link.lead(this.#target)
    client.on('data', chunk => heard(link, chunk) && link.server.write(chunk))
    link.server.on('data', chunk => said(link, chunk) && client.write(chunk))
  }
}

/** One connection: the client's half and the server's. */
export class Link {
  client
  server
  /** When the client left; undefined while it is there. */
  closedAt

  constructor(client) {
    this.client = client
    client.setNoDelay(true)
    client.on('error', () => {}) // 'close' follows
    client.on('close', () => {
      this.closedAt = performance.now()
      this.server?.destroy()
    })
  }

  lead(port) {
    this.server = connect({ host: HOST, port, noDelay: true })
    this.server.on('error', () => {})
    this.server.on('close', () => this.client.destroy())
  }

  /** Ends it for both (RST). */
  cut() {
    this.client.resetAndDestroy()
    this.server?.destroy()
  }
}
