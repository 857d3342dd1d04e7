// Interceptors: those that come with the library, and those of an application.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { channels } from '../../src/core/diagnostics.js'
import {
  type Client,
  CrossSlotError,
  createClient,
  createCluster,
  type Interceptor,
  intercept,
  keyPrefix,
  keySlot,
  ReplyError,
  type SlowCommand,
  slowCommands,
  tracing,
  WrappedSink,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { bulk, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, until } from '../support/wait.js'

let server: LocalServer
const clients: Client[] = []

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
beforeEach(() => server.ask('FLUSHALL'))
afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()))
})

function clientWith(...interceptors: Interceptor[]): Client {
  const client = createClient({ url: server.url, interceptors })
  clients.push(client)
  return client
}

async function keys(): Promise<string[]> {
  return ((await server.ask('KEYS', '*')) as string[]).sort()
}

describe('keyPrefix', () => {
  test('goes before every key of typed methods, and before nothing else', async () => {
    const redis = clientWith(keyPrefix('p:'))
    await redis.set('s', 'value')
    await redis.mset({ a: 'a', b: 'b' })
    await redis.hset('h', { field: 'v' })
    await redis.rpush('l', 'a')
    await redis.sadd('set', 'm')
    await redis.zadd('z', [{ member: 'm', score: 1 }])
    expect(await keys()).toEqual(['p:a', 'p:b', 'p:h', 'p:l', 'p:s', 'p:set', 'p:z'])
    expect(await redis.get('s')).toBe('value')
    expect(await redis.mget(['a', 'b', 'none'])).toEqual(['a', 'b', null])
    expect(await redis.hgetall('h')).toEqual(Object.assign(Object.create(null), { field: 'v' }))
    expect(await redis.rename('s', 't')).toBe('OK')
    expect(await redis.exists(['s', 't'])).toBe(1)
    expect(await redis.del(['a', 'b', 't'])).toBe(3)
    expect(await keys()).toEqual(['p:h', 'p:l', 'p:set', 'p:z'])
  })

  test('goes before the keys of call, wherever they stand', async () => {
    const redis = clientWith(keyPrefix('p:'))
    await redis.call('EVAL', "return redis.call('SET', KEYS[1], ARGV[1])", 1, 'script', 'v')
    await redis.call('ZADD', 'one', 1, 'm')
    await redis.call('ZUNIONSTORE', 'sum', 2, 'one', 'two', 'WEIGHTS', 1, 2)
    await redis.call('XADD', 'stream', '*', 'f', 'v')
    expect(await redis.call('XREAD', 'COUNT', 1, 'STREAMS', 'stream', 0)).toBeInstanceOf(Map)
    await redis.rpush('list', ['b', 'a'])
    await redis.call('SORT', 'list', 'ALPHA', 'STORE', 'sorted')
    expect(await redis.call('BLPOP', 'list', 0)).toEqual(['p:list', 'b'])
    expect(await keys()).toEqual(['p:list', 'p:one', 'p:script', 'p:sorted', 'p:stream', 'p:sum'])
    expect(await redis.call('PING')).toBe('PONG')
  })

  test('goes before keys of any bytes, which stay as they are', async () => {
    const redis = clientWith(keyPrefix('ü:'))
    const key = Buffer.from([0, 255, 13, 10])
    await redis.set(key, 'v')
    expect(await redis.get(key)).toBe('v')
    const plain = clientWith()
    expect(await plain.get(Buffer.concat([Buffer.from('ü:'), key]))).toBe('v')
    expect(key).toEqual(Buffer.from([0, 255, 13, 10]))
  })

  test('may bring keys into one slot, or a key into another: the slot is that of what is sent', async () => {
    await using cluster = await fakeCluster(3, words => bulk(words.slice(1).join(' ')))
    const tagged = createCluster({ nodes: cluster.urls, interceptors: [keyPrefix('{all}:')] })
    const untagged = createCluster({ nodes: cluster.urls, interceptors: [keyPrefix('p')] })
    clients.push(tagged, untagged)
    expect(keySlot('a')).not.toBe(keySlot('b'))
    expect(await tagged.call('DEL', 'a', 'b')).toBe('{all}:a {all}:b')
    expect(await untagged.get('a')).toBe('pa')
    const at = (key: string): number => Math.floor((keySlot(key) * 3) / 16_384)
    expect(cluster.node(at('{all}:')).asked).toContainEqual(['DEL', '{all}:a', '{all}:b'])
    expect(cluster.node(at('pa')).asked).toContainEqual(['GET', 'pa'])
    const error = await failureOf<CrossSlotError>(untagged.mget(['a', 'b']))
    expect(error).toBeInstanceOf(CrossSlotError)
    expect(error.slots).toEqual([keySlot('pa'), keySlot('pb')])
  })

  test('several prefixes stand in the order of their interceptors, the innermost first', async () => {
    const redis = clientWith(keyPrefix('inner:'), keyPrefix('outer:'))
    await redis.set('k', 'v')
    expect(await keys()).toEqual(['outer:inner:k'])
  })

  test('an empty prefix changes nothing', async () => {
    await clientWith(keyPrefix('')).set('k', 'v')
    expect(await keys()).toEqual(['k'])
  })
})

