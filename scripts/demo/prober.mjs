// What the servers themselves do, seen without any client library: a process of its own that writes a tiny value to every
// node of each shard every few milliseconds, over plain sockets, and tells when it was answered with +OK.
//
//   parent ──► { shards: [{ key, ports }] }          once
//   parent ◄── { hits: [[time, …], …] }              by shard, every 50 ms
import { connect } from 'node:net'
import { now } from './clock.mjs'

const EVERY_MS = 5
const TELL_EVERY_MS = 50
/** A node that is silent for so long is dialled anew, so that its return is seen at once. */
const SILENT_MS = 250
const REDIAL_MS = 10

process.on('disconnect', () => process.exit(0))
process.once('message', ({ shards }) => {
  const hits = shards.map(() => [])
  const lines = shards.flatMap(({ key, ports }, i) => ports.map(port => new Line(port, key, hits[i])))
  setInterval(() => {
    const at = now()
    for (const line of lines) line.tick(at)
  }, EVERY_MS)
  setInterval(() => process.send({ hits: hits.map(list => list.splice(0)) }), TELL_EVERY_MS)
})

/** One node; one command at a time. */
class Line {
  #port
  #hits
  #command
  #socket
  #isReady = false
  #sentAt
  #dialledAt = 0

  constructor(port, key, hits) {
    this.#port = port
    this.#hits = hits
    this.#command = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\nx\r\n`
  }

  tick(at) {
    const since = this.#isReady ? this.#sentAt : this.#dialledAt
    if (this.#socket === undefined) {
      if (at - this.#dialledAt >= REDIAL_MS) this.#dial(at)
    } else if (since !== undefined) {
      if (at - since >= SILENT_MS) this.#drop()
    } else {
      this.#sentAt = at
      this.#socket.write(this.#command)
    }
  }

  #dial(at) {
    this.#dialledAt = at
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true })
    this.#socket = socket
    socket.on('connect', () => {
      this.#isReady = socket === this.#socket
    })
    // Replies are one short line, and one at a time: +OK, or a refusal.
    socket.on('data', reply => {
      if (socket !== this.#socket) return
      this.#sentAt = undefined
      if (reply.toString('latin1').startsWith('+OK')) this.#hits.push(now())
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => socket === this.#socket && this.#drop())
  }

  #drop() {
    const socket = this.#socket
    this.#socket = undefined
    this.#isReady = false
    this.#sentAt = undefined
    socket.destroy()
  }
}
