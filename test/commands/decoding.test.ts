// What builders make of replies. The same answer in both protocol forms gives the same result; the text is what a
// Redis 7.0 sends. (live.test.ts asks a real one.)
import { describe, expect, it } from 'vitest'
import { catalogue as c } from '../../src/commands/catalogue.js'
import { UnexpectedReplyError } from '../../src/core/errors.js'
import type { Command } from '../../src/protocol/command.js'
import { type Reply, ReplyMode, RespMap } from '../../src/resp/types.js'

const map = (...entries: Reply[]): RespMap => new RespMap(entries)

/** Builder, RESP2 form, RESP3 form, result. */
const SHAPES: readonly (readonly [name: string, Command, resp2: Reply, resp3: Reply, result: unknown])[] = [
  ['flag 1', c.expire('k', 1), 1, true, true],
  ['flag 0', c.hexists('h', 'f'), 0, false, false],
  ['flags', c.smismember('s', ['a', 'b']), [1, 0], [true, false], [true, false]],
  ['condition met', c.setIf('k', 'v', { nx: true }), 'OK', 'OK', true],
  ['condition not met', c.setIf('k', 'v', { nx: true }), null, null, false],
  ['keys moved', c.migrate('k', { host: 'h', port: 1 }), 'OK', 'OK', true],
  ['no keys moved', c.migrate('k', { host: 'h', port: 1 }), 'NOKEY', 'NOKEY', false],
  ['ttl of a missing key', c.ttl('k'), -2, -2, -2],
  ['number as text', c.incrbyfloat('k', 1), '3.5', '3.5', 3.5],
  ['score', c.zscore('z', 'a'), '1.5', 1.5, 1.5],
  ['infinite score', c.zscore('z', 'a'), '-inf', -Infinity, -Infinity],
  ['no score', c.zscore('z', 'a'), null, null, null],
  ['scores', c.zmscore('z', ['a', 'b']), ['1', null], [1, null], [1, null]],
  ['increment refused', c.zaddIncr('z', 1, 'a', { nx: true }), null, null, null],
  [
    'members with scores',
    c.zrangeWithScores('z', 0, -1),
    ['a', '1', 'b', 'inf'],
    [
      ['a', 1],
      ['b', Infinity],
    ],
    [
      { member: 'a', score: 1 },
      { member: 'b', score: Infinity },
    ],
  ],
  ['no members', c.zrangeWithScores('z', 0, -1), [], [], []],
  ['one popped member', c.zpopmin('z'), ['a', '1'], ['a', 1], { member: 'a', score: 1 }],
  ['nothing popped', c.zpopmin('z'), [], [], null],
  [
    'popped members',
    c.zpopmaxCount('z', 2),
    ['b', '2', 'a', '1'],
    [
      ['b', 2],
      ['a', 1],
    ],
    [
      { member: 'b', score: 2 },
      { member: 'a', score: 1 },
    ],
  ],
  [
    'members popped from one of several',
    c.zmpop(['z'], 'min'),
    ['z', [['a', '1']]],
    ['z', [['a', 1]]],
    { key: 'z', members: [{ member: 'a', score: 1 }] },
  ],
  ['no members popped from any', c.zmpop(['z'], 'min'), null, null, null],
  [
    'elements popped from one of several',
    c.lmpop(['l'], 'left'),
    ['l', ['a']],
    ['l', ['a']],
    { key: 'l', elements: ['a'] },
  ],
  ['no list to pop from', c.lpopCount('l', 2), null, null, null],
  ['rank', c.zrank('z', 'a'), 0, 0, 0],
  ['no rank', c.zrank('z', 'a'), null, null, null],
  [
    'fields and values',
    c.hrandfieldWithValues('h', 2),
    ['f', '1', 'g', '2'],
    [
      ['f', '1'],
      ['g', '2'],
    ],
    [
      ['f', '1'],
      ['g', '2'],
    ],
  ],
  ['page of keys', c.scan(0), ['17', ['a', 'b']], ['17', ['a', 'b']], { cursor: '17', items: ['a', 'b'] }],
  [
    'page of fields',
    c.hscan('h', 0),
    ['0', ['f', '1']],
    ['0', ['f', '1']],
    { cursor: '0', items: [['f', '1']] },
  ],
  [
    'page of scored members',
    c.zscan('z', 0),
    ['0', ['a', '1.5']],
    ['0', ['a', '1.5']],
    { cursor: '0', items: [{ member: 'a', score: 1.5 }] },
  ],
  [
    'matches',
    c.lcsIdx('a', 'b'),
    [
      'matches',
      [
        [
          [4, 7],
          [5, 8],
        ],
        [[2, 3], [0, 1], 2],
      ],
      'len',
      6,
    ],
    map(
      'matches',
      [
        [
          [4, 7],
          [5, 8],
        ],
        [[2, 3], [0, 1], 2],
      ],
      'len',
      6,
    ),
    {
      matches: [
        { key1: [4, 7], key2: [5, 8] },
        { key1: [2, 3], key2: [0, 1], length: 2 },
      ],
      length: 6,
    },
  ],
  [
    'settings',
    c.configGet('*'),
    ['save', '', '__proto__', 'x'],
    map('save', '', '__proto__', 'x'),
    record({ save: '' }, 'x'),
  ],
  [
    'time',
    c.time(),
    ['1700000000', '123456'],
    ['1700000000', '123456'],
    { seconds: 1700000000, microseconds: 123456 },
  ],
  ['last save', c.lastsave(), 1700000000, 1700000000, new Date(1700000000000)],
  [
    'connections',
    c.clientList(),
    'id=3 addr=1.2.3.4:5 name= db=0 cmd=client|list\nid=4 addr=[::1]:5 name=a=b db=1 cmd=get\n',
    'id=3 addr=1.2.3.4:5 name= db=0 cmd=client|list\nid=4 addr=[::1]:5 name=a=b db=1 cmd=get\n',
    [
      bare({ id: '3', addr: '1.2.3.4:5', name: '', db: '0', cmd: 'client|list' }),
      bare({ id: '4', addr: '[::1]:5', name: 'a=b', db: '1', cmd: 'get' }),
    ],
  ],
  [
    'role of a primary',
    c.role(),
    ['master', 3129659, [['127.0.0.1', '9001', '3129242']]],
    ['master', 3129659, [['127.0.0.1', '9001', '3129242']]],
    { role: 'primary', offset: 3129659, replicas: [{ host: '127.0.0.1', port: 9001, offset: 3129242 }] },
  ],
  [
    'role of a replica',
    c.role(),
    ['slave', '127.0.0.1', 9000, 'connected', 3167038],
    ['slave', '127.0.0.1', 9000, 'connected', 3167038],
    { role: 'replica', primary: { host: '127.0.0.1', port: 9000 }, state: 'connected', offset: 3167038 },
  ],
  [
    'role of a sentinel',
    c.role(),
    ['sentinel', ['a', 'b']],
    ['sentinel', ['a', 'b']],
    { role: 'sentinel', primaries: ['a', 'b'] },
  ],
  [
    'slow commands',
    c.slowlogGet(),
    [[14, 1700000000, 15, ['PING', 'x'], '127.0.0.1:58217', 'worker']],
    [[14, 1700000000, 15, ['PING', 'x'], '127.0.0.1:58217', 'worker']],
    [
      {
        id: 14,
        at: new Date(1700000000000),
        durationMicros: 15,
        args: ['PING', 'x'],
        client: '127.0.0.1:58217',
        name: 'worker',
      },
    ],
  ],
  [
    'peaks',
    c.latencyLatest(),
    [['command', 1700000000, 251, 1001]],
    [['command', 1700000000, 251, 1001]],
    [{ event: 'command', at: new Date(1700000000000), latencyMs: 251, maxMs: 1001 }],
  ],
  [
    'samples',
    c.latencyHistory('x'),
    [[1700000000, 9]],
    [[1700000000, 9]],
    [{ at: new Date(1700000000000), latencyMs: 9 }],
  ],
  [
    'histograms',
    c.latencyHistogram(),
    ['set', ['calls', 3, 'histogram_usec', [1, 2, 4, 3]]],
    map('set', map('calls', 3, 'histogram_usec', map(1, 2, 4, 3))),
    bare({
      set: {
        calls: 3,
        buckets: new Map([
          [1, 2],
          [4, 3],
        ]),
      },
    }),
  ],
  [
    'memory',
    c.memoryStats(),
    ['total.allocated', 5, 'db.0', ['overhead.hashtable.main', 72], 'fragmentation', '1.5'],
    map('total.allocated', 5, 'db.0', map('overhead.hashtable.main', 72), 'fragmentation', 1.5),
    bare({ 'total.allocated': 5, 'db.0': bare({ 'overhead.hashtable.main': 72 }), fragmentation: 1.5 }),
  ],
  [
    'keys and flags',
    c.commandGetkeysandflags(['GET', 'a']),
    [['a', ['RO', 'access']]],
    [['a', ['RO', 'access']]],
    [{ key: 'a', flags: ['RO', 'access'] }],
  ],
  [
    'manual',
    c.commandDocs('set'),
    [
      'set',
      [
        'summary',
        'S',
        'history',
        [['7.0.0', 'H']],
        'arguments',
        [['name', 'key', 'type', 'key', 'key_spec_index', 0, 'flags', ['multiple']]],
      ],
    ],
    map(
      'set',
      map('summary', 'S', 'history', [['7.0.0', 'H']], 'arguments', [
        map('name', 'key', 'type', 'key', 'key_spec_index', 0, 'flags', ['multiple']),
      ]),
    ),
    bare({
      set: {
        summary: 'S',
        history: [{ version: '7.0.0', change: 'H' }],
        arguments: [{ name: 'key', type: 'key', keySpecIndex: 0, flags: ['multiple'] }],
      },
    }),
  ],
]

