// The yardstick: what Node can do when nothing but the protocol is in the way. Not a client: it reads the slot map
// once, follows no redirect, knows no deadline, never reconnects. Whatever a real client spends above this line is
// the price of being one. It is written as well as we can, for it sets the bar.
//
//   one socket per node · all commands of a tick leave in one write per node · string concatenation as encoder ·
//   one reused read buffer, so no allocation per chunk · one promise per call · calls answered in order from a list
import { isAscii } from 'node:buffer'
import net from 'node:net'

const READ_BUFFER = 64 * 1024
// A bulk cut by the end of a chunk is read straight into its own memory from this size on, and copied below it.
const OWN_MEMORY_FROM = 8 * 1024

const CR = 13
const [STRING, ERROR, INTEGER, BULK, ARRAY] = Buffer.from('+-:$*')

export async function connect(nodes) {
  const seed = await BareNode.dial(nodes[0])
  const slots = new Promise((resolve, reject) =>
    seed.send('*2\r\n$7\r\nCLUSTER\r\n$5\r\nSLOTS\r\n', new Call(resolve, reject)),
  )
  const byAddress = new Map([[`${nodes[0].host}:${nodes[0].port}`, seed]])
  const owners = new Array(16384)
  for (const [first, last, [host, port]] of await slots) {
    const address = `${host}:${port}`
    if (!byAddress.has(address)) byAddress.set(address, await BareNode.dial({ host, port }))
    owners.fill(byAddress.get(address), first, last + 1)
  }
  return new BareCluster(owners, [...byAddress.values()])
}

class BareCluster {
  #owners
  #nodes

  constructor(owners, nodes) {
    this.#owners = owners
    this.#nodes = nodes
  }

  get(key) {
    return this.#ask(key, `*2\r\n$3\r\nGET\r\n${bulk(key)}`, Call)
  }

  set(key, value) {
    return this.#ask(key, `*3\r\n$3\r\nSET\r\n${bulk(key)}${bulk(value)}`, Call)
  }

  incr(key) {
    return this.#ask(key, `*2\r\n$4\r\nINCR\r\n${bulk(key)}`, Call)
  }

  hget(key, field) {
    return this.#ask(key, `*3\r\n$4\r\nHGET\r\n${bulk(key)}${bulk(field)}`, Call)
  }

  getBuffer(key) {
    return this.#ask(key, `*2\r\n$3\r\nGET\r\n${bulk(key)}`, BufferCall)
  }

  hgetall(key) {
    return this.#ask(key, `*2\r\n$7\r\nHGETALL\r\n${bulk(key)}`, RecordCall)
  }

  lrange(key, start, stop) {
    return this.#ask(key, `*4\r\n$6\r\nLRANGE\r\n${bulk(key)}${bulk(`${start}`)}${bulk(`${stop}`)}`, Call)
  }

  mgetOneSlot(keys) {
    let text = `*${keys.length + 1}\r\n$4\r\nMGET\r\n`
    for (const key of keys) text += bulk(key)
    return this.#ask(keys[0], text, Call)
  }

  msetOneSlot(pairs) {
    let text = `*${pairs.length * 2 + 1}\r\n$4\r\nMSET\r\n`
    for (const [key, value] of pairs) text += bulk(key) + bulk(value)
    return this.#ask(pairs[0][0], text, Call)
  }

  mget(keys) {
    return new Promise((resolve, reject) => {
      const values = new Array(keys.length)
      const groups = groupBySlot(keys.length, index => keys[index])
      const gather = new Gather(values, groups.size, resolve, reject)
      for (const [slot, places] of groups) {
        let text = `*${places.length + 1}\r\n$4\r\nMGET\r\n`
        for (const place of places) text += bulk(keys[place])
        this.#owners[slot].send(text, new Part(gather, places))
      }
    })
  }

  mset(pairs) {
    return new Promise((resolve, reject) => {
      const groups = groupBySlot(pairs.length, index => pairs[index][0])
      const gather = new Gather('OK', groups.size, resolve, reject)
      for (const [slot, places] of groups) {
        let text = `*${places.length * 2 + 1}\r\n$4\r\nMSET\r\n`
        for (const place of places) text += bulk(pairs[place][0]) + bulk(pairs[place][1])
        this.#owners[slot].send(text, new Part(gather, null))
      }
    })
  }

