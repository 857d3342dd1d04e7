// Values of one line, and texts, as the mode asks for them.
import { IntegerRangeError, ReplyError } from '../core/errors.js'
import { malformed } from './malformed.js'
import type { Nesting } from './nesting.js'
import { ownBytes } from './own-bytes.js'
import { scanBigNumber, scanDouble, scanInteger } from './scan.js'
import { decodeText } from './text.js'
import { type Reply, ReplyMode } from './types.js'

// In a push, whatever the mode of the reply that is due: blobs are Buffers, simple strings text, and an integer that no
// number can hold is a bigint, since there is no caller who could be told to ask otherwise.
const IN_PUSH = 4
export const PUSH_MODE: ReplyMode = ReplyMode.BUFFER | IN_PUSH

/** `<type><content>` in `bytes[start, end)`; undefined if the type is no scalar's. */
export function readScalar(
  bytes: Buffer,
  start: number,
  end: number,
  mode: ReplyMode,
  nesting: Nesting,
): Reply | undefined {
  const from = start + 1
  switch (bytes[start]) {
    case 0x2b: // +<text>
      if ((mode & (ReplyMode.BUFFER | IN_PUSH)) === ReplyMode.BUFFER) return ownBytes(bytes, from, end)
      return readText(bytes, from, end, nesting)
    case 0x2d: // -<message>
      return readError(bytes, from, end, nesting)
    case 0x3a: // :<integer>
      return readInteger(bytes, from, end, mode, nesting)
    case 0x5f: // _
      return from === end ? null : malformed("expected nothing after '_'")
    case 0x23: // #t, #f
      if (end - from === 1 && bytes[from] === 0x74) return true
      if (end - from === 1 && bytes[from] === 0x66) return false
      return malformed("expected 't' or 'f' after '#'")
    case 0x2c: // ,<double>
      return scanDouble(bytes, from, end) ?? malformed("expected a double after ','")
    case 0x28: // (<big number>
      return (
        scanBigNumber(bytes, from, end) ?? malformed("expected an integer of 4,096 digits at most after '('")
      )
    default:
      return undefined
  }
}

export function readText(bytes: Buffer, start: number, end: number, nesting: Nesting): Reply {
  const text = decodeText(bytes, start, end)
  return typeof text === 'string' ? text : nesting.flaw(text)
}

export function readError(bytes: Buffer, start: number, end: number, nesting: Nesting): Reply {
  const message = decodeText(bytes, start, end)
  return typeof message === 'string' ? new ReplyError(message) : nesting.flaw(message)
}

function readInteger(bytes: Buffer, start: number, end: number, mode: ReplyMode, nesting: Nesting): Reply {
  const value = scanInteger(bytes, start, end)
  if (value === undefined) return malformed("expected an integer of 64 bits after ':'")
  if ((mode & ReplyMode.BIGINT) !== 0) return BigInt(value)
  if (typeof value === 'number' || (mode & IN_PUSH) !== 0) return value
  return nesting.flaw(new IntegerRangeError())
}
