import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withServer } from '../../scripts/generate-command-table.js'
import { IntegerRangeError, ReplyError, UnexpectedReplyError } from '../../src/core/errors.js'
import type { Decode } from '../../src/protocol/command.js'
import * as decode from '../../src/protocol/decode.js'
import { knownName } from '../../src/protocol/field-names.js'
import { type Reply, ReplyMode, RespMap } from '../../src/resp/types.js'
import { askLive } from './live.js'

const { BUFFER, BIGINT } = ReplyMode
const bytes = Buffer.from
const boom = new ReplyError('ERR boom')
const { POSITIVE_INFINITY, NEGATIVE_INFINITY } = Number

// decoder, reply → result
const TABLE: readonly (readonly [Decode<unknown>, Reply, unknown])[] = [
  [decode.asIs, 'x', 'x'],
  [decode.asOk, 'OK', 'OK'],
  [decode.asOk, bytes('OK'), 'OK'],
  [decode.asText, 'é', 'é'],
  [decode.asText, bytes('é'), 'é'],
  [decode.asText, '', ''],
  [decode.asTextOrNull, null, null],
  [decode.asTexts, ['a', bytes('b')], ['a', 'b']],
  [decode.asBuffer, bytes([255]), bytes([255])],
  [decode.asBufferOrNull, null, null],
  [decode.asBulk, 'a', 'a'],
  [decode.asBulk, bytes('a'), bytes('a')],
  [decode.asBulkOrNull, null, null],
  [decode.asBulks, ['a', 'b'], ['a', 'b']],
  [decode.asBulks, [], []],
  [decode.asBulksOrNull, null, null],
  [decode.asBulksOrNulls, ['a', null], ['a', null]],
  [decode.asCount, 5, 5],
  [decode.asCount, 5n, 5],
  [decode.asCountOrNull, null, null],
  [decode.asCounts, [1, 2n], [1, 2]],
  [decode.asCountsOrNulls, [1, null], [1, null]],
  [decode.asInt, -3, -3],
  [decode.asInt, 2n ** 63n, 2n ** 63n],
  [decode.asIntOrNull, null, null],
  [decode.asInts, [1, 2], [1, 2]],
  [decode.asIntsOrNulls, [1n, null], [1n, null]],
  [decode.asFlag, 1, true],
  [decode.asFlag, 0, false],
  [decode.asFlag, 1n, true],
  [decode.asFlag, 0n, false],
  [decode.asFlag, true, true],
  [decode.asFlag, false, false],
  [decode.asFlags, [1, 0n, true], [true, false, true]],
  [decode.asNumber, 1.5, 1.5],
  [decode.asNumber, '1.5', 1.5],
  [decode.asNumber, bytes('-1.5e-7'), -1.5e-7],
  [decode.asNumber, '3', 3],
  [decode.asNumber, 3n, 3],
  [decode.asNumber, 'inf', POSITIVE_INFINITY],
  [decode.asNumber, bytes('-inf'), NEGATIVE_INFINITY],
  [decode.asNumber, 'nan', Number.NaN],
  [decode.asNumber, Number.NaN, Number.NaN],
  [decode.asNumberOrNull, null, null],
  [decode.asNumbers, ['1', 2], [1, 2]],
  [decode.asNumbersOrNulls, [null, '1'], [null, 1]],
  [decode.asArray, [1, boom], [1, boom]],
  [decode.asArrayOrNull, null, null],
  [decode.asEntries, new RespMap(['a', 1]), ['a', 1]],
  [
    decode.asPairs,
    ['a', '1', 'a', '2'],
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  [
    decode.asPairs,
    [
      ['a', '1'],
      ['b', '2'],
    ],
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  [decode.asPairs, new RespMap(['a', '1']), [['a', '1']]],
  [decode.asPairs, [], []],
  [decode.asScored, ['a', '1.5'], [{ member: 'a', score: 1.5 }]],
  [decode.asScored, ['a', 1.5], [{ member: 'a', score: 1.5 }]],
  [
    decode.asScored,
    [
      ['a', 1],
      ['b', POSITIVE_INFINITY],
    ],
    [
      { member: 'a', score: 1 },
      { member: 'b', score: POSITIVE_INFINITY },
    ],
  ],
  [decode.asScanPage, ['0', ['a']], { cursor: '0', items: ['a'] }],
  [decode.asScanPage, [bytes('18446744073709551615'), []], { cursor: '18446744073709551615', items: [] }],
]

// decoder, a reply that is none of its shapes, what the error says
const REFUSED: readonly (readonly [Decode<unknown>, Reply, string])[] = [
  [decode.asOk, 'secret', 'expected OK, got text'],
  [decode.asOk, null, 'expected OK, got nothing'],
  [decode.asText, 5, 'expected a string, got a number'],
  [decode.asBuffer, 'secret', 'expected bytes, got text'],
  [decode.asBulk, null, 'expected a string, got nothing'],
  [decode.asBulk, ['secret'], 'expected a string, got a list'],
  [decode.asBulks, 'secret', 'expected a list, got text'],
  [decode.asBulks, ['a', null], 'expected a string, got nothing'],
  [decode.asBulksOrNulls, ['a', 5], 'expected a string, got a number'],
  [decode.asCount, 'secret', 'expected an integer, got text'],
  [decode.asCount, 1.5, 'expected an integer, got a number'],
  [decode.asCount, null, 'expected an integer, got nothing'],
  [decode.asInt, true, 'expected an integer, got a boolean'],
  [decode.asInt, Number.NaN, 'expected an integer, got a number'],
  [decode.asFlag, 2, 'expected 0 or 1, got a number'],
  [decode.asFlag, bytes('secret'), 'expected 0 or 1, got bytes'],
  [decode.asNumber, 'secret', 'expected a number, got other text'],
  [decode.asNumber, '', 'expected a number, got other text'],
  [decode.asNumber, '0x10', 'expected a number, got other text'],
  [decode.asNumber, ' 1', 'expected a number, got other text'],
  [decode.asNumber, new RespMap([]), 'expected a number, got a map'],
  [decode.asArray, new RespMap([]), 'expected a list, got a map'],
  [decode.asFields, ['a'], 'expected pairs, got a list of odd length'],
  [decode.asFields, ['a', null], 'expected a string, got nothing'],
  [decode.asFields, [['a', 'b', 'c']], 'expected a pair, got a list of 3'],
  [decode.asFields, [['a', 'b'], 'c'], 'expected a list, got text'],
  [decode.asPairs, ['a', 1], 'expected a string, got a number'],
  [decode.asScored, ['a', 'secret'], 'expected a number, got other text'],
  [decode.asScanPage, ['0'], 'expected a pair, got a list of 1'],
  [decode.asScanPage, 'secret', 'expected a list, got text'],
]

describe('decoders', () => {
  for (const [decoder, reply, result] of TABLE) {
    it(`${decoder.name} makes ${inspect(result)} of ${inspect(reply)}`, () => {
      expect(decoder(reply, 0)).toEqual(result)
    })
  }

  for (const [decoder, reply, message] of REFUSED) {
    it(`${decoder.name} refuses ${inspect(reply)} without repeating it`, () => {
      expect(() => decoder(reply, 0)).toThrow(new UnexpectedReplyError(message))
    })
  }

  it('throw an error that stands in the place of a value as that error', () => {
    const range = new IntegerRangeError()
    expect(() => decode.asCount(range)).toThrow(range)
    expect(() => decode.asBulks(['a', boom])).toThrow(boom)
    expect(() => decode.asInts([1, range])).toThrow(range)
    expect(() => decode.asFields(['a', boom], 0)).toThrow(boom)
  })
})

describe('asFields', () => {
  const fieldsOf = (reply: Reply, mode = 0) => decode.asFields(reply, mode) as unknown

  it('makes the same record of a map, a flat list and a list of pairs', () => {
    const expected = Object.assign(Object.create(null), { b: '1', a: '2' })
    expect(fieldsOf(new RespMap(['b', '1', 'a', '2']))).toEqual(expected)
    expect(fieldsOf(['b', '1', 'a', '2'])).toEqual(expected)
    expect(
      fieldsOf([
        ['b', '1'],
        ['a', '2'],
      ]),
    ).toEqual(expected)
    expect(fieldsOf([])).toEqual(Object.create(null))
  })

  it('takes __proto__, constructor and their like for names like any other', () => {
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '', '0', 'é']
    const record = fieldsOf(new RespMap(names.flatMap(name => [name, `v:${name}`]))) as Record<string, string>
    expect(Object.getPrototypeOf(record)).toBeNull()
    expect(Object.keys(record).sort()).toEqual([...names].sort())
    for (const name of names) expect(record[name]).toBe(`v:${name}`)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('lets the last of equal fields win', () => {
    expect(fieldsOf(['a', '1', 'a', '2'])).toEqual(Object.assign(Object.create(null), { a: '2' }))
  })

  it('makes a Map of Buffers, in order and with fields no text could hold', () => {
    const entries = [bytes([255]), bytes('1'), bytes([254]), bytes('2')]
    const map = fieldsOf(new RespMap(entries), BUFFER) as Map<Buffer, Buffer>
    expect([...map]).toEqual([
      [bytes([255]), bytes('1')],
      [bytes([254]), bytes('2')],
    ])
    expect(() => fieldsOf(['a', 'b'], BUFFER)).toThrow(UnexpectedReplyError)
  })

  it('gives the names asked for however often names of other hashes stood in their place', () => {
    // Same length and first character at the same position: they contend for one place of the memory.
    for (let round = 0; round < 50; round++) {
      const names = Array.from({ length: 200 }, (_, n) => `f${(n * 7 + round) % 1000}`.padEnd(5, '_'))
      const record = fieldsOf(names.flatMap((name, n) => [name, `${n}`])) as Record<string, string>
      for (const [n, name] of names.entries()) expect(record[name]).toBe(`${n}`)
    }
  })
})

describe('knownName', () => {
  it('gives back the name it was given, for any name and position', () => {
    for (const name of ['', 'a', 'b', 'é', '\u{1f600}', '__proto__', 'x'.repeat(100_000), 'x'.repeat(64)]) {
      for (const position of [0, 1, 2, 1023, 1024, 2 ** 26]) expect(knownName(name, position)).toBe(name)
    }
  })
})

describe('toJs', () => {
  it('makes Maps of maps, however deep, and leaves the rest as it came', () => {
    const deep = [1, new RespMap(['a', [new RespMap([new RespMap(['k', 1n]), null])]]), boom, bytes('x')]
    expect(decode.toJs(deep)).toEqual([
      1,
      new Map([['a', [new Map([[new Map([['k', 1n]]), null]])]]]),
      boom,
      bytes('x'),
    ])
    for (const reply of ['x', 5, 5n, 1.5, true, null, boom] as Reply[]) expect(decode.toJs(reply)).toBe(reply)
  })

  it('does not change the reply, and passes on a list without maps as it is', () => {
    const list: Reply[] = [1, ['a', [null]]]
    expect(decode.toJs(list)).toBe(list)
    const map = new RespMap(['a', 1])
    const held: Reply[] = [map, list]
    expect(decode.toJs(held)).toEqual([new Map([['a', 1]]), list])
    expect(held[0]).toBe(map)
  })

  it('takes a reply as deep as the parser ever allows', () => {
    let reply: Reply = new RespMap(['k', 'v'])
    for (let depth = 0; depth < 1024; depth++) reply = depth % 2 ? [reply] : new RespMap(['k', reply])
    expect(decode.toJs(reply)).toHaveLength(1)
  })
})

describe('RESP2 and RESP3', () => {
  const calls: readonly (readonly [string, Decode<unknown>])[] = [
    ['SET k v', decode.asOk],
    ['GET k', decode.asBulkOrNull],
    ['GET none', decode.asBulkOrNull],
    ['TYPE k', decode.asText],
    ['EXISTS k', decode.asFlag],
    ['INCR n', decode.asInt],
    ['INCRBYFLOAT f 1.5', decode.asNumber],
    ['MGET k none', decode.asBulksOrNulls],
    ['HSET h b 1 a 2 __proto__ 3', decode.asCount],
    ['HGETALL h', decode.asFields],
    ['HGETALL none', decode.asFields],
    ['CONFIG GET maxmemory*', decode.asFields],
    ['HRANDFIELD h -1 WITHVALUES', reply => decode.asPairs(reply).length],
    ['ZADD z 1.5 a inf b -inf c 1e21 d', decode.asCount],
    ['ZADD z INCR 0.1 a', decode.asNumberOrNull],
    ['ZSCORE z b', decode.asNumberOrNull],
    ['ZSCORE z none', decode.asNumberOrNull],
    ['ZMSCORE z a none', decode.asNumbersOrNulls],
    ['ZRANGE z 0 -1 WITHSCORES', decode.asScored],
    ['ZRANDMEMBER z 4 WITHSCORES', reply => decode.asScored(reply).length],
    ['SADD s 1 2 3', decode.asCount],
    ['SMEMBERS s', decode.asBulks],
    ['SMISMEMBER s 1 9', decode.asFlags],
    ['SCAN 0 COUNT 1000 MATCH s', decode.asScanPage],
    ['ZPOPMIN z', decode.asScored],
    ['ZPOPMIN z 2', decode.asScored],
    ['LPOP none 2', decode.asBulksOrNull],
    ['FLUSHALL', decode.asOk],
  ]
  // One server for all modes, kept until the tests are over.
  let port = 0
  let done = () => {}
  let server: Promise<void>
  beforeAll(
    () =>
      new Promise<void>((resolve, reject) => {
        server = withServer((_, listening) => {
          port = listening
          return new Promise<void>(release => {
            done = release
            resolve()
          })
        })
        server.catch(reject)
      }),
  )
  afterAll(() => {
    done()
    return server
  })

  it.each([
    ['text', 0],
    ['Buffers', BUFFER],
    ['Buffers and bigint', BUFFER | BIGINT],
  ])('give the same results from a live server, read as %s', async (_how, mode) => {
    const words = calls.map(([call]) => call.split(' '))
    const results = []
    for (const protocol of [2, 3] as const) {
      const replies = await askLive({ port, protocol, mode }, words)
      results.push(replies.map((reply, i) => [calls[i]![0], calls[i]![1](reply, mode)]))
    }
    expect(results[1]).toEqual(results[0])
    const scored = results[0]!.find(([call]) => call === 'ZRANGE z 0 -1 WITHSCORES')![1] as decode.Scored[]
    expect(scored.map(({ score }) => score)).toEqual([NEGATIVE_INFINITY, 1.6, 1e21, POSITIVE_INFINITY])
  })
})