describe('a reply is decoded the same in both protocol forms:', () => {
  it.each(SHAPES)('%s', (_, command, resp2, resp3, result) => {
    expect(command.decode(resp2, 0)).toStrictEqual(result)
    expect(command.decode(resp3, 0)).toStrictEqual(result)
  })

  it.each(SHAPES)('%s, read as bigints', (_, command, resp2, resp3) => {
    const from2 = command.decode(asRead(resp2, ReplyMode.BIGINT), ReplyMode.BIGINT)
    expect(command.decode(asRead(resp3, ReplyMode.BIGINT), ReplyMode.BIGINT)).toStrictEqual(from2)
  })

  it.each(SHAPES)('%s, read as bytes', (_, command, resp2, resp3) => {
    const from2 = command.decode(asRead(resp2, ReplyMode.BUFFER), ReplyMode.BUFFER)
    expect(command.decode(asRead(resp3, ReplyMode.BUFFER), ReplyMode.BUFFER)).toStrictEqual(from2)
  })
})

describe('a view changes', () => {
  it('integers that may pass 2^53, and no counts', () => {
    expect(c.incr('k').decode(2n ** 60n, ReplyMode.BIGINT)).toBe(2n ** 60n)
    expect(c.strlen('k').decode(5n, ReplyMode.BIGINT)).toBe(5)
    expect(c.role().decode(['master', 7n, [['h', '1', '9007199254740993']]], ReplyMode.BIGINT)).toMatchObject(
      {
        offset: 7n,
        replicas: [{ port: 1, offset: 9007199254740993n }],
      },
    )
  })

  it('what comes from users to bytes, and no words of the server', () => {
    const bytes = Buffer.from([0xff])
    expect(c.get('k').decode(bytes, ReplyMode.BUFFER)).toBe(bytes)
    expect(c.hgetall('h').decode([bytes, bytes], ReplyMode.BUFFER)).toEqual(new Map([[bytes, bytes]]))
    expect(c.type('k').decode(Buffer.from('hash'), ReplyMode.BUFFER)).toBe('hash')
    expect(c.info().decode(Buffer.from('# Server'), ReplyMode.BUFFER)).toBe('# Server')
    expect(c.configGet('a').decode([Buffer.from('a'), Buffer.from('b')], ReplyMode.BUFFER)).toEqual(
      bare({ a: 'b' }),
    )
  })
})

