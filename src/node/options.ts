// How a node's connections are shared and lent.
import { count, duration, knownFields } from '../core/options.js'

export interface NodeOptions {
  /**
   * Shared, pipelined connections per node. One is the fastest for ordinary traffic; a second keeps large replies
   * from delaying small ones. Commands on the same slot always take the same lane, so their order holds.
   * @default 1
   */
  lanes?: number
  /**
   * Connections per node that may be lent at once for exclusive use (blocking commands).
   * @default 16
   */
  maxLeases?: number
  /**
   * Callers that may wait for a lease, per node; one more is refused with `OverloadedError`.
   * @default 1000
   */
  maxLeaseWaiters?: number
  /**
   * Milliseconds an unused leased connection is kept before it is closed.
   * @default 30000
   */
  leaseIdleMs?: number
  /**
   * First pause after a failed dial, in milliseconds. Pauses double with full jitter up to `redialMaxMs`.
   * @default 20
   */
  redialMinMs?: number
  /**
   * Longest pause between dials of a node that does not answer, in milliseconds. In the first 15 seconds it is 100 at
   * most: most servers that come back do so soon.
   * @default 1000
   */
  redialMaxMs?: number
}

export type ResolvedNodeOptions = Readonly<Required<NodeOptions>>

export function resolveNodeOptions(options: NodeOptions = {}, field = 'node'): ResolvedNodeOptions {
  knownFields(field, options, [
    'lanes',
    'maxLeases',
    'maxLeaseWaiters',
    'leaseIdleMs',
    'redialMinMs',
    'redialMaxMs',
  ])
  const redialMinMs = duration(`${field}.redialMinMs`, options.redialMinMs, 20, { min: 1, max: 60_000 })
  return Object.freeze({
    lanes: count(`${field}.lanes`, options.lanes, 1, { min: 1, max: 64 }),
    maxLeases: count(`${field}.maxLeases`, options.maxLeases, 16, { min: 1, max: 10_000 }),
    maxLeaseWaiters: count(`${field}.maxLeaseWaiters`, options.maxLeaseWaiters, 1000, {
      min: 0,
      max: 1_000_000,
    }),
    leaseIdleMs: duration(`${field}.leaseIdleMs`, options.leaseIdleMs, 30_000, { min: 1, max: 86_400_000 }),
    redialMinMs,
    redialMaxMs: duration(`${field}.redialMaxMs`, options.redialMaxMs, 1000, {
      min: redialMinMs,
      max: 600_000,
    }),
  })
}
