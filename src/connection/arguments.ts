// The last look at a command before it may be written: on a shared connection one word that is no word would shift
// everybody's answers, and one beyond the server's ceiling makes it hang up on everybody.
import { isUint8Array } from 'node:util/types'
import { InvalidArgumentError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'

/**
 * What the command weighs, its prelude included: about as many bytes as its words have. Or what keeps it from being sent;
 * `maxBytes` is the ceiling of one word.
 */
export function weigh(command: Command, maxBytes: number): number | InvalidArgumentError {
  const args = command.args
  if (!Array.isArray(args) || args.length === 0)
    return flaw(command, 0, 'is missing: a command has at least a name')
  let bytes = 0
  for (let i = 0; i < args.length; i++) {
    const arg: unknown = args[i]
    if (typeof arg === 'string') {
      // Three bytes at most for each unit: only what comes near is counted.
      if (arg.length * 3 > maxBytes && Buffer.byteLength(arg) > maxBytes) return tooLong(command, i, maxBytes)
      bytes += arg.length
    } else if (!isUint8Array(arg)) {
      return flaw(command, i, 'must be a string or a Buffer')
    } else if (arg.length > maxBytes) {
      return tooLong(command, i, maxBytes)
    } else {
      bytes += arg.length
    }
  }
  return command.prelude.length === 0 ? bytes : weighUnit(command, bytes, maxBytes)
}

function weighUnit(command: Command, own: number, maxBytes: number): number | InvalidArgumentError {
  let bytes = own
  for (const part of command.prelude) {
    const weight = weigh(part, maxBytes)
    if (typeof weight !== 'number') return weight
    bytes += weight
  }
  return bytes
}

function tooLong(command: Command, i: number, maxBytes: number): InvalidArgumentError {
  return flaw(command, i, `is longer than limits.maxBulkBytes = ${maxBytes}`)
}

function flaw({ spec }: Command, i: number, what: string): InvalidArgumentError {
  return new InvalidArgumentError(typeof spec?.name === 'string' ? spec.name : 'send()', i, what)
}
