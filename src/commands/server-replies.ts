// Decoders of what a server says about itself. Names and texts are text whatever the view; only what comes from
// users (keys, words of slow commands) follows it. Records have no prototype.
import { UnexpectedReplyError } from '../core/errors.js'
import {
  asArray,
  asBulk,
  asBulks,
  asCount,
  asEntries,
  asInt,
  asNumber,
  asText,
  asTexts,
} from '../protocol/decode.js'
import { specFromInfo } from '../protocol/lookup.js'
import type { KeySpec } from '../protocol/spec.js'
import { type Reply, ReplyMode, RespMap } from '../resp/types.js'
import type { Bulk, Int } from './types.js'

export interface ServerTime {
  /** Unix time. */
  seconds: number
  /** Of that second, 0…999999. */
  microseconds: number
}

export interface PrimaryRole {
  role: 'primary'
  offset: Int
  replicas: { host: string; port: number; offset: Int }[]
}
export interface ReplicaRole {
  role: 'replica'
  primary: { host: string; port: number }
  /** `connect`, `connecting`, `sync` or `connected`. */
  state: string
  offset: Int
}
export interface SentinelRole {
  role: 'sentinel'
  /** Names of the primaries it watches. */
  primaries: string[]
}
export type Role = PrimaryRole | ReplicaRole | SentinelRole

export interface SlowlogEntry {
  id: Int
  at: Date
  durationMicros: number
  /** The words of the command; the server shortens long ones, and lists of many. */
  args: Bulk[]
  /** `ip:port` of who asked. */
  client: string
  /** The name of that connection, or ''. */
  name: string
}

export interface LatencySample {
  at: Date
  latencyMs: number
}

export interface LatencyPeak extends LatencySample {
  event: string
  /** The highest since the event was last reset. */
  maxMs: number
}

export interface LatencyHistogram {
  calls: number
  /** Microseconds → how many calls took no longer. */
  buckets: Map<number, number>
}

/** Bytes, ratios and percentages by the server's names, e.g. `total.allocated`; nested for `db.0` and its like. */
export interface MemoryStats {
  [name: string]: number | MemoryStats
}

export interface KeyAndFlags {
  key: Bulk
  /** e.g. `RW`, `access`, `update`. */
  flags: string[]
}

export interface CommandDescription {
  /** In lower case; a subcommand as `config|get`. */
  name: string
  /** Words counted with the name; negative: at least that many. */
  arity: number
  flags: string[]
  firstKey: number
  lastKey: number
  step: number
  aclCategories: string[]
  tips: string[]
  keySpecs: readonly KeySpec[]
  subcommands: CommandDescription[]
}

export interface CommandDocumentation {
  summary?: string
  since?: string
  group?: string
  complexity?: string
  docFlags?: string[]
  deprecatedSince?: string
  replacedBy?: string
  module?: string
  history?: { version: string; change: string }[]
  arguments?: CommandArgument[]
  subcommands?: Record<string, CommandDocumentation>
}

export interface CommandArgument {
  name?: string
  type?: string
  displayText?: string
  keySpecIndex?: number
  token?: string
  summary?: string
  since?: string
  deprecatedSince?: string
  flags?: string[]
  arguments?: CommandArgument[]
}

/** `[seconds, microseconds]`, both as text. */
export function asTime(reply: Reply): ServerTime {
  const [seconds, microseconds] = asArray(reply)
  return { seconds: asNumber(seconds ?? null), microseconds: asNumber(microseconds ?? null) }
}

/** Unix time in seconds. */
export function asUnixDate(reply: Reply): Date {
  return new Date(asCount(reply) * 1000)
}

/** `[parameter, value …]` or a map. */
export function asConfig(reply: Reply): Record<string, string> {
  return asRecord(reply, asText)
}

/**
 *     [master, offset, [[host, port, offset] …]]     port and offset of replicas as text
 *     [slave, host, port, state, offset]
 *     [sentinel, [name …]]
 */
export function asRole(reply: Reply, mode: ReplyMode): Role {
  const [kind = null, second = null, third = null, state = null, offset = null] = asArray(reply)
  switch (asText(kind)) {
    case 'master':
      return {
        role: 'primary',
        offset: asInt(second),
        replicas: asArray(third).map(replica => asReplica(replica, mode)),
      }
    case 'slave':
      return {
        role: 'replica',
        primary: { host: asText(second), port: asNumber(third) },
        state: asText(state),
        offset: asInt(offset),
      }
    case 'sentinel':
      return { role: 'sentinel', primaries: asTexts(second) }
    default:
      throw new UnexpectedReplyError('expected master, slave or sentinel, got other text')
  }
}

function asReplica(reply: Reply, mode: ReplyMode): { host: string; port: number; offset: Int } {
  const [host = null, port = null, offset = null] = asArray(reply)
  const bytes = mode & ReplyMode.BIGINT ? BigInt(asText(offset)) : asNumber(offset)
  return { host: asText(host), port: asNumber(port), offset: asInt(bytes) }
}

/** `[[id, time, microseconds, [word …], client, name] …]`. */
export function asSlowlog(reply: Reply): SlowlogEntry[] {
  return asArray(reply).map(entry => {
    const [id = null, at = null, duration = null, args = null, client = '', name = ''] = asArray(entry)
    return {
      id: asInt(id),
      at: asUnixDate(at),
      durationMicros: asCount(duration),
      args: asBulks(args),
      client: asText(client),
      name: asText(name),
    }
  })
}

