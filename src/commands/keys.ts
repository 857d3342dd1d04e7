// Builders of the generic group: what is done to keys whatever they hold; how long they live is in
// expiry.ts. WAIT is deliberately not here: on a
// shared connection it would wait for other callers' writes.
import { InvalidArgumentError } from '../core/errors.js'
import { type Arg, type Command, createCommand, createHints, withHints } from '../protocol/command.js'
import {
  asBufferOrNull,
  asBulkOrNull,
  asBulks,
  asBulksOrNulls,
  asCount,
  asCountOrNull,
  asFlag,
  asOk,
  asScanPage,
  asText,
  asTextOrNull,
  type ScanPage,
} from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import { keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkOptions,
  countArg,
  cursorArg,
  flag,
  invalid,
  keyArg,
  keyList,
  type Limit,
  type OptionWords,
  pushKeys,
  pushLimit,
  pushOptions,
  SCAN_OPTIONS,
  type ScanOptions,
  textArg,
} from './arguments.js'
import { asMigrated } from './replies.js'
import {
  keyed,
  keyless,
  keyWords,
  ofCount,
  ofKey,
  ofKeyInside,
  ofKeys,
  twiceKeyed,
  twoKeyWords,
} from './shapes.js'
import type { Bulk, Key } from './types.js'

export interface CopyOptions {
  /** Number of the database to copy to. */
  readonly db?: number
  /** Overwrite the destination. */
  readonly replace?: boolean
}

export interface MigrateOptions {
  /** Where to. */
  readonly host: string
  readonly port: number
  /** Number of the database there. Default 0. */
  readonly db?: number
  /** How long the two servers may be silent. Default 1000. */
  readonly timeoutMs?: number
  /** Leave the keys here as well. */
  readonly copy?: boolean
  /** Overwrite keys there. */
  readonly replace?: boolean
  /** With `password`: the user to authenticate as there. */
  readonly username?: string
  readonly password?: string
}

export interface RestoreOptions {
  /** Overwrite the key. */
  readonly replace?: boolean
  /** `ttlMs` is a Unix time in milliseconds. */
  readonly absttl?: boolean
  /** Seconds since it was last used. */
  readonly idletime?: number
  /** Its access frequency, 0…255. */
  readonly freq?: number
}

export interface KeyScanOptions extends ScanOptions {
  /** Only keys of this type, e.g. `hash`. */
  readonly type?: string
}

export interface SortOptions {
  /** Pattern of keys to sort by, e.g. `weight_*`; `nosort` leaves the order. */
  readonly by?: Key
  readonly limit?: Limit
  /** Patterns of keys to answer with instead of the elements; `#` is the element. */
  readonly get?: readonly Key[]
  /** Largest first. */
  readonly desc?: boolean
  /** Compare as text, not as numbers. */
  readonly alpha?: boolean
}

const COPY = /* @__PURE__ */ specOf('COPY')
const DEL = /* @__PURE__ */ specOf('DEL')
const DUMP = /* @__PURE__ */ specOf('DUMP')
const EXISTS = /* @__PURE__ */ specOf('EXISTS')
const KEYS = /* @__PURE__ */ specOf('KEYS')
const MIGRATE = /* @__PURE__ */ specOf('MIGRATE')
const MOVE = /* @__PURE__ */ specOf('MOVE')
const OBJECT_ENCODING = /* @__PURE__ */ specOf('OBJECT ENCODING')
const OBJECT_FREQ = /* @__PURE__ */ specOf('OBJECT FREQ')
const OBJECT_IDLETIME = /* @__PURE__ */ specOf('OBJECT IDLETIME')
const OBJECT_REFCOUNT = /* @__PURE__ */ specOf('OBJECT REFCOUNT')
const RANDOMKEY = /* @__PURE__ */ specOf('RANDOMKEY')
const RENAME = /* @__PURE__ */ specOf('RENAME')
const RENAMENX = /* @__PURE__ */ specOf('RENAMENX')
const RESTORE = /* @__PURE__ */ specOf('RESTORE')
const SCAN = /* @__PURE__ */ specOf('SCAN')
const SORT = /* @__PURE__ */ specOf('SORT')
const SORT_RO = /* @__PURE__ */ specOf('SORT_RO')
const TOUCH = /* @__PURE__ */ specOf('TOUCH')
const TYPE = /* @__PURE__ */ specOf('TYPE')
const UNLINK = /* @__PURE__ */ specOf('UNLINK')

/**
 * Copies a value; false where the source is missing or the destination is there. COPY, since 6.2.0.
 * @see https://redis.io/docs/latest/commands/copy/
 */
export function copy(source: Key, destination: Key, options?: CopyOptions): Command<boolean> {
  const args = twoKeyWords(COPY, source, 'source', destination, 'destination')
  pushOptions(COPY, args, options, COPY_OPTIONS)
  return twiceKeyed(COPY, args, asFlag)
}

/**
 * Deletes one key or several; how many there were. DEL, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/del/
 */
