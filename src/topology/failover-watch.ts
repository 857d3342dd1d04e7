// While a node serves nobody and somebody wants it: dials it again, and asks its replicas who they are. A replica's ROLE
// says `master` in the moment in which it takes its first write; the other nodes name it tens of milliseconds later.
//
//   ["master", 3129659, [["127.0.0.1", "9001", "3129242"], …]]      ["slave", "127.0.0.1", 9000, "connected", 3167038]
//   https://redis.io/docs/latest/commands/role/
import { ask } from '../node/ask.js'
import type { Node } from '../node/node.js'
import { createCommand, NO_SLOT } from '../protocol/command.js'
import { specOf } from '../protocol/lookup.js'
import type { Reply } from '../resp/types.js'

const ROLE = createCommand(specOf('ROLE'), ['ROLE'], NO_SLOT, reply => reply)

/** Between two looks. */
const LOOK_MS = 25
/** Between two rounds of ROLE after the first while, in which a failover is usually over: 16 to 25 s in a stock cluster. */
const SLOW_MS = 250
const FAST_FOR_MS = 30_000
/** Clients that lost the same node do not ask in the same moments. */
const JITTER = 0.2
const ANSWER_MS = 1_000

export interface Watched {
  /** Commands wait for it, or are in flight on it. */
  isWanted(node: Node): boolean
  /** Of its shard, as far as is known. */
  replicasOf(node: Node): readonly Node[]
  /** One of them says that it is a primary. */
  onPromoted(replica: Node): void
}

export class FailoverWatch {
  readonly #node: Node
  readonly #watched: Watched
  readonly #stop = new AbortController()
  readonly #asking = new Set<Node>()
  #timer: NodeJS.Timeout | undefined
  /** When it began, and when it last looked. */
  #since: number
  #lookedAt = Number.NEGATIVE_INFINITY
  /** When the replicas may be asked again. */
  #askAt = 0

  constructor(node: Node, watched: Watched) {
    this.#node = node
    this.#watched = watched
    this.#since = performance.now()
  }

  get running(): boolean {
    return this.#timer !== undefined
  }

  /** Looks at intervals for as long as there is a reason to; may be called again and again. */
  start(): void {
    if (this.#timer !== undefined || this.#stop.signal.aborted) return
    const restedMs = performance.now() - this.#lookedAt
    // What is wanted again after a while is another failure.
    if (restedMs > FAST_FOR_MS) this.#since = performance.now()
    this.#wait(restedMs)
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** `restedMs`: of the pause that is already over. */
  #wait(restedMs = 0): void {
    const pauseMs = jittered(LOOK_MS)
    this.#timer = setTimeout(() => this.#look(), Math.max(0, pauseMs - restedMs))
    this.#timer.unref()
  }

  #look(): void {
    this.#timer = undefined
    this.#lookedAt = performance.now()
    const node = this.#node
    if (node.available || node.closed || !this.#watched.isWanted(node)) return
    this.#wait()
    // A dial keeps a pace of its own.
    node.revive()
    if (this.#lookedAt < this.#askAt) return
    const isFast = this.#lookedAt - this.#since < FAST_FOR_MS
    this.#askAt = isFast ? 0 : this.#lookedAt + jittered(SLOW_MS)
    for (const replica of this.#watched.replicasOf(node)) {
      if (!replica.available) replica.revive()
      this.#ask(replica)
    }
  }

  #ask(replica: Node): void {
    if (this.#asking.has(replica) || this.#stop.signal.aborted) return
    this.#asking.add(replica)
    ask(replica, ROLE, ANSWER_MS, this.#stop.signal).then(
      reply => {
        this.#asking.delete(replica)
        if (isPrimary(reply) && !this.#stop.signal.aborted) this.#watched.onPromoted(replica)
      },
      // It cannot be reached, or may not be asked: the next look asks again, and the topology is asked for besides.
      () => this.#asking.delete(replica),
    )
  }
}

function jittered(ms: number): number {
  return ms * (1 - JITTER + 2 * JITTER * Math.random())
}

function isPrimary(reply: Reply): boolean {
  return Array.isArray(reply) && reply[0] === 'master'
}
