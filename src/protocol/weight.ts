// What a command costs to keep, for ceilings on what waits.
import { isUint8Array } from 'node:util/types'
import type { Arg, Command } from './command.js'

/**
 * About as many bytes as the words have, prelude included: of text its length, which for ASCII is the same and costs
 * nothing to know. A program without types may have given anything: what is no word weighs nothing, and is refused elsewhere.
 */
export function weightOf({ args, prelude }: Pick<Command, 'args' | 'prelude'>): number {
  let bytes = weightOfWords(args)
  if (Array.isArray(prelude) && prelude.length > 0) for (const part of prelude) bytes += weightOf(part)
  return bytes
}

export function weightOfWords(words: readonly Arg[]): number {
  if (!Array.isArray(words)) return 0
  let bytes = 0
  for (let i = 0; i < words.length; i++) {
    const word: unknown = words[i]
    if (typeof word === 'string' || isUint8Array(word)) bytes += word.length
  }
  return bytes
}