export function del(keyOrKeys: Key | readonly Key[]): Command<number> {
  return ofKeys(DEL, keyOrKeys, asCount)
}

/**
 * The value in the server's own form, for {@link restore}; null where the key is missing. Always a Buffer, whatever
 * the view. DUMP, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/dump/
 */
export function dump(key: Key): Command<Buffer | null> {
  return withHints(ofKey(DUMP, key, asBufferOrNull), BINARY)
}

/**
 * How many of the keys are there; one given twice counts twice. EXISTS, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/exists/
 */
export function exists(keyOrKeys: Key | readonly Key[]): Command<number> {
  return ofKeys(EXISTS, keyOrKeys, asCount)
}

/**
 * All keys that match a glob-style pattern. Looks at every key and stops the server meanwhile: prefer {@link scan}.
 * KEYS, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/keys/
 */
export function keys(pattern: Key): Command<Bulk[]> {
  return keyless(KEYS, asBulks, keyWords(KEYS, pattern, 'pattern'))
}

/**
 * Moves keys to another server; false where none of them was here. MIGRATE, since 2.6.0.
 *
 * The server sees the password in the command; so does its MONITOR.
 * @see https://redis.io/docs/latest/commands/migrate/
 */
export function migrate(keyOrKeys: Key | readonly Key[], options: MigrateOptions): Command<boolean> {
  if (options === undefined) throw invalid(MIGRATE, 'options', 'an object', options)
  const target = checkOptions(MIGRATE, options, MIGRATE_OPTIONS)
  const moved = keyList(MIGRATE, keyOrKeys)
  const args: Arg[] = ['MIGRATE', textArg(MIGRATE, target.host, 'options.host')]
  args.push(countArg(MIGRATE, target.port, 'options.port', 1), '')
  args.push(countArg(MIGRATE, target.db ?? 0, 'options.db'))
  args.push(countArg(MIGRATE, target.timeoutMs ?? 1000, 'options.timeoutMs', 1))
  if (flag(MIGRATE, target.copy, 'options.copy')) args.push('COPY')
  if (flag(MIGRATE, target.replace, 'options.replace')) args.push('REPLACE')
  pushMigrateAuth(args, target)
  args.push('KEYS')
  pushKeys(MIGRATE, args, moved, 'keyOrKeys')
  return createCommand(MIGRATE, args, keysSlot(moved), asMigrated)
}

/**
 * Moves a key to another numbered database; false where it is missing, or there already. MOVE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/move/
 */
export function move(key: Key, db: number): Command<boolean> {
  return ofCount(MOVE, key, db, asFlag, 'db')
}

/**
 * How the server stores the value, e.g. `listpack`; null where the key is missing. OBJECT ENCODING, since 2.2.3.
 * @see https://redis.io/docs/latest/commands/object-encoding/
 */
export function objectEncoding(key: Key): Command<string | null> {
  return ofKeyInside(OBJECT_ENCODING, key, asTextOrNull)
}

/**
 * How often the key is used, on a logarithmic scale; null where it is missing. Needs an LFU eviction policy.
 * OBJECT FREQ, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/object-freq/
 */
export function objectFreq(key: Key): Command<number | null> {
  return ofKeyInside(OBJECT_FREQ, key, asCountOrNull)
}

/**
 * Seconds since the key was last used; null where it is missing. OBJECT IDLETIME, since 2.2.3.
 * @see https://redis.io/docs/latest/commands/object-idletime/
 */
export function objectIdletime(key: Key): Command<number | null> {
  return ofKeyInside(OBJECT_IDLETIME, key, asCountOrNull)
}

/**
 * How many references the server holds to the value; null where the key is missing. OBJECT REFCOUNT, since 2.2.3.
 * @see https://redis.io/docs/latest/commands/object-refcount/
 */
export function objectRefcount(key: Key): Command<number | null> {
  return ofKeyInside(OBJECT_REFCOUNT, key, asCountOrNull)
}

/**
 * Some key, or null where there is none. RANDOMKEY, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/randomkey/
 */
export function randomkey(): Command<Bulk | null> {
  return keyless(RANDOMKEY, asBulkOrNull)
}

/**
 * Renames a key, over whatever has the new name; an error where it is missing. RENAME, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/rename/
 */
export function rename(key: Key, newKey: Key): Command<'OK'> {
  return twiceKeyed(RENAME, twoKeyWords(RENAME, key, 'key', newKey, 'newKey'), asOk)
}

/**
 * Renames a key unless the new name is taken; whether it did. RENAMENX, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/renamenx/
 */
export function renamenx(key: Key, newKey: Key): Command<boolean> {
  return twiceKeyed(RENAMENX, twoKeyWords(RENAMENX, key, 'key', newKey, 'newKey'), asFlag)
}

/**
 * Creates a key from what {@link dump} gave; `ttlMs` 0 lets it live for ever. RESTORE, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/restore/
 */
