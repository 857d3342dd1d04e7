// Builders of the server group. Without a key they go where the table's policies say: to one node, or to all.
// What administers one particular server (SHUTDOWN, REPLICAOF, FAILOVER, MODULE LOAD …) has no builder: `call` sends it.
import { type Arg, type Command, createCommand, NO_SLOT } from '../protocol/command.js'
import { asBulks, asCount, asCountOrNull, asOk, asText, asTexts } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keySlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkAtMostOne,
  checkOptions,
  countArg,
  integerArg,
  keyArg,
  type Pairs,
  pushFlag,
  pushPairs,
  pushTexts,
  pushValues,
  textArg,
  wordArg,
} from './arguments.js'
import {
  asCommandDocs,
  asCommandInfos,
  asConfig,
  asKeysAndFlags,
  asLatencyHistograms,
  asLatencyLatest,
  asLatencySamples,
  asMemoryStats,
  asRole,
  asSlowlog,
  asTime,
  asUnixDate,
  type CommandDescription,
  type CommandDocumentation,
  type KeyAndFlags,
  type LatencyHistogram,
  type LatencyPeak,
  type LatencySample,
  type MemoryStats,
  type Role,
  type ServerTime,
  type SlowlogEntry,
} from './server-replies.js'
import type { Bulk, Key, Value } from './types.js'

export interface FlushOptions {
  /** Free the memory at once or later. Default as the server is configured. */
  readonly mode?: 'async' | 'sync'
}

export interface BgsaveOptions {
  /** Where an AOF rewrite is under way, save when it is done, rather than fail. */
  readonly schedule?: boolean
}

/** At most one of these. */
export interface CommandListOptions {
  /** Commands of this module. */
  readonly module?: string
  /** Commands of this ACL category. */
  readonly aclcat?: string
  /** Commands whose name matches this glob-style pattern. */
  readonly pattern?: string
}

export interface MemoryUsageOptions {
  /** How many elements of a nested value are measured; 0 is all. Default 5. */
  readonly samples?: number
}

export interface LolwutOptions {
  readonly version?: number
}

const BGREWRITEAOF = /* @__PURE__ */ specOf('BGREWRITEAOF')
const BGSAVE = /* @__PURE__ */ specOf('BGSAVE')
const COMMAND_COUNT = /* @__PURE__ */ specOf('COMMAND COUNT')
const COMMAND_DOCS = /* @__PURE__ */ specOf('COMMAND DOCS')
const COMMAND_GETKEYS = /* @__PURE__ */ specOf('COMMAND GETKEYS')
const COMMAND_GETKEYSANDFLAGS = /* @__PURE__ */ specOf('COMMAND GETKEYSANDFLAGS')
const COMMAND_INFO = /* @__PURE__ */ specOf('COMMAND INFO')
const COMMAND_LIST = /* @__PURE__ */ specOf('COMMAND LIST')
const CONFIG_GET = /* @__PURE__ */ specOf('CONFIG GET')
const CONFIG_RESETSTAT = /* @__PURE__ */ specOf('CONFIG RESETSTAT')
const CONFIG_REWRITE = /* @__PURE__ */ specOf('CONFIG REWRITE')
const CONFIG_SET = /* @__PURE__ */ specOf('CONFIG SET')
const DBSIZE = /* @__PURE__ */ specOf('DBSIZE')
const FLUSHALL = /* @__PURE__ */ specOf('FLUSHALL')
const FLUSHDB = /* @__PURE__ */ specOf('FLUSHDB')
const INFO = /* @__PURE__ */ specOf('INFO')
const LASTSAVE = /* @__PURE__ */ specOf('LASTSAVE')
const LATENCY_DOCTOR = /* @__PURE__ */ specOf('LATENCY DOCTOR')
const LATENCY_GRAPH = /* @__PURE__ */ specOf('LATENCY GRAPH')
const LATENCY_HISTOGRAM = /* @__PURE__ */ specOf('LATENCY HISTOGRAM')
const LATENCY_HISTORY = /* @__PURE__ */ specOf('LATENCY HISTORY')
const LATENCY_LATEST = /* @__PURE__ */ specOf('LATENCY LATEST')
const LATENCY_RESET = /* @__PURE__ */ specOf('LATENCY RESET')
const LOLWUT = /* @__PURE__ */ specOf('LOLWUT')
const MEMORY_DOCTOR = /* @__PURE__ */ specOf('MEMORY DOCTOR')
const MEMORY_MALLOC_STATS = /* @__PURE__ */ specOf('MEMORY MALLOC-STATS')
const MEMORY_PURGE = /* @__PURE__ */ specOf('MEMORY PURGE')
const MEMORY_STATS = /* @__PURE__ */ specOf('MEMORY STATS')
const MEMORY_USAGE = /* @__PURE__ */ specOf('MEMORY USAGE')
const ROLE = /* @__PURE__ */ specOf('ROLE')
const SAVE = /* @__PURE__ */ specOf('SAVE')
const SLOWLOG_GET = /* @__PURE__ */ specOf('SLOWLOG GET')
const SLOWLOG_LEN = /* @__PURE__ */ specOf('SLOWLOG LEN')
const SLOWLOG_RESET = /* @__PURE__ */ specOf('SLOWLOG RESET')
const SWAPDB = /* @__PURE__ */ specOf('SWAPDB')
const TIME = /* @__PURE__ */ specOf('TIME')

