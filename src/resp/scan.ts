// Lines and numbers, read from bytes.
import { latin1Text } from './text.js'

export const CR = 0x0d
export const LF = 0x0a

/** Lengths that are no number. */
export const NULL_LENGTH = -1
export const STREAMED_LENGTH = -2
export const BAD_LENGTH = -3

// Native search costs some 200 ns to begin with; headers are shorter than that.
const SHORT_LINE = 48

/** The index of the CR that ends the line (a CR LF pair; a CR or LF by itself is content), or -1. */
export function findLineEnd(bytes: Buffer, start: number, end: number): number {
  const near = Math.min(end - 1, start + SHORT_LINE)
  let at = start
  for (; at < near; at++) {
    if (bytes[at] === CR && bytes[at + 1] === LF) return at
  }
  // Never searches beyond `end`: what stands there is left over from an earlier read.
  const rest = at < end - 1 ? bytes.subarray(at, end).indexOf('\r\n', 0, 'latin1') : -1
  return rest === -1 ? -1 : at + rest
}

/** `<digits>`, `-1` or `?`, in `bytes[start, end)`. */
export function scanLength(bytes: Buffer, start: number, end: number): number {
  if (end - start > 15 || start === end) return BAD_LENGTH
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! ^ 0x30
    if (digit > 9) return scanSpecialLength(bytes, start, end)
    length = length * 10 + digit
  }
  return length
}

function scanSpecialLength(bytes: Buffer, start: number, end: number): number {
  if (end - start === 1 && bytes[start] === 0x3f) return STREAMED_LENGTH
  if (end - start === 2 && bytes[start] === 0x2d && bytes[start + 1] === 0x31) return NULL_LENGTH
  return BAD_LENGTH
}

/** `[+-]<digits>` of at most 64 bits; a bigint only where a number would lose digits. */
export function scanInteger(bytes: Buffer, start: number, end: number): number | bigint | undefined {
  const negative = bytes[start] === 0x2d
  const first = negative || bytes[start] === 0x2b ? start + 1 : start
  if (first >= end || end - first > 20) return undefined
  let value = 0
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! ^ 0x30
    if (digit > 9) return undefined
    value = value * 10 + digit
  }
  // Up to 2^53 - 1 every step above was exact; once beyond, the sum stays beyond.
  if (value <= Number.MAX_SAFE_INTEGER) return negative && value !== 0 ? -value : value
  const digits = BigInt(latin1Text(bytes, first, end))
  const exact = negative ? -digits : digits
  return BigInt.asIntN(64, exact) === exact ? exact : undefined
}

const DOUBLE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE_OR_NAN = /^[+-]?(?:inf|nan)$/i

// Powers of ten that a number holds exactly.
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 16 }, (_, n) => 10 ** n)

/** `[+-]<integral>[.<fraction>][e[+-]<exponent>]`, `inf`, `-inf`, `nan` (`-nan` from older servers). */
export function scanDouble(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start <= 16 ? scanShortDouble(bytes, start, end) : parseDouble(latin1Text(bytes, start, end))
}

// At most 15 digits and a point: both the digits and the power of ten are exact, so their quotient is rounded once.
function scanShortDouble(bytes: Buffer, start: number, end: number): number | undefined {
  const negative = bytes[start] === 0x2d
  const first = negative ? start + 1 : start
  let digits = 0
  let point = end
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! ^ 0x30
    if (digit <= 9) digits = digits * 10 + digit
    else if (bytes[at] === 0x2e && point === end && at > first) point = at
    else return parseDouble(latin1Text(bytes, start, end))
  }
  const places = point === end ? 0 : end - point - 1
  if (first === end || end - first - places > 15) return parseDouble(latin1Text(bytes, start, end))
  const value = digits / POWERS_OF_TEN[places]!
  return negative ? -value : value
}

function parseDouble(text: string): number | undefined {
  if (DOUBLE.test(text)) return Number(text)
  if (!INFINITE_OR_NAN.test(text)) return undefined
  if (text.endsWith('n') || text.endsWith('N')) return Number.NaN
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

const BIG_NUMBER = /^[+-]?\d+$/
// Reading digits takes time by the square of their count: 0.3 ms for these, 20 ms for a line of 64 KB.
const MAX_BIG_NUMBER = 4096

/** `[+-]<digits>`. */
export function scanBigNumber(bytes: Buffer, start: number, end: number): bigint | undefined {
  if (end - start > MAX_BIG_NUMBER) return undefined
  const text = latin1Text(bytes, start, end)
  if (!BIG_NUMBER.test(text)) return undefined
  return BigInt(text.startsWith('+') ? text.slice(1) : text)
}