describe('slowCommands', () => {
  test('reports what took so long, and how it ended, but no arguments', async () => {
    const slow: SlowCommand[] = []
    const redis = clientWith(slowCommands(0, command => slow.push(command)))
    await redis.set('secret', 'secret')
    await failureOf(redis.incr('secret'))
    expect(slow).toMatchObject([
      { command: 'SET', slot: keySlot('secret'), error: undefined },
      { command: 'INCR', slot: keySlot('secret'), error: { prefix: 'ERR' } },
    ])
    for (const { elapsedMs } of slow) expect(elapsedMs).toBeGreaterThanOrEqual(0)
    expect(JSON.stringify(slow.map(({ error, ...facts }) => facts))).not.toContain('secret')
  })

  test('says nothing of what was quicker', async () => {
    const slow: SlowCommand[] = []
    const redis = clientWith(slowCommands(600_000, command => slow.push(command)))
    await redis.set('k', 'v')
    expect(slow).toEqual([])
  })

  test('a report that throws harms neither its call nor others, and is told of', async () => {
    const told: unknown[] = []
    const listen = (message: unknown): void => void told.push((message as { error: Error }).error.message)
    channels.error.subscribe(listen)
    const redis = clientWith(
      slowCommands(0, () => {
        throw new Error('mine')
      }),
    )
    expect(await Promise.all([redis.set('k', 'v'), redis.get('k'), failureOf(redis.incr('k'))])).toHaveLength(
      3,
    )
    channels.error.unsubscribe(listen)
    expect(told).toEqual(['mine', 'mine', 'mine'])
  })
})

describe('tracing', () => {
  test('publishes what settled, while somebody listens', async () => {
    const redis = clientWith(tracing())
    const heard: unknown[] = []
    const listen = (message: unknown): void => void heard.push(message)
    await redis.set('before', 'v')
    channels.command.subscribe(listen)
    await redis.set('k', 'v')
    await failureOf(redis.incr('k'))
    channels.command.unsubscribe(listen)
    await redis.set('after', 'v')
    expect(heard).toMatchObject([
      { command: 'SET', slot: keySlot('k'), error: undefined },
      { command: 'INCR', slot: keySlot('k'), error: { prefix: 'ERR' } },
    ])
  })
})

