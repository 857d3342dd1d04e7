// What a server may make us hold: the ceilings of the parser. Beyond one of them the stream is given up with a
// ProtocolError. Nothing is allocated because a length was claimed; memory follows the bytes that came.
import { constants } from 'node:buffer'
import { InvalidOptionError } from '../core/errors.js'

export interface Limits {
  /**
   * Bytes of one string: 512 MiB, the server's own `proto-max-bulk-len`; raise it where the server's was raised. At most
   * what a Buffer can hold.
   * @default 536870912
   */
  readonly maxBulkBytes: number
  /**
   * Elements of one reply, those of nested aggregates included; a map entry counts two. The default, 2^26, is also the
   * maximum: V8 ends the process when an array has to grow beyond 2^27 elements. Lower it to refuse large replies sooner.
   * @default 67108864
   */
  readonly maxElements: number
  /**
   * Aggregates within aggregates, at most 1024; servers send less than ten.
   * @default 128
   */
  readonly maxDepth: number
  /**
   * Bytes of a simple string, a simple error or a number, at most 16 MiB.
   * @default 65536
   */
  readonly maxLineBytes: number
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxBulkBytes: 512 * 1024 * 1024,
  maxElements: 2 ** 26,
  maxDepth: 128,
  maxLineBytes: 64 * 1024,
})

const CEILINGS: Limits = {
  maxBulkBytes: constants.MAX_LENGTH - 2,
  maxElements: 2 ** 26,
  maxDepth: 1024,
  maxLineBytes: 16 * 1024 * 1024,
}

/** Fills in the defaults and checks the rest. */
export function resolveLimits(limits: Partial<Limits> = {}): Limits {
  for (const name of Object.keys(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new InvalidOptionError(`limits.${name}`, 'is not known')
  }
  return Object.freeze({
    maxBulkBytes: resolveLimit('maxBulkBytes', limits),
    maxElements: resolveLimit('maxElements', limits),
    maxDepth: resolveLimit('maxDepth', limits),
    maxLineBytes: resolveLimit('maxLineBytes', limits),
  })
}

function resolveLimit(name: keyof Limits, limits: Partial<Limits>): number {
  const value = limits[name]
  if (value === undefined) return DEFAULT_LIMITS[name]
  if (Number.isInteger(value) && value >= 1 && value <= CEILINGS[name]) return value
  throw new InvalidOptionError(
    `limits.${name}`,
    `must be an integer from 1 to ${CEILINGS[name]}`,
    String(value),
  )
}
