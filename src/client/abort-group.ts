// The calls under way that one AbortSignal would end. However many there are, the signal has one listener, and none
// while there are no calls: a long-lived signal does not collect listeners.

/** What the signal ends. */
export interface Abortable {
  abort(reason: unknown): void
}

export class AbortGroup {
  readonly #signal: AbortSignal
  readonly #members = new Set<Abortable>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** False when the signal has fired already: the member was aborted and not added. */
  add(member: Abortable): boolean {
    if (this.#signal.aborted) {
      member.abort(this.#signal.reason)
      return false
    }
    if (this.#members.size === 0) this.#signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#members.add(member)
    return true
  }

  remove(member: Abortable): void {
    if (this.#members.delete(member) && this.#members.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort)
    }
  }

  readonly #onAbort = (): void => {
    for (const member of [...this.#members]) member.abort(this.#signal.reason)
  }
}
