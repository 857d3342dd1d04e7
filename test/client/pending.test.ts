// All calls under way in a client have two ceilings together, and whatever becomes of a call, it counts no more when it
// has settled.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Call } from '../../src/client/call.js'
import { Pending } from '../../src/client/pending.js'
import { Sweeper } from '../../src/core/sweeper.js'
import { type Client, createClient, OverloadedError, ReplyError } from '../../src/index.js'
import { createCommand, NO_SLOT } from '../../src/protocol/command.js'
import { specOf } from '../../src/protocol/lookup.js'
import { weightOfWords } from '../../src/protocol/weight.js'
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

let redis: Client
let server: ScriptedServer
afterEach(async () => {
  redis?.destroy()
  await server?.close()
})

/** Answers no GET until it is told to; then all, with null. */
async function waiting(options: Parameters<typeof createClient>[0]): Promise<() => void> {
  let asked = 0
  let answer = (): void => {}
  server = await scriptedServer(async peer => {
    await peer.greet()
    let open = false
    answer = () => {
      open = true
      peer.reply('$-1\r\n'.repeat(asked))
      asked = 0
    }
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      if (words[0] !== 'GET') peer.reply('+OK\r\n')
      else if (open) peer.reply('$-1\r\n')
      else asked++
    }
  })
  redis = createClient({ port: server.port, silenceMs: 0, timeoutMs: 60_000, ...options })
  await redis.connect()
  return () => answer()
}

describe('one call too many', () => {
  test('is refused at once, by the name of the ceiling, and sent no sooner than there is room', async () => {
    const answer = await waiting({ maxPending: 3 })
    const calls = [redis.get('a'), redis.get('b'), redis.with({ replies: 'buffer' }).get('c')]
    const error = await failureOf<OverloadedError>(redis.get('d'))
    expect(error).toBeInstanceOf(OverloadedError)
    expect(error).toMatchObject({ limit: 'maxPending', command: 'GET', outcome: 'not-sent', retryable: true })
    expect(error.message).toContain('maxPending = 3')
    expect(error.message).not.toContain('wait for a node')
    expect(await failureOf(redis.call('FOO.BAR'))).toMatchObject({ limit: 'maxPending', command: 'FOO.BAR' })
    answer()
    expect(await Promise.all(calls)).toEqual([null, null, null])
    expect(await redis.get('d')).toBeNull()
  })

  test('by bytes likewise; one that finds room is taken whatever its size', async () => {
    const answer = await waiting({ maxPendingBytes: 1000 })
    const small = redis.get('a')
    const large = redis.get('b'.repeat(5000))
    const error = await failureOf<OverloadedError>(redis.get('c'))
    expect(error).toMatchObject({ limit: 'maxPendingBytes', command: 'GET', outcome: 'not-sent' })
    expect(error.message).toContain('maxPendingBytes = 1000')
    expect(error.message).toContain(`2 calls (${'GET'.length * 2 + 5001} bytes)`)
    expect(error.message).not.toContain('bbb')
    answer()
    expect(await Promise.all([small, large])).toEqual([null, null])
    expect(await redis.get('c')).toBeNull()
  })

  test('says how many wait for a node, and for how long', async () => {
    const gone = await scriptedServer(() => {})
    const { port } = gone
    await gone.close()
    redis = createClient({ port, maxPending: 5, timeoutMs: 60_000 })
    const down = new Promise(resolve => redis.on('node:suspect', resolve))
    const calls = Array.from({ length: 5 }, () => failureOf(redis.get('a')))
    await down
    await until(async () => (await failureOf(redis.get('b'))).message.includes('5 of them wait for a node'))
    expect((await failureOf(redis.get('b'))).message).toMatch(/up to \d+ ms/)
    redis.destroy()
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'CLOSED' })
  })
})

describe('a call counts', () => {
  const spec = specOf('GET')
  // What programs without types may give, too.
  const word = fc.oneof(fc.string(), fc.uint8Array().map(Buffer.from), fc.anything())
  const end = fc.constantFrom('reply', 'bad reply', 'error', 'abort', 'late reply')

  test('from its beginning until it has settled, once, however often and in whatever way it is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(word), fc.array(end, { minLength: 1 }))),
        async journeys => {
          const pending = new Pending(new Sweeper(), { maxPending: 1e6, maxPendingBytes: 1e9 })
          const calls = journeys.map(([args, ends]) => {
            const decode = (reply: unknown): unknown => {
              if (reply === 'bad') throw new Error('of another shape')
              return reply
            }
            const command = createCommand(spec, args as string[], NO_SLOT, decode)
            const call = new Call(command, 0, 1e9, pending)
            call.promise.catch(() => {})
            return { call, ends, bytes: weightOfWords(args as string[]) }
          })
          expect(pending.count).toBe(calls.length)
          expect(pending.bytes).toBe(calls.reduce((sum, { bytes }) => sum + bytes, 0))
          for (const { call, ends } of calls) {
            for (const how of ends) {
              if (how === 'abort') call.abort('enough')
              else if (how === 'error') call.reject(new ReplyError('ERR no'))
              else call.resolve(how === 'bad reply' ? 'bad' : null)
            }
            expect(call.settled).toBe(true)
          }
          expect([pending.count, pending.bytes]).toEqual([0, 0])
        },
      ),
    )
  })

  test.each<[unknown, number]>([
    [['GET', 'key'], 6],
    [['SET', 'k', Buffer.alloc(100)], 104],
    [[], 0],
    [['GET', 5, null, undefined, { length: '7' }], 3],
    [['GET', { length: -50 }], 3],
    [['GET', { length: Number.POSITIVE_INFINITY }], 3],
    [undefined, 0],
    ['GET', 0],
  ])('%j for so many bytes: %i', (args, bytes) => {
    expect(weightOfWords(args as string[])).toBe(bytes)
  })
})