describe('intercept', () => {
  test('sees commands on their way out and replies on their way back, in the order of the list', async () => {
    const diary: string[] = []
    const noted = (name: string): Interceptor =>
      intercept(async (command, next) => {
        diary.push(`${name} > ${command.spec.name}`)
        const reply = await next(command)
        diary.push(`${name} < ${String(reply)}`)
        return reply
      })
    const redis = clientWith(noted('first'), noted('second'))
    await redis.set('k', 'v')
    expect(diary).toEqual(['first > SET', 'second > SET', 'second < OK', 'first < OK'])
  })

  test('may answer itself, change the answer, or ask something else', async () => {
    const redis = clientWith(
      intercept((command, next) => {
        if (command.args[1] === 'cached') return Promise.resolve('from the cache')
        if (command.args[1] === 'loud') return next(command).then(reply => String(reply).toUpperCase())
        return next(command)
      }),
    )
    await redis.set('loud', 'quiet')
    expect(await redis.get('cached')).toBe('from the cache')
    expect(await redis.get('loud')).toBe('QUIET')
    expect(await redis.get('none')).toBeNull()
  })

  test('may try again, and each try is a whole one', async () => {
    const redis = clientWith(
      intercept(async (command, next) => {
        try {
          return await next(command)
        } catch (error) {
          if (!(error instanceof ReplyError)) throw error
          await server.ask('DEL', 'k')
          return next(command)
        }
      }),
    )
    await redis.set('k', 'no number')
    expect(await redis.incr('k')).toBe(1)
  })

  test.each<[string, () => Promise<never>]>([
    ['that rejects', () => Promise.reject(new TypeError('mine'))],
    [
      'that throws',
      () => {
        throw new TypeError('mine')
      },
    ],
  ])('one %s makes the call reject with that', async (_, around) => {
    expect(await failureOf(clientWith(intercept(around)).get('k'))).toMatchObject({ message: 'mine' })
  })

  test('one that throws after the answer has come makes the call reject, and the command has happened', async () => {
    const redis = clientWith(
      intercept(async (command, next) => {
        await next(command)
        throw new TypeError('mine')
      }),
    )
    expect(await failureOf(redis.set('k', 'v'))).toMatchObject({ message: 'mine' })
    expect(await keys()).toEqual(['k'])
  })

  test('what it answers is decoded like a reply, and an odd one is an error', async () => {
    const redis = clientWith(intercept(() => Promise.resolve(['odd'])))
    expect(await failureOf(redis.get('k'))).toMatchObject({ code: 'UNEXPECTED_REPLY', command: 'GET' })
  })

  test('keeps the order of calls as long as it passes them on at once', async () => {
    const redis = clientWith(intercept((command, next) => next(command)))
    await Promise.all(Array.from({ length: 500 }, (_, i) => redis.rpush('list', i)))
    expect(await redis.lrange('list', 0, -1)).toEqual(Array.from({ length: 500 }, (_, i) => String(i)))
  })
})

describe('an interceptor of sinks', () => {
  class Counting extends WrappedSink {
    static answers = 0
    static sends = 0
    override sent(): void {
      Counting.sends++
      super.sent()
    }
    override resolve(reply: Parameters<WrappedSink['resolve']>[0]): void {
      Counting.answers++
      super.resolve(reply)
    }
  }

  test('hears what was sent and what was answered', async () => {
    const redis = clientWith(next => ({
      execute: (command, sink) => next.execute(command, new Counting(sink)),
    }))
    await Promise.all(Array.from({ length: 10 }, () => redis.get('k')))
    expect([Counting.sends, Counting.answers]).toEqual([10, 10])
  })

  test('that throws when its command is sent harms no other call', async () => {
    const redis = clientWith(next => ({
      execute: (command, sink) =>
        next.execute(
          command,
          Object.assign(new WrappedSink(sink), {
            sent: () => {
              throw new Error('mine')
            },
          }),
        ),
    }))
    expect(await Promise.all([redis.set('k', 'v'), redis.get('k')])).toEqual(['OK', 'v'])
  })

  test('sees what the client itself asks in the name of calls', async () => {
    const seen: string[] = []
    const redis = clientWith(next => ({
      execute(command, sink) {
        seen.push(command.spec.name)
        next.execute(command, sink)
      },
    }))
    await failureOf(redis.call('FOO.BAR'))
    await until(() => seen.length > 0)
    expect(seen).toEqual(['COMMAND INFO'])
  })
})
