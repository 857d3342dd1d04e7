// Why the topology was asked for, with success, in order: a list that grows until the end of the test. Channels are the
// process's: one client at a time.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach } from 'vitest'
import type { Refreshed } from '../../src/core/diagnostics.js'

const CHANNEL = 'slotwise:refresh'
const listeners: ((message: unknown) => void)[] = []

afterEach(() => {
  for (const listener of listeners.splice(0)) unsubscribe(CHANNEL, listener)
})

export function refreshReasons(): string[] {
  const reasons: string[] = []
  const listener = (message: unknown): void => {
    const { ok, reason } = message as Refreshed
    if (ok) reasons.push(reason)
  }
  listeners.push(listener)
  subscribe(CHANNEL, listener)
  return reasons
}
