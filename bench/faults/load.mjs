// The load of one client: streams of calls on a fixed schedule, whether or not earlier ones are answered, and a record
// of each call.
//
//   stream = { group, tags, kinds, perSecond, keys?, count? }
//
// The n-th call of a stream is due at its start + n / perSecond. After a stall of this process the calls that were due
// meanwhile are made at once, as an application's would be.
import { now } from './clock.mjs'
import { countKey, groupKeys, readKey, valueUnder, writeKey } from './keys.mjs'

export const KINDS = ['get', 'set', 'incr', 'mget', 'mset']
const OPEN = -1
const FINE = 0
const WRONG = 1
/** From this status on it is the error of that number. */
const FIRST_ERROR = 2
const TICK_MS = 2

export class Load {
  #client
  #name
  #streams = []
  #calls = []
  #unsettled = 0
  #timer
  #errors = new Map()
  #lagMs = 0
  #wake = () => {}

  constructor(client, name) {
    this.#client = client
    this.#name = name
  }

  start(streams) {
    const from = now()
    for (const stream of streams) {
      const group = stream.group
      this.#streams.push({ ...stream, group, from, made: 0, limit: stream.count ?? Number.POSITIVE_INFINITY })
    }
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS)
  }

  /** Makes no more calls, and waits until all have settled, or for so long. */
  async stop(limitMs) {
    clearInterval(this.#timer)
    if (this.#unsettled === 0) return
    let timer
    await new Promise(resolve => {
      this.#wake = resolve
      timer = setTimeout(resolve, limitMs)
    })
    clearTimeout(timer)
  }

  /** All that was seen, in columns; `tags` and `groups` are numbers into lists. */
  record() {
    const groups = [...new Set(this.#streams.map(({ group }) => group))]
    const tags = [...new Set(this.#streams.flatMap(stream => stream.tags))]
    const groupNumber = new Map(groups.map((group, i) => [group, i]))
    const tagNumber = new Map(tags.map((tag, i) => [tag, i]))
    const column = (Type, of) => Type.from(this.#calls, of)
    return {
      groups,
      tags,
      errors: [...this.#errors.values()].map(({ number, ...facts }) => facts),
      lagMs: this.#lagMs,
      start: column(Float64Array, call => call.start),
      end: column(Float64Array, call => call.end),
      kind: column(Uint8Array, call => call.kind),
      group: column(Uint8Array, call => groupNumber.get(call.group)),
      tag: column(Uint16Array, call => tagNumber.get(call.tag)),
      status: column(Int32Array, call => call.status),
    }
  }

  #tick() {
    const at = now()
    for (const stream of this.#streams) {
      const due = Math.min(stream.limit, Math.floor(((at - stream.from) * stream.perSecond) / 1000) + 1)
      if (stream.made < due) {
        this.#lagMs = Math.max(this.#lagMs, at - stream.from - (stream.made * 1000) / stream.perSecond)
      }
      while (stream.made < due) this.#call(stream)
    }
  }

  #call(stream) {
    const n = stream.made++
    const kind = stream.kinds[n % stream.kinds.length]
    const tag = stream.tags[Math.floor(n / stream.kinds.length) % stream.tags.length]
    const call = {
      start: now(),
      end: Number.NaN,
      kind: KINDS.indexOf(kind),
      group: stream.group,
      tag,
      status: OPEN,
    }
    const number = this.#calls.push(call) - 1
    this.#unsettled++
    let reply
    try {
      reply = this.#perform(kind, tag, number, stream)
    } catch (error) {
      reply = Promise.reject(new Error(`thrown, not rejected: ${error.message}`, { cause: error }))
    }
    reply.then(
      value => this.#settle(call, isRight(kind, tag, value, stream) ? FINE : WRONG),
      error => this.#settle(call, FIRST_ERROR + this.#numberOf(error)),
    )
  }

  #perform(kind, tag, number, { keys = 0 }) {
    switch (kind) {
      case 'get':
        return this.#client.get(readKey(tag))
      case 'set':
        return this.#client.set(writeKey(tag, this.#name, number), String(number))
      case 'incr':
        return this.#client.incr(countKey(tag, this.#name))
      case 'mget':
        return this.#client.mget(groupKeys(tag, keys))
      default:
        return this.#client.mset(groupKeys(tag, keys).map(key => [key, valueUnder(tag)]))
    }
  }

  #settle(call, status) {
    call.end = now()
    call.status = status
    this.#unsettled--
    if (this.#unsettled === 0) this.#wake()
  }

  #numberOf(error) {
    const facts = describe(error)
    const key = JSON.stringify(facts)
    let known = this.#errors.get(key)
    if (known === undefined) {
      known = { ...facts, number: this.#errors.size }
      this.#errors.set(key, known)
    }
    return known.number
  }
}

function isRight(kind, tag, value, { keys = 0 }) {
  switch (kind) {
    case 'get':
      return value === valueUnder(tag)
    case 'incr':
      return Number.isInteger(value)
    case 'mget':
      return Array.isArray(value) && value.length === keys && value.every(one => one === valueUnder(tag))
    default:
      return value === 'OK'
  }
}

/** Some classes of errors do not set their name. */
function nameOf(error) {
  const hasName = error?.name !== undefined && error.name !== 'Error'
  return String(hasName ? error.name : (error?.constructor?.name ?? typeof error))
}

/** What is told of an error: few different texts, so numbers become N. */
export function describe(error) {
  return {
    name: nameOf(error),
    code: error?.code === undefined ? undefined : String(error.code),
    outcome: error?.outcome,
    message: String(error?.message ?? error)
      .split('\n')[0]
      .replace(/[0-9a-f]{40}/g, 'ID')
      .replace(/\d+/g, 'N')
      .slice(0, 140),
  }
}
