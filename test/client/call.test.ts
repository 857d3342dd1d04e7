// Any command by its words.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type CallArg,
  type Client,
  createClient,
  createCluster,
  InvalidArgumentError,
  keySlot,
  ReplyError,
  UnsupportedCommandError,
} from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { bulk, fakeCluster } from '../support/fake-cluster.js'
import { failureOf, until } from '../support/wait.js'

let server: LocalServer
let redis: Client

beforeAll(async () => {
  // Under other names the server has commands of which no table knows.
  server = await startServer({
    config: { 'rename-command': ['LPUSHX foo.push', 'PFADD foo.count', 'SUBSTR foo.part'] },
  })
  redis = createClient({ url: server.url })
})
afterAll(async () => {
  await redis?.close()
  await server?.stop()
})
beforeEach(async () => {
  await server.ask('FLUSHALL')
  await server.ask('CONFIG', 'RESETSTAT')
})

async function calls(name: string): Promise<number> {
  const stats = String(await server.ask('INFO', 'commandstats')).split('\r\n')
  const line = stats.find(stat => stat.startsWith(`cmdstat_${name}:`))
  return Number(/calls=(\d+)/.exec(line ?? '')?.[1] ?? 0)
}

describe('call', () => {
  test('takes names and subcommands in any case, as text or bytes', async () => {
    expect(await redis.call('set', 'k', 'v')).toBe('OK')
    expect(await redis.call('GeT', 'k')).toBe('v')
    expect(await redis.call(Buffer.from('get'), 'k')).toBe('v')
    expect(await redis.call('OBJECT', 'ENCODING', 'k')).toBe('embstr')
    expect(await redis.call('object', 'encoding', 'k')).toBe('embstr')
    expect(await redis.call('Object', Buffer.from('EncOding'), 'k')).toBe('embstr')
  })

  test('takes text, bytes, numbers and bigints', async () => {
    const bytes = new Uint8Array([0, 255, 13, 10])
    await redis.call('SET', bytes, Buffer.from([1, 2, 3]))
    expect(await redis.with({ replies: 'buffer' }).call('GET', Buffer.from(bytes))).toEqual(
      Buffer.from([1, 2, 3]),
    )
    expect(await redis.call('SET', 'n', 1.5)).toBe('OK')
    expect(await redis.call('INCRBYFLOAT', 'n', -0.25)).toBe('1.25')
    expect(await redis.call('SET', 'n', 2n ** 62n)).toBe('OK')
    expect(await redis.with({ integers: 'bigint' }).call('INCRBY', 'n', 1n)).toBe(2n ** 62n + 1n)
    expect(await redis.call('SET', '', '')).toBe('OK')
    expect(await redis.call('GET', '')).toBe('')
  })

  test('gives replies as they are', async () => {
    await redis.call('RPUSH', 'list', 'a', 'b')
    await redis.call('HSET', 'hash', 'f', 'v', '__proto__', 'x')
    expect(await redis.call('LRANGE', 'list', 0, -1)).toEqual(['a', 'b'])
    expect(await redis.call('GET', 'missing')).toBeNull()
    expect(await redis.call('EXISTS', 'list')).toBe(1)
    expect(await redis.call('HGETALL', 'hash')).toEqual(
      new Map([
        ['f', 'v'],
        ['__proto__', 'x'],
      ]),
    )
    expect(await redis.call('EVAL', 'return {1, {"a", false}, {err="ERR mine"}}', 0)).toEqual([
      1,
      ['a', null],
      expect.objectContaining({ prefix: 'ERR' }),
    ])
    const error = await failureOf<ReplyError>(redis.call('INCR', 'list'))
    expect(error).toBeInstanceOf(ReplyError)
    expect(error).toMatchObject({ prefix: 'WRONGTYPE', command: 'INCR', slot: keySlot('list') })
  })

  test('works on keys of several slots on one server', async () => {
    expect(await redis.call('MSET', 'a', 1, 'b', 2)).toBe('OK')
    expect(await redis.call('MGET', 'a', 'b')).toEqual(['1', '2'])
    expect(await redis.mget(['a', 'b', 'c'])).toEqual(['1', '2', null])
  })

  test('a blocking command holds up nobody', async () => {
    const popped = redis.call('BLPOP', 'queue', 0)
    await until(async () => String(await server.ask('CLIENT', 'LIST')).includes('cmd=blpop'))
    expect(await redis.call('PING')).toBe('PONG')
    expect(await redis.get('k')).toBeNull()
    expect(await redis.rpush('queue', 'v')).toBe(1)
    expect(await popped).toEqual(['queue', 'v'])
  })

  test.each<[string, CallArg[], number, string]>([
    ['no words', [], 0, 'must be the name of a command'],
    ['an empty name', [''], 0, 'must be the name of a command'],
    ['an empty name of bytes', [Buffer.alloc(0)], 0, 'must be the name of a command'],
    ['a name of undefined', [undefined as never], 0, 'must be a string'],
    ['an argument of undefined', ['GET', undefined as never], 1, 'must be a string'],
    ['an argument of null', ['SET', 'k', null as never], 2, 'must be a string'],
    ['NaN', ['SET', 'k', Number.NaN], 2, 'a finite number'],
    ['Infinity', ['EXPIRE', 'k', Number.POSITIVE_INFINITY], 2, 'a finite number'],
    ['an object', ['SET', 'k', {} as never], 2, 'must be a string'],
    ['a boolean', ['SET', 'k', true as never], 2, 'must be a string'],
    ['a list', ['DEL', ['a', 'b'] as never], 1, 'must be a string'],
    ['a symbol', ['GET', Symbol('k') as never], 1, 'must be a string'],
    ['a Uint16Array', ['GET', new Uint16Array(2) as never], 1, 'must be a string'],
    ['too few words', ['GET'], 1, 'is missing'],
    ['too few words for at least so many', ['SET', 'k'], 2, 'is missing'],
    ['too many words', ['GET', 'a', 'b'], 3, 'is one too many'],
    ['too few words of a subcommand', ['OBJECT', 'ENCODING'], 2, 'is missing'],
  ])('%s: rejects with the position', async (_, words, argument, message) => {
    const error = await failureOf<InvalidArgumentError>(redis.call(...words))
    expect(error).toBeInstanceOf(InvalidArgumentError)
    expect(error).toMatchObject({ outcome: 'not-sent' })
    expect(error.message).toContain(message)
    expect(error.argument).toBe(argument)
  })

  test.each([
    ['SUBSCRIBE', 'channel'],
    ['psubscribe', 'channel*'],
    ['SSUBSCRIBE', 'channel'],
    ['UNSUBSCRIBE'],
    ['MONITOR'],
    ['SYNC'],
    ['PSYNC', '?', '-1'],
    ['REPLCONF', 'GETACK', '*'],
    ['MULTI'],
    ['exec'],
    ['DISCARD'],
    ['WATCH', 'k'],
    ['UNWATCH'],
    ['AUTH', 'secret'],
    ['HELLO', '3'],
    ['SELECT', '1'],
    ['QUIT'],
    ['RESET'],
    ['ASKING'],
    ['READONLY'],
    ['READWRITE'],
    ['CLIENT', 'REPLY', 'OFF'],
    ['client', 'reply', 'off'],
    ['CLIENT', 'SETNAME', 'x'],
    ['CLIENT', 'TRACKING', 'ON'],
    ['CLIENT', 'CACHING', 'YES'],
    ['CLIENT', 'NO-EVICT', 'ON'],
    ['CLIENT', 'NO-TOUCH', 'ON'],
    ['CLIENT', 'CAPA', 'redirect'],
    ['CLIENT', 'IMPORT-SOURCE', 'ON'],
    ['SCRIPT', 'DEBUG', 'YES'],
  ])(
    '%s %s changes the connection that all share: refused with what to use, for it changes the connection that all share',
    async (...words) => {
      const error = await failureOf<UnsupportedCommandError>(redis.call(...words))
      expect(error).toBeInstanceOf(UnsupportedCommandError)
      expect(error.message).toMatch(/: .{10}/)
      expect(error.outcome).toBe('not-sent')
      expect(await calls(String(words[0]).toLowerCase())).toBe(0)
      expect(error.message).not.toContain('secret')
    },
  )

  test.each([
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'INFO'],
    ['SCRIPT', 'EXISTS', 'x'],
    ['ACL', 'WHOAMI'],
    ['CLIENT', 'no-such-subcommand'],
  ])('%s %s is the server’s to answer', async (...words) => {
    const [answer] = await Promise.allSettled([redis.call(...words)])
    if (answer?.status === 'rejected') expect(answer.reason).toBeInstanceOf(ReplyError)
  })
})

