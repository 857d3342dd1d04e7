// What the parser makes of bytes: the union of every RESP2 and RESP3 reply.
//
//   blob and simple string, verbatim  → string, or Buffer where asked (the verbatim format word is dropped)
//   error                             → ReplyError, as a value: a reply may hold errors (EXEC)
//   integer                           → number, or bigint where asked
//   big number                        → bigint
//   double                            → number, with Infinity and NaN
//   boolean, null (all three forms)   → boolean, null
//   array, set                        → array, in the server's order
//   map                               → RespMap: the pairs as they came. Never a plain object: `__proto__` is just a field
//   push                              → Push, beside the replies
//   attribute                         → read and dropped; they are hints a client may ignore
import type { ReplyError, UnrepresentableReplyError } from '../core/errors.js'

/** A RESP3 map as it came: key, value, key, value. Decoders turn it into a Map or a record without prototype. */
export class RespMap {
  readonly entries: readonly Reply[]
  constructor(entries: readonly Reply[]) {
    this.entries = entries
  }
}

/** An out-of-band frame (RESP3 push). Blobs inside are Buffers; the first element names the kind. */
export class Push {
  readonly items: readonly Reply[]
  constructor(items: readonly Reply[]) {
    this.items = items
  }
}

export type Reply =
  | string
  | Buffer
  | number
  | bigint
  | boolean
  | null
  | ReplyError
  | UnrepresentableReplyError
  | RespMap
  | readonly Reply[]

/** How a reply is read, as bits: `0` is text and numbers. */
export const ReplyMode = {
  /** Strings as Buffers rather than text. */
  BUFFER: 1,
  /** Integers as bigint rather than number. */
  BIGINT: 2,
} as const
export type ReplyMode = number
