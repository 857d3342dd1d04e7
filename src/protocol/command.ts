// What to ask. A command is a value: built once, safe to send twice, to send elsewhere, to send again.
import type { Reply } from '../resp/types.js'
import { ReplyMode } from '../resp/types.js'
import type { CommandSpec } from './spec.js'

/** One word of a command. Strings are sent as UTF-8; Buffers as they are, not copied: do not write to one until its call has settled. */
export type Arg = string | Buffer

/** A command without keys. */
export const NO_SLOT = -1
/** A command whose keys live in several slots. */
export const MIXED_SLOTS = -2

/** How a command is to be carried out. Frozen and usually shared. */
export interface Hints {
  /** Strings in replies as text (default) or Buffer. */
  readonly replies: 'text' | 'buffer'
  /** Integers in replies as number (default) or bigint. */
  readonly integers: 'number' | 'bigint'
  /** The caller says that doing it twice does no harm: it is retried even when it may have happened. */
  readonly idempotent: boolean
  /** `replies` and `integers` as the parser wants them. */
  readonly mode: ReplyMode
}

/** What a decoder may want to know of how the reply was read. */
export type Decode<T> = (reply: Reply, mode: ReplyMode) => T

export interface Command<out T = unknown> {
  /** Shared per Redis command: name, arity, flags, key specs, policies. */
  readonly spec: CommandSpec
  /** In wire order, the name first; a subcommand is a word of its own. */
  readonly args: readonly Arg[]
  /** 0…16383, or {@link NO_SLOT}, or {@link MIXED_SLOTS}. */
  readonly slot: number
  /** RESP → JavaScript. Throws UnexpectedReplyError for a shape it does not know. */
  readonly decode: Decode<T>
  /** Commands that must stand immediately before this one on the same connection (ASKING, MULTI …). Usually the shared empty array. */
  readonly prelude: readonly Command[]
  readonly hints: Hints
}

const NO_PRELUDE: readonly Command[] = Object.freeze([])

export function createHints(hints: Partial<Omit<Hints, 'mode'>>): Hints {
  const replies = hints.replies ?? 'text'
  const integers = hints.integers ?? 'number'
  const mode = (replies === 'buffer' ? ReplyMode.BUFFER : 0) | (integers === 'bigint' ? ReplyMode.BIGINT : 0)
  return Object.freeze({ replies, integers, idempotent: hints.idempotent ?? false, mode })
}

export const DEFAULT_HINTS: Hints = createHints({})

// A class, so that every command has one hidden class and the floors below stay monomorphic.
class BuiltCommand<T> implements Command<T> {
  readonly spec: CommandSpec
  readonly args: readonly Arg[]
  readonly slot: number
  readonly decode: Decode<T>
  readonly prelude: readonly Command[]
  readonly hints: Hints

  constructor(
    spec: CommandSpec,
    args: readonly Arg[],
    slot: number,
    decode: Decode<T>,
    prelude: readonly Command[],
    hints: Hints,
  ) {
    this.spec = spec
    this.args = args
    this.slot = slot
    this.decode = decode
    this.prelude = prelude
    this.hints = hints
  }
}

/** Builds a command. `args` is kept, not copied. */
export function createCommand<T>(
  spec: CommandSpec,
  args: readonly Arg[],
  slot: number,
  decode: Decode<T>,
): Command<T> {
  return new BuiltCommand(spec, args, slot, decode, NO_PRELUDE, DEFAULT_HINTS)
}

/** The same command, behind `prelude` on its connection. */
export function withPrelude<T>(command: Command<T>, prelude: readonly Command[]): Command<T> {
  return new BuiltCommand(command.spec, command.args, command.slot, command.decode, prelude, command.hints)
}

/** The same command with other hints. What the command asks for by itself (bytes, for DUMP) stays. */
export function withHints<T>(command: Command<T>, hints: Hints): Command<T> {
  const own = command.hints
  return new BuiltCommand(
    command.spec,
    command.args,
    command.slot,
    command.decode,
    command.prelude,
    own === DEFAULT_HINTS ? hints : mergeHints(own, hints),
  )
}

function mergeHints(own: Hints, wanted: Hints): Hints {
  return createHints({
    replies: own.replies === 'buffer' ? 'buffer' : wanted.replies,
    integers: own.integers === 'bigint' ? 'bigint' : wanted.integers,
    idempotent: own.idempotent || wanted.idempotent,
  })
}

/** The same command with other arguments (a key prefix, say) and the slot they have. */
export function withArgs<T>(command: Command<T>, args: readonly Arg[], slot: number): Command<T> {
  return new BuiltCommand(command.spec, args, slot, command.decode, command.prelude, command.hints)
}
