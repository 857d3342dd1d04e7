// What the router does when the first try does not do.
import { count, duration, knownFields } from '../core/options.js'

export interface RouterOptions {
  /**
   * Redirects one command may follow (MOVED and ASK together).
   * @default 16
   */
  maxRedirects?: number
  /**
   * Commands that may wait for a topology or a pause between tries; one more is refused with `OverloadedError`.
   * @default 10000
   */
  maxWaiting?: number
  /**
   * First pause before a command is tried again, in milliseconds; pauses double with full jitter up to `retryMaxMs`.
   * How often is bounded by the call's deadline alone.
   * @default 10
   */
  retryMinMs?: number
  /**
   * Longest pause before a command is tried again, in milliseconds.
   * @default 500
   */
  retryMaxMs?: number
}

export type ResolvedRouterOptions = Readonly<Required<RouterOptions>>

export function resolveRouterOptions(options: RouterOptions = {}, field = 'router'): ResolvedRouterOptions {
  knownFields(field, options, ['maxRedirects', 'maxWaiting', 'retryMinMs', 'retryMaxMs'])
  const retryMinMs = duration(`${field}.retryMinMs`, options.retryMinMs, 10, { min: 1, max: 60_000 })
  return Object.freeze({
    maxRedirects: count(`${field}.maxRedirects`, options.maxRedirects, 16, { min: 0, max: 1000 }),
    maxWaiting: count(`${field}.maxWaiting`, options.maxWaiting, 10_000, { min: 0, max: 10_000_000 }),
    retryMinMs,
    retryMaxMs: duration(`${field}.retryMaxMs`, options.retryMaxMs, 500, { min: retryMinMs, max: 600_000 }),
  })
}
