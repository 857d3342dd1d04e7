// Builders of the server group: what a server tells of its latency, its memory and its slow commands.
import { type Command, createCommand } from '../protocol/command.js'
import { asCount, asCountOrNull, asOk, asText } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keySlot } from '../protocol/slot.js'
import { countArg, integerArg, keyArg, type OptionWords, pushOptions, textArg } from './arguments.js'
import {
  asLatencyHistograms,
  asLatencyLatest,
  asLatencySamples,
  asMemoryStats,
  asSlowlog,
  type LatencyHistogram,
  type LatencyPeak,
  type LatencySample,
  type MemoryStats,
  type SlowlogEntry,
} from './server-replies.js'
import { keyless, nameWords, ofTexts } from './shapes.js'
import type { Key } from './types.js'

export interface MemoryUsageOptions {
  /** How many elements of a nested value are measured; 0 is all. Default 5. */
  readonly samples?: number
}

const LATENCY_DOCTOR = /* @__PURE__ */ specOf('LATENCY DOCTOR')
const LATENCY_GRAPH = /* @__PURE__ */ specOf('LATENCY GRAPH')
const LATENCY_HISTOGRAM = /* @__PURE__ */ specOf('LATENCY HISTOGRAM')
const LATENCY_HISTORY = /* @__PURE__ */ specOf('LATENCY HISTORY')
const LATENCY_LATEST = /* @__PURE__ */ specOf('LATENCY LATEST')
const LATENCY_RESET = /* @__PURE__ */ specOf('LATENCY RESET')
const MEMORY_DOCTOR = /* @__PURE__ */ specOf('MEMORY DOCTOR')
const MEMORY_MALLOC_STATS = /* @__PURE__ */ specOf('MEMORY MALLOC-STATS')
const MEMORY_PURGE = /* @__PURE__ */ specOf('MEMORY PURGE')
const MEMORY_STATS = /* @__PURE__ */ specOf('MEMORY STATS')
const MEMORY_USAGE = /* @__PURE__ */ specOf('MEMORY USAGE')
const SLOWLOG_GET = /* @__PURE__ */ specOf('SLOWLOG GET')
const SLOWLOG_LEN = /* @__PURE__ */ specOf('SLOWLOG LEN')
const SLOWLOG_RESET = /* @__PURE__ */ specOf('SLOWLOG RESET')

/**
 * A report on latency, for humans. LATENCY DOCTOR, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-doctor/
 */
export function latencyDoctor(): Command<string> {
  return keyless(LATENCY_DOCTOR, asText)
}

/**
 * The latency of an event drawn in text. LATENCY GRAPH, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-graph/
 */
export function latencyGraph(event: string): Command<string> {
  const args = nameWords(LATENCY_GRAPH)
  args.push(textArg(LATENCY_GRAPH, event, 'event'))
  return keyless(LATENCY_GRAPH, asText, args)
}

/**
 * How long commands took, by name: cumulative counts under powers of two. LATENCY HISTOGRAM, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/latency-histogram/
 */
export function latencyHistogram(
  commands?: string | readonly string[],
): Command<Record<string, LatencyHistogram>> {
  return ofTexts(LATENCY_HISTOGRAM, commands, 'commands', asLatencyHistograms)
}

/**
 * The latest peaks of an event, the oldest first. LATENCY HISTORY, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-history/
 */
export function latencyHistory(event: string): Command<LatencySample[]> {
  const args = nameWords(LATENCY_HISTORY)
  args.push(textArg(LATENCY_HISTORY, event, 'event'))
  return keyless(LATENCY_HISTORY, asLatencySamples, args)
}

/**
 * The latest peak of each event. LATENCY LATEST, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-latest/
 */
export function latencyLatest(): Command<LatencyPeak[]> {
  return keyless(LATENCY_LATEST, asLatencyLatest)
}

/**
 * Forgets the peaks of some events, or of all; of how many. LATENCY RESET, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-reset/
 */
export function latencyReset(events?: string | readonly string[]): Command<number> {
  return ofTexts(LATENCY_RESET, events, 'events', asCount)
}

/**
 * A report on memory, for humans. MEMORY DOCTOR, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-doctor/
 */
export function memoryDoctor(): Command<string> {
  return keyless(MEMORY_DOCTOR, asText)
}

/**
 * The allocator's own report. MEMORY MALLOC-STATS, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-malloc-stats/
 */
export function memoryMallocStats(): Command<string> {
  return keyless(MEMORY_MALLOC_STATS, asText)
}

/**
 * Asks the allocator to give memory back. MEMORY PURGE, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-purge/
 */
export function memoryPurge(): Command<'OK'> {
  return keyless(MEMORY_PURGE, asOk)
}

/**
 * What memory is used for, in bytes unless the name says otherwise. MEMORY STATS, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-stats/
 */
export function memoryStats(): Command<MemoryStats> {
  return keyless(MEMORY_STATS, asMemoryStats)
}

/**
 * How many bytes a key and its value take; null where it is missing. MEMORY USAGE, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-usage/
 */
export function memoryUsage(key: Key, options?: MemoryUsageOptions): Command<number | null> {
  const args = nameWords(MEMORY_USAGE)
  args.push(keyArg(MEMORY_USAGE, key))
  pushOptions(MEMORY_USAGE, args, options, USAGE_OPTIONS)
  return createCommand(MEMORY_USAGE, args, keySlot(key), asCountOrNull)
}

/**
 * The slowest commands, the latest first; 10 unless told otherwise, −1 for all. SLOWLOG GET, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-get/
 */
export function slowlogGet(count?: number): Command<SlowlogEntry[]> {
  const args = nameWords(SLOWLOG_GET)
  if (count !== undefined) args.push(integerArg(SLOWLOG_GET, count, 'count'))
  return keyless(SLOWLOG_GET, asSlowlog, args)
}

/**
 * How many slow commands are remembered. SLOWLOG LEN, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-len/
 */
export function slowlogLen(): Command<number> {
  return keyless(SLOWLOG_LEN, asCount)
}

/**
 * Forgets the slow commands. SLOWLOG RESET, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-reset/
 */
export function slowlogReset(): Command<'OK'> {
  return keyless(SLOWLOG_RESET, asOk)
}

const USAGE_OPTIONS: OptionWords<MemoryUsageOptions> = { samples: ['SAMPLES', countArg] }
