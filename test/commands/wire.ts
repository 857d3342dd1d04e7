// Every builder with the words it must send, between single spaces; `''` stands for an empty word. The type demands
// a row for each method of the catalogue. Keys begin with `{t}`, so that those of one command share a slot.
import { catalogue as c } from '../../src/commands/catalogue.js'
import type { Command } from '../../src/protocol/command.js'

const bytes = new Uint8Array([0x7b, 0x74, 0x7d, 0x62]) // {t}b

export const WIRE: Record<keyof typeof c, readonly (readonly [Command, string])[]> = {
  // string
  append: [[c.append('{t}s', 'v'), 'APPEND {t}s v']],
  decr: [[c.decr('{t}s'), 'DECR {t}s']],
  decrby: [[c.decrby('{t}s', 2n), 'DECRBY {t}s 2']],
  get: [
    [c.get('{t}s'), 'GET {t}s'],
    [c.get(bytes), 'GET {t}b'],
  ],
  getdel: [[c.getdel('{t}s'), 'GETDEL {t}s']],
  getex: [
    [c.getex('{t}s'), 'GETEX {t}s'],
    [c.getex('{t}s', { ex: 9 }), 'GETEX {t}s EX 9'],
    [c.getex('{t}s', { pxat: new Date(5000) }), 'GETEX {t}s PXAT 5000'],
    [c.getex('{t}s', { persist: true }), 'GETEX {t}s PERSIST'],
  ],
  getrange: [[c.getrange('{t}s', 0, -1), 'GETRANGE {t}s 0 -1']],
  getset: [[c.getset('{t}s', 1.5), 'GETSET {t}s 1.5']],
  incr: [[c.incr('{t}s'), 'INCR {t}s']],
  incrby: [
    [c.incrby('{t}s', -3), 'INCRBY {t}s -3'],
    [c.incrby('{t}s', -(2n ** 63n)), 'INCRBY {t}s -9223372036854775808'],
  ],
  incrbyfloat: [[c.incrbyfloat('{t}s', 1e-7), 'INCRBYFLOAT {t}s 1e-7']],
  lcs: [[c.lcs('{t}1', '{t}2'), 'LCS {t}1 {t}2']],
  lcsIdx: [
    [c.lcsIdx('{t}1', '{t}2'), 'LCS {t}1 {t}2 IDX'],
    [
      c.lcsIdx('{t}1', '{t}2', { minMatchLen: 2, withMatchLen: true }),
      'LCS {t}1 {t}2 IDX MINMATCHLEN 2 WITHMATCHLEN',
    ],
  ],
  lcsLen: [[c.lcsLen('{t}1', '{t}2'), 'LCS {t}1 {t}2 LEN']],
  mget: [[c.mget(['{t}1', bytes]), 'MGET {t}1 {t}b']],
  mset: [
    [c.mset({ '{t}1': 'v', '{t}2': 2 }), 'MSET {t}1 v {t}2 2'],
    [c.mset(new Map([[bytes, 3n]])), 'MSET {t}b 3'],
    [c.mset([['{t}1', Buffer.from('v')]]), 'MSET {t}1 v'],
    [c.mset(pairs()), 'MSET {t}1 a {t}2 b'],
  ],
  msetnx: [[c.msetnx({ '{t}1': 'v' }), 'MSETNX {t}1 v']],
  psetex: [[c.psetex('{t}s', 500, 'v'), 'PSETEX {t}s 500 v']],
  set: [
    [c.set('{t}s', 'v'), 'SET {t}s v'],
    [c.set('{t}s', -0), 'SET {t}s 0'],
    [c.set('{t}s', 1e21), 'SET {t}s 1e+21'],
    [c.set('{t}s', 2n ** 70n), 'SET {t}s 1180591620717411303424'],
    [c.set('{t}s', ''), "SET {t}s ''"],
    [c.set('{t}s', 'v', {}), 'SET {t}s v'],
    [c.set('{t}s', 'v', { ex: 60 }), 'SET {t}s v EX 60'],
    [c.set('{t}s', 'v', { px: 500 }), 'SET {t}s v PX 500'],
    [c.set('{t}s', 'v', { exat: 1900000000 }), 'SET {t}s v EXAT 1900000000'],
    [c.set('{t}s', 'v', { exat: new Date(1_900_000_000_999) }), 'SET {t}s v EXAT 1900000000'],
    [c.set('{t}s', 'v', { pxat: 1900000000000 }), 'SET {t}s v PXAT 1900000000000'],
    [c.set('{t}s', 'v', { keepTtl: true }), 'SET {t}s v KEEPTTL'],
    [c.set('{t}s', 'v', { keepTtl: false, ex: 1 }), 'SET {t}s v EX 1'],
  ],
  setAndGet: [
    [c.setAndGet('{t}s', 'v'), 'SET {t}s v GET'],
    [c.setAndGet('{t}s', 'v', { xx: true, px: 5 }), 'SET {t}s v XX GET PX 5'],
  ],
  setIf: [
    [c.setIf('{t}s', 'v', { nx: true, px: 500 }), 'SET {t}s v NX PX 500'],
    [c.setIf('{t}s', 'v', { xx: true, nx: false, keepTtl: true }), 'SET {t}s v XX KEEPTTL'],
  ],
  setex: [[c.setex('{t}s', 60, 'v'), 'SETEX {t}s 60 v']],
  setnx: [[c.setnx('{t}s', 'v'), 'SETNX {t}s v']],
  setrange: [[c.setrange('{t}s', 3, 'v'), 'SETRANGE {t}s 3 v']],
  strlen: [[c.strlen('{t}s'), 'STRLEN {t}s']],
  substr: [[c.substr('{t}s', 1, 2), 'SUBSTR {t}s 1 2']],

  // generic
  copy: [
    [c.copy('{t}1', '{t}2'), 'COPY {t}1 {t}2'],
    [c.copy('{t}1', '{t}2', { db: 0, replace: true }), 'COPY {t}1 {t}2 DB 0 REPLACE'],
  ],
  del: [
    [c.del('{t}1'), 'DEL {t}1'],
    [c.del(bytes), 'DEL {t}b'],
    [c.del(['{t}1', '{t}2']), 'DEL {t}1 {t}2'],
  ],
  dump: [[c.dump('{t}s'), 'DUMP {t}s']],
  exists: [[c.exists(['{t}1', '{t}1']), 'EXISTS {t}1 {t}1']],
  expire: [
    [c.expire('{t}s', 9), 'EXPIRE {t}s 9'],
    [c.expire('{t}s', -1, { nx: true }), 'EXPIRE {t}s -1 NX'],
    [c.expire('{t}s', 9, { xx: true, gt: true }), 'EXPIRE {t}s 9 XX GT'],
    [c.expire('{t}s', 9, { lt: true }), 'EXPIRE {t}s 9 LT'],
  ],
  expireat: [[c.expireat('{t}s', new Date(9999), { gt: true }), 'EXPIREAT {t}s 9 GT']],
  expiretime: [[c.expiretime('{t}s'), 'EXPIRETIME {t}s']],
  keys: [[c.keys('{t}*'), 'KEYS {t}*']],
  migrate: [
    [c.migrate('{t}1', { host: 'h', port: 7001 }), "MIGRATE h 7001 '' 0 1000 KEYS {t}1"],
    [
      c.migrate(['{t}1', '{t}2'], { host: 'h', port: 7001, db: 2, timeoutMs: 9, copy: true, replace: true }),
      "MIGRATE h 7001 '' 2 9 COPY REPLACE KEYS {t}1 {t}2",
    ],
    [c.migrate('{t}1', { host: 'h', port: 1, password: 'p' }), "MIGRATE h 1 '' 0 1000 AUTH p KEYS {t}1"],
    [
      c.migrate('{t}1', { host: 'h', port: 1, username: 'u', password: 'p' }),
      "MIGRATE h 1 '' 0 1000 AUTH2 u p KEYS {t}1",
    ],
  ],
  move: [[c.move('{t}s', 1), 'MOVE {t}s 1']],
  objectEncoding: [[c.objectEncoding('{t}s'), 'OBJECT ENCODING {t}s']],
  objectFreq: [[c.objectFreq('{t}s'), 'OBJECT FREQ {t}s']],
  objectIdletime: [[c.objectIdletime('{t}s'), 'OBJECT IDLETIME {t}s']],
  objectRefcount: [[c.objectRefcount('{t}s'), 'OBJECT REFCOUNT {t}s']],
  persist: [[c.persist('{t}s'), 'PERSIST {t}s']],
  pexpire: [[c.pexpire('{t}s', 9, { nx: true }), 'PEXPIRE {t}s 9 NX']],
  pexpireat: [[c.pexpireat('{t}s', new Date(9999)), 'PEXPIREAT {t}s 9999']],
  pexpiretime: [[c.pexpiretime('{t}s'), 'PEXPIRETIME {t}s']],
  pttl: [[c.pttl('{t}s'), 'PTTL {t}s']],
  randomkey: [[c.randomkey(), 'RANDOMKEY']],
  rename: [[c.rename('{t}1', '{t}2'), 'RENAME {t}1 {t}2']],
  renamenx: [[c.renamenx('{t}1', '{t}2'), 'RENAMENX {t}1 {t}2']],
  restore: [
    [c.restore('{t}s', 0, Buffer.from('xyz')), 'RESTORE {t}s 0 xyz'],
    [
      c.restore('{t}s', 9, Buffer.from('xyz'), { replace: true, absttl: true, idletime: 3, freq: 4 }),
      'RESTORE {t}s 9 xyz REPLACE ABSTTL IDLETIME 3 FREQ 4',
    ],
  ],
  scan: [
    [c.scan(0), 'SCAN 0'],
    [c.scan('18446744073709551615'), 'SCAN 18446744073709551615'],
    [c.scan(5n, { match: '{t}*', count: 100, type: 'hash' }), 'SCAN 5 MATCH {t}* COUNT 100 TYPE hash'],
  ],
  sort: [
    [c.sort('{t}l'), 'SORT {t}l'],
    [
      c.sort('{t}l', {
        by: 'w_*',
        limit: { offset: 1, count: 2 },
        get: ['#', 'o_*'],
        desc: true,
        alpha: true,
      }),
      'SORT {t}l BY w_* LIMIT 1 2 GET # GET o_* DESC ALPHA',
    ],
  ],
  sortRo: [[c.sortRo('{t}l', { alpha: true }), 'SORT_RO {t}l ALPHA']],
  sortStore: [[c.sortStore('{t}l', '{t}d', { desc: true }), 'SORT {t}l DESC STORE {t}d']],
  touch: [[c.touch('{t}s'), 'TOUCH {t}s']],
  ttl: [[c.ttl('{t}s'), 'TTL {t}s']],
  type: [[c.type('{t}s'), 'TYPE {t}s']],
  unlink: [[c.unlink(['{t}1', '{t}2']), 'UNLINK {t}1 {t}2']],

  // hash
  hdel: [
    [c.hdel('{t}h', 'f'), 'HDEL {t}h f'],
    [c.hdel('{t}h', ['f', 'g']), 'HDEL {t}h f g'],
  ],
  hexists: [[c.hexists('{t}h', 'f'), 'HEXISTS {t}h f']],
  hget: [[c.hget('{t}h', 'f'), 'HGET {t}h f']],
  hgetall: [[c.hgetall('{t}h'), 'HGETALL {t}h']],
  hincrby: [[c.hincrby('{t}h', 'f', 2), 'HINCRBY {t}h f 2']],
  hincrbyfloat: [[c.hincrbyfloat('{t}h', 'f', -0.5), 'HINCRBYFLOAT {t}h f -0.5']],
  hkeys: [[c.hkeys('{t}h'), 'HKEYS {t}h']],
  hlen: [[c.hlen('{t}h'), 'HLEN {t}h']],
  hmget: [[c.hmget('{t}h', ['f', 'g']), 'HMGET {t}h f g']],
  hmset: [[c.hmset('{t}h', { f: 1 }), 'HMSET {t}h f 1']],
  hrandfield: [[c.hrandfield('{t}h'), 'HRANDFIELD {t}h']],
  hrandfieldCount: [[c.hrandfieldCount('{t}h', -2), 'HRANDFIELD {t}h -2']],
  hrandfieldWithValues: [[c.hrandfieldWithValues('{t}h', 2), 'HRANDFIELD {t}h 2 WITHVALUES']],
  hscan: [[c.hscan('{t}h', '0', { match: 'f*', count: 5 }), 'HSCAN {t}h 0 MATCH f* COUNT 5']],
  hset: [
    [c.hset('{t}h', { f: 'v', g: 2n }), 'HSET {t}h f v g 2'],
    [c.hset('{t}h', new Map([['f', Buffer.from('v')]])), 'HSET {t}h f v'],
    [c.hset('{t}h', [['f', 'v']]), 'HSET {t}h f v'],
  ],
  hsetnx: [[c.hsetnx('{t}h', 'f', 'v'), 'HSETNX {t}h f v']],
  hstrlen: [[c.hstrlen('{t}h', 'f'), 'HSTRLEN {t}h f']],
  hvals: [[c.hvals('{t}h'), 'HVALS {t}h']],

  // list
  lindex: [[c.lindex('{t}l', -1), 'LINDEX {t}l -1']],
  linsert: [[c.linsert('{t}l', 'before', 'p', 1), 'LINSERT {t}l BEFORE p 1']],
  llen: [[c.llen('{t}l'), 'LLEN {t}l']],
  lmove: [[c.lmove('{t}l', '{t}m', 'left', 'right'), 'LMOVE {t}l {t}m LEFT RIGHT']],
  lmpop: [
    [c.lmpop(['{t}l', '{t}m'], 'right'), 'LMPOP 2 {t}l {t}m RIGHT'],
    [c.lmpop(['{t}l'], 'left', { count: 3 }), 'LMPOP 1 {t}l LEFT COUNT 3'],
  ],
  lpop: [[c.lpop('{t}l'), 'LPOP {t}l']],
  lpopCount: [[c.lpopCount('{t}l', 2), 'LPOP {t}l 2']],
  lpos: [
    [c.lpos('{t}l', 'e'), 'LPOS {t}l e'],
    [c.lpos('{t}l', 'e', { rank: -1, maxlen: 9 }), 'LPOS {t}l e RANK -1 MAXLEN 9'],
  ],
  lposCount: [[c.lposCount('{t}l', 'e', 0, { rank: 2 }), 'LPOS {t}l e RANK 2 COUNT 0']],
  lpush: [
    [c.lpush('{t}l', 'a'), 'LPUSH {t}l a'],
    [c.lpush('{t}l', ['a', 1, bytes]), 'LPUSH {t}l a 1 {t}b'],
  ],
  lpushx: [[c.lpushx('{t}l', 'a'), 'LPUSHX {t}l a']],
  lrange: [[c.lrange('{t}l', 0, -1), 'LRANGE {t}l 0 -1']],
  lrem: [[c.lrem('{t}l', -2, 'a'), 'LREM {t}l -2 a']],
  lset: [[c.lset('{t}l', 0, 'a'), 'LSET {t}l 0 a']],
  ltrim: [[c.ltrim('{t}l', 0, 5), 'LTRIM {t}l 0 5']],
  rpop: [[c.rpop('{t}l'), 'RPOP {t}l']],
  rpopCount: [[c.rpopCount('{t}l', 2), 'RPOP {t}l 2']],
  rpoplpush: [[c.rpoplpush('{t}l', '{t}m'), 'RPOPLPUSH {t}l {t}m']],
  rpush: [[c.rpush('{t}l', ['a', 'b', 'c', '3']), 'RPUSH {t}l a b c 3']],
  rpushx: [[c.rpushx('{t}l', 'a'), 'RPUSHX {t}l a']],

  // set
  sadd: [
    [c.sadd('{t}e', 'a'), 'SADD {t}e a'],
    [c.sadd('{t}e', ['a', 2]), 'SADD {t}e a 2'],
  ],
  scard: [[c.scard('{t}e'), 'SCARD {t}e']],
  sdiff: [[c.sdiff(['{t}e', '{t}f']), 'SDIFF {t}e {t}f']],
  sdiffstore: [[c.sdiffstore('{t}d', ['{t}e', '{t}f']), 'SDIFFSTORE {t}d {t}e {t}f']],
  sinter: [[c.sinter('{t}e'), 'SINTER {t}e']],
  sintercard: [
    [c.sintercard(['{t}e', '{t}f']), 'SINTERCARD 2 {t}e {t}f'],
    [c.sintercard('{t}e', { limit: 9 }), 'SINTERCARD 1 {t}e LIMIT 9'],
  ],
  sinterstore: [[c.sinterstore('{t}d', '{t}e'), 'SINTERSTORE {t}d {t}e']],
  sismember: [[c.sismember('{t}e', 'a'), 'SISMEMBER {t}e a']],
  smembers: [[c.smembers('{t}e'), 'SMEMBERS {t}e']],
  smismember: [[c.smismember('{t}e', ['a', 'b']), 'SMISMEMBER {t}e a b']],
  smove: [[c.smove('{t}e', '{t}f', 'a'), 'SMOVE {t}e {t}f a']],
  spop: [[c.spop('{t}e'), 'SPOP {t}e']],
  spopCount: [[c.spopCount('{t}e', 2), 'SPOP {t}e 2']],
  srandmember: [[c.srandmember('{t}e'), 'SRANDMEMBER {t}e']],
  srandmemberCount: [[c.srandmemberCount('{t}e', -2), 'SRANDMEMBER {t}e -2']],
  srem: [[c.srem('{t}e', ['a', 'b']), 'SREM {t}e a b']],
  sscan: [[c.sscan('{t}e', 0, { match: 'a*' }), 'SSCAN {t}e 0 MATCH a*']],
  sunion: [[c.sunion(['{t}e', '{t}f']), 'SUNION {t}e {t}f']],
  sunionstore: [[c.sunionstore('{t}d', ['{t}e']), 'SUNIONSTORE {t}d {t}e']],

  // sorted set
  zadd: [
    [c.zadd('{t}z', { a: 1, b: -Infinity }), 'ZADD {t}z 1 a -inf b'],
    [c.zadd('{t}z', [{ member: bytes, score: Infinity }]), 'ZADD {t}z +inf {t}b'],
    [c.zadd('{t}z', [['a', 0.5]], { xx: true, gt: true, ch: true }), 'ZADD {t}z XX GT CH 0.5 a'],
    [c.zadd('{t}z', new Map([[5, 6]]), { nx: true }), 'ZADD {t}z NX 6 5'],
    [c.zadd('{t}z', { a: 1 }, { lt: true }), 'ZADD {t}z LT 1 a'],
  ],
  zaddIncr: [
    [c.zaddIncr('{t}z', 2, 'a'), 'ZADD {t}z INCR 2 a'],
    [c.zaddIncr('{t}z', -2, 'a', { xx: true }), 'ZADD {t}z XX INCR -2 a'],
  ],
  zcard: [[c.zcard('{t}z'), 'ZCARD {t}z']],
  zcount: [
    [c.zcount('{t}z', -Infinity, '(5'), 'ZCOUNT {t}z -inf (5'],
    [c.zcount('{t}z', '-inf', '+inf'), 'ZCOUNT {t}z -inf +inf'],
  ],
  zdiff: [[c.zdiff(['{t}z', '{t}y']), 'ZDIFF 2 {t}z {t}y']],
  zdiffWithScores: [[c.zdiffWithScores('{t}z'), 'ZDIFF 1 {t}z WITHSCORES']],
  zdiffstore: [[c.zdiffstore('{t}d', ['{t}z', '{t}y']), 'ZDIFFSTORE {t}d 2 {t}z {t}y']],
  zincrby: [[c.zincrby('{t}z', 1.5, 'a'), 'ZINCRBY {t}z 1.5 a']],
  zinter: [
    [
      c.zinter(['{t}z', '{t}y'], { weights: [2, -1], aggregate: 'max' }),
      'ZINTER 2 {t}z {t}y WEIGHTS 2 -1 AGGREGATE MAX',
    ],
  ],
  zinterWithScores: [[c.zinterWithScores(['{t}z', '{t}y']), 'ZINTER 2 {t}z {t}y WITHSCORES']],
  zintercard: [[c.zintercard(['{t}z', '{t}y'], { limit: 3 }), 'ZINTERCARD 2 {t}z {t}y LIMIT 3']],
  zinterstore: [
    [c.zinterstore('{t}d', ['{t}z'], { aggregate: 'min' }), 'ZINTERSTORE {t}d 1 {t}z AGGREGATE MIN'],
  ],
  zlexcount: [[c.zlexcount('{t}z', '-', '(c'), 'ZLEXCOUNT {t}z - (c']],
  zmpop: [
    [c.zmpop(['{t}z', '{t}y'], 'max'), 'ZMPOP 2 {t}z {t}y MAX'],
    [c.zmpop(['{t}z'], 'min', { count: 2 }), 'ZMPOP 1 {t}z MIN COUNT 2'],
  ],
  zmscore: [[c.zmscore('{t}z', ['a', 'b']), 'ZMSCORE {t}z a b']],
  zpopmax: [[c.zpopmax('{t}z'), 'ZPOPMAX {t}z']],
  zpopmaxCount: [[c.zpopmaxCount('{t}z', 2), 'ZPOPMAX {t}z 2']],
  zpopmin: [[c.zpopmin('{t}z'), 'ZPOPMIN {t}z']],
  zpopminCount: [[c.zpopminCount('{t}z', 2), 'ZPOPMIN {t}z 2']],
  zrandmember: [[c.zrandmember('{t}z'), 'ZRANDMEMBER {t}z']],
  zrandmemberCount: [[c.zrandmemberCount('{t}z', -2), 'ZRANDMEMBER {t}z -2']],
  zrandmemberWithScores: [[c.zrandmemberWithScores('{t}z', 2), 'ZRANDMEMBER {t}z 2 WITHSCORES']],
  zrange: [
    [c.zrange('{t}z', 0, -1), 'ZRANGE {t}z 0 -1'],
    [c.zrange('{t}z', 0, 9, { rev: true }), 'ZRANGE {t}z 0 9 REV'],
    [
      c.zrange('{t}z', '(5', Infinity, { by: 'score', limit: { offset: 0, count: -1 } }),
      'ZRANGE {t}z (5 +inf BYSCORE LIMIT 0 -1',
    ],
    [c.zrange('{t}z', '+', '[b', { by: 'lex', rev: true }), 'ZRANGE {t}z + [b BYLEX REV'],
  ],
  zrangeWithScores: [
    [c.zrangeWithScores('{t}z', 0, -1), 'ZRANGE {t}z 0 -1 WITHSCORES'],
    [c.zrangeWithScores('{t}z', 9, 1, { by: 'score', rev: true }), 'ZRANGE {t}z 9 1 BYSCORE REV WITHSCORES'],
  ],
  zrangebylex: [
    [
      c.zrangebylex('{t}z', Buffer.from('[a'), '+', { limit: { offset: 1, count: 2 } }),
      'ZRANGEBYLEX {t}z [a + LIMIT 1 2',
    ],
  ],
  zrangebyscore: [[c.zrangebyscore('{t}z', 1, '(1.5e3'), 'ZRANGEBYSCORE {t}z 1 (1.5e3']],
  zrangebyscoreWithScores: [
    [
      c.zrangebyscoreWithScores('{t}z', 1, 5, { limit: { offset: 0, count: 1 } }),
      'ZRANGEBYSCORE {t}z 1 5 LIMIT 0 1 WITHSCORES',
    ],
  ],
  zrangestore: [
    [
      c.zrangestore('{t}d', '{t}z', 1, 5, { by: 'score', limit: { offset: 0, count: 2 } }),
      'ZRANGESTORE {t}d {t}z 1 5 BYSCORE LIMIT 0 2',
    ],
  ],
  zrank: [[c.zrank('{t}z', 'a'), 'ZRANK {t}z a']],
  zrem: [[c.zrem('{t}z', ['a', 'b']), 'ZREM {t}z a b']],
  zremrangebylex: [[c.zremrangebylex('{t}z', '[a', '(c'), 'ZREMRANGEBYLEX {t}z [a (c']],
  zremrangebyrank: [[c.zremrangebyrank('{t}z', 0, 1), 'ZREMRANGEBYRANK {t}z 0 1']],
  zremrangebyscore: [[c.zremrangebyscore('{t}z', '-inf', 3), 'ZREMRANGEBYSCORE {t}z -inf 3']],
  zrevrange: [[c.zrevrange('{t}z', 0, 1), 'ZREVRANGE {t}z 0 1']],
  zrevrangeWithScores: [[c.zrevrangeWithScores('{t}z', 0, 1), 'ZREVRANGE {t}z 0 1 WITHSCORES']],
  zrevrangebylex: [[c.zrevrangebylex('{t}z', '+', '-'), 'ZREVRANGEBYLEX {t}z + -']],
  zrevrangebyscore: [[c.zrevrangebyscore('{t}z', 9, 1), 'ZREVRANGEBYSCORE {t}z 9 1']],
  zrevrangebyscoreWithScores: [
    [c.zrevrangebyscoreWithScores('{t}z', 9, 1), 'ZREVRANGEBYSCORE {t}z 9 1 WITHSCORES'],
  ],
  zrevrank: [[c.zrevrank('{t}z', 'a'), 'ZREVRANK {t}z a']],
  zscan: [[c.zscan('{t}z', 0, { count: 9 }), 'ZSCAN {t}z 0 COUNT 9']],
  zscore: [[c.zscore('{t}z', 'a'), 'ZSCORE {t}z a']],
  zunion: [[c.zunion(['{t}z', '{t}y']), 'ZUNION 2 {t}z {t}y']],
  zunionWithScores: [
    [c.zunionWithScores(['{t}z', '{t}y'], { weights: [1, 2] }), 'ZUNION 2 {t}z {t}y WEIGHTS 1 2 WITHSCORES'],
  ],
  zunionstore: [
    [
      c.zunionstore('{t}d', ['{t}z', '{t}y'], { aggregate: 'sum' }),
      'ZUNIONSTORE {t}d 2 {t}z {t}y AGGREGATE SUM',
    ],
  ],

  // connection
  clientGetname: [[c.clientGetname(), 'CLIENT GETNAME']],
  clientId: [[c.clientId(), 'CLIENT ID']],
  clientInfo: [[c.clientInfo(), 'CLIENT INFO']],
  clientKill: [
    [c.clientKill({ id: 999999 }), 'CLIENT KILL ID 999999'],
    [
      c.clientKill({ type: 'pubsub', user: 'u', addr: '1.2.3.4:5', laddr: '1.2.3.4:6', skipme: false }),
      'CLIENT KILL TYPE PUBSUB USER u ADDR 1.2.3.4:5 LADDR 1.2.3.4:6 SKIPME NO',
    ],
  ],
  clientList: [
    [c.clientList(), 'CLIENT LIST'],
    [c.clientList({ type: 'normal' }), 'CLIENT LIST TYPE NORMAL'],
    [c.clientList({ ids: [1, 2n] }), 'CLIENT LIST ID 1 2'],
  ],
  clientPause: [
    [c.clientPause(5), 'CLIENT PAUSE 5'],
    [c.clientPause(5, { mode: 'write' }), 'CLIENT PAUSE 5 WRITE'],
  ],
  clientUnblock: [[c.clientUnblock(7, { reason: 'error' }), 'CLIENT UNBLOCK 7 ERROR']],
  clientUnpause: [[c.clientUnpause(), 'CLIENT UNPAUSE']],
  echo: [[c.echo('hello'), 'ECHO hello']],
  ping: [[c.ping(), 'PING']],

  // server
  bgrewriteaof: [[c.bgrewriteaof(), 'BGREWRITEAOF']],
  bgsave: [[c.bgsave({ schedule: true }), 'BGSAVE SCHEDULE']],
  commandCount: [[c.commandCount(), 'COMMAND COUNT']],
  commandDocs: [
    [c.commandDocs(), 'COMMAND DOCS'],
    [c.commandDocs(['get', 'set']), 'COMMAND DOCS get set'],
  ],
  commandGetkeys: [[c.commandGetkeys(['MSET', 'a', 1]), 'COMMAND GETKEYS MSET a 1']],
  commandGetkeysandflags: [[c.commandGetkeysandflags(['GET', 'a']), 'COMMAND GETKEYSANDFLAGS GET a']],
  commandInfo: [[c.commandInfo(['get', 'nothing']), 'COMMAND INFO get nothing']],
  commandList: [
    [c.commandList(), 'COMMAND LIST'],
    [c.commandList({ aclcat: 'fast' }), 'COMMAND LIST FILTERBY ACLCAT fast'],
    [c.commandList({ pattern: 'x*' }), 'COMMAND LIST FILTERBY PATTERN x*'],
  ],
  configGet: [
    [c.configGet('maxmemory'), 'CONFIG GET maxmemory'],
    [c.configGet(['maxmemory*', 'save']), 'CONFIG GET maxmemory* save'],
  ],
  configResetstat: [[c.configResetstat(), 'CONFIG RESETSTAT']],
  configRewrite: [[c.configRewrite(), 'CONFIG REWRITE']],
  configSet: [[c.configSet({ 'slowlog-max-len': 128 }), 'CONFIG SET slowlog-max-len 128']],
  dbsize: [[c.dbsize(), 'DBSIZE']],
  flushall: [
    [c.flushall(), 'FLUSHALL'],
    [c.flushall({ mode: 'async' }), 'FLUSHALL ASYNC'],
  ],
  flushdb: [[c.flushdb({ mode: 'sync' }), 'FLUSHDB SYNC']],
  info: [
    [c.info(), 'INFO'],
    [c.info('server'), 'INFO server'],
    [c.info(['server', 'cpu']), 'INFO server cpu'],
  ],
  lastsave: [[c.lastsave(), 'LASTSAVE']],
  latencyDoctor: [[c.latencyDoctor(), 'LATENCY DOCTOR']],
  latencyGraph: [[c.latencyGraph('command'), 'LATENCY GRAPH command']],
  latencyHistogram: [[c.latencyHistogram('set'), 'LATENCY HISTOGRAM set']],
  latencyHistory: [[c.latencyHistory('command'), 'LATENCY HISTORY command']],
  latencyLatest: [[c.latencyLatest(), 'LATENCY LATEST']],
  latencyReset: [
    [c.latencyReset(), 'LATENCY RESET'],
    [c.latencyReset(['command', 'fork']), 'LATENCY RESET command fork'],
  ],
  lolwut: [[c.lolwut({ version: 6 }), 'LOLWUT VERSION 6']],
  memoryDoctor: [[c.memoryDoctor(), 'MEMORY DOCTOR']],
  memoryMallocStats: [[c.memoryMallocStats(), 'MEMORY MALLOC-STATS']],
  memoryPurge: [[c.memoryPurge(), 'MEMORY PURGE']],
  memoryStats: [[c.memoryStats(), 'MEMORY STATS']],
  memoryUsage: [[c.memoryUsage('{t}s', { samples: 0 }), 'MEMORY USAGE {t}s SAMPLES 0']],
  role: [[c.role(), 'ROLE']],
  save: [[c.save(), 'SAVE']],
  slowlogGet: [
    [c.slowlogGet(), 'SLOWLOG GET'],
    [c.slowlogGet(-1), 'SLOWLOG GET -1'],
  ],
  slowlogLen: [[c.slowlogLen(), 'SLOWLOG LEN']],
  slowlogReset: [[c.slowlogReset(), 'SLOWLOG RESET']],
  swapdb: [[c.swapdb(0, 1), 'SWAPDB 0 1']],
  time: [[c.time(), 'TIME']],
}

function* pairs(): Generator<[string, string]> {
  yield ['{t}1', 'a']
  yield ['{t}2', 'b']
}
