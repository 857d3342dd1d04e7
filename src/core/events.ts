// A typed emitter over eventemitter3. Two promises beyond it: an `error` event without a listener does nothing (as
// eventemitter3 has it, unlike Node's), and a listener that throws, or whose promise rejects, harms neither the library
// nor the other listeners; what it threw goes to the diagnostics channel `slotwise:error`.
import { EventEmitter } from 'eventemitter3'
import { channels, publish } from './diagnostics.js'

type EventMap<E> = { [K in keyof E]: unknown[] }
type Listener = (...args: unknown[]) => unknown

export class Emitter<Events extends EventMap<Events>> {
  readonly #emitter = new EventEmitter<string>()

  on<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): void {
    // Events[E] are the arguments `emit` is given for the same event: the two sides meet in this class only.
    this.#emitter.on(event, listener as Listener)
  }

  once<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): void {
    this.#emitter.once(event, listener as Listener)
  }

  off<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): void {
    this.#emitter.off(event, listener as Listener)
  }

  emit<E extends keyof Events & string>(event: E, ...args: Events[E]): void {
    // One at a time, so that a throwing listener does not keep the event from the rest. `once` listeners are wrapped by
    // eventemitter3 only inside its own emit, hence the try around each emit of a single listener is not to be had:
    // listeners() gives the plain functions, and those registered with once are removed first.
    for (const listener of this.#emitter.listeners(event)) {
      this.#emitter.off(event, listener, undefined, true)
      tell(listener, args)
    }
  }

  listenerCount(event: keyof Events & string): number {
    return this.#emitter.listenerCount(event)
  }

  removeAllListeners(): void {
    this.#emitter.removeAllListeners()
  }
}

function tell(listener: Listener, args: readonly unknown[]): void {
  try {
    const returned = listener(...args)
    // An async function's. Nobody waits for it, but its failure would end the process.
    if (isThenable(returned)) returned.then(undefined, report)
  } catch (error) {
    report(error)
  }
}

function report(error: unknown): void {
  publish(channels.error, { error })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}
