// Every diagnostics channel, in one place. https://nodejs.org/api/diagnostics_channel.html
// Publishing costs one property read while nobody subscribes. No payload holds arguments, values or credentials.
import { type Channel, channel } from 'node:diagnostics_channel'

/** A channel whose messages have this type. */
export interface TypedChannel<T> extends Channel {
  readonly payload?: T
}

export interface ConnectionOpened {
  readonly address: string
}
export interface ConnectionClosed {
  readonly address: string
  /** Undefined after a polite close. */
  readonly error: Error | undefined
}
export interface DialFailed {
  readonly address: string
  readonly error: Error
  /** Dials failed in a row. */
  readonly failures: number
}
export interface Redirected {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  readonly from: string
  readonly to: string | undefined
}
export interface CommandSettled {
  readonly command: string
  readonly slot: number
  readonly elapsedMs: number
  readonly error: Error | undefined
}
export interface BackgroundError {
  readonly error: unknown
}

export const channels = {
  connectionOpen: channel('slotwise:connection:open') as TypedChannel<ConnectionOpened>,
  connectionClose: channel('slotwise:connection:close') as TypedChannel<ConnectionClosed>,
  dialFailed: channel('slotwise:node:dial-failed') as TypedChannel<DialFailed>,
  redirect: channel('slotwise:redirect') as TypedChannel<Redirected>,
  command: channel('slotwise:command') as TypedChannel<CommandSettled>,
  error: channel('slotwise:error') as TypedChannel<BackgroundError>,
} as const

export function publish<T>(to: TypedChannel<T>, message: T): void {
  if (to.hasSubscribers) to.publish(message)
}
