// How the topology is found and kept.
import { duration, knownFields } from '../core/options.js'

export interface TopologyOptions {
  /**
   * How long one node may take to describe the cluster, dialling included, in milliseconds.
   * @default 5000
   */
  discoveryTimeoutMs?: number
  /**
   * Shortest time between two refreshes, in milliseconds: any number of redirects within it cause one.
   * @default 100
   */
  minRefreshGapMs?: number
  /**
   * Longest pause between refreshes that fail, in milliseconds; pauses double up to it, with full jitter.
   * @default 1000
   */
  maxRefreshPauseMs?: number
}

export type ResolvedTopologyOptions = Readonly<Required<TopologyOptions>>

export function resolveTopologyOptions(
  options: TopologyOptions = {},
  field = 'topology',
): ResolvedTopologyOptions {
  knownFields(field, options, ['discoveryTimeoutMs', 'minRefreshGapMs', 'maxRefreshPauseMs'])
  const minRefreshGapMs = duration(`${field}.minRefreshGapMs`, options.minRefreshGapMs, 100, {
    min: 0,
    max: 60_000,
  })
  return Object.freeze({
    discoveryTimeoutMs: duration(`${field}.discoveryTimeoutMs`, options.discoveryTimeoutMs, 5000, {
      min: 1,
      max: 600_000,
    }),
    minRefreshGapMs,
    maxRefreshPauseMs: duration(`${field}.maxRefreshPauseMs`, options.maxRefreshPauseMs, 1000, {
      min: minRefreshGapMs,
      max: 600_000,
    }),
  })
}
