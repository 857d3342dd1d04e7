// Replies of a Redis 7.0.15, byte for byte (in latin1), cut wherever they can be.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { IntegerRangeError } from '../../src/core/errors.js'
import { Parser } from '../../src/resp/parser.js'
import { Push, type Reply, ReplyMode } from '../../src/resp/types.js'
import { feed } from './feed.js'
import { referenceReplies } from './reference-parser.js'

const RECORDED: Record<string, string> = JSON.parse(
  readFileSync(new URL('./recorded.json', import.meta.url), 'utf8'),
)
const BEYOND = 'INCRBY 0 of the largest'

describe('Parser reads what a server said', () => {
  it.each(Object.entries(RECORDED))('%s', (name, latin1) => {
    const wire = Buffer.from(latin1, 'latin1')
    const wanted = referenceReplies(latin1).map(reply =>
      name === BEYOND ? new IntegerRangeError() : reply instanceof Push ? withBuffers(reply) : reply,
    )
    expect(feed(new Parser(), wire)).toStrictEqual(wanted)
    expect(feed(new Parser(), wire, 0, Array.from(wire.keys()))).toStrictEqual(wanted)
    const whole = [0, ReplyMode.BUFFER, ReplyMode.BIGINT].map(mode => feed(new Parser(), wire, mode))
    for (let one = 1; one < wire.length; one++) {
      for (const mode of [0, ReplyMode.BUFFER, ReplyMode.BIGINT]) {
        expect(feed(new Parser(), wire, mode, [one])).toStrictEqual(whole[mode])
      }
      if (wire.length > 64) continue
      for (let two = one + 1; two < wire.length; two++) {
        expect(feed(new Parser(), wire, 0, [one, two])).toStrictEqual(wanted)
      }
    }
  })
})

/** Blobs in pushes are Buffers; these have no other strings. */
function withBuffers(push: Push): Push {
  const asBuffers = (reply: Reply): Reply =>
    typeof reply === 'string' ? Buffer.from(reply) : Array.isArray(reply) ? reply.map(asBuffers) : reply
  return new Push(push.items.map(asBuffers))
}