/**
 * Begins to write the append-only file anew; the server's own words. BGREWRITEAOF, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/bgrewriteaof/
 */
export function bgrewriteaof(): Command<string> {
  return createCommand(BGREWRITEAOF, ['BGREWRITEAOF'], NO_SLOT, asText)
}

/**
 * Begins to save to disk in the background; the server's own words. BGSAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/bgsave/
 */
export function bgsave(options?: BgsaveOptions): Command<string> {
  const { schedule } = checkOptions(BGSAVE, options, ['schedule'])
  const args: Arg[] = ['BGSAVE']
  pushFlag(BGSAVE, args, 'SCHEDULE', schedule, 'options.schedule')
  return createCommand(BGSAVE, args, NO_SLOT, asText)
}

/**
 * How many commands the server knows. COMMAND COUNT, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/command-count/
 */
export function commandCount(): Command<number> {
  return createCommand(COMMAND_COUNT, ['COMMAND', 'COUNT'], NO_SLOT, asCount)
}

/**
 * What the server's manual says of commands, by name; of all without names. COMMAND DOCS, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-docs/
 */
export function commandDocs(
  names?: string | readonly string[],
): Command<Record<string, CommandDocumentation>> {
  const args: Arg[] = ['COMMAND', 'DOCS']
  if (names !== undefined) pushTexts(COMMAND_DOCS, args, names, 'names')
  return createCommand(COMMAND_DOCS, args, NO_SLOT, asCommandDocs)
}

/**
 * Which words of a whole command are keys; an error where it has none. COMMAND GETKEYS, since 2.8.13.
 *
 * @example
 * ```ts
 * await redis.commandGetkeys(['MSET', 'a', '1', 'b', '2']) // ['a', 'b']
 * ```
 * @see https://redis.io/docs/latest/commands/command-getkeys/
 */
export function commandGetkeys(words: readonly Value[]): Command<Bulk[]> {
  const args: Arg[] = ['COMMAND', 'GETKEYS']
  pushValues(COMMAND_GETKEYS, args, words, 'words')
  return createCommand(COMMAND_GETKEYS, args, NO_SLOT, asBulks)
}

/**
 * Which words of a whole command are keys, and what is done to each. COMMAND GETKEYSANDFLAGS, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-getkeysandflags/
 */
export function commandGetkeysandflags(words: readonly Value[]): Command<KeyAndFlags[]> {
  const args: Arg[] = ['COMMAND', 'GETKEYSANDFLAGS']
  pushValues(COMMAND_GETKEYSANDFLAGS, args, words, 'words')
  return createCommand(COMMAND_GETKEYSANDFLAGS, args, NO_SLOT, asKeysAndFlags)
}

/**
 * What the server knows of commands: arity, flags, where the keys stand. null for each it does not know; all without
 * names. COMMAND INFO, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/command-info/
 */
export function commandInfo(names?: string | readonly string[]): Command<(CommandDescription | null)[]> {
  const args: Arg[] = ['COMMAND', 'INFO']
  if (names !== undefined) pushTexts(COMMAND_INFO, args, names, 'names')
  return createCommand(COMMAND_INFO, args, NO_SLOT, asCommandInfos)
}

/**
 * The names of all commands, or of some. COMMAND LIST, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-list/
 */
export function commandList(options?: CommandListOptions): Command<string[]> {
  const chosen = checkOptions(COMMAND_LIST, options, ['module', 'aclcat', 'pattern'])
  const args: Arg[] = ['COMMAND', 'LIST']
  for (const field of ['module', 'aclcat', 'pattern'] as const) {
    const wanted = chosen[field]
    if (wanted === undefined) continue
    args.push('FILTERBY', field.toUpperCase(), textArg(COMMAND_LIST, wanted, `options.${field}`))
  }
  checkAtMostOne(COMMAND_LIST, (args.length - 2) / 3, 'module, aclcat and pattern')
  return createCommand(COMMAND_LIST, args, NO_SLOT, asTexts)
}

/**
 * Settings whose names match glob-style patterns, as a record without prototype. CONFIG GET, since 2.0.0; several
 * patterns since 7.0.0.
 *
 * @example
 * ```ts
 * const { maxmemory } = await redis.configGet('maxmemory*')
 * ```
 * @see https://redis.io/docs/latest/commands/config-get/
 */
