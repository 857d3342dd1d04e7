import type { Command } from '../protocol/command.js'
import { asCount, asFlag } from '../protocol/decode.js'
import { specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  checkAtMostOne,
  countTrue,
  integerArg,
  keyArg,
  type OptionWords,
  pushOptions,
  type Timestamp,
  timestampArg,
} from './arguments.js'
import { keyed, ofKey } from './shapes.js'
import type { Key } from './types.js'

/** When a new time to live is to be set; at most one, or `xx` with `gt` or `lt`. Since 7.0. */
export interface ExpireOptions {
  /** Only where the key has none. */
  readonly nx?: boolean
  /** Only where the key has one. */
  readonly xx?: boolean
  /** Only where the new one is later; a key without one lives for ever, which is later still. */
  readonly gt?: boolean
  /** Only where the new one is sooner. */
  readonly lt?: boolean
}

const EXPIRE = /* @__PURE__ */ specOf('EXPIRE')
const EXPIREAT = /* @__PURE__ */ specOf('EXPIREAT')
const EXPIRETIME = /* @__PURE__ */ specOf('EXPIRETIME')
const PERSIST = /* @__PURE__ */ specOf('PERSIST')
const PEXPIRE = /* @__PURE__ */ specOf('PEXPIRE')
const PEXPIREAT = /* @__PURE__ */ specOf('PEXPIREAT')
const PEXPIRETIME = /* @__PURE__ */ specOf('PEXPIRETIME')
const PTTL = /* @__PURE__ */ specOf('PTTL')
const TTL = /* @__PURE__ */ specOf('TTL')

/**
 * Sets a time to live in seconds; false where the key is missing or the option says no. EXPIRE, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/expire/
 */
export function expire(key: Key, seconds: number, options?: ExpireOptions): Command<boolean> {
  return expiring(EXPIRE, key, integerArg(EXPIRE, seconds, 'seconds'), options)
}

/**
 * Lets the key live until a Unix time in seconds, or a Date, rounded down to the second; false where the key is
 * missing or the option says no. EXPIREAT, since 1.2.0.
 * @see https://redis.io/docs/latest/commands/expireat/
 */
export function expireat(key: Key, time: Timestamp, options?: ExpireOptions): Command<boolean> {
  return expiring(EXPIREAT, key, timestampArg(EXPIREAT, time, 'time', 1000), options)
}

/**
 * The Unix time in seconds at which the key goes; −1 where it stays, −2 where it is missing. EXPIRETIME, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/expiretime/
 */
export function expiretime(key: Key): Command<number> {
  return ofKey(EXPIRETIME, key, asCount)
}

/**
 * Removes the time to live; false where there was none, or no key. PERSIST, since 2.2.0.
 * @see https://redis.io/docs/latest/commands/persist/
 */
export function persist(key: Key): Command<boolean> {
  return ofKey(PERSIST, key, asFlag)
}

/**
 * Sets a time to live in milliseconds; false where the key is missing or the option says no. PEXPIRE, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/pexpire/
 */
export function pexpire(key: Key, milliseconds: number, options?: ExpireOptions): Command<boolean> {
  return expiring(PEXPIRE, key, integerArg(PEXPIRE, milliseconds, 'milliseconds'), options)
}

/**
 * Lets the key live until a Unix time in milliseconds, or a Date; false where the key is missing or the option says
 * no. PEXPIREAT, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/pexpireat/
 */
export function pexpireat(key: Key, time: Timestamp, options?: ExpireOptions): Command<boolean> {
  return expiring(PEXPIREAT, key, timestampArg(PEXPIREAT, time, 'time', 1), options)
}

/**
 * The Unix time in milliseconds at which the key goes; −1 where it stays, −2 where it is missing.
 * PEXPIRETIME, since 7.0.0.
 * @see https://redis.io/docs/latest/commands/pexpiretime/
 */
export function pexpiretime(key: Key): Command<number> {
  return ofKey(PEXPIRETIME, key, asCount)
}

/**
 * Milliseconds the key has to live; −1 where it stays, −2 where it is missing. PTTL, since 2.6.0.
 * @see https://redis.io/docs/latest/commands/pttl/
 */
export function pttl(key: Key): Command<number> {
  return ofKey(PTTL, key, asCount)
}

/**
 * Seconds the key has to live; −1 where it stays, −2 where it is missing. TTL, since 1.0.0.
 * @see https://redis.io/docs/latest/commands/ttl/
 */
export function ttl(key: Key): Command<number> {
  return ofKey(TTL, key, asCount)
}

const EXPIRE_OPTIONS: OptionWords<ExpireOptions> = { nx: 'NX', xx: 'XX', gt: 'GT', lt: 'LT' }

function expiring(
  spec: CommandSpec,
  key: Key,
  time: string,
  options: ExpireOptions | undefined,
): Command<boolean> {
  const args = [spec.name, keyArg(spec, key), time]
  pushOptions(spec, args, options, EXPIRE_OPTIONS)
  const { nx, xx, gt, lt } = options ?? {}
  checkAtMostOne(spec, countTrue(gt, lt), 'gt and lt')
  checkAtMostOne(spec, countTrue(nx, xx || gt || lt), 'nx, and xx, gt or lt')
  return keyed(spec, args, asFlag)
}