describe('DUMP', () => {
  it('is read as bytes, since text would damage it', () => {
    expect(c.dump('k').hints.replies).toBe('buffer')
    expect(() => c.dump('k').decode('text', 0)).toThrow(UnexpectedReplyError)
  })
})

describe('a reply of a shape that no server sends', () => {
  it.each([
    ['OK where a flag was expected', c.setnx('k', 'v'), 'OK'],
    ['a list where text was expected', c.get('k'), ['a']],
    ['text where OK was expected', c.set('k', 'v'), 'QUEUED'],
    ['a list of three where a page was expected', c.scan(0), ['0', [], []]],
    ['an odd list where pairs were expected', c.hgetall('h'), ['a']],
    ['an unknown role', c.role(), ['arbiter']],
    ['text where a number was expected', c.zscore('z', 'a'), 'many'],
    ['another answer to PING', c.ping(), 'GNIP'],
  ])('is an error: %s', (_, command: Command, reply: Reply) => {
    expect(() => command.decode(reply, 0)).toThrow(UnexpectedReplyError)
  })
})

/** The reply as a parser in that mode would have made it. */
function asRead(reply: Reply, mode: ReplyMode): Reply {
  if (typeof reply === 'string' && mode & ReplyMode.BUFFER) return Buffer.from(reply)
  if (typeof reply === 'number' && Number.isInteger(reply) && mode & ReplyMode.BIGINT) return BigInt(reply)
  if (reply instanceof RespMap) return new RespMap(reply.entries.map(entry => asRead(entry, mode)))
  return Array.isArray(reply) ? reply.map(item => asRead(item, mode)) : reply
}

function bare(fields: object): object {
  return Object.assign(Object.create(null), fields)
}

function record(fields: object, proto: string): object {
  const made = bare(fields)
  Object.defineProperty(made, '__proto__', {
    value: proto,
    enumerable: true,
    writable: true,
    configurable: true,
  })
  return made
}