  close() {
    for (const node of this.#nodes) node.close()
  }

  #ask(key, text, Kind) {
    return new Promise((resolve, reject) => {
      this.#owners[slotOf(key)].send(text, new Kind(resolve, reject))
    })
  }
}

// ── who waits for a reply ───────────────────────────────────────────────────────────────────────────────────────

class Call {
  next = null
  raw = false

  constructor(resolve, reject) {
    this.resolve = resolve
    this.reject = reject
  }

  settle(reply) {
    if (reply instanceof Error) this.reject(reply)
    else this.resolve(reply)
  }
}

class BufferCall extends Call {
  raw = true
}

class RecordCall extends Call {
  settle(reply) {
    if (reply instanceof Error) return this.reject(reply)
    const record = Object.create(null)
    for (let i = 0; i < reply.length; i += 2) record[reply[i]] = reply[i + 1]
    this.resolve(record)
  }
}

/** The one promise of a split call: its parts put their values in place, the last one resolves it. */
class Gather {
  constructor(values, missing, resolve, reject) {
    this.values = values
    this.missing = missing
    this.resolve = resolve
    this.reject = reject
  }
}

class Part {
  next = null
  raw = false

  constructor(gather, places) {
    this.gather = gather
    this.places = places
  }

  settle(reply) {
    const { gather, places } = this
    if (reply instanceof Error) return gather.reject(reply)
    if (places !== null) for (let i = 0; i < places.length; i++) gather.values[places[i]] = reply[i]
    if (--gather.missing === 0) gather.resolve(gather.values)
  }
}

// ── one node: write what a tick collected, answer calls in order ────────────────────────────────────────────────

let inFlight = 0
let dirty = []

function flush() {
  const nodes = dirty
  dirty = []
  for (const node of nodes) node.flush()
}

class BareNode {
  #socket
  #out = ''
  #head = null
  #tail = null

  // Where the next read goes: the shared buffer behind `#kept` bytes of an unfinished reply, or a large bulk's own memory.
  #shared = Buffer.allocUnsafeSlow(READ_BUFFER)
  #target = this.#shared
  #kept = 0
  #large = null
  #filled = 0
  #scratch = Buffer.alloc(0)
  #frame = null

  static async dial({ host, port }) {
    const node = new BareNode()
    await node.#open(host, port)
    return node
  }

