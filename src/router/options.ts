// What the router does when the first try does not do.
import { count, duration, knownFields } from '../core/options.js'

export interface RouterOptions {
  /**
   * Redirects one command may follow (MOVED and ASK together) once they have taken `redirectBudgetMs`. During a failover
   * nodes may send it to and fro; that must not use them up in a moment. 0: none is followed.
   * @default 16
   */
  maxRedirects?: number
  /**
   * How long a command may be sent from node to node before `maxRedirects` counts, in milliseconds.
   * @default 5000
   */
  redirectBudgetMs?: number
  /**
   * Commands that may wait: for a node that does not serve, for an owner of their slot, or for a pause between tries.
   * One more is refused with `OverloadedError`.
   * @default 100000
   */
  maxWaiting?: number
  /**
   * Bytes of arguments of the commands that wait; one that would exceed them is refused with `OverloadedError`.
   * @default 67108864
   */
  maxWaitingBytes?: number
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

const FIELDS = [
  'maxRedirects',
  'redirectBudgetMs',
  'maxWaiting',
  'maxWaitingBytes',
  'retryMinMs',
  'retryMaxMs',
] as const satisfies readonly (keyof RouterOptions)[]

export function resolveRouterOptions(options: RouterOptions = {}, field = 'router'): ResolvedRouterOptions {
  knownFields(field, options, FIELDS)
  const retryMinMs = duration(`${field}.retryMinMs`, options.retryMinMs, 10, { min: 1, max: 60_000 })
  return Object.freeze({
    maxRedirects: count(`${field}.maxRedirects`, options.maxRedirects, 16, { min: 0, max: 1000 }),
    redirectBudgetMs: duration(`${field}.redirectBudgetMs`, options.redirectBudgetMs, 5000, {
      min: 0,
      max: 600_000,
    }),
    maxWaiting: count(`${field}.maxWaiting`, options.maxWaiting, 100_000, { min: 0, max: 10_000_000 }),
    maxWaitingBytes: count(`${field}.maxWaitingBytes`, options.maxWaitingBytes, 64 * 1024 * 1024, {
      min: 0,
      max: 2 ** 40,
    }),
    retryMinMs,
    retryMaxMs: duration(`${field}.retryMaxMs`, options.retryMaxMs, 500, { min: retryMinMs, max: 600_000 }),
  })
}
