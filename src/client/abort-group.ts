// The calls under way that one AbortSignal would end. However many there are, and of however many views, the signal has
// one listener, and none while there are no calls: a long-lived signal does not collect listeners.

/** What the signal ends. */
export interface Abortable {
  abort(reason: unknown): void
}

// By signal, for views come and go: `redis.with({ signal })` is often written at every call.
const groups = new WeakMap<AbortSignal, AbortGroup>()

export class AbortGroup {
  readonly #signal: AbortSignal
  readonly #members = new Set<Abortable>()

  private constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  static of(signal: AbortSignal): AbortGroup {
    let group = groups.get(signal)
    if (group === undefined) {
      group = new AbortGroup(signal)
      groups.set(signal, group)
    }
    return group
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