  #open(host, port) {
    return new Promise((resolve, reject) => {
      const callback = count => {
        this.#read(count)
        return true
      }
      this.#socket = net.connect({
        host,
        port,
        noDelay: true,
        onread: { buffer: () => this.#target, callback },
      })
      this.#socket.once('connect', resolve)
      this.#socket.once('error', reject)
      this.#socket.on('close', () => this.#fail())
    })
  }

  send(text, call) {
    if (this.#out === '') this.#schedule()
    this.#out += text
    if (this.#head === null) this.#head = call
    else this.#tail.next = call
    this.#tail = call
    inFlight++
  }

  // A lone caller gains by leaving at the end of its own tick; many callers gain by waiting for each other, which
  // makes batches 1.6 times larger.
  #schedule() {
    if (dirty.length === 0) {
      if (inFlight === 0) process.nextTick(flush)
      else setImmediate(flush)
    }
    dirty.push(this)
  }

  flush() {
    this.#socket.write(this.#out)
    this.#out = ''
  }

  close() {
    this.#socket.destroy()
  }

  #fail() {
    for (let call = this.#head; call !== null; call = call.next) call.settle(new Error('connection closed'))
    this.#head = this.#tail = null
  }

  #read(count) {
    if (this.#large === null) {
      this.#parse(this.#kept + count)
      return
    }
    this.#filled += count
    if (this.#filled < this.#large.length) {
      this.#target = this.#large.subarray(this.#filled)
      return
    }
    const bytes = this.#large
    this.#large = null
    this.#target = this.#shared
    const end = bytes.length - 2
    if (this.#head.raw) this.#deliver(bytes.subarray(0, end))
    else this.#deliver(isAscii(bytes) ? bytes.latin1Slice(0, end) : bytes.utf8Slice(0, end))
  }

  #parse(end) {
    const chunk = this.#shared
    let text = null // the chunk decoded once, on the first need
    let ascii = -1
    let start = 0
    while (start < end) {
      // The header: a type byte and a line, `$100\r\n`.
      const type = chunk[start]
      let at = start + 1
      let number = 0
      if (type === STRING || type === ERROR) {
        at = chunk.indexOf(CR, at)
        if (at < 0 || at + 2 > end) break
        const line = chunk.latin1Slice(start + 1, at)
        start = at + 2
        this.#deliver(type === ERROR ? new Error(line) : line)
        continue
      }
      const negative = chunk[at] === 45
      if (negative) at++
      for (let byte = chunk[at]; at < end && byte !== CR; byte = chunk[++at]) number = number * 10 + byte - 48
      if (at + 2 > end) break
      at += 2
      if (type === BULK) {
        if (negative) {
          start = at
          this.#deliver(null)
          continue
        }
        const stop = at + number
        if (stop + 2 > end) {
          if (number >= OWN_MEMORY_FROM) return this.#continueIn(number, at, end)
          break
        }
        if (this.#head.raw) {
          this.#deliver(Buffer.from(chunk.subarray(at, stop)))
        } else {
          if (ascii < 0) ascii = isAscii(chunk.subarray(start, end)) ? 1 : 0
          if (ascii === 0) this.#deliver(chunk.utf8Slice(at, stop))
          else if (this.#frame === null) this.#deliver(chunk.latin1Slice(at, stop))
          else {
            // Inside an aggregate a slice of the whole chunk is cheapest; at the top it would keep the chunk alive.
            if (text === null) text = chunk.latin1Slice(0, end)
            this.#deliver(text.substring(at, stop))
          }
        }
        start = stop + 2
      } else if (type === ARRAY) {
        start = at
        if (negative) this.#deliver(null)
        else if (number === 0) this.#deliver([])
        else this.#frame = { items: [], wanted: number, outer: this.#frame }
      } else if (type === INTEGER) {
        start = at
        this.#deliver(negative ? -number : number)
      } else {
        throw new Error(`unexpected reply type ${type}`)
      }
    }
    if (start < end) chunk.copyWithin(0, start, end)
    if (this.#kept !== end - start) {
      this.#kept = end - start
      this.#target = this.#kept === 0 ? chunk : chunk.subarray(this.#kept)
    }
  }

  // The rest of a large bulk is read without a copy: a fresh Buffer for the caller, or a scratch for text.
  #continueIn(length, at, end) {
    if (this.#head.raw) {
      this.#large = Buffer.allocUnsafeSlow(length + 2)
    } else {
      if (this.#scratch.length < length + 2) this.#scratch = Buffer.allocUnsafeSlow(length + 2)
      this.#large = this.#scratch.subarray(0, length + 2)
    }
    this.#filled = this.#shared.copy(this.#large, 0, at, end)
    this.#target = this.#large.subarray(this.#filled)
    this.#kept = 0
  }

  #deliver(value) {
    let frame = this.#frame
    while (frame !== null) {
      frame.items.push(value)
      if (frame.items.length < frame.wanted) return
      value = frame.items
      frame = this.#frame = frame.outer
    }
    const call = this.#head
    this.#head = call.next
    call.next = null // or one long-lived call would keep all later ones alive for the young generation's collector
    inFlight--
    call.settle(value)
  }
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────

function bulk(text) {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

function groupBySlot(count, keyAt) {
  const groups = new Map()
  for (let index = 0; index < count; index++) {
    const slot = slotOf(keyAt(index))
    const places = groups.get(slot)
    if (places === undefined) groups.set(slot, [index])
    else places.push(index)
  }
  return groups
}

const CRC = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  CRC[byte] = crc & 0xffff
}

/** The slot of an ASCII key, which all keys of the bench are. */
export function slotOf(key) {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const tagged = close > open + 1
  const end = tagged ? close : key.length
  let crc = 0
  for (let i = tagged ? open + 1 : 0; i < end; i++) {
    crc = CRC[((crc >>> 8) ^ key.charCodeAt(i)) & 0xff] ^ ((crc << 8) & 0xff00)
  }
  return crc & 0x3fff
}
