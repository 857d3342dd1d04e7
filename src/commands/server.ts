// Builders of the server group. Without a key they go where the table's policies say: to one node, or to all.
// What administers one particular server (SHUTDOWN, REPLICAOF, FAILOVER, MODULE LOAD …) has no builder: `call` sends it.
import type { Command } from '../protocol/command.js'
import { asBulks, asCount, asOk, asText, asTexts } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkAtMostOne,
  checkOptions,
  countArg,
  type OptionWords,
  type Pairs,
  pushOptions,
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
  asRole,
  asTime,
  asUnixDate,
  type CommandDescription,
  type CommandDocumentation,
  type KeyAndFlags,
  type Role,
  type ServerTime,
} from './server-replies.js'
import { keyless, nameWords, ofTexts } from './shapes.js'
import type { Bulk, Value } from './types.js'

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
const LOLWUT = /* @__PURE__ */ specOf('LOLWUT')
const ROLE = /* @__PURE__ */ specOf('ROLE')
const SAVE = /* @__PURE__ */ specOf('SAVE')
const SWAPDB = /* @__PURE__ */ specOf('SWAPDB')
const TIME = /* @__PURE__ */ specOf('TIME')

/**
 * Begins to write the append-only file anew; the server's own words. BGREWRITEAOF, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/bgrewriteaof/
 */
export function bgrewriteaof(): Command<string> {
  return keyless(BGREWRITEAOF, asText)
}

/**
 * Begins to save to disk in the background; the server's own words. BGSAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/bgsave/
 */
export function bgsave(options?: BgsaveOptions): Command<string> {
  const args = nameWords(BGSAVE)
  pushOptions(BGSAVE, args, options, BGSAVE_OPTIONS)
  return keyless(BGSAVE, asText, args)
}

/**
 * How many commands the server knows. COMMAND COUNT, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/command-count/
 */
export function commandCount(): Command<number> {
  return keyless(COMMAND_COUNT, asCount)
}

/**
 * What the server's manual says of commands, by name; of all without names. COMMAND DOCS, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-docs/
 */
export function commandDocs(
  names?: string | readonly string[],
): Command<Record<string, CommandDocumentation>> {
  return ofTexts(COMMAND_DOCS, names, 'names', asCommandDocs)
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
  const args = nameWords(COMMAND_GETKEYS)
  pushValues(COMMAND_GETKEYS, args, words, 'words')
  return keyless(COMMAND_GETKEYS, asBulks, args)
}

/**
 * Which words of a whole command are keys, and what is done to each. COMMAND GETKEYSANDFLAGS, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-getkeysandflags/
 */
export function commandGetkeysandflags(words: readonly Value[]): Command<KeyAndFlags[]> {
  const args = nameWords(COMMAND_GETKEYSANDFLAGS)
  pushValues(COMMAND_GETKEYSANDFLAGS, args, words, 'words')
  return keyless(COMMAND_GETKEYSANDFLAGS, asKeysAndFlags, args)
}

/**
 * What the server knows of commands: arity, flags, where the keys stand. null for each it does not know; all without
 * names. COMMAND INFO, since 2.8.13.
 * @see https://redis.io/docs/latest/commands/command-info/
 */
export function commandInfo(names?: string | readonly string[]): Command<(CommandDescription | null)[]> {
  return ofTexts(COMMAND_INFO, names, 'names', asCommandInfos)
}

/**
 * The names of all commands, or of some. COMMAND LIST, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/command-list/
 */
export function commandList(options?: CommandListOptions): Command<string[]> {
  const chosen = checkOptions(COMMAND_LIST, options, ['module', 'aclcat', 'pattern'])
  const args = nameWords(COMMAND_LIST)
  for (const field of ['module', 'aclcat', 'pattern'] as const) {
    const wanted = chosen[field]
    if (wanted === undefined) continue
    args.push('FILTERBY', field.toUpperCase(), textArg(COMMAND_LIST, wanted, `options.${field}`))
  }
  checkAtMostOne(COMMAND_LIST, (args.length - 2) / 3, 'module, aclcat and pattern')
  return keyless(COMMAND_LIST, asTexts, args)
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
  const args = nameWords(CONFIG_GET)
  pushTexts(CONFIG_GET, args, patterns, 'patterns')
  return keyless(CONFIG_GET, asConfig, args)
}

/**
 * Sets the server's counters back to zero. CONFIG RESETSTAT, since 2.0.0.
 * @see https://redis.io/docs/latest/commands/config-resetstat/
 */
export function configResetstat(): Command<'OK'> {
  return keyless(CONFIG_RESETSTAT, asOk)
}

/**
 * Writes the settings to the server's configuration file. CONFIG REWRITE, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/config-rewrite/
 */
export function configRewrite(): Command<'OK'> {
  return keyless(CONFIG_REWRITE, asOk)
}

/**
 * Changes settings. CONFIG SET, since 2.0.0; several since 7.0.0.
 * @see https://redis.io/docs/latest/commands/config-set/
 */
export function configSet(settings: Pairs): Command<'OK'> {
  const args = nameWords(CONFIG_SET)
  pushPairs(CONFIG_SET, args, settings, 'settings')
  return keyless(CONFIG_SET, asOk, args)
}

/**
 * How many keys there are. DBSIZE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/dbsize/
 */
export function dbsize(): Command<number> {
  return keyless(DBSIZE, asCount)
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
  return ofTexts(INFO, sections, 'sections', asText)
}

/**
 * When the last save to disk succeeded. LASTSAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/lastsave/
 */
export function lastsave(): Command<Date> {
  return keyless(LASTSAVE, asUnixDate)
}

/**
 * Art, and the server's version. LOLWUT, since 5.0.0.
 * @see https://redis.io/docs/latest/commands/lolwut/
 */
export function lolwut(options?: LolwutOptions): Command<string> {
  const args = nameWords(LOLWUT)
  pushOptions(LOLWUT, args, options, LOLWUT_OPTIONS)
  return keyless(LOLWUT, asText, args)
}

/**
 * Primary, replica or sentinel, and whom it replicates with. ROLE, since 2.8.12.
 * @see https://redis.io/docs/latest/commands/role/
 */
export function role(): Command<Role> {
  return keyless(ROLE, asRole)
}

/**
 * Saves to disk, and stops the server meanwhile. SAVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/save/
 */
export function save(): Command<'OK'> {
  return keyless(SAVE, asOk)
}

/**
 * Exchanges two numbered databases. SWAPDB, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/swapdb/
 */
export function swapdb(index1: number, index2: number): Command<'OK'> {
  const args = ['SWAPDB', countArg(SWAPDB, index1, 'index1'), countArg(SWAPDB, index2, 'index2')]
  return keyless(SWAPDB, asOk, args)
}

/**
 * The server's clock: Unix time in seconds, and the microseconds of that second, which a Date could not hold.
 * TIME, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/time/
 */
export function time(): Command<ServerTime> {
  return keyless(TIME, asTime)
}

const BGSAVE_OPTIONS: OptionWords<BgsaveOptions> = { schedule: 'SCHEDULE' }
const LOLWUT_OPTIONS: OptionWords<LolwutOptions> = { version: ['VERSION', countArg] }

function flushing(spec: CommandSpec, options: FlushOptions | undefined): Command<'OK'> {
  const { mode } = checkOptions(spec, options, ['mode'])
  const args = nameWords(spec)
  if (mode !== undefined) args.push(wordArg(spec, mode, ['async', 'sync'], 'options.mode'))
  return keyless(spec, asOk, args)
}