describe('a command that the table lacks', () => {
  test('is asked of the server once, by however many calls at once, and then known', async () => {
    const fresh = createClient({ url: server.url })
    const counted = await Promise.all(Array.from({ length: 100 }, (_, i) => fresh.call('Foo.Count', 'k', i)))
    expect(counted).toHaveLength(100)
    expect(await calls('command|info')).toBe(1)
    await fresh.call('FOO.COUNT', 'k', 'x')
    expect(await fresh.call('foo.part', 'missing', 0, -1)).toBe('')
    expect(await calls('command|info')).toBe(2)
    await fresh.close()
  })

  test('is checked and decoded like any other', async () => {
    expect(await failureOf(redis.call('FOO.PUSH', 'k'))).toBeInstanceOf(InvalidArgumentError)
    await redis.rpush('list', 'a')
    expect(await redis.with({ integers: 'bigint' }).call('FOO.PUSH', 'list', 'b')).toBe(2n)
  })

  test('is an error that names it when the server does not know it either, and each call has its own', async () => {
    const errors = await Promise.all(
      Array.from({ length: 3 }, () => failureOf<UnsupportedCommandError>(redis.call('Foo.Bar', 'k'))),
    )
    for (const error of errors) {
      expect(error).toBeInstanceOf(UnsupportedCommandError)
      expect(error.message).toBe('FOO.BAR: neither the command table nor the server knows it')
      expect(error).toMatchObject({ command: 'FOO.BAR', outcome: 'not-sent' })
    }
    expect(new Set(errors).size).toBe(3)
    // A module may have been loaded meanwhile.
    await failureOf(redis.call('Foo.Bar', 'k'))
    expect(await calls('command|info')).toBe(2)
  })

  test('of any odd name is harmless', async () => {
    for (const name of [
      '__proto__',
      'constructor',
      'a b',
      '\r\nSET x 1',
      'ſet',
      Buffer.from([255, 0]),
      'x'.repeat(5000),
    ]) {
      expect(await failureOf(redis.call(name, 'k'))).toBeInstanceOf(UnsupportedCommandError)
    }
    expect(await redis.exists(['x'])).toBe(0)
  })

  test('is routed by the keys that the server says it has', async () => {
    const info =
      '*1\r\n*10\r\n+foo.set\r\n:-3\r\n~1\r\n+write\r\n:1\r\n:1\r\n:1\r\n~0\r\n*0\r\n' +
      `*1\r\n%3\r\n${bulk('flags')}~0\r\n${bulk('begin_search')}%2\r\n${bulk('type')}${bulk('index')}${bulk('spec')}%1\r\n${bulk('index')}:1\r\n` +
      `${bulk('find_keys')}%2\r\n${bulk('type')}${bulk('range')}${bulk('spec')}%3\r\n${bulk('lastkey')}:0\r\n${bulk('keystep')}:1\r\n${bulk('limit')}:0\r\n*0\r\n`
    await using cluster = await fakeCluster(3, words => (words[0] === 'COMMAND' ? info : bulk('done')))
    const routed = createCluster({ nodes: cluster.urls })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    expect(await Promise.all(keys.map(key => routed.call('FOO.SET', key, 'v')))).toEqual(
      keys.map(() => 'done'),
    )
    for (const node of cluster.nodes) {
      const own = node.asked.filter(([name]) => name === 'FOO.SET').map(([, key]) => key as string)
      for (const key of own) expect(Math.floor((keySlot(key) * 3) / 16_384)).toBe(node.index)
    }
    const asked = cluster.nodes.flatMap(node => node.asked.filter(([name]) => name === 'COMMAND'))
    expect(asked).toEqual([['COMMAND', 'INFO', 'FOO.SET']])
    await routed.close()
  })
})

describe('send', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 'GET k'],
    ['words', ['GET', 'k']],
    ['an object', {}],
  ])('%s is no command, and is refused as such', async (_, command) => {
    const error = await failureOf(redis.send(command as never))
    expect(error).toBeInstanceOf(InvalidArgumentError)
  })
})

describe('typed methods', () => {
  test.each<[string, (client: Client) => Promise<unknown>]>([
    ['get of undefined', client => client.get(undefined as never)],
    ['get of null', client => client.get(null as never)],
    ['set without a value', client => client.set('k', undefined as never)],
    ['mget of null', client => client.mget(null as never)],
    ['del of numbers', client => client.del([5] as never)],
  ])('%s rejects, and nothing is sent', async (_, ask) => {
    expect(await failureOf(ask(redis))).toBeInstanceOf(InvalidArgumentError)
    expect((await calls('get')) + (await calls('set')) + (await calls('mget')) + (await calls('del'))).toBe(0)
  })
})