/** `[[event, time, latest, highest] …]`. */
export function asLatencyLatest(reply: Reply): LatencyPeak[] {
  return asArray(reply).map(peak => {
    const [event = null, at = null, latest = null, highest = null] = asArray(peak)
    return { event: asText(event), at: asUnixDate(at), latencyMs: asCount(latest), maxMs: asCount(highest) }
  })
}

/** `[[time, latency] …]`. */
export function asLatencySamples(reply: Reply): LatencySample[] {
  return asArray(reply).map(sample => {
    const [at = null, latency = null] = asArray(sample)
    return { at: asUnixDate(at), latencyMs: asCount(latency) }
  })
}

/** `{ command: { calls, histogram_usec: { microseconds: calls } } }`. */
export function asLatencyHistograms(reply: Reply): Record<string, LatencyHistogram> {
  return asRecord(reply, asHistogram)
}

function asHistogram(reply: Reply): LatencyHistogram {
  const histogram: LatencyHistogram = { calls: 0, buckets: new Map() }
  eachEntry(reply, (name, value) => {
    if (name === 'calls') histogram.calls = asCount(value)
    else if (name === 'histogram_usec') histogram.buckets = asBuckets(value)
  })
  return histogram
}

function asBuckets(reply: Reply): Map<number, number> {
  const entries = asEntries(reply)
  const buckets = new Map<number, number>()
  for (let i = 0; i < entries.length; i += 2) buckets.set(asCount(entries[i]!), asCount(entries[i + 1]!))
  return buckets
}

export function asMemoryStats(reply: Reply): MemoryStats {
  return asRecord(reply, asMemoryStat)
}

function asMemoryStat(reply: Reply): number | MemoryStats {
  return Array.isArray(reply) || reply instanceof RespMap ? asMemoryStats(reply) : asNumber(reply)
}

/** `[[key, [flag …]] …]`. */
export function asKeysAndFlags(reply: Reply): KeyAndFlags[] {
  return asArray(reply).map(item => {
    const [key = null, flags = null] = asArray(item)
    return { key: asBulk(key), flags: asTexts(flags) }
  })
}

export function asCommandInfos(reply: Reply): (CommandDescription | null)[] {
  return asArray(reply).map(entry => (entry === null ? null : asCommandInfo(entry)))
}

/** `[name, arity, flags, first, last, step, categories, tips, key specs, subcommands]`; older servers say less. */
function asCommandInfo(reply: Reply): CommandDescription {
  const entry = asArray(reply)
  const [name = null, arity = null, flags = null, first = 0, last = 0, step = 0] = entry
  return {
    name: asText(name),
    arity: asCount(arity),
    flags: asTexts(flags),
    firstKey: asCount(first),
    lastKey: asCount(last),
    step: asCount(step),
    aclCategories: asTexts(entry[6] ?? []),
    tips: asTexts(entry[7] ?? []),
    keySpecs: specFromInfo(reply)?.keySpecs ?? [],
    subcommands: asArray(entry[9] ?? []).map(asCommandInfo),
  }
}

export function asCommandDocs(reply: Reply): Record<string, CommandDocumentation> {
  return asRecord(reply, asDocumentation)
}

function asDocumentation(reply: Reply): CommandDocumentation {
  return asDescription(reply, DOCUMENTATION)
}

const DOCUMENTATION: Decoders = {
  summary: asText,
  since: asText,
  group: asText,
  complexity: asText,
  module: asText,
  deprecated_since: asText,
  replaced_by: asText,
  doc_flags: asTexts,
  history: reply => asArray(reply).map(asChange),
  arguments: asCommandArguments,
  subcommands: asCommandDocs,
}

function asChange(reply: Reply): { version: string; change: string } {
  const [version = null, change = null] = asArray(reply)
  return { version: asText(version), change: asText(change) }
}

function asCommandArguments(reply: Reply): CommandArgument[] {
  return asArray(reply).map(argument => asDescription(argument, ARGUMENT))
}

const ARGUMENT: Decoders = {
  name: asText,
  type: asText,
  display_text: asText,
  token: asText,
  summary: asText,
  since: asText,
  deprecated_since: asText,
  key_spec_index: asCount,
  flags: asTexts,
  arguments: asCommandArguments,
}

/** By the server's name for a field. Fields that are not here are left out. */
type Decoders = Readonly<Record<string, (reply: Reply) => unknown>>

/** `deprecated_since` becomes `deprecatedSince`. */
function asDescription(reply: Reply, decoders: Decoders): Record<string, never> {
  const description: Record<string, unknown> = {}
  eachEntry(reply, (name, value) => {
    if (!Object.hasOwn(decoders, name)) return
    description[name.replace(/_./g, ([, letter]) => letter!.toUpperCase())] = decoders[name]!(value)
  })
  // Fields are as the two interfaces above have them, since their decoders are; what a server leaves out is missing.
  return description as Record<string, never>
}

/** A record without prototype: a server may name a setting `__proto__`. */
function asRecord<T>(reply: Reply, asValue: (reply: Reply) => T): Record<string, T> {
  const record: Record<string, T> = Object.create(null)
  eachEntry(reply, (name, value) => {
    record[name] = asValue(value)
  })
  return record
}

function eachEntry(reply: Reply, visit: (name: string, value: Reply) => void): void {
  const entries = asEntries(reply)
  for (let i = 0; i < entries.length; i += 2) visit(asText(entries[i]!), entries[i + 1]!)
}
