// Wrong arguments are refused before a command exists, by an error that names command and parameter and shows no
// value. What TypeScript would refuse is passed as JavaScript would: through `wrong`.
import { describe, expect, it } from 'vitest'
import { catalogue as c } from '../../src/commands/catalogue.js'
import { InvalidArgumentError } from '../../src/core/errors.js'

// biome-ignore lint/suspicious/noExplicitAny: stands for whatever a JavaScript caller may pass
const wrong = (value: unknown): any => value

const CASES: readonly (readonly [command: string, argument: string, build: () => unknown])[] = [
  // keys
  ['GET', 'key', () => c.get(wrong(undefined))],
  ['GET', 'key', () => c.get(wrong(null))],
  ['GET', 'key', () => c.get(wrong(1))],
  ['GET', 'key', () => c.get(wrong({}))],
  ['GET', 'key', () => c.get(wrong(['a']))],
  ['GET', 'key', () => c.get(wrong(new ArrayBuffer(1)))],
  ['GET', 'key', () => c.get(wrong(new Uint16Array(1)))],
  ['GET', 'key', () => c.get(wrong(Symbol('k')))],
  ['DEL', 'keyOrKeys', () => c.del(wrong(undefined))],
  ['DEL', 'keyOrKeys', () => c.del([])],
  ['DEL', 'keyOrKeys[1]', () => c.del(wrong(['a', null]))],
  ['DEL', 'keyOrKeys', () => c.del(wrong(new Set(['a'])))],
  ['MGET', 'keys', () => c.mget([])],
  ['MGET', 'keys', () => c.mget(wrong('a'))],
  ['MGET', 'keys[0]', () => c.mget(wrong([1]))],
  ['MGET', 'keys[1]', () => c.mget(new Array(2).fill('a', 0, 1))],
  ['COPY', 'destination', () => c.copy('a', wrong(undefined))],
  ['HDEL', 'fieldOrFields', () => c.hdel('h', [])],
  ['HDEL', 'fieldOrFields', () => c.hdel('h', wrong(5))],
  ['ZUNION', 'keyOrKeys', () => c.zunion([])],
  ['SUNIONSTORE', 'keyOrKeys', () => c.sunionstore('d', [])],

  // values
  ['SET', 'value', () => c.set('k', wrong(undefined))],
  ['SET', 'value', () => c.set('k', wrong(null))],
  ['SET', 'value', () => c.set('k', Number.NaN)],
  ['SET', 'value', () => c.set('k', Number.POSITIVE_INFINITY)],
  ['SET', 'value', () => c.set('k', wrong(true))],
  ['SET', 'value', () => c.set('k', wrong({ a: 1 }))],
  ['SET', 'value', () => c.set('k', wrong(new Date()))],
  ['LPUSH', 'elements', () => c.lpush('l', [])],
  ['LPUSH', 'elements[1]', () => c.lpush('l', wrong(['a', undefined]))],
  ['SADD', 'members', () => c.sadd('s', wrong(undefined))],

  // pairs
  ['MSET', 'pairs', () => c.mset(wrong(undefined))],
  ['MSET', 'pairs', () => c.mset(wrong(null))],
  ['MSET', 'pairs', () => c.mset(wrong('ab'))],
  ['MSET', 'pairs', () => c.mset(wrong(5))],
  ['MSET', 'pairs', () => c.mset(wrong(new Uint8Array(2)))],
  ['MSET', 'pairs', () => c.mset({})],
  ['MSET', 'pairs', () => c.mset([])],
  ['MSET', 'pairs', () => c.mset(new Map())],
  ['MSET', 'pairs[0]', () => c.mset(wrong(['a', '1', 'b', '2']))],
  ['MSET', 'pairs[0]', () => c.mset(wrong([['a']]))],
  [
    'MSET',
    'pairs[1]',
    () =>
      c.mset(
        wrong([
          ['a', '1'],
          ['b', '2', '3'],
        ]),
      ),
  ],
  ['MSET', 'pairs[0][0]', () => c.mset(wrong([[1, '1']]))],
  ['MSET', 'pairs[0][1]', () => c.mset(wrong([['a', null]]))],
  ['MSET', 'pairs[1][1]', () => c.mset({ a: 1, b: wrong(undefined) })],
  ['HSET', 'fields', () => c.hset('h', wrong('f'))],
  ['HSET', 'fields[0][1]', () => c.hset('h', { f: Number.NaN })],
  ['CONFIG SET', 'settings', () => c.configSet({})],

  // numbers
  ['INCRBY', 'increment', () => c.incrby('k', 1.5)],
  ['INCRBY', 'increment', () => c.incrby('k', 2 ** 53)],
  ['INCRBY', 'increment', () => c.incrby('k', 2n ** 63n)],
  ['INCRBY', 'increment', () => c.incrby('k', wrong('1'))],
  ['INCRBYFLOAT', 'increment', () => c.incrbyfloat('k', Number.NaN)],
  ['INCRBYFLOAT', 'increment', () => c.incrbyfloat('k', wrong('0.1'))],
  ['SETRANGE', 'offset', () => c.setrange('k', -1, 'v')],
  ['EXPIRE', 'seconds', () => c.expire('k', wrong(undefined))],
  ['EXPIREAT', 'time', () => c.expireat('k', new Date(Number.NaN))],
  ['EXPIREAT', 'time', () => c.expireat('k', 1.5)],
  ['LRANGE', 'start', () => c.lrange('l', wrong('0'), 1)],
  ['LRANGE', 'stop', () => c.lrange('l', 0, wrong(undefined))],
  ['LPOP', 'count', () => c.lpopCount('l', -1)],
  ['SCAN', 'cursor', () => c.scan('x')],
  ['SCAN', 'cursor', () => c.scan(-1)],
  ['SCAN', 'cursor', () => c.scan(wrong(undefined))],
  ['SCAN', 'options.count', () => c.scan(0, { count: 0 })],

  // scores and bounds
  ['ZADD', 'members', () => c.zadd('z', {})],
  ['ZADD', 'members', () => c.zadd('z', wrong('a'))],
  ['ZADD', 'members[0].score', () => c.zadd('z', { a: Number.NaN })],
  ['ZADD', 'members[0].score', () => c.zadd('z', { a: wrong('1') })],
  ['ZADD', 'members[0].score', () => c.zadd('z', wrong([['1', 'a']]))],
  ['ZADD', 'members[0].member', () => c.zadd('z', wrong([{ score: 1 }]))],
  ['ZADD', 'members[1]', () => c.zadd('z', wrong([['a', 1], 'b']))],
  ['ZADD', 'members[0]', () => c.zadd('z', wrong([['a']]))],
  ['ZINCRBY', 'increment', () => c.zincrby('z', Number.NaN, 'a')],
  ['ZCOUNT', 'min', () => c.zcount('z', 'five', 6)],
  ['ZCOUNT', 'min', () => c.zcount('z', '', 6)],
  ['ZCOUNT', 'max', () => c.zcount('z', 5, Number.NaN)],
  ['ZLEXCOUNT', 'min', () => c.zlexcount('z', 'a', '+')],
  ['ZLEXCOUNT', 'max', () => c.zlexcount('z', '-', '')],
  ['ZLEXCOUNT', 'max', () => c.zlexcount('z', '-', wrong(5))],
  ['ZRANGE', 'start', () => c.zrange('z', '0', 1)],
  ['ZRANGE', 'start', () => c.zrange('z', 'a', '+', { by: 'lex' })],
  ['ZRANGE', 'stop', () => c.zrange('z', 0, Number.POSITIVE_INFINITY)],
  ['ZRANGE', 'options.by', () => c.zrange('z', 0, 1, { by: wrong('rank') })],
  ['ZRANGE', 'options.by', () => c.zrangeWithScores('z', '-', '+', { by: wrong('lex') })],
  ['ZRANGE', 'options.limit', () => c.zrange('z', 0, 1, { limit: { offset: 0, count: 1 } })],
  ['ZRANGE', 'options.limit.count', () => c.zrange('z', 0, 1, { by: 'score', limit: wrong({ offset: 0 }) })],
  ['ZUNION', 'options.weights', () => c.zunion(['a', 'b'], { weights: [1] })],
  ['ZUNION', 'options.weights[1]', () => c.zunion(['a', 'b'], { weights: [1, Number.NaN] })],

  // options
  ['SET', 'options', () => c.set('k', 'v', wrong(null))],
  ['SET', 'options', () => c.set('k', 'v', wrong('EX'))],
  ['SET', 'options', () => c.set('k', 'v', wrong(['EX', 60]))],
  ['SET', 'options.EX', () => c.set('k', 'v', wrong({ EX: 60 }))],
  ['SET', 'options.nx', () => c.set('k', 'v', wrong({ nx: true }))],
  ['SET', 'options.ex', () => c.set('k', 'v', { ex: 0 })],
  ['SET', 'options.ex', () => c.set('k', 'v', { ex: 1.5 })],
  ['SET', 'options.ex', () => c.set('k', 'v', { ex: wrong('60') })],
  ['SET', 'options.ex', () => c.set('k', 'v', { ex: wrong(undefined) })],
  ['SET', 'options.ex', () => c.set('k', 'v', { ex: wrong(null) })],
  ['SET', 'options.keepTtl', () => c.set('k', 'v', { keepTtl: wrong(1) })],
  ['SET', 'options', () => c.set('k', 'v', { ex: 1, px: 1 })],
  ['SET', 'options', () => c.set('k', 'v', { exat: 1, keepTtl: true })],
  ['SET', 'options', () => c.setIf('k', 'v', wrong(undefined))],
  ['SET', 'options', () => c.setIf('k', 'v', { nx: true, xx: true })],
  ['SET', 'options', () => c.setIf('k', 'v', { ex: 5 })],
  ['SET', 'options', () => c.setAndGet('k', 'v', { nx: true, xx: true })],
  ['GETEX', 'options', () => c.getex('k', { ex: 5, persist: true })],
  ['EXPIRE', 'options', () => c.expire('k', 5, { nx: true, gt: true })],
  ['EXPIRE', 'options', () => c.expire('k', 5, { gt: true, lt: true })],
  ['ZADD', 'options', () => c.zadd('z', { a: 1 }, { nx: true, xx: true })],
  ['ZADD', 'options', () => c.zadd('z', { a: 1 }, { nx: true, gt: true })],
  ['LINSERT', 'where', () => c.linsert('l', wrong('BEFORE'), 'p', 'e')],
  ['LMOVE', 'to', () => c.lmove('a', 'b', 'left', wrong(undefined))],
  ['MIGRATE', 'options', () => c.migrate('k', wrong(undefined))],
  ['MIGRATE', 'options.host', () => c.migrate('k', wrong({ port: 1 }))],
  ['MIGRATE', 'options.password', () => c.migrate('k', { host: 'h', port: 1, username: 'u' })],
  ['RESTORE', 'payload', () => c.restore('k', 0, wrong('text'))],
  ['SORT', 'options.get', () => c.sort('l', { get: wrong('#') })],
  ['CLIENT KILL', 'filter', () => c.clientKill(wrong(undefined))],
  ['CLIENT KILL', 'filter', () => c.clientKill({ skipme: false })],
  ['CLIENT KILL', 'filter.ip', () => c.clientKill(wrong({ ip: 'x' }))],
  ['CLIENT LIST', 'options.ids', () => c.clientList({ ids: [] })],
  ['CONFIG GET', 'patterns', () => c.configGet([])],
  ['CONFIG GET', 'patterns', () => c.configGet(wrong(undefined))],
  ['INFO', 'sections[0]', () => c.info(wrong([1]))],
  ['COMMAND LIST', 'options', () => c.commandList({ module: 'a', aclcat: 'b' })],
  ['FLUSHALL', 'options.mode', () => c.flushall({ mode: wrong('ASYNC') })],
]

