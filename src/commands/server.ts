// Builders of the server group. Without a key they go where the table's policies say: to one node, or to all.
// What administers one particular server (SHUTDOWN, REPLICAOF, FAILOVER, MODULE LOAD …) has no builder: `call` sends it.
import { type Arg, type Command, createCommand, NO_SLOT } from '../protocol/command.js'
import { asBulks, asCount, asOk, asText, asTexts } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkAtMostOne,
  checkOptions,
  countArg,
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
  asRole,
  asTime,
  asUnixDate,
  type CommandDescription,
  type CommandDocumentation,
  type KeyAndFlags,
  type Role,
  type ServerTime,
} from './server-replies.js'
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
