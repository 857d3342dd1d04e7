import { inspect } from 'node:util'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Outcome, SlotwiseError } from '../../src/core/errors.js'
import * as errors from '../../src/core/errors.js'

type Errors = typeof errors
type Made = (module: Errors) => SlotwiseError

const cause = new Error('why')

// One of each: how it is made, its code, and the two answers every error gives.
const TABLE: [string, Made, string, Outcome, boolean][] = [
  ['SlotwiseError', m => new m.SlotwiseError('x'), 'SLOTWISE', 'not-sent', false],
  ['InvalidOptionError', m => new m.InvalidOptionError('a.b', 'is bad'), 'INVALID_OPTION', 'not-sent', false],
  [
    'InvalidArgumentError',
    m => new m.InvalidArgumentError('GET', 'key', 'is bad'),
    'INVALID_ARGUMENT',
    'not-sent',
    false,
  ],
  ['CrossSlotError', m => new m.CrossSlotError('MGET', [1, 2]), 'CROSS_SLOT', 'not-sent', false],
  [
    'UnsupportedCommandError',
    m => new m.UnsupportedCommandError('MULTI', 'no'),
    'UNSUPPORTED_COMMAND',
    'not-sent',
    false,
  ],
  ['ReplyError', m => new m.ReplyError('ERR x'), 'REPLY_ERROR', 'rejected', false],
  ['ProtocolError', m => new m.ProtocolError('x', 5), 'PROTOCOL', 'unknown', false],
  [
    'UnrepresentableReplyError',
    m => new m.UnrepresentableReplyError('x'),
    'UNREPRESENTABLE_REPLY',
    'applied',
    false,
  ],
  ['IntegerRangeError', m => new m.IntegerRangeError(), 'INTEGER_RANGE', 'applied', false],
  ['TextTooLongError', m => new m.TextTooLongError(6e8), 'TEXT_TOO_LONG', 'applied', false],
  ['UnexpectedReplyError', m => new m.UnexpectedReplyError('x'), 'UNEXPECTED_REPLY', 'applied', false],
  ['ConnectError', m => new m.ConnectError('h:1', 'dns', { cause }), 'CONNECT', 'not-sent', true],
  [
    'AuthenticationError',
    m => new m.AuthenticationError('h:1', { cause }),
    'AUTHENTICATION',
    'not-sent',
    false,
  ],
  [
    'ConnectionLostError',
    m => new m.ConnectionLostError('h:1', 'not-sent'),
    'CONNECTION_LOST',
    'not-sent',
    true,
  ],
  [
    'ConnectionLostError',
    m => new m.ConnectionLostError('h:1', 'unknown'),
    'CONNECTION_LOST',
    'unknown',
    false,
  ],
  [
    'DeadlineExceededError',
    m => new m.DeadlineExceededError('a reply', 'unknown'),
    'DEADLINE_EXCEEDED',
    'unknown',
    false,
  ],
  [
    'DeadlineExceededError',
    m => new m.DeadlineExceededError('x', 'not-sent'),
    'DEADLINE_EXCEEDED',
    'not-sent',
    true,
  ],
  ['AbortedError', m => new m.AbortedError('unknown', cause), 'ABORTED', 'unknown', false],
  ['ClosedError', m => new m.ClosedError('the client'), 'CLOSED', 'not-sent', false],
  ['OverloadedError', m => new m.OverloadedError('x', 'maxQueued'), 'OVERLOADED', 'not-sent', true],
  ['DiscoveryError', m => new m.DiscoveryError('x', []), 'DISCOVERY', 'not-sent', true],
  ['UncoveredSlotError', m => new m.UncoveredSlotError(5), 'UNCOVERED_SLOT', 'not-sent', true],
  [
    'TooManyRedirectsError',
    m => new m.TooManyRedirectsError(['MOVED h:1']),
    'TOO_MANY_REDIRECTS',
    'rejected',
    false,
  ],
]

const classes = Object.entries(errors).filter(
  (entry): entry is [string, typeof errors.SlotwiseError] =>
    typeof entry[1] === 'function' && /^[A-Z]/.test(entry[0]),
)

describe('each error', () => {
  test.each(TABLE)('%s answers code, outcome and retryable', (name, make, code, outcome, retryable) => {
    const error = make(errors)
    expect({ code: error.code, outcome: error.outcome, retryable: error.retryable }).toEqual({
      code,
      outcome,
      retryable,
    })
    expect(error.name).toBe(name === 'AbortedError' ? 'AbortError' : name)
    expect(error.message).not.toBe('')
    expect(error.stack).toContain('errors.test.ts')
  })

  test('is in the table above', () => {
    expect([...new Set(TABLE.map(([name]) => name))].sort()).toEqual(classes.map(([name]) => name).sort())
  })

  test('has a code that no other has', () => {
    const codes = new Map(TABLE.map(([name, , code]) => [name, code]))
    expect(new Set(codes.values()).size).toBe(codes.size)
  })

  test('passes its cause on, where it is given one', () => {
    expect(new errors.ConnectError('h:1', 'tls', { cause }).cause).toBe(cause)
    expect(new errors.AbortedError('unknown', cause).cause).toBe(cause)
    expect('cause' in new errors.ConnectError('h:1', 'tls')).toBe(false)
  })

  test.each(TABLE)('%s carries no key, value or secret where a logger would print it', (_, make) => {
    const error = make(errors)
    const known = new Set(
      'code outcome retryable command slot address attempts trail elapsedMs field argument slots prefix offset bytes phase waitedFor limit contacts'.split(
        ' ',
      ),
    )
    for (const name of Object.keys(error)) expect(known).toContain(name)
  })
})

