// Replies as they stand on the wire, and what becomes of them: the table that parser tests share.
import { IntegerRangeError, ReplyError } from '../../src/core/errors.js'
import { Push, type Reply, RespMap } from '../../src/resp/types.js'

export interface Fixture {
  readonly name: string
  readonly wire: string
  /** Read as text and numbers. */
  readonly reply: Reply | Push
  /** Read as Buffers, where that differs. */
  readonly asBuffer?: Reply
  /** Read with bigint, where that differs. */
  readonly asBigint?: Reply
}

const bytes = (text: string) => Buffer.from(text)

export const FIXTURES: readonly Fixture[] = [
  { name: 'simple string', wire: '+OK\r\n', reply: 'OK', asBuffer: bytes('OK') },
  { name: 'simple string, other', wire: '+PONG\r\n', reply: 'PONG', asBuffer: bytes('PONG') },
  { name: 'simple string, empty', wire: '+\r\n', reply: '', asBuffer: bytes('') },
  { name: 'simple string, almost OK', wire: '+OKAY\r\n', reply: 'OKAY', asBuffer: bytes('OKAY') },
  {
    name: 'simple string with a lone CR and LF',
    wire: '+a\rb\nc\r\r\n',
    reply: 'a\rb\nc\r',
    asBuffer: bytes('a\rb\nc\r'),
  },
  { name: 'simple error', wire: '-ERR no such key\r\n', reply: new ReplyError('ERR no such key') },
  {
    name: 'simple error, MOVED',
    wire: '-MOVED 3999 127.0.0.1:6381\r\n',
    reply: new ReplyError('MOVED 3999 127.0.0.1:6381'),
  },
  { name: 'integer', wire: ':1000\r\n', reply: 1000, asBigint: 1000n },
  { name: 'integer, zero', wire: ':0\r\n', reply: 0, asBigint: 0n },
  { name: 'integer, minus zero', wire: ':-0\r\n', reply: 0, asBigint: 0n },
  { name: 'integer, negative', wire: ':-42\r\n', reply: -42, asBigint: -42n },
  { name: 'integer with a plus', wire: ':+7\r\n', reply: 7, asBigint: 7n },
  {
    name: 'integer, largest safe',
    wire: ':9007199254740991\r\n',
    reply: Number.MAX_SAFE_INTEGER,
    asBigint: 9007199254740991n,
  },
  {
    name: 'integer, least safe',
    wire: ':-9007199254740991\r\n',
    reply: Number.MIN_SAFE_INTEGER,
    asBigint: -9007199254740991n,
  },
  {
    name: 'integer, first unsafe',
    wire: ':9007199254740992\r\n',
    reply: new IntegerRangeError(),
    asBigint: 9007199254740992n,
  },
  {
    name: 'integer, first unsafe odd',
    wire: ':9007199254740993\r\n',
    reply: new IntegerRangeError(),
    asBigint: 9007199254740993n,
  },
  {
    name: 'integer, largest',
    wire: ':9223372036854775807\r\n',
    reply: new IntegerRangeError(),
    asBigint: 9223372036854775807n,
  },
  {
    name: 'integer, least',
    wire: ':-9223372036854775808\r\n',
    reply: new IntegerRangeError(),
    asBigint: -9223372036854775808n,
  },
  {
    name: 'integers out of range, nested',
    wire: '*2\r\n*2\r\n:1\r\n:9223372036854775807\r\n:3\r\n',
    reply: new IntegerRangeError(),
    asBigint: [[1n, 9223372036854775807n], 3n],
  },
  { name: 'blob string', wire: '$5\r\nhello\r\n', reply: 'hello', asBuffer: bytes('hello') },
  { name: 'blob string, empty', wire: '$0\r\n\r\n', reply: '', asBuffer: bytes('') },
  {
    name: 'blob string of CR LF',
    wire: '$4\r\n\r\n\r\n\r\n',
    reply: '\r\n\r\n',
    asBuffer: bytes('\r\n\r\n'),
  },
  {
    name: 'blob string in UTF-8',
    wire: '$19\r\nhé ☃ 𝄞 日本\r\n',
    reply: 'hé ☃ 𝄞 日本',
    asBuffer: bytes('hé ☃ 𝄞 日本'),
  },
  {
    name: 'blob string that looks like RESP',
    wire: '$12\r\n$3\r\n*1\r\n:1\r\n\r\n',
    reply: '$3\r\n*1\r\n:1\r\n',
    asBuffer: bytes('$3\r\n*1\r\n:1\r\n'),
  },
  {
    name: 'blob error',
    wire: '!21\r\nSYNTAX invalid syntax\r\n',
    reply: new ReplyError('SYNTAX invalid syntax'),
  },
  { name: 'blob error over lines', wire: '!8\r\nERR a\r\nb\r\n', reply: new ReplyError('ERR a\r\nb') },
  {
    name: 'verbatim string',
    wire: '=15\r\ntxt:Some string\r\n',
    reply: 'Some string',
    asBuffer: bytes('Some string'),
  },
  { name: 'verbatim string, empty', wire: '=4\r\nmkd:\r\n', reply: '', asBuffer: bytes('') },
  { name: 'null', wire: '_\r\n', reply: null },
  { name: 'null of RESP2, string', wire: '$-1\r\n', reply: null },
  { name: 'null of RESP2, array', wire: '*-1\r\n', reply: null },
  { name: 'true', wire: '#t\r\n', reply: true },
  { name: 'false', wire: '#f\r\n', reply: false },
  { name: 'double', wire: ',1.23\r\n', reply: 1.23 },
  { name: 'double without fraction', wire: ',10\r\n', reply: 10 },
  { name: 'double with exponent', wire: ',-1.5e-7\r\n', reply: -1.5e-7 },
  { name: 'double with large exponent', wire: ',1.7976931348623157E+308\r\n', reply: Number.MAX_VALUE },
  { name: 'double, seventeen digits', wire: ',3.1400000000000001\r\n', reply: 3.14 },
  { name: 'double, minus zero', wire: ',-0\r\n', reply: -0 },
  { name: 'double, infinity', wire: ',inf\r\n', reply: Number.POSITIVE_INFINITY },
  { name: 'double, minus infinity', wire: ',-inf\r\n', reply: Number.NEGATIVE_INFINITY },
  { name: 'double, not a number', wire: ',nan\r\n', reply: Number.NaN },
  { name: 'double, not a number as older servers say', wire: ',-nan\r\n', reply: Number.NaN },
  {
    name: 'big number',
    wire: '(3492890328409238509324850943850943825024385\r\n',
    reply: 3492890328409238509324850943850943825024385n,
  },
  { name: 'big number, negative', wire: '(-12345678901234567890\r\n', reply: -12345678901234567890n },
  { name: 'big number with a plus', wire: '(+1\r\n', reply: 1n },
  { name: 'array, empty', wire: '*0\r\n', reply: [] },
  {
    name: 'array of strings',
    wire: '*2\r\n$3\r\nfoo\r\n$3\r\nbar\r\n',
    reply: ['foo', 'bar'],
    asBuffer: [bytes('foo'), bytes('bar')],
  },
  {
    name: 'array of everything',
    wire: '*9\r\n:1\r\n+a\r\n$1\r\nb\r\n_\r\n#t\r\n,0.5\r\n(9\r\n-ERR x\r\n*1\r\n$-1\r\n',
    reply: [1, 'a', 'b', null, true, 0.5, 9n, new ReplyError('ERR x'), [null]],
    asBuffer: [1, bytes('a'), bytes('b'), null, true, 0.5, 9n, new ReplyError('ERR x'), [null]],
    asBigint: [1n, 'a', 'b', null, true, 0.5, 9n, new ReplyError('ERR x'), [null]],
  },
  {
    name: 'arrays, nested',
    wire: '*2\r\n*0\r\n*2\r\n*1\r\n:1\r\n*0\r\n',
    reply: [[], [[1], []]],
    asBigint: [[], [[1n], []]],
  },
  {
    name: 'array in UTF-8 and not',
    wire: '*4\r\n$2\r\né\r\n$1\r\ne\r\n$3\r\n☃\r\n$0\r\n\r\n',
    reply: ['é', 'e', '☃', ''],
    asBuffer: [bytes('é'), bytes('e'), bytes('☃'), bytes('')],
  },
  {
    name: 'set',
    wire: '~3\r\n$1\r\na\r\n:2\r\n#f\r\n',
    reply: ['a', 2, false],
    asBuffer: [bytes('a'), 2, false],
    asBigint: ['a', 2n, false],
  },
  {
    name: 'map',
    wire: '%2\r\n+first\r\n:1\r\n$6\r\nsecond\r\n:2\r\n',
    reply: new RespMap(['first', 1, 'second', 2]),
    asBuffer: new RespMap([bytes('first'), 1, bytes('second'), 2]),
    asBigint: new RespMap(['first', 1n, 'second', 2n]),
  },
  { name: 'map, empty', wire: '%0\r\n', reply: new RespMap([]) },
  {
    name: 'map of names that objects have',
    wire: '%2\r\n$9\r\n__proto__\r\n$1\r\nx\r\n$11\r\nconstructor\r\n_\r\n',
    reply: new RespMap(['__proto__', 'x', 'constructor', null]),
    asBuffer: new RespMap([bytes('__proto__'), bytes('x'), bytes('constructor'), null]),
  },
  {
    name: 'map with an aggregate as key',
    wire: '%1\r\n*1\r\n:1\r\n%0\r\n',
    reply: new RespMap([[1], new RespMap([])]),
    asBigint: new RespMap([[1n], new RespMap([])]),
  },
  {
    name: 'attribute before a reply',
    wire: '|1\r\n+key-popularity\r\n%1\r\n$1\r\na\r\n,0.1923\r\n*1\r\n:2039123\r\n',
    reply: [2039123],
    asBigint: [2039123n],
  },
  {
    name: 'attribute within a reply',
    wire: '*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n',
    reply: [1, 2, 3],
    asBigint: [1n, 2n, 3n],
  },
  { name: 'attribute, empty, twice', wire: '|0\r\n|0\r\n+x\r\n', reply: 'x', asBuffer: bytes('x') },
  {
    name: 'attribute with an integer out of range',
    wire: '*1\r\n|1\r\n+a\r\n:9223372036854775807\r\n+b\r\n',
    reply: ['b'],
    asBuffer: [bytes('b')],
  },
  {
    name: 'push',
    wire: '>3\r\n+message\r\n$2\r\nch\r\n$5\r\nhello\r\n',
    reply: new Push(['message', bytes('ch'), bytes('hello')]),
  },
  {
    name: 'push of an array',
    wire: '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n',
    reply: new Push([bytes('invalidate'), [bytes('k')]]),
  },
  {
    name: 'push with an integer out of range',
    wire: '>3\r\n+x\r\n:9223372036854775807\r\n:1\r\n',
    reply: new Push(['x', 9223372036854775807n, 1]),
  },
  {
    name: 'streamed string',
    wire: '$?\r\n;4\r\nHell\r\n;6\r\no worl\r\n;1\r\nd\r\n;0\r\n',
    reply: 'Hello world',
    asBuffer: bytes('Hello world'),
  },
  { name: 'streamed string, empty', wire: '$?\r\n;0\r\n', reply: '', asBuffer: bytes('') },
  {
    name: 'streamed string cut within a character',
    wire: '*2\r\n$?\r\n;1\r\n\u00e2\r\n;2\r\n\u0098\u0083\r\n;0\r\n:1\r\n',
    reply: ['☃', 1],
    asBuffer: [bytes('☃'), 1],
    asBigint: ['☃', 1n],
  },
  {
    name: 'streamed array',
    wire: '*?\r\n:1\r\n*?\r\n.\r\n$1\r\na\r\n.\r\n',
    reply: [1, [], 'a'],
    asBuffer: [1, [], bytes('a')],
    asBigint: [1n, [], 'a'],
  },
  { name: 'streamed set', wire: '~?\r\n+a\r\n.\r\n', reply: ['a'], asBuffer: [bytes('a')] },
  {
    name: 'streamed map',
    wire: '%?\r\n+a\r\n:1\r\n|?\r\n+x\r\n+y\r\n.\r\n+b\r\n:2\r\n.\r\n',
    reply: new RespMap(['a', 1, 'b', 2]),
    asBuffer: new RespMap([bytes('a'), 1, bytes('b'), 2]),
    asBigint: new RespMap(['a', 1n, 'b', 2n]),
  },
]

// The one fixture whose bytes are no UTF-8 by parts is written in latin1.
export function wireOf(fixture: Fixture): Buffer {
  return Buffer.from(fixture.wire, fixture.name.includes('cut within') ? 'latin1' : 'utf8')
}
