// Asks nodes to describe the deployment, and tells when enough have answered. Waves of contacts: those of the second are
// asked when the first is of no help, or has kept silent for a while.
//
//   wave 1  ├─ answer ─┬─ most have answered, or 100 ms have passed ──► enough, if it is about the cluster we know
//           ├─ failure │
//           └─ silence ┴─ all have failed, or 500 ms have passed ─────► wave 2 …
//
// A node that hangs delays nobody; a stranger at an address of ours is believed only when nobody contradicts.
import { setMaxListeners } from 'node:events'
import {
  AbortedError,
  ConnectError,
  type ConnectPhase,
  DeadlineExceededError,
  DiscoveryError,
  type FailedContact,
} from '../core/errors.js'
import type { Node } from '../node/node.js'
import type { Discovery } from './discovery.js'
import type { Snapshot } from './snapshot.js'

/** How long the others may take when one has answered, or has said what asking again will not mend (a wrong password). */
const GRACE_MS = 100
/** How long a wave may keep silent. */
const SILENCE_MS = 500
/** How long those who have not answered may take to contradict a stranger. */
const STRANGER_MS = 1_000

export class Inquiry {
  readonly #discovery: Discovery
  /** Since the last success: who failed last time, and who is being asked. */
  readonly #failed = new Map<Node, FailedContact>()
  readonly #asked = new Set<Node>()
  #round: Round | undefined

  constructor(discovery: Discovery) {
    this.#discovery = discovery
  }

  /**
   * The answers, at least one. Those that come when it `isEnough` are not waited for, and the questions taken back; the
   * `informed`, where they are asked, are waited for a while although most have answered. Rejects when nobody could tell,
   * with every node asked.
   */
  async ask(
    waves: Iterable<readonly Node[]>,
    isEnough: (answers: readonly Snapshot[]) => boolean,
    informed: readonly Node[] = [],
  ): Promise<readonly Snapshot[]> {
    const round = new Round(informed)
    this.#round = round
    try {
      for (const wave of waves) {
        const contacts = new Set(wave.filter(contact => !round.contacts.has(contact)))
        if (contacts.size === 0) continue
        for (const contact of contacts) round.await(contact, this.#discover(contact, round.signal))
        await round.hear(contacts.size, SILENCE_MS)
        if (round.answers.length > 0 && isEnough(round.answers)) return [...round.answers]
      }
      // Nobody is left to ask.
      if (round.answers.length > 0) await round.hear(round.contacts.size, STRANGER_MS)
      else if (!round.isRefused) await round.hear(round.contacts.size)
      if (round.answers.length > 0) return [...round.answers]
      throw this.#failure([...round.contacts])
    } finally {
      round.end()
    }
  }

  /** It has succeeded: what failed before is forgotten. */
  forget(): void {
    this.#failed.clear()
  }

  /** Takes the questions under way back. */
  stop(): void {
    this.#round?.end()
  }

  /** What is known when it has not come to an end in time: how far it came with each, and `first` of all with these. */
  unfinished(timeoutMs: number, first: readonly Node[]): DiscoveryError {
    const contacts = [...new Set([...first, ...this.#failed.keys(), ...this.#asked])].flatMap(node => {
      const failed = this.#failed.get(node)
      if (failed !== undefined || !this.#asked.has(node)) return failed ?? []
      const cause = new DeadlineExceededError('an answer', 'unknown')
      return { address: node.address, phase: node.phase, cause }
    })
    const tried = contacts.length === 1 ? '1 server was tried' : `${contacts.length} servers were tried`
    return new DiscoveryError(`not connected within ${timeoutMs} ms; ${tried}`, contacts)
  }

  async #discover(contact: Node, signal: AbortSignal): Promise<Snapshot> {
    this.#asked.add(contact)
    try {
      return await this.#discovery.discover(contact, signal)
    } catch (error) {
      const cause = error as Error
      // One that was taken back has not failed.
      if (!(cause instanceof AbortedError)) {
        this.#failed.set(contact, { address: contact.address, phase: phaseOf(cause), cause })
      }
      throw cause
    } finally {
      this.#asked.delete(contact)
    }
  }

  #failure(asked: readonly Node[]): Error {
    const contacts = asked.flatMap(node => this.#failed.get(node) ?? [])
    const refused = contacts.find(({ cause }) => isFinal(cause))
    if (refused !== undefined) return refused.cause
    return new DiscoveryError('no server could be reached that describes the deployment', contacts)
  }
}

/** The questions of one refresh, and what has come of them. */
class Round {
  readonly contacts = new Set<Node>()
  readonly answers: Snapshot[] = []
  readonly #informed: readonly Node[]
  readonly #questions = new AbortController()
  readonly #pending = new Set<Node>()
  #refusals = 0
  #onNews = (): void => {}

  constructor(informed: readonly Node[]) {
    this.#informed = informed
    // As many listeners as questions.
    setMaxListeners(0, this.#questions.signal)
  }

  get signal(): AbortSignal {
    return this.#questions.signal
  }
  /** Somebody has said what asking again will not mend. */
  get isRefused(): boolean {
    return this.#refusals > 0
  }

  await(contact: Node, answer: Promise<Snapshot>): void {
    this.contacts.add(contact)
    this.#pending.add(contact)
    answer.then(
      snapshot => {
        this.answers.push(snapshot)
        this.#heard(contact)
      },
      error => {
        // The contact's own error has been kept by the inquiry.
        if (isFinal(error)) this.#refusals++
        this.#heard(contact)
      },
    )
  }

  /** Until most of so many have answered from now on, or a while after the first, or `patienceMs` are over. */
  hear(expected: number, patienceMs?: number): Promise<void> {
    const answered = this.answers.length
    const refused = this.#refusals
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(patience)
        clearTimeout(grace)
        this.#onNews = () => {}
        resolve()
      }
      const patience = patienceMs === undefined ? undefined : setTimeout(done, patienceMs)
      let grace: NodeJS.Timeout | undefined
      this.#onNews = () => {
        const fresh = this.answers.length - answered
        const isMost = fresh * 2 > expected && !this.#informed.some(node => this.#pending.has(node))
        if (this.#pending.size === 0 || isMost || this.signal.aborted) done()
        else if (fresh > 0 || this.#refusals > refused) grace ??= setTimeout(done, GRACE_MS)
      }
      this.#onNews()
    })
  }

  end(): void {
    this.#questions.abort()
    this.#onNews()
  }

  #heard(contact: Node): void {
    this.#pending.delete(contact)
    this.#onNews()
  }
}

/** Asking again would be answered the same. */
function isFinal(error: unknown): boolean {
  return error instanceof ConnectError && !error.retryable
}

function phaseOf(error: Error): ConnectPhase {
  return error instanceof ConnectError ? error.phase : 'reply'
}