describe('a builder refuses', () => {
  it.each(CASES.map(([command, argument, build], i) => [command, argument, i, build] as const))(
    '%s with a wrong %s (case %i)',
    (command, argument, _, build) => {
      const error = thrownBy(build)
      expect(error).toBeInstanceOf(InvalidArgumentError)
      expect(error).toMatchObject({ command, argument, code: 'INVALID_ARGUMENT', outcome: 'not-sent' })
      expect(error.message.startsWith(`${command}: ${argument} `), error.message).toBe(true)
    },
  )

  it('without telling the value, which may be a secret', () => {
    const secret = 'hunter2'
    for (const build of [
      () => c.get(wrong([secret])),
      () => c.mset({ [secret]: wrong({ secret }) }),
      () => c.incrby('k', wrong(secret)),
      () => c.zcount('z', secret, 1),
      () => c.set('k', 'v', { ex: wrong(secret) }),
    ]) {
      expect(thrownBy(build).message).not.toContain(secret)
    }
  })

  it('an iterable that fails with the iterable’s own error', () => {
    const failing = {
      *[Symbol.iterator](): Generator<[string, string]> {
        yield ['a', '1']
        throw new RangeError('no more')
      },
    }
    expect(() => c.mset(failing)).toThrow(RangeError)
  })
})

