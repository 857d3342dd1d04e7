// Feeds a parser as a socket would: through one buffer that is overwritten after each chunk.
import { INCOMPLETE, type Parser } from '../../src/resp/parser.js'
import type { Push, Reply, ReplyMode } from '../../src/resp/types.js'

const SHARED = Buffer.alloc(64 * 1024)

/** Every reply in `wire`, cut at the positions given (ascending), read in `mode`, added to `replies`. */
export function feed(
  parser: Parser,
  wire: Buffer,
  mode: ReplyMode = 0,
  cuts: readonly number[] = [],
  replies: (Reply | Push)[] = [],
): (Reply | Push)[] {
  let start = 0
  for (const cut of [...cuts, wire.length]) {
    for (let from = start; from < cut; from += SHARED.length) {
      const size = wire.copy(SHARED, 0, from, Math.min(from + SHARED.length, cut))
      parser.push(SHARED, 0, size)
      readAll(parser, mode, replies)
      // What the parser has not copied by now is lost. A digit, CR or LF would be the most misleading leftover.
      SHARED.fill('1\r\n$', 0, size)
    }
    start = cut
  }
  return replies
}

export function readAll(parser: Parser, mode: ReplyMode, replies: (Reply | Push)[]): void {
  for (let reply = parser.read(mode); reply !== INCOMPLETE; reply = parser.read(mode)) replies.push(reply)
}
