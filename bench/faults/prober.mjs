// What the servers themselves do, seen without any client library: a process that writes a tiny value to every node of
// a shard every few milliseconds, each over a plain socket, and notes when it was answered with +OK.
//
// One command per socket is under way at a time. A node that has not answered for a while (hung, or behind a black
// hole) is dialled anew, so that its return is seen at once and not at the system's next retransmission.
import { connect } from 'node:net'
import { now } from './clock.mjs'

const SILENT_MS = 250
const REDIAL_MS = 10
const SLOW_MS = 10

const probes = new Map()
let everyMs = 5
let timer

process.on('disconnect', () => process.exit(0))
process.on('message', message => handlers[message.task](message))

const handlers = {
  /** probes: [{ name, key, ports }] */
  start({ probes: wanted, localAddress, host, everyMs: pace = 5 }) {
    everyMs = pace
    for (const { name, key, ports } of wanted) {
      probes.set(name, {
        name,
        key,
        host,
        localAddress,
        lines: [],
        hits: [],
        slow: [],
        refusals: new Map(),
        watch: undefined,
      })
      for (const port of ports) addLine(name, port)
    }
    timer = setInterval(tick, everyMs)
    process.send({ event: 'started' })
  },
  ports({ name, ports }) {
    for (const port of ports) addLine(name, port)
  },
  /** Tells, once, of the first +OK to a write that was sent at `after` or later. */
  watch({ name, after }) {
    const probe = probes.get(name)
    probe.watch = after
    const hit = probe.hits.find(([sent]) => sent >= after)
    if (hit !== undefined) tellServed(probe, hit)
  },
  stop() {
    clearInterval(timer)
    const seen = [...probes.values()].map(({ name, hits, slow, refusals }) => ({
      name,
      slow,
      hits: hits.sort((a, b) => a[1] - b[1]),
      refusals: [...refusals],
    }))
    for (const { lines } of probes.values()) for (const line of lines) line.end()
    process.send({ event: 'seen', probes: seen }, () => process.exit(0))
  },
}

function tick() {
  const at = now()
  for (const { lines } of probes.values()) for (const line of lines) line.tick(at)
}

function addLine(name, port) {
  const probe = probes.get(name)
  if (!probe.lines.some(line => line.port === port)) probe.lines.push(new Line(probe, port))
}

function tellServed(probe, [sent, heard, port]) {
  probe.watch = undefined
  process.send({ event: 'served', name: probe.name, sent, heard, port })
}

/** One node as one probe sees it. */
class Line {
  port
  #probe
  #socket
  #isReady = false
  #sentAt
  #dialledAt = 0
  #n = 0

  constructor(probe, port) {
    this.#probe = probe
    this.port = port
  }

  tick(at) {
    if (this.#socket === undefined) {
      if (at - this.#dialledAt >= REDIAL_MS) this.#dial(at)
      return
    }
    if (!this.#isReady) {
      if (at - this.#dialledAt >= SILENT_MS) this.#drop()
      return
    }
    if (this.#sentAt === undefined) this.#send(at)
    else if (at - this.#sentAt >= SILENT_MS) this.#drop()
  }

  end() {
    this.#drop()
  }

  #dial(at) {
    this.#dialledAt = at
    const { host, localAddress } = this.#probe
    const socket = connect({ host, port: this.port, localAddress, noDelay: true })
    this.#socket = socket
    socket.on('connect', () => {
      if (socket !== this.#socket) return
      this.#isReady = true
      this.#send(now())
    })
    socket.on('data', chunk => socket === this.#socket && this.#hear(chunk))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => socket === this.#socket && this.#drop())
  }

  #send(at) {
    const { key } = this.#probe
    const value = String(this.#n++)
    this.#sentAt = at
    this.#socket.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`)
  }

  // Replies are one short line, and one at a time.
  #hear(chunk) {
    const sent = this.#sentAt
    this.#sentAt = undefined
    if (sent === undefined) return
    const line = chunk.toString('latin1')
    const probe = this.#probe
    const heard = now()
    if (heard - sent >= SLOW_MS) probe.slow.push([sent, heard])
    if (!line.startsWith('+OK')) {
      const prefix = line.slice(1).split(/[ \r]/)[0]
      probe.refusals.set(prefix, (probe.refusals.get(prefix) ?? 0) + 1)
      return
    }
    const hit = [sent, heard, this.port]
    probe.hits.push(hit)
    if (probe.watch !== undefined && sent >= probe.watch) tellServed(probe, hit)
  }

  #drop() {
    const socket = this.#socket
    this.#socket = undefined
    this.#isReady = false
    this.#sentAt = undefined
    socket?.destroy()
  }
}