export function configGet(patterns: string | readonly string[]): Command<Record<string, string>> {
  const args: Arg[] = ['CONFIG', 'GET']
  pushTexts(CONFIG_GET, args, patterns, 'patterns')
  return createCommand(CONFIG_GET, args, NO_SLOT, asConfig)
}

/**
 * Sets the server's counters back to zero. CONFIG RESETSTAT, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/config-resetstat/
 */
export function configResetstat(): Command<'OK'> {
  return createCommand(CONFIG_RESETSTAT, ['CONFIG', 'RESETSTAT'], NO_SLOT, asOk)
}

/**
 * Writes the settings to the server's configuration file. CONFIG REWRITE, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/config-rewrite/
 */
export function configRewrite(): Command<'OK'> {
  return createCommand(CONFIG_REWRITE, ['CONFIG', 'REWRITE'], NO_SLOT, asOk)
}

/**
 * Changes settings. CONFIG SET, since 2.0.0; several since 7.0.0.
 * @see https://redis.io/docs/latest/commands/config-set/
 */
export function configSet(settings: Pairs): Command<'OK'> {
  const args: Arg[] = ['CONFIG', 'SET']
  pushPairs(CONFIG_SET, args, settings, 'settings')
  return createCommand(CONFIG_SET, args, NO_SLOT, asOk)
}

/**
 * How many keys there are. DBSIZE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/dbsize/
 */
export function dbsize(): Command<number> {
  return createCommand(DBSIZE, ['DBSIZE'], NO_SLOT, asCount)
}

/**
 * Deletes all keys of all databases. FLUSHALL, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/flushall/
 */
export function flushall(options?: FlushOptions): Command<'OK'> {
  return flushing(FLUSHALL, options)
}

/**
 * Deletes all keys of this database. FLUSHDB, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/flushdb/
 */
export function flushdb(options?: FlushOptions): Command<'OK'> {
  return flushing(FLUSHDB, options)
}

/**
 * The server about itself, as text in sections; several sections since 7.0. INFO, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/info/
 */
export function info(sections?: string | readonly string[]): Command<string> {
  const args: Arg[] = ['INFO']
  if (sections !== undefined) pushTexts(INFO, args, sections, 'sections')
  return createCommand(INFO, args, NO_SLOT, asText)
}

/**
 * When the last save to disk succeeded. LASTSAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lastsave/
 */
export function lastsave(): Command<Date> {
  return createCommand(LASTSAVE, ['LASTSAVE'], NO_SLOT, asUnixDate)
}

/**
 * A report on latency, for humans. LATENCY DOCTOR, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-doctor/
 */
export function latencyDoctor(): Command<string> {
  return createCommand(LATENCY_DOCTOR, ['LATENCY', 'DOCTOR'], NO_SLOT, asText)
}

/**
 * The latency of an event drawn in text. LATENCY GRAPH, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-graph/
 */
export function latencyGraph(event: string): Command<string> {
  const args = ['LATENCY', 'GRAPH', textArg(LATENCY_GRAPH, event, 'event')]
  return createCommand(LATENCY_GRAPH, args, NO_SLOT, asText)
}

/**
 * How long commands took, by name: cumulative counts under powers of two. LATENCY HISTOGRAM, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/latency-histogram/
 */
export function latencyHistogram(
  commands?: string | readonly string[],
): Command<Record<string, LatencyHistogram>> {
  const args: Arg[] = ['LATENCY', 'HISTOGRAM']
  if (commands !== undefined) pushTexts(LATENCY_HISTOGRAM, args, commands, 'commands')
  return createCommand(LATENCY_HISTOGRAM, args, NO_SLOT, asLatencyHistograms)
}

/**
 * The latest peaks of an event, the oldest first. LATENCY HISTORY, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-history/
 */
export function latencyHistory(event: string): Command<LatencySample[]> {
  const args = ['LATENCY', 'HISTORY', textArg(LATENCY_HISTORY, event, 'event')]
  return createCommand(LATENCY_HISTORY, args, NO_SLOT, asLatencySamples)
}

/**
 * The latest peak of each event. LATENCY LATEST, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-latest/
 */
export function latencyLatest(): Command<LatencyPeak[]> {
  return createCommand(LATENCY_LATEST, ['LATENCY', 'LATEST'], NO_SLOT, asLatencyLatest)
}

/**
 * Forgets the peaks of some events, or of all; of how many. LATENCY RESET, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/latency-reset/
 */
export function latencyReset(events?: string | readonly string[]): Command<number> {
  const args: Arg[] = ['LATENCY', 'RESET']
  if (events !== undefined) pushTexts(LATENCY_RESET, args, events, 'events')
  return createCommand(LATENCY_RESET, args, NO_SLOT, asCount)
}

