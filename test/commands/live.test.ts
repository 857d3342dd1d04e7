// Every method of the catalogue against a real server, once over RESP2 and once over RESP3: the same answers.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, commands, createClient, ReplyError } from '../../src/index.js'
import { type LocalServer, startServer } from '../../src/local/index.js'

let server: LocalServer
let other: LocalServer

beforeAll(async () => {
  const config = { 'enable-debug-command': 'yes' }
  ;[server, other] = await Promise.all([startServer({ config }), startServer()])
})

afterAll(async () => {
  await Promise.all([server?.stop(), other?.stop()])
})

describe.each([2, 3] as const)('over RESP%i', protocol => {
  const used = new Set<string>()
  let redis: Client
  let bytes: Client<{ bulk: Buffer; int: number }>

  beforeAll(() => {
    redis = recorded(createClient({ url: server.url, protocol }), used)
    bytes = redis.with({ replies: 'buffer' })
  })

  afterAll(async () => {
    await redis.close()
  })

  beforeEach(async () => {
    await redis.call('FLUSHALL')
  })

  it('strings', async () => {
    expect(await redis.set('s', 'v', { ex: 60 })).toBe('OK')
    expect(await redis.get('s')).toBe('v')
    expect(await bytes.get('s')).toEqual(Buffer.from('v'))
    expect(await redis.get('missing')).toBeNull()
    expect(await redis.append('s', 'w')).toBe(2)
    expect(await redis.setIf('s', 'x', { nx: true })).toBe(false)
    expect(await redis.setIf('s', 'x', { xx: true, keepTtl: true })).toBe(true)
    expect(await redis.ttl('s')).toBeGreaterThan(0)
    expect(await redis.setAndGet('s', 'y', { px: 60_000 })).toBe('x')
    expect(await redis.setAndGet('new', 'y')).toBeNull()
    expect(await redis.getset('s', 'z')).toBe('y')
    expect(await redis.getex('s', { ex: 60 })).toBe('z')
    expect(await redis.getdel('s')).toBe('z')
    expect(await redis.setnx('s', 'abcdef')).toBe(true)
    expect(await redis.setnx('s', 'abcdef')).toBe(false)
    expect(await redis.getrange('s', 1, -2)).toBe('bcde')
    expect(await redis.substr('s', 0, 1)).toBe('ab')
    expect(await redis.setrange('s', 6, 'g')).toBe(7)
    expect(await redis.strlen('s')).toBe(7)
    expect(await redis.setex('s', 60, 'v')).toBe('OK')
    expect(await redis.psetex('s', 60_000, 'v')).toBe('OK')
    expect(await redis.mset({ a: 'ohmytext', b: 'mynewtext' })).toBe('OK')
    expect(await redis.msetnx([['a', 'x']])).toBe(false)
    expect(await redis.mget(['a', 'missing', 'b'])).toEqual(['ohmytext', null, 'mynewtext'])
    expect(await redis.lcs('a', 'b')).toBe('mytext')
    expect(await redis.lcsLen('a', 'b')).toBe(6)
    expect(await redis.lcsIdx('a', 'b', { minMatchLen: 4, withMatchLen: true })).toEqual({
      matches: [{ key1: [4, 7], key2: [5, 8], length: 4 }],
      length: 6,
    })
  })

  it('counters', async () => {
    expect(await redis.incr('n')).toBe(1)
    expect(await redis.incrby('n', 9)).toBe(10)
    expect(await redis.decr('n')).toBe(9)
    expect(await redis.decrby('n', 4)).toBe(5)
    expect(await redis.incrbyfloat('n', -0.5)).toBe(4.5)
    await redis.set('big', 2n ** 60n)
    expect(await redis.with({ integers: 'bigint' }).incr('big')).toBe(2n ** 60n + 1n)
  })

  it('keys', async () => {
    await redis.mset({ a: '1', b: '2' })
    expect(await redis.exists(['a', 'a', 'missing'])).toBe(2)
    expect(await redis.touch('a')).toBe(1)
    expect(await redis.type('a')).toBe('string')
    expect(await bytes.type('missing')).toBe('none')
    expect((await redis.keys('*')).sort()).toEqual(['a', 'b'])
    expect(['a', 'b']).toContain(await redis.randomkey())
    expect(await redis.copy('a', 'c')).toBe(true)
    expect(await redis.copy('a', 'c')).toBe(false)
    expect(await redis.rename('c', 'd')).toBe('OK')
    await expect(redis.rename('c', 'd')).rejects.toBeInstanceOf(ReplyError)
    expect(await redis.renamenx('d', 'a')).toBe(false)
    expect(await redis.move('d', 1)).toBe(true)
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.swapdb(0, 1)).toBe('OK')
    expect(await redis.del(['a', 'missing'])).toBe(1)
    expect(await redis.unlink('b')).toBe(1)
  })

  it('times to live', async () => {
    await redis.set('k', 'v')
    const time = new Date(Date.now() + 3_600_000)
    expect(await redis.ttl('k')).toBe(-1)
    expect(await redis.ttl('missing')).toBe(-2)
    expect(await redis.expire('k', 60, { xx: true })).toBe(false)
    expect(await redis.expire('k', 60, { nx: true })).toBe(true)
    expect(await redis.pexpire('k', 90_000, { gt: true })).toBe(true)
    expect(await redis.pttl('k')).toBeGreaterThan(60_000)
    expect(await redis.pexpireat('k', time)).toBe(true)
    expect(await redis.pexpiretime('k')).toBe(time.getTime())
    expect(await redis.expireat('k', time)).toBe(true)
    expect(await redis.expiretime('k')).toBe(Math.floor(time.getTime() / 1000))
    expect(await redis.persist('k')).toBe(true)
    expect(await redis.persist('k')).toBe(false)
  })

  it('dumps of any bytes', async () => {
    const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await redis.set('k', value)
    const dumped = await redis.dump('k')
    expect(Buffer.isBuffer(dumped)).toBe(true)
    expect(await redis.with({ timeoutMs: 5000 }).dump('k')).toEqual(dumped)
    expect(await redis.dump('missing')).toBeNull()
    expect(await redis.restore('copy', 0, dumped!)).toBe('OK')
    expect(await bytes.get('copy')).toEqual(value)
    await redis.call('DEL', 'copy')
    const { host, port } = addressOf(other)
    expect(await redis.migrate('k', { host, port, replace: true })).toBe(true)
    expect(await redis.migrate(['k', 'l'], { host, port })).toBe(false)
  })

  it('what the server knows of a key', async () => {
    await redis.set('k', 'v'.repeat(1000))
    expect(await redis.objectEncoding('k')).toBe('raw')
    expect(await redis.objectEncoding('missing')).toBeNull()
    expect(await redis.objectRefcount('k')).toBe(1)
    expect(await redis.objectIdletime('k')).toBeGreaterThanOrEqual(0)
    expect(await redis.memoryUsage('k', { samples: 0 })).toBeGreaterThan(100)
    expect(await redis.memoryUsage('missing')).toBeNull()
    await redis.configSet({ 'maxmemory-policy': 'allkeys-lfu' })
    expect(await redis.objectFreq('k')).toBeGreaterThanOrEqual(0)
    await redis.configSet({ 'maxmemory-policy': 'noeviction' })
  })

  it('pages of everything', async () => {
    await redis.mset(Array.from({ length: 50 }, (_, i) => [`key:${i}`, i] as const))
    const found = new Set<string>()
    let cursor = '0'
    do {
      const page = await redis.scan(cursor, { match: 'key:*', count: 20, type: 'string' })
      for (const key of page.items) found.add(key)
      cursor = page.cursor
    } while (cursor !== '0')
    expect(found.size).toBe(50)

    await redis.hset('h', { f: 'v' })
    await redis.sadd('e', 'm')
    await redis.zadd('z', { m: 1.5 })
    expect(await redis.hscan('h', 0)).toEqual({ cursor: '0', items: [['f', 'v']] })
    expect(await redis.sscan('e', 0, { match: 'm*' })).toEqual({ cursor: '0', items: ['m'] })
    expect(await redis.zscan('z', 0)).toEqual({ cursor: '0', items: [{ member: 'm', score: 1.5 }] })
    expect(await bytes.hscan('h', 0)).toEqual({
      cursor: '0',
      items: [[Buffer.from('f'), Buffer.from('v')]],
    })
  })

  it('sorting', async () => {
    await redis.rpush('l', [3, 1, 2])
    await redis.mset({ w_1: 30, w_2: 20, w_3: 10, o_1: 'one' })
    expect(await redis.sort('l', { desc: true })).toEqual(['3', '2', '1'])
    expect(await redis.sortRo('l', { limit: { offset: 0, count: 1 } })).toEqual(['1'])
    expect(await redis.sort('l', { by: 'w_*', get: ['#', 'o_*'] })).toEqual([
      '3',
      null,
      '2',
      null,
      '1',
      'one',
    ])
    expect(await redis.sortStore('l', 'd', { alpha: true })).toBe(3)
  })

  it('hashes', async () => {
    expect(await redis.hset('h', { f: 'v', n: 1 })).toBe(2)
    expect(await redis.hmset('h', new Map([['b', new Uint8Array([0xff])]]))).toBe('OK')
    expect((await bytes.hget('h', 'b'))?.[0]).toBe(0xff)
    expect(await redis.hdel('h', ['b', 'missing'])).toBe(1)
    expect(await redis.hget('h', 'missing')).toBeNull()
    expect(await redis.hgetall('h')).toEqual({ f: 'v', n: '1' })
    expect(Object.getPrototypeOf(await redis.hgetall('h'))).toBeNull()
    expect(await redis.hgetall('missing')).toEqual({})
    expect([...(await bytes.hgetall('h'))].map(String).sort()).toEqual(['f,v', 'n,1'])
    expect(await redis.hexists('h', 'f')).toBe(true)
    expect(await redis.hincrby('h', 'n', 2n)).toBe(3)
    expect(await redis.hincrbyfloat('h', 'n', 0.5)).toBe(3.5)
    expect((await redis.hkeys('h')).sort()).toEqual(['f', 'n'])
    expect((await redis.hvals('h')).sort()).toEqual(['3.5', 'v'])
    expect(await redis.hlen('h')).toBe(2)
    expect(await redis.hstrlen('h', 'n')).toBe(3)
    expect(await redis.hmget('h', ['f', 'missing'])).toEqual(['v', null])
    expect(await redis.hsetnx('h', 'f', 'w')).toBe(false)
    expect(['f', 'n']).toContain(await redis.hrandfield('h'))
    expect(await redis.hrandfield('missing')).toBeNull()
    expect(await redis.hrandfieldCount('h', -5)).toHaveLength(5)
    expect((await redis.hrandfieldWithValues('h', 5)).sort()).toEqual([
      ['f', 'v'],
      ['n', '3.5'],
    ])
  })

  it('lists', async () => {
    expect(await redis.rpush('l', ['a', 'b', 'c'])).toBe(3)
    expect(await redis.lpush('l', 'z')).toBe(4)
    expect(await redis.lpushx('missing', 'z')).toBe(0)
    expect(await redis.rpushx('missing', 'z')).toBe(0)
    expect(await redis.linsert('l', 'before', 'b', 'a')).toBe(5)
    expect(await redis.linsert('l', 'after', 'missing', 'a')).toBe(-1)
    expect(await redis.lrange('l', 0, -1)).toEqual(['z', 'a', 'a', 'b', 'c'])
    expect(await redis.llen('l')).toBe(5)
    expect(await redis.lindex('l', -1)).toBe('c')
    expect(await redis.lindex('l', 99)).toBeNull()
    expect(await redis.lpos('l', 'a', { rank: 2 })).toBe(2)
    expect(await redis.lpos('l', 'missing')).toBeNull()
    expect(await redis.lposCount('l', 'a', 0)).toEqual([1, 2])
    expect(await redis.lset('l', 0, 'y')).toBe('OK')
    expect(await redis.lrem('l', 1, 'a')).toBe(1)
    expect(await redis.ltrim('l', 0, 2)).toBe('OK')
    expect(await redis.lmove('l', 'm', 'left', 'right')).toBe('y')
    expect(await redis.lmove('missing', 'm', 'left', 'right')).toBeNull()
    expect(await redis.rpoplpush('l', 'm')).toBe('b')
    expect(await redis.lpop('l')).toBe('a')
    expect(await redis.rpop('l')).toBeNull()
    expect(await redis.lpopCount('l', 2)).toBeNull()
    expect(await redis.lmpop(['l', 'm'], 'left', { count: 1 })).toEqual({ key: 'm', elements: ['b'] })
    expect(await redis.rpopCount('m', 5)).toEqual(['y'])
    expect(await redis.lmpop(['l', 'm'], 'right')).toBeNull()
  })

  it('sets', async () => {
    expect(await redis.sadd('a', ['1', '2', '3'])).toBe(3)
    expect(await redis.sadd('b', [2, 3, 4])).toBe(3)
    expect(await redis.scard('a')).toBe(3)
    expect(await redis.sismember('a', 1)).toBe(true)
    expect(await redis.smismember('a', ['1', '9'])).toEqual([true, false])
    expect((await redis.smembers('a')).sort()).toEqual(['1', '2', '3'])
    expect(await redis.sdiff(['a', 'b'])).toEqual(['1'])
    expect((await redis.sinter(['a', 'b'])).sort()).toEqual(['2', '3'])
    expect((await redis.sunion(['a', 'b'])).sort()).toEqual(['1', '2', '3', '4'])
    expect(await redis.sdiffstore('d', ['a', 'b'])).toBe(1)
    expect(await redis.sinterstore('d', ['a', 'b'])).toBe(2)
    expect(await redis.sunionstore('d', ['a', 'b'])).toBe(4)
    expect(await redis.sintercard(['a', 'b'], { limit: 1 })).toBe(1)
    expect(await redis.smove('a', 'b', 1)).toBe(true)
    expect(await redis.srem('a', ['2', '9'])).toBe(1)
    expect(await redis.srandmember('a')).toBe('3')
    expect(await redis.srandmemberCount('a', -2)).toEqual(['3', '3'])
    expect(await redis.spop('a')).toBe('3')
    expect(await redis.spop('a')).toBeNull()
    expect(await redis.spopCount('d', 9)).toHaveLength(4)
    expect(await redis.spopCount('d', 9)).toEqual([])
  })

  it('sorted sets', async () => {
    expect(await redis.zadd('z', { a: 1, b: 2.5, c: Number.POSITIVE_INFINITY })).toBe(3)
    expect(await redis.zadd('z', [['a', 1.5]], { ch: true, gt: true })).toBe(1)
    expect(await redis.zaddIncr('z', 1, 'a')).toBe(2.5)
    expect(await redis.zaddIncr('z', 1, 'a', { nx: true })).toBeNull()
    expect(await redis.zincrby('z', -1.5, 'a')).toBe(1)
    expect(await redis.zcard('z')).toBe(3)
    expect(await redis.zscore('z', 'c')).toBe(Number.POSITIVE_INFINITY)
    expect(await redis.zscore('z', 'missing')).toBeNull()
    expect(await redis.zmscore('z', ['b', 'missing'])).toEqual([2.5, null])
    expect(await redis.zrank('z', 'b')).toBe(1)
    expect(await redis.zrank('z', 'missing')).toBeNull()
    expect(await redis.zrevrank('z', 'a')).toBe(2)
    expect(['a', 'b', 'c']).toContain(await redis.zrandmember('z'))
    expect(await redis.zrandmemberCount('z', -4)).toHaveLength(4)
    expect(await redis.zrandmemberWithScores('z', 9)).toContainEqual({ member: 'b', score: 2.5 })
    expect(await redis.zrem('z', 'c')).toBe(1)
    expect(await redis.zpopmin('z')).toEqual({ member: 'a', score: 1 })
    expect(await redis.zpopmax('z')).toEqual({ member: 'b', score: 2.5 })
    expect(await redis.zpopmin('z')).toBeNull()
    await redis.zadd('z', { a: 1, b: 2, c: 3, d: 4, e: 5 })
    expect(await redis.zpopminCount('z', 2)).toEqual([
      { member: 'a', score: 1 },
      { member: 'b', score: 2 },
    ])
    expect(await redis.zpopmaxCount('z', 1)).toEqual([{ member: 'e', score: 5 }])
    expect(await redis.zmpop(['missing', 'z'], 'max', { count: 1 })).toEqual({
      key: 'z',
      members: [{ member: 'd', score: 4 }],
    })
    expect(await redis.zmpop(['missing'], 'min')).toBeNull()
  })

  it('ranges of sorted sets', async () => {
    await redis.zadd('z', { a: 1, b: 2, c: 3 })
    await redis.zadd('l', { a: 0, b: 0, c: 0 })
    const b = { member: 'b', score: 2 }
    const c = { member: 'c', score: 3 }
    expect(await redis.zrange('z', 0, 0, { rev: true })).toEqual(['c'])
    expect(await redis.zrange('z', '(1', Number.POSITIVE_INFINITY, { by: 'score' })).toEqual(['b', 'c'])
    expect(await redis.zrange('l', '[b', '+', { by: 'lex', limit: { offset: 0, count: 1 } })).toEqual(['b'])
    expect(await redis.zrangeWithScores('z', 1, -1)).toEqual([b, c])
    expect(await redis.zrangeWithScores('z', 9, 2, { by: 'score', rev: true })).toEqual([c, b])
    expect(await redis.zrangebyscore('z', 2, '+inf', { limit: { offset: 1, count: -1 } })).toEqual(['c'])
    expect(await redis.zrangebyscoreWithScores('z', 2, 2)).toEqual([b])
    expect(await redis.zrangebylex('l', '-', '(c')).toEqual(['a', 'b'])
    expect(await redis.zrevrange('z', 0, 0)).toEqual(['c'])
    expect(await redis.zrevrangeWithScores('z', 0, 1)).toEqual([c, b])
    expect(await redis.zrevrangebyscore('z', 2, '-inf')).toEqual(['b', 'a'])
    expect(await redis.zrevrangebyscoreWithScores('z', 2, '(1')).toEqual([b])
    expect(await redis.zrevrangebylex('l', '+', '(a')).toEqual(['c', 'b'])
    expect(await redis.zcount('z', 1, '(3')).toBe(2)
    expect(await redis.zlexcount('l', '-', '+')).toBe(3)
    expect(await redis.zrangestore('d', 'z', 0, 1)).toBe(2)
    expect(await redis.zremrangebylex('l', '[a', '[a')).toBe(1)
    expect(await redis.zremrangebyrank('z', 0, 0)).toBe(1)
    expect(await redis.zremrangebyscore('z', 2, 2)).toBe(1)
  })

  it('combinations of sorted sets', async () => {
    await redis.zadd('a', { x: 1, y: 2 })
    await redis.zadd('b', { y: 3, z: 4 })
    const keys = ['a', 'b']
    expect(await redis.zdiff(keys)).toEqual(['x'])
    expect(await redis.zdiffWithScores(keys)).toEqual([{ member: 'x', score: 1 }])
    expect(await redis.zinter(keys)).toEqual(['y'])
    expect(await redis.zinterWithScores(keys, { weights: [2, 1], aggregate: 'max' })).toEqual([
      { member: 'y', score: 4 },
    ])
    expect(await redis.zintercard(keys, { limit: 5 })).toBe(1)
    expect(await redis.zunion(keys)).toEqual(['x', 'z', 'y'])
    expect(await redis.zunionWithScores('a')).toEqual([
      { member: 'x', score: 1 },
      { member: 'y', score: 2 },
    ])
    expect(await redis.zdiffstore('d', keys)).toBe(1)
    expect(await redis.zinterstore('d', keys)).toBe(1)
    expect(await redis.zunionstore('d', keys, { aggregate: 'min' })).toBe(3)
  })

  it('the connection', async () => {
    expect(await redis.ping()).toBe('PONG')
    expect(await bytes.ping()).toBe('PONG')
    expect(await redis.echo('hello')).toBe('hello')
    expect(await redis.clientGetname()).toBeNull()
    const id = await redis.clientId()
    expect((await redis.clientInfo()).id).toBe(String(id))
    expect((await redis.clientList({ ids: [id] })).map(client => client.id)).toEqual([String(id)])
    expect((await redis.clientList({ type: 'normal' })).length).toBeGreaterThan(0)
    expect(await redis.clientKill({ id: 999_999_999 })).toBe(0)
    expect(await redis.clientUnblock(id)).toBe(false)
    expect(await redis.clientPause(1, { mode: 'write' })).toBe('OK')
    expect(await redis.clientUnpause()).toBe('OK')
  })

  it('the server', async () => {
    await redis.set('k', 'v')
    expect(await redis.dbsize()).toBe(1)
    expect(await redis.flushdb({ mode: 'sync' })).toBe('OK')
    expect(await redis.flushall({ mode: 'async' })).toBe('OK')
    expect(await redis.info('server')).toContain('redis_version')
    expect(await bytes.info(['server', 'cpu'])).toContain('# CPU')
    const { seconds, microseconds } = await redis.time()
    expect(Number.isInteger(seconds) && Number.isInteger(microseconds)).toBe(true)
    expect(await redis.role()).toEqual({ role: 'primary', offset: 0, replicas: [] })
    expect(await redis.configGet('slowlog-max-len')).toEqual({ 'slowlog-max-len': '128' })
    expect(await redis.configSet({ 'slowlog-max-len': 128 })).toBe('OK')
    expect(await redis.configResetstat()).toBe('OK')
    expect(await redis.configRewrite()).toBe('OK')
    expect(await redis.lolwut({ version: 5 })).toContain('ver.')
    await savingDone()
    expect(await redis.save()).toBe('OK')
    expect(await redis.lastsave()).toBeInstanceOf(Date)
    expect(await redis.bgsave({ schedule: true })).toMatch(/^Background saving/)
    await savingDone()
    expect(await redis.bgrewriteaof()).toMatch(/^Background append only file rewriting/)
  })

  /** One background child at a time: the other protocol's run may have left one. */
  async function savingDone(): Promise<void> {
    await vi.waitUntil(
      async () => !/_(in_progress|scheduled):1/.test(String(await redis.call('INFO', 'persistence'))),
      { timeout: 30_000, interval: 20 },
    )
  }

  it('the commands', async () => {
    expect(await redis.commandCount()).toBeGreaterThan(200)
    expect(await redis.commandList({ pattern: 'hget*' })).toContain('hgetall')
    expect(await redis.commandGetkeys(['MSET', 'a', 1, 'b', 2])).toEqual(['a', 'b'])
    expect(await redis.commandGetkeysandflags(['GET', 'a'])).toEqual([{ key: 'a', flags: ['RO', 'access'] }])
    const [get, missing, config] = await redis.commandInfo(['get', 'nonsense', 'config'])
    expect(missing).toBeNull()
    expect(get).toMatchObject({
      name: 'get',
      arity: 2,
      firstKey: 1,
      keySpecs: [{ begin: { kind: 'index', pos: 1 }, find: { kind: 'range', lastKey: 0 } }],
    })
    expect(config?.subcommands.map(command => command.name)).toContain('config|get')
    const docs = await redis.commandDocs(['set', 'config'])
    expect(docs.set).toMatchObject({ since: '1.0.0', group: 'string' })
    expect(docs.set?.arguments?.map(argument => argument.name)).toContain('condition')
    expect(docs.config?.subcommands?.['config|get']?.since).toBe('2.0.0')
    expect(Object.keys(await redis.commandDocs()).length).toBeGreaterThan(200)
    expect((await redis.commandInfo()).length).toBeGreaterThan(200)
  })

  it('diagnostics', async () => {
    await redis.configSet({ 'slowlog-log-slower-than': 0, 'latency-monitor-threshold': 1 })
    await redis.call('DEBUG', 'SLEEP', '0.01')
    await redis.set('k', 'v')
    expect(await redis.slowlogLen()).toBeGreaterThan(0)
    const slow = await redis.slowlogGet(-1)
    expect(slow.map(entry => entry.args)).toContainEqual(['SET', 'k', 'v'])
    expect(slow[0]?.at).toBeInstanceOf(Date)
    expect(await redis.slowlogReset()).toBe('OK')
    const peaks = await redis.latencyLatest()
    const peak = peaks.find(({ event }) => event === 'command')
    expect(peak?.maxMs).toBeGreaterThanOrEqual(9)
    expect(await redis.latencyHistory('command')).toContainEqual({
      at: peak?.at,
      latencyMs: peak?.latencyMs,
    })
    expect(await redis.latencyGraph('command')).toContain('command')
    expect(await redis.latencyDoctor()).not.toBe('')
    const { set } = await redis.latencyHistogram('set')
    expect(set?.calls).toBe([...(set?.buckets.values() ?? [])].at(-1))
    expect(await redis.latencyReset('command')).toBe(1)
    await redis.configSet({ 'slowlog-log-slower-than': 10_000, 'latency-monitor-threshold': 0 })
    expect(await redis.memoryDoctor()).not.toBe('')
    expect(await redis.memoryMallocStats()).not.toBe('')
    expect(await redis.memoryPurge()).toBe('OK')
    const stats = await redis.memoryStats()
    expect(stats['total.allocated']).toBeGreaterThan(0)
    expect(stats['db.0']).toHaveProperty(['overhead.hashtable.main'])
  })

  it('leaves no method untried', () => {
    expect(Object.keys(commands).filter(name => !used.has(name))).toEqual([])
  })
})

/** The client, noting which methods of the catalogue were called on it. */
function recorded(client: Client, used: Set<string>): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (typeof name === 'string') used.add(name)
      return value.bind(target)
    },
  })
}

function addressOf(local: LocalServer): { host: string; port: number } {
  const { hostname, port } = new URL(local.url)
  return { host: hostname, port: Number(port) }
}
