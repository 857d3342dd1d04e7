// What the library publishes on a diagnostics channel, in order. Channels are the process's: one client at a time.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

export class Overheard<T> {
  readonly messages: T[] = []
  readonly #channel: string
  readonly #hear = (message: unknown): void => void this.messages.push(message as T)

  constructor(channel: string) {
    this.#channel = channel
    subscribe(channel, this.#hear)
  }

  stop(): void {
    unsubscribe(this.#channel, this.#hear)
  }
  [Symbol.dispose](): void {
    this.stop()
  }
}

export function overhear<T>(channel: string): Overheard<T> {
  return new Overheard(channel)
}
