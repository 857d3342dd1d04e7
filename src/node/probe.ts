// A healed network is noticed by a new dial long before the old socket notices: what that has to say it repeats at pauses
// that double. So a node that hangs is dialled anew, beside the old connection, for as long as somebody wants it.
//
//   poke ──► attempt ──connect──► connected ──handshake──► found ──asks──50 ms──► takes the old one's place
//              │ renewed every 200 ms,   │ the only one from         │  ▲      │
//              │ given up after 800 ms   │ now on: the process may   │  └──────┴ still at what the old one asked:
//              └ at most 4               │ hang, its backlog is small│           again after 50 ms, later 250
//                                                                    └ a byte on the old one: that stays, and
//                                                                      this is closed
//
// It asks before it waits: what the server did in between has arrived by then. It has no clock of its own but for these
// pauses: whoever wants the node pokes.
import type { Connection } from '../connection/connection.js'
import { Timeout } from '../core/timeout.js'

export interface ProbeHooks {
  /** No pause is to be kept. */
  mayDial(): boolean
  /** Its news are to be passed on to `onReady` and `onClose`. */
  dial(): Connection
  /** The old connection is of no use, or gone. */
  isReplaceable(now: number): boolean
  /** The server, asked by this one, says that it is still at what the old one asked. */
  isAtWork(found: Connection): Promise<boolean>
  /** The probe is over, this one takes the old one's place. */
  onFound(connection: Connection): void
}

const RENEW_MS = 200
const GIVE_UP_MS = 800
const MAX_ATTEMPTS = 4
/** A server that was only busy answers on the old connection first. */
const GRACE_MS = 50
/** The longest pause before a server that is at work is asked again. */
const MAX_PAUSE_MS = 250

export class Probe {
  readonly #hooks: ProbeHooks
  readonly #attempts = new Set<Connection>()
  #dialledAt = Number.NEGATIVE_INFINITY
  #found: Connection | undefined
  #grace: Timeout | undefined

  constructor(hooks: ProbeHooks) {
    this.#hooks = hooks
  }

  /** Connections being made, and the one that is. */
  get size(): number {
    return this.#attempts.size
  }
  /** It is ready, and waits for the old one to be given up. */
  get found(): Connection | undefined {
    return this.#found
  }

  poke(now: number): void {
    if (this.#found !== undefined) return
    const connected = [...this.#attempts].find(isConnected)
    for (const attempt of [...this.#attempts]) {
      const isLate = attempt.phase === 'connect' && now - attempt.since >= GIVE_UP_MS
      if (isLate || (connected !== undefined && attempt !== connected)) this.#drop(attempt)
    }
    if (connected === undefined && this.#isTime(now) && this.#hooks.mayDial()) {
      this.#dialledAt = now
      this.#attempts.add(this.#hooks.dial())
    }
  }

  onReady(attempt: Connection): void {
    if (!this.#attempts.has(attempt) || this.#found !== undefined) return
    this.#found = attempt
    void this.#askOfOld(attempt, GRACE_MS)
  }

  onClose(attempt: Connection): void {
    this.#attempts.delete(attempt)
    if (attempt !== this.#found) return
    this.#found = undefined
    this.#grace?.clear()
  }

  /** Ends all attempts but for one. */
  end(kept: Connection | undefined): void {
    this.#grace?.clear()
    this.#found = undefined
    for (const attempt of [...this.#attempts]) {
      if (attempt === kept) this.#attempts.delete(attempt)
      else this.#drop(attempt)
    }
  }

  #isTime(now: number): boolean {
    if (this.#attempts.size === 0) return true
    if (this.#attempts.size >= MAX_ATTEMPTS || now - this.#dialledAt < RENEW_MS) return false
    // Another would wait for the same look-up, or the same credentials.
    return [...this.#attempts].every(({ phase }) => phase === 'connect')
  }

  async #askOfOld(found: Connection, pauseMs: number): Promise<void> {
    const isAtWork = await this.#hooks.isAtWork(found)
    // Heard of the old one meanwhile, or it ended itself.
    if (this.#found !== found) return
    if (found.silentSince !== undefined) return this.#lose(found)
    this.#grace = new Timeout(isAtWork ? pauseMs : GRACE_MS, () => {
      if (this.#found !== found) return
      // A large value may still be on its way by the old one.
      if (!isAtWork && this.#hooks.isReplaceable(performance.now())) this.#hooks.onFound(found)
      else void this.#askOfOld(found, isAtWork ? Math.min(2 * pauseMs, MAX_PAUSE_MS) : GRACE_MS)
    })
  }

  /** It hangs, too: the next poke dials another. */
  #lose(found: Connection): void {
    this.#found = undefined
    this.#drop(found)
  }

  #drop(attempt: Connection): void {
    this.#attempts.delete(attempt)
    attempt.destroy()
  }
}

function isConnected({ phase }: Connection): boolean {
  return phase === 'tls' || phase === 'reply'
}
