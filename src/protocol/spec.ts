// What is known of a command before it is sent. One spec per Redis command, shared by all its uses.
// Mirrors the server's COMMAND and COMMAND DOCS replies: https://redis.io/docs/latest/commands/command/

// lookup.ts names them in this order.
/** Command flags, as bits. */
export const Flag = {
  WRITE: 1,
  READONLY: 2,
  BLOCKING: 4,
  ADMIN: 8,
  PUBSUB: 16,
  NOSCRIPT: 32,
  FAST: 64,
  LOADING: 128,
  STALE: 256,
  MOVABLE_KEYS: 512,
  DENYOOM: 1024,
  NO_AUTH: 2048,
  NO_MULTI: 4096,
} as const

/** Where keys begin: at a fixed index, or after a keyword. Indexes count from 0, the command's name. */
export type BeginSearch =
  | { readonly kind: 'index'; readonly pos: number }
  | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly kind: 'unknown' }

/** Which arguments are keys from there on. */
export type FindKeys =
  /** `lastKey`: relative to the first key if ≥ 0; from the end if negative (−1 the last); `limit`: 0/1 all, n the first 1/n. */
  | { readonly kind: 'range'; readonly lastKey: number; readonly step: number; readonly limit: number }
  | { readonly kind: 'keynum'; readonly keyNumIdx: number; readonly firstKey: number; readonly step: number }
  | { readonly kind: 'unknown' }

export interface KeySpec {
  readonly begin: BeginSearch
  readonly find: FindKeys
  /** The argument is routed like a key without being one (a sharded channel): key prefixes do not apply. */
  readonly notKey: boolean
}

/** Which nodes are to be asked, from the server's tips. */
export type RequestPolicy = 'all_nodes' | 'all_shards' | 'multi_shard' | 'special'
/** How several answers become one. */
export type ResponsePolicy =
  | 'one_succeeded'
  | 'all_succeeded'
  | 'agg_logical_and'
  | 'agg_logical_or'
  | 'agg_min'
  | 'agg_max'
  | 'agg_sum'
  | 'special'

export interface CommandSpec {
  /** Upper case; a subcommand with its parent, e.g. `CONFIG GET`. */
  readonly name: string
  /** Words counted with the name; negative: at least that many. */
  readonly arity: number
  /** Bits of {@link Flag}. */
  readonly flags: number
  readonly keySpecs: readonly KeySpec[]
  readonly requestPolicy: RequestPolicy | undefined
  readonly responsePolicy: ResponsePolicy | undefined
  /** The name has subcommands and means nothing alone. */
  readonly container: boolean
}
