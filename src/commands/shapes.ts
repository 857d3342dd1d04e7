// Commands of one shape, built in one place: what many builders do alike. The key is always checked first, so that
// the first wrong argument is the one that the error names.
import { type Arg, type Command, createCommand, type Decode, NO_SLOT } from '../protocol/command.js'
import { asCount } from '../protocol/decode.js'
import { keySlot, keysSlot } from '../protocol/slot.js'
import type { CommandSpec } from '../protocol/spec.js'
import {
  countArg,
  cursorArg,
  integerArg,
  keyArg,
  keyList,
  pushKeys,
  pushOneOrMany,
  pushOptions,
  pushTexts,
  SCAN_OPTIONS,
  type ScanOptions,
  valueArg,
} from './arguments.js'
import type { Key, Value } from './types.js'

/** The words of a command's name, to which others may be appended. */
export function nameWords(spec: CommandSpec): Arg[] {
  return spec.name.split(' ')
}

/** The name, and no key: `args` begins with {@link nameWords}. */
export function keyless<T>(spec: CommandSpec, decode: Decode<T>, args = nameWords(spec)): Command<T> {
  return createCommand(spec, args, NO_SLOT, decode)
}

/** NAME [text …]: one text, several, or none. */
export function ofTexts<T>(
  spec: CommandSpec,
  texts: string | readonly string[] | undefined,
  name: string,
  decode: Decode<T>,
): Command<T> {
  const args = nameWords(spec)
  if (texts !== undefined) pushTexts(spec, args, texts, name)
  return keyless(spec, decode, args)
}

/** Name and key, to which others may be appended. The name is one word. */
export function keyWords(spec: CommandSpec, key: Key, name?: string): Arg[] {
  return [spec.name, keyArg(spec, key, name)]
}

/** A command whose second word is its one key: `args` begins with {@link keyWords}. */
export function keyed<T>(spec: CommandSpec, args: readonly Arg[], decode: Decode<T>): Command<T> {
  return createCommand(spec, args, keySlot(args[1]!), decode)
}

/** NAME key */
export function ofKey<T>(spec: CommandSpec, key: Key, decode: Decode<T>): Command<T> {
  return createCommand(spec, [spec.name, keyArg(spec, key)], keySlot(key), decode)
}

/** COMMAND SUBCOMMAND key */
export function ofKeyInside<T>(spec: CommandSpec, key: Key, decode: Decode<T>): Command<T> {
  return createCommand(spec, [...nameWords(spec), keyArg(spec, key)], keySlot(key), decode)
}

/** NAME key field */
export function ofField<T>(spec: CommandSpec, key: Key, field: Key, decode: Decode<T>): Command<T> {
  const args = [spec.name, keyArg(spec, key), keyArg(spec, field, 'field')]
  return createCommand(spec, args, keySlot(key), decode)
}

/** NAME key value, where `name` is what the value is called. */
export function ofValue<T>(
  spec: CommandSpec,
  key: Key,
  value: Value,
  name: string,
  decode: Decode<T>,
): Command<T> {
  const args = [spec.name, keyArg(spec, key), valueArg(spec, value, name)]
  return createCommand(spec, args, keySlot(key), decode)
}

/** NAME key value [value …], answered with a number. */
export function ofValues(
  spec: CommandSpec,
  key: Key,
  values: Value | readonly Value[],
  name: string,
): Command<number> {
  const args = keyWords(spec, key)
  pushOneOrMany(spec, args, values, name)
  return keyed(spec, args, asCount)
}

/** NAME key integer */
export function ofInteger<T>(
  spec: CommandSpec,
  key: Key,
  value: number | bigint,
  name: string,
  decode: Decode<T>,
): Command<T> {
  return keyed(spec, [spec.name, keyArg(spec, key), integerArg(spec, value, name)], decode)
}

/** NAME key count */
export function ofCount<T>(
  spec: CommandSpec,
  key: Key,
  count: number,
  decode: Decode<T>,
  name = 'count',
): Command<T> {
  return keyed(spec, [spec.name, keyArg(spec, key), countArg(spec, count, name)], decode)
}

/** NAME key start stop, by place; `stopName` is what the latter is called. */
export function ofPlaces<T>(
  spec: CommandSpec,
  key: Key,
  start: number,
  stop: number,
  decode: Decode<T>,
  stopName = 'stop',
): Command<T> {
  const args = [spec.name, keyArg(spec, key), integerArg(spec, start, 'start')]
  args.push(integerArg(spec, stop, stopName))
  return keyed(spec, args, decode)
}

/** NAME key cursor [MATCH pattern] [COUNT count] */
export function ofPage<T>(
  spec: CommandSpec,
  key: Key,
  cursor: string | number | bigint,
  options: ScanOptions | undefined,
  decode: Decode<T>,
): Command<T> {
  const args = [spec.name, keyArg(spec, key), cursorArg(spec, cursor)]
  pushOptions(spec, args, options, SCAN_OPTIONS)
  return keyed(spec, args, decode)
}

/** Name and two keys, to which others may be appended. */
export function twoKeyWords(spec: CommandSpec, key1: Key, name1: string, key2: Key, name2: string): Arg[] {
  return [spec.name, keyArg(spec, key1, name1), keyArg(spec, key2, name2)]
}

/** A command whose second and third word are its keys: `args` begins with {@link twoKeyWords}. */
export function twiceKeyed<T>(spec: CommandSpec, args: readonly Arg[], decode: Decode<T>): Command<T> {
  return createCommand(spec, args, keysSlot([args[1]!, args[2]!]), decode)
}

/** NAME key [key …] */
export function ofKeys<T>(spec: CommandSpec, keyOrKeys: Key | readonly Key[], decode: Decode<T>): Command<T> {
  if (typeof keyOrKeys === 'string') return ofKey(spec, keyOrKeys, decode)
  const keys = keyList(spec, keyOrKeys)
  const args: Arg[] = [spec.name]
  pushKeys(spec, args, keys, 'keyOrKeys')
  return createCommand(spec, args, keysSlot(keys), decode)
}

/** NAME numkeys key [key …], to which others may be appended. */
export function countedKeys(spec: CommandSpec, keys: readonly Key[], name: string): Arg[] {
  const args: Arg[] = [spec.name, String(keys?.length)]
  pushKeys(spec, args, keys, name)
  return args
}

/** NAME numkeys key [key …] [LIMIT limit], answered with a number. */
export function ofCommon(
  spec: CommandSpec,
  keyOrKeys: Key | readonly Key[],
  options: { readonly limit?: number } | undefined,
): Command<number> {
  const keys = keyList(spec, keyOrKeys)
  const args = countedKeys(spec, keys, 'keyOrKeys')
  pushOptions(spec, args, options, { limit: ['LIMIT', countArg] })
  return createCommand(spec, args, keysSlot(keys), asCount)
}