/**
 * Art, and the server's version. LOLWUT, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/lolwut/
 */
export function lolwut(options?: LolwutOptions): Command<string> {
  const { version } = checkOptions(LOLWUT, options, ['version'])
  const args: Arg[] = ['LOLWUT']
  if (version !== undefined) args.push('VERSION', countArg(LOLWUT, version, 'options.version'))
  return createCommand(LOLWUT, args, NO_SLOT, asText)
}

/**
 * A report on memory, for humans. MEMORY DOCTOR, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-doctor/
 */
export function memoryDoctor(): Command<string> {
  return createCommand(MEMORY_DOCTOR, ['MEMORY', 'DOCTOR'], NO_SLOT, asText)
}

/**
 * The allocator's own report. MEMORY MALLOC-STATS, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-malloc-stats/
 */
export function memoryMallocStats(): Command<string> {
  return createCommand(MEMORY_MALLOC_STATS, ['MEMORY', 'MALLOC-STATS'], NO_SLOT, asText)
}

/**
 * Asks the allocator to give memory back. MEMORY PURGE, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-purge/
 */
export function memoryPurge(): Command<'OK'> {
  return createCommand(MEMORY_PURGE, ['MEMORY', 'PURGE'], NO_SLOT, asOk)
}

/**
 * What memory is used for, in bytes unless the name says otherwise. MEMORY STATS, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-stats/
 */
export function memoryStats(): Command<MemoryStats> {
  return createCommand(MEMORY_STATS, ['MEMORY', 'STATS'], NO_SLOT, asMemoryStats)
}

/**
 * How many bytes a key and its value take; null where it is missing. MEMORY USAGE, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/memory-usage/
 */
export function memoryUsage(key: Key, options?: MemoryUsageOptions): Command<number | null> {
  const { samples } = checkOptions(MEMORY_USAGE, options, ['samples'])
  const args = ['MEMORY', 'USAGE', keyArg(MEMORY_USAGE, key)]
  if (samples !== undefined) args.push('SAMPLES', countArg(MEMORY_USAGE, samples, 'options.samples'))
  return createCommand(MEMORY_USAGE, args, keySlot(key), asCountOrNull)
}

/**
 * Primary, replica or sentinel, and whom it replicates with. ROLE, since 2.8.12.
 * @see https://redis.io/docs/latest/commands/role/
 */
export function role(): Command<Role> {
  return createCommand(ROLE, ['ROLE'], NO_SLOT, asRole)
}

/**
 * Saves to disk, and stops the server meanwhile. SAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/save/
 */
export function save(): Command<'OK'> {
  return createCommand(SAVE, ['SAVE'], NO_SLOT, asOk)
}

/**
 * The slowest commands, the latest first; 10 unless told otherwise, −1 for all. SLOWLOG GET, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-get/
 */
export function slowlogGet(count?: number): Command<SlowlogEntry[]> {
  const args: Arg[] = ['SLOWLOG', 'GET']
  if (count !== undefined) args.push(integerArg(SLOWLOG_GET, count, 'count'))
  return createCommand(SLOWLOG_GET, args, NO_SLOT, asSlowlog)
}

/**
 * How many slow commands are remembered. SLOWLOG LEN, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-len/
 */
export function slowlogLen(): Command<number> {
  return createCommand(SLOWLOG_LEN, ['SLOWLOG', 'LEN'], NO_SLOT, asCount)
}

/**
 * Forgets the slow commands. SLOWLOG RESET, since 2.2.12.
 * @see https://redis.io/docs/latest/commands/slowlog-reset/
 */
export function slowlogReset(): Command<'OK'> {
  return createCommand(SLOWLOG_RESET, ['SLOWLOG', 'RESET'], NO_SLOT, asOk)
}

/**
 * Exchanges two numbered databases. SWAPDB, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/swapdb/
 */
export function swapdb(index1: number, index2: number): Command<'OK'> {
  const args = ['SWAPDB', countArg(SWAPDB, index1, 'index1'), countArg(SWAPDB, index2, 'index2')]
  return createCommand(SWAPDB, args, NO_SLOT, asOk)
}

/**
 * The server's clock: Unix time in seconds, and the microseconds of that second, which a Date could not hold.
 * TIME, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/time/
 */
export function time(): Command<ServerTime> {
  return createCommand(TIME, ['TIME'], NO_SLOT, asTime)
}

function flushing(spec: CommandSpec, options: FlushOptions | undefined): Command<'OK'> {
  const { mode } = checkOptions(spec, options, ['mode'])
  const args: Arg[] = [spec.name]
  if (mode !== undefined) args.push(wordArg(spec, mode, ['async', 'sync'], 'options.mode'))
  return createCommand(spec, args, NO_SLOT, asOk)
}
