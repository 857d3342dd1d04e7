// The last look at a command before it may be written: on a shared connection one word that is no word would shift
// everybody's answers, and one beyond the server's ceiling makes it hang up on everybody.
import { isUint8Array } from 'node:util/types'
import { InvalidArgumentError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'

/** What keeps the command from being sent; undefined for one that can be. `maxBytes` is the ceiling of one word. */
export function flawOf(command: Command, maxBytes: number): InvalidArgumentError | undefined {
  const args = command.args
  if (!Array.isArray(args) || args.length === 0)
    return flaw(command, 0, 'is missing: a command has at least a name')
  for (let i = 0; i < args.length; i++) {
    const arg: unknown = args[i]
    if (typeof arg === 'string') {
      // Three bytes at most for each unit: only what comes near is counted.
      if (arg.length * 3 > maxBytes && Buffer.byteLength(arg) > maxBytes) return tooLong(command, i, maxBytes)
    } else if (!isUint8Array(arg)) {
      return flaw(command, i, 'must be a string or a Buffer')
    } else if (arg.length > maxBytes) {
      return tooLong(command, i, maxBytes)
    }
  }
  return undefined
}

function tooLong(command: Command, i: number, maxBytes: number): InvalidArgumentError {
  return flaw(command, i, `is longer than limits.maxBulkBytes = ${maxBytes}`)
}

function flaw({ spec }: Command, i: number, what: string): InvalidArgumentError {
  return new InvalidArgumentError(typeof spec?.name === 'string' ? spec.name : 'send()', i, what)
}
