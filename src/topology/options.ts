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
   * Longest time between two refreshes while there are reasons for more, in milliseconds; refreshes that follow each
   * other, whatever they say, are twice as far apart each time, up to it, with jitter.
   * @default 2000
   */
  maxRefreshPauseMs?: number
  /**
   * After so long without a refresh there is one, in milliseconds, with a jitter of a tenth: for changes that no redirect
   * tells of. 0 turns it off.
   * @default 60000
   */
  refreshPeriodMs?: number
}

export type ResolvedTopologyOptions = Readonly<Required<TopologyOptions>>

export function resolveTopologyOptions(
  options: TopologyOptions = {},
  field = 'topology',
): ResolvedTopologyOptions {
  knownFields(field, options, [
    'discoveryTimeoutMs',
    'minRefreshGapMs',
    'maxRefreshPauseMs',
    'refreshPeriodMs',
  ])
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
    maxRefreshPauseMs: duration(`${field}.maxRefreshPauseMs`, options.maxRefreshPauseMs, 2000, {
      min: minRefreshGapMs,
      max: 600_000,
    }),
    refreshPeriodMs: duration(`${field}.refreshPeriodMs`, options.refreshPeriodMs, 60_000, {
      min: 0,
      max: 86_400_000,
    }),
  })
}