export function restore(
  key: Key,
  ttlMs: number,
  payload: Uint8Array,
  options?: RestoreOptions,
): Command<'OK'> {
  // A dump that became text on the way is damaged; the server would only say that its checksum is wrong.
  if (typeof payload === 'string') throw invalid(RESTORE, 'payload', 'a Uint8Array', payload)
  const args = keyWords(RESTORE, key)
  args.push(countArg(RESTORE, ttlMs, 'ttlMs'), keyArg(RESTORE, payload, 'payload'))
  pushOptions(RESTORE, args, options, RESTORE_OPTIONS)
  return keyed(RESTORE, args, asOk)
}

/**
 * One page of the keys of one server: begin with cursor `'0'`, go on with the one each page gives, end when that is
 * `'0'`. A key that is there all along comes at least once, and may come twice. SCAN, since 2.8.0.
 * @see https://redis.io/docs/latest/commands/scan/
 */
export function scan(cursor: string | number | bigint, options?: KeyScanOptions): Command<ScanPage> {
  const args: Arg[] = ['SCAN', cursorArg(SCAN, cursor)]
  pushOptions(SCAN, args, options, KEY_SCAN_OPTIONS)
  return keyless(SCAN, asScanPage, args)
}

/**
 * The elements of a list, set or sorted set, in order. With `get`: what those keys hold, null where missing.
 * SORT, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sort/
 */
export function sort(key: Key, options?: SortOptions): Command<(Bulk | null)[]> {
  return keyed(SORT, sortArgs(SORT, key, options), asBulksOrNulls)
}

/**
 * The same as {@link sort}, allowed on replicas. SORT_RO, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/sort_ro/
 */
export function sortRo(key: Key, options?: SortOptions): Command<(Bulk | null)[]> {
  return keyed(SORT_RO, sortArgs(SORT_RO, key, options), asBulksOrNulls)
}

/**
 * Sorts as {@link sort} does and stores the result as a list; its length. SORT with STORE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/sort/
 */
export function sortStore(key: Key, destination: Key, options?: SortOptions): Command<number> {
  const args = sortArgs(SORT, key, options)
  args.push('STORE', keyArg(SORT, destination, 'destination'))
  return createCommand(SORT, args, keysSlot([key, destination]), asCount)
}

/**
 * Marks keys as used just now; how many were there. TOUCH, since 3.2.1.
 * @see https://redis.io/docs/latest/commands/touch/
 */
export function touch(keyOrKeys: Key | readonly Key[]): Command<number> {
  return ofKeys(TOUCH, keyOrKeys, asCount)
}

/**
 * What the key holds: `string`, `list`, `set`, `zset`, `hash`, `stream`, a module's type, or `none`.
 * TYPE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/type/
 */
export function type(key: Key): Command<string> {
  return ofKey(TYPE, key, asText)
}

/**
 * Deletes one key or several, and frees their memory later; how many there were. UNLINK, since 4.0.0.
 * @see https://redis.io/docs/latest/commands/unlink/
 */
export function unlink(keyOrKeys: Key | readonly Key[]): Command<number> {
  return ofKeys(UNLINK, keyOrKeys, asCount)
}

const BINARY = /* @__PURE__ */ createHints({ replies: 'buffer' })

const COPY_OPTIONS: OptionWords<CopyOptions> = { db: ['DB', countArg], replace: 'REPLACE' }

const RESTORE_OPTIONS: OptionWords<RestoreOptions> = {
  replace: 'REPLACE',
  absttl: 'ABSTTL',
  idletime: ['IDLETIME', countArg],
  freq: ['FREQ', countArg],
}

const KEY_SCAN_OPTIONS: OptionWords<KeyScanOptions> = { ...SCAN_OPTIONS, type: ['TYPE', textArg] }

const SORT_OPTIONS: OptionWords<SortOptions> = {
  by: ['BY', keyArg],
  limit: pushLimit,
  get: pushGet,
  desc: 'DESC',
  alpha: 'ALPHA',
}

const MIGRATE_OPTIONS = [
  'host',
  'port',
  'db',
  'timeoutMs',
  'copy',
  'replace',
  'username',
  'password',
] as const

function pushMigrateAuth(args: Arg[], { username, password }: MigrateOptions): void {
  if (password === undefined) {
    if (username === undefined) return
    throw new InvalidArgumentError('MIGRATE', 'options.password', 'must be given where username is')
  }
  const secret = textArg(MIGRATE, password, 'options.password')
  if (username === undefined) args.push('AUTH', secret)
  else args.push('AUTH2', textArg(MIGRATE, username, 'options.username'), secret)
}

function sortArgs(spec: CommandSpec, key: Key, options: SortOptions | undefined): Arg[] {
  const args = keyWords(spec, key)
  pushOptions(spec, args, options, SORT_OPTIONS)
  return args
}

function pushGet(spec: CommandSpec, args: Arg[], get: readonly Key[], name: string): void {
  const patterns: Arg[] = []
  pushKeys(spec, patterns, get, name)
  for (const pattern of patterns) args.push('GET', pattern)
}