describe('a builder takes', () => {
  it('bytes of a Uint8Array as they are, without a copy', () => {
    const memory = new Uint8Array([1, 2, 3, 4])
    const [, word] = c.get(memory.subarray(1, 3)).args
    memory[1] = 9
    expect(word).toEqual(Buffer.from([9, 3]))
  })

  it('a Buffer as itself', () => {
    const key = Buffer.from('k')
    expect(c.get(key).args[1]).toBe(key)
  })

  it('the empty key, the empty value and the empty field', () => {
    expect(c.set('', '').args).toEqual(['SET', '', ''])
    expect(c.hset('', { '': '' }).args).toEqual(['HSET', '', '', ''])
    expect(c.mset([[new Uint8Array(0), '']]).args).toEqual(['MSET', Buffer.alloc(0), ''])
  })

  it('fields that are names of Object.prototype', () => {
    const fields = JSON.parse('{"__proto__": "a", "constructor": "b"}')
    expect(c.hset('h', fields).args).toEqual(['HSET', 'h', '__proto__', 'a', 'constructor', 'b'])
  })

  it('a copy of a list: changing the list afterwards changes no command', () => {
    const keys = ['a', 'b']
    const command = c.mget(keys)
    keys.push('c')
    expect(command.args).toEqual(['MGET', 'a', 'b'])
  })
})

function thrownBy(build: () => unknown): InvalidArgumentError {
  try {
    build()
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
