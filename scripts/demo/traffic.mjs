// Steady traffic over all slots, on a schedule that waits for nobody, and a record of what became of it.
import { now } from './clock.mjs'

const PER_SECOND = 2000
const KEYS = 6000
const TICK_MS = 5
/** Longer than the servers need to replace a dead primary. */
export const DEADLINE_MS = 30_000
export const SLOW_MS = 2

export class Traffic {
  /** By shard: when calls were answered as they should be. */
  hits
  /** When calls were answered that took longer than a moment, and how long that was. */
  slow = []
  calls = 0
  answered = 0
  wrong = 0
  /** Message → how often. */
  errors = new Map()
  failed = 0
  #client
  #keys
  #shardOf
  #timer
  #from = 0
  #pending = new Set()

  /** `shardOf`: the number of a key's shard, as it is when the traffic begins. */
  constructor(redis, shardCount, shardOf) {
    // Every write here may be done twice: the value of a key is always the same.
    this.#client = redis.with({ idempotent: true, timeoutMs: DEADLINE_MS })
    this.#keys = Array.from({ length: KEYS }, (_, i) => `night:${i}`)
    this.#shardOf = this.#keys.map(shardOf)
    this.hits = Array.from({ length: shardCount }, () => [])
  }

  async start() {
    await Promise.all(this.#keys.map(key => this.#client.set(key, key)))
    this.#from = now()
    this.#timer = setInterval(() => {
      const due = ((now() - this.#from) * PER_SECOND) / 1000
      while (this.calls < due) this.#call(this.calls++)
    }, TICK_MS)
  }

  /** Makes no more calls. */
  end() {
    clearInterval(this.#timer)
  }

  /** The same, and waits until those under way have settled. */
  async finish() {
    this.end()
    await Promise.all(this.#pending)
  }

  #call(n) {
    // A stride that is prime to the number of keys: neighbours in time live in different slots.
    const i = (n * 1009) % KEYS
    const key = this.#keys[i]
    const isRead = n % 2 === 0
    const from = now()
    const reply = isRead ? this.#client.get(key) : this.#client.set(key, key)
    const settled = reply.then(
      value => this.#answered(i, from, value === (isRead ? key : 'OK')),
      error => this.#failed(error),
    )
    this.#pending.add(settled)
    settled.then(() => this.#pending.delete(settled))
  }

  #answered(i, from, isRight) {
    const at = now()
    this.answered++
    if (!isRight) this.wrong++
    this.hits[this.#shardOf[i]].push(at)
    if (at - from > SLOW_MS) this.slow.push({ at, tookMs: at - from })
  }

  #failed(error) {
    this.failed++
    const told = `${error.name}: ${error.message.split('\n')[0].replace(/\d+ ms/g, 'N ms')}`
    this.errors.set(told, (this.errors.get(told) ?? 0) + 1)
  }
}
