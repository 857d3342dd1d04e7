// Asks for a whole line: while a node refuses everybody, the head of its line is sent again from time to time, alone.
// When it gets through, all go.
import { backoffDelay } from '../core/backoff.js'
import { ReplyError } from '../core/errors.js'
import { type Sink, WrappedSink } from '../protocol/executor.js'
import type { Reply } from '../resp/types.js'

/** Between two canaries of one line. A refusal that has lasted for a while is not about to end in a moment. */
const PAUSES = { baseMs: 10, capMs: 40 }
const LATE_PAUSES = { baseMs: 10, capMs: 250 }
const EARLY_MS = 30_000

export interface CanarySteps<W> {
  /** Sends the head of the line through `track`, and tells who it was; undefined when nobody is left in it. */
  send(track: (sink: Sink) => Sink): W | undefined
  /** It has come back to the line. */
  waits(waiter: W): boolean
  /** The node serves again. */
  passed(): void
}

export class Canary<W> {
  readonly #steps: CanarySteps<W>
  #timer: NodeJS.Timeout | undefined
  /** Who is on the way. */
  #sent: W | undefined
  #tries = 0
  #ended = false
  readonly #since = performance.now()

  constructor(steps: CanarySteps<W>) {
    this.#steps = steps
  }

  /** One more is due, if none is on its way. */
  due(): void {
    if (this.#ended || this.#sent !== undefined || this.#timer !== undefined) return
    const pauses = performance.now() - this.#since < EARLY_MS ? PAUSES : LATE_PAUSES
    this.#timer = setTimeout(this.#send, backoffDelay(this.#tries++, pauses))
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  readonly #send = (): void => {
    this.#timer = undefined
    // It may be answered before `send` returns: a node that is closed refuses at once.
    let answered: Error | undefined | 'no' = 'no'
    const track = (sink: Sink): Sink =>
      new CanarySink(sink, error => {
        if (this.#sent === undefined) answered = error
        else this.#landed(error)
      })
    this.#sent = this.#steps.send(track)
    if (this.#sent === undefined) this.#pass()
    else if (answered !== 'no') this.#landed(answered)
  }

  #landed(error: Error | undefined): void {
    const waiter = this.#sent as W
    this.#sent = undefined
    if (this.#ended) return
    // Any answer that did not bring it back here came from a node that serves.
    const served = error === undefined || (error instanceof ReplyError && !this.#steps.waits(waiter))
    if (served) this.#pass()
    else this.due()
  }

  #pass(): void {
    this.end()
    this.#steps.passed()
  }
}

class CanarySink extends WrappedSink {
  readonly #answered: (error: Error | undefined) => void

  constructor(inner: Sink, answered: (error: Error | undefined) => void) {
    super(inner)
    this.#answered = answered
  }
  override resolve(reply: Reply): void {
    // First the others: they were asked before whatever this answer leads to.
    this.#answered(undefined)
    this.inner.resolve(reply)
  }
  override reject(error: Error): void {
    this.inner.reject(error)
    this.#answered(error)
  }
}