describe('instanceof', () => {
  let copy: Errors

  beforeAll(async () => {
    // A second copy of the module, as a program has that loads the ESM and the CommonJS build.
    vi.resetModules()
    copy = await import('../../src/core/errors.js')
  })

  test('the two copies are two', () => {
    expect(copy.SlotwiseError).not.toBe(errors.SlotwiseError)
    expect(Object.getPrototypeOf(new copy.ClosedError('x'))).not.toBe(errors.ClosedError.prototype)
  })

  test.each(TABLE)('%s holds between two copies of the module, both ways', (name, make) => {
    for (const [maker, asker] of [
      [errors, copy],
      [copy, errors],
    ] as const) {
      const error = make(maker)
      const own = make(asker)
      for (const [other, kind] of Object.entries(asker)) {
        if (typeof kind !== 'function' || !/^[A-Z]/.test(other)) continue
        // The copy's error is of exactly the kinds that one of our own is, by its prototypes.
        const wanted = Object.prototype.isPrototypeOf.call(kind.prototype, own)
        expect([name, other, error instanceof (kind as typeof errors.SlotwiseError)]).toEqual([
          name,
          other,
          wanted,
        ])
      }
      expect(asker.isSlotwiseError(error)).toBe(true)
      expect(error).toBeInstanceOf(Error)
    }
  })

  test('no class lacks a kind of its own', () => {
    const KIND = Symbol.for('slotwise.error.kind')
    for (const [name, kind] of classes) {
      expect(Object.hasOwn(kind, KIND)).toBe(true)
      expect((kind as unknown as Record<symbol, unknown>)[KIND]).toBe(name)
    }
  })

  test("a user's own subclass is told from its parent and its siblings", () => {
    class Mine extends errors.ReplyError {}
    class Other extends errors.ReplyError {}
    const mine = new Mine('ERR x')
    expect(mine).toBeInstanceOf(Mine)
    expect(mine).toBeInstanceOf(errors.ReplyError)
    expect(mine).toBeInstanceOf(copy.ReplyError)
    expect(mine).not.toBeInstanceOf(Other)
    expect(new errors.ReplyError('ERR x')).not.toBeInstanceOf(Mine)
    expect(mine.name).toBe('Mine')
  })

  test.each([[null], [undefined], ['text'], [5], [{}], [new Error('x')], [Object.create(null)], [() => {}]])(
    'says no to %s',
    value => {
      expect(errors.isSlotwiseError(value)).toBe(false)
      expect((value as unknown) instanceof errors.ConnectError).toBe(false)
    },
  )
})

describe('facts', () => {
  test("ReplyError takes its prefix from the server's line", () => {
    expect(new errors.ReplyError('MOVED 1 h:1').prefix).toBe('MOVED')
    expect(new errors.ReplyError('WHAT').prefix).toBe('WHAT')
    expect(new errors.ReplyError('').prefix).toBe('')
  })

  test('ConnectError says to whom, how far and why', () => {
    const error = new errors.ConnectError('h:1', 'dns', { cause: new Error('not found') })
    expect(error.message).toBe('cannot connect to h:1 (dns): not found')
    expect(error.address).toBe('h:1')
  })

  test('again makes the same failure anew, for a call that adds its own facts', () => {
    for (const first of [
      new errors.ConnectError('h:1', 'tls', { cause }),
      new errors.ConnectError('h:1', 'reply', { message: 'because' }),
      new errors.AuthenticationError('h:1', { cause }),
    ]) {
      first.command = 'GET'
      const second = first.again()
      expect(second).not.toBe(first)
      expect(second.constructor).toBe(first.constructor)
      expect(second.command).toBeUndefined()
      expect({ ...second, cause: second.cause, message: second.message }).toEqual({
        ...first,
        command: undefined,
        cause: first.cause,
        message: first.message,
      })
    }
  })

  test('DiscoveryError lists whom it asked, and the first reason is its cause', () => {
    const error = new errors.DiscoveryError('nobody', [
      { address: 'a:1', phase: 'dns', cause },
      { address: 'b:1', phase: 'reply', cause: new Error('late') },
    ])
    expect(error.message).toBe('nobody\n  a:1 (dns): why\n  b:1 (reply): late')
    expect(error.cause).toBe(cause)
  })

  test('CrossSlotError names slots, not keys', () => {
    const error = new errors.CrossSlotError('MGET', [1, 2, 3, 4, 5])
    expect(error.message).toContain('5 slots (1, 2, 3, 4, …)')
    expect(inspect(error)).not.toContain('keys: [')
  })
})
