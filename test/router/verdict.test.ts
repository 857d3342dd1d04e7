import { describe, expect, test } from 'vitest'
import {
  AbortedError,
  AuthenticationError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  OverloadedError,
  ProtocolError,
  ReplyError,
  UnexpectedReplyError,
} from '../../src/core/errors.js'
import { createHints, withHints } from '../../src/protocol/command.js'
import { type Counters, mayRepeat, verdict } from '../../src/router/verdict.js'
import { command } from '../support/calls.js'

const AT = '127.0.0.1:7000'
const READ = command('GET', 'k')
const WRITE = command('SET', 'k', 'v')
const IDEMPOTENT = withHints(WRITE, createHints({ idempotent: true }))

const inCluster: Counters = {
  redirects: 0,
  redirectedForMs: 0,
  maxRedirects: 16,
  redirectBudgetMs: 5000,
  reconnected: false,
  slotted: true,
}
const onServer: Counters = { ...inCluster, slotted: false }

function refused(): ConnectError {
  const error = new ConnectError(AT, 'reply')
  error.retryable = false
  return error
}

const FAIL = { kind: 'fail' }
const REST = { kind: 'rest', refresh: undefined }
const HOLD = { kind: 'hold', refresh: undefined }
const at7001 = { slot: 3999, host: '127.0.0.1', port: 7001 }

describe('verdict in a cluster', () => {
  test.each([
    ['MOVED is followed', 'MOVED 3999 127.0.0.1:7001', { kind: 'follow', ...at7001 }],
    ['MOVED without a host, too', 'MOVED 3999 :7001', { kind: 'follow', ...at7001, host: '' }],
    ['ASK is asked', 'ASK 3999 127.0.0.1:7001', { kind: 'ask', ...at7001 }],
    ['TRYAGAIN waits', 'TRYAGAIN Multiple keys request during rehashing of slot', REST],
    [
      'CLUSTERDOWN holds the node’s commands',
      'CLUSTERDOWN The cluster is down',
      { kind: 'hold', refresh: 'CLUSTERDOWN' },
    ],
    [
      'CLUSTERDOWN of one slot holds nobody else',
      'CLUSTERDOWN Hash slot not served',
      { kind: 'rest', refresh: 'uncovered slot' },
    ],
    [
      'READONLY refreshes',
      "READONLY You can't write against a read only replica.",
      { kind: 'rest', refresh: 'READONLY' },
    ],
    ['LOADING holds', 'LOADING Redis is loading the dataset in memory', HOLD],
    ['MASTERDOWN holds', 'MASTERDOWN Link with MASTER is down', { kind: 'hold', refresh: 'CLUSTERDOWN' }],
    [
      'UNBLOCKED waits',
      'UNBLOCKED force unblock from blocking operation',
      { kind: 'rest', refresh: 'READONLY' },
    ],
    ['NOREPLICAS waits', 'NOREPLICAS Not enough good replicas to write.', REST],
    ['BUSY waits', 'BUSY Redis is busy running a script', REST],
    ['NOAUTH takes another connection', 'NOAUTH Authentication required.', { kind: 'reconnect' }],
    ['MISCONF is the caller’s', 'MISCONF Redis is configured to save RDB snapshots', FAIL],
    ['a slot out of range is the caller’s', 'MOVED 16384 127.0.0.1:7001', FAIL],
    ['a negative slot is the caller’s', 'MOVED -1 127.0.0.1:7001', FAIL],
    ['a slot of NaN is the caller’s', 'MOVED NaN 127.0.0.1:7001', FAIL],
    ['port 0 is the caller’s', 'MOVED 1 127.0.0.1:0', FAIL],
    ['a port out of range is the caller’s', 'MOVED 1 127.0.0.1:65536', FAIL],
    ['no port is the caller’s', 'MOVED 1 127.0.0.1', FAIL],
    ['a host with white space is the caller’s', 'MOVED 1 a b:1', FAIL],
    ['a host with a path is the caller’s', 'MOVED 1 evil/../x:1', FAIL],
    ['nothing after the word is the caller’s', 'ASK', FAIL],
    ['WRONGTYPE is the caller’s', 'WRONGTYPE Operation against a key', FAIL],
    ['ERR is the caller’s', 'ERR syntax error', FAIL],
    ['CROSSSLOT is the caller’s', "CROSSSLOT Keys in request don't hash to the same slot", FAIL],
    ['NOPERM is the caller’s', 'NOPERM this user has no permissions', FAIL],
    ['OOM is the caller’s', 'OOM command not allowed when used memory', FAIL],
    ['moved in small letters is the caller’s', 'moved 3999 127.0.0.1:7001', FAIL],
  ])('%s', (_, message, expected) => {
    for (const what of [READ, WRITE, IDEMPOTENT]) {
      expect(verdict(new ReplyError(message), what, inCluster)).toEqual(expected)
    }
  })

  test.each([
    ['a redirect at the door is followed', 'MOVED 3999 127.0.0.1:7001', { kind: 'follow', ...at7001 }],
    ['LOADING at the door holds', 'LOADING Redis is loading the dataset in memory', HOLD],
    ['NOREPLICAS at the door waits', 'NOREPLICAS Not enough good replicas to write.', REST],
    [
      'NOREPLICAS from inside the script is the caller’s',
      'NOREPLICAS Not enough good replicas to write. script: 5f3c, on @user_script:1.',
      FAIL,
    ],
    ['a word that the script made up is the caller’s', 'TRYAGAIN later', FAIL],
    [
      'READONLY from inside the script is the caller’s',
      "READONLY You can't write against a read only replica. script: 5f3c, on @user_script:1.",
      FAIL,
    ],
  ])('of a script: %s', (_, message, expected) => {
    for (const script of [command('EVAL', 'return 1', '1', 'k'), command('FCALL', 'f', '1', 'k')]) {
      expect(verdict(new ReplyError(message), script, inCluster)).toEqual(expected)
    }
  })

  test.each(['MOVED 3999 127.0.0.1:7001', 'ASK 3999 127.0.0.1:7001'])(
    'too many redirects are so many that took so long: %s',
    message => {
      const error = new ReplyError(message)
      const kind = (counters: Partial<Counters>): string =>
        verdict(error, READ, { ...inCluster, ...counters }).kind
      expect(kind({ redirects: 16, redirectedForMs: 4999 })).not.toBe('too many redirects')
      expect(kind({ redirects: 15, redirectedForMs: 5000 })).not.toBe('too many redirects')
      expect(kind({ redirects: 16, redirectedForMs: 5000 })).toBe('too many redirects')
      expect(kind({ maxRedirects: 0 })).toBe('too many redirects')
    },
  )

  test('NOAUTH from the new connection, too, is the caller’s', () => {
    const error = new ReplyError('NOAUTH Authentication required.')
    expect(verdict(error, READ, { ...inCluster, reconnected: true })).toEqual({ kind: 'not authenticated' })
  })
})

describe('verdict on one server', () => {
  test.each([
    ['MOVED is the caller’s: there is nothing to follow it to', 'MOVED 3999 127.0.0.1:7001', FAIL],
    ['ASK is the caller’s', 'ASK 3999 127.0.0.1:7001', FAIL],
    ['READONLY is the caller’s: it is a replica, and stays one', "READONLY You can't write", FAIL],
    ['LOADING holds', 'LOADING Redis is loading', HOLD],
    ['MASTERDOWN holds', 'MASTERDOWN Link with MASTER is down', HOLD],
    ['UNBLOCKED waits', 'UNBLOCKED force unblock from blocking operation', REST],
  ])('%s', (_, message, expected) => {
    expect(verdict(new ReplyError(message), WRITE, onServer)).toEqual(expected)
  })
})

describe.each([
  ['in a cluster', inCluster],
  ['on one server', onServer],
])('verdict on a lost connection %s', (_, counters) => {
  const LOST = { kind: 'resend', refresh: 'lost connection' }
  test.each([
    ['never sent: a read', 'not-sent', READ, LOST],
    ['never sent: a write', 'not-sent', WRITE, LOST],
    ['sent: a read', 'unknown', READ, LOST],
    ['sent: a write', 'unknown', WRITE, FAIL],
    ['sent: a write that the caller calls idempotent', 'unknown', IDEMPOTENT, LOST],
  ] as const)('%s', (_name, outcome, what, expected) => {
    expect(verdict(new ConnectionLostError(AT, outcome), what, counters)).toEqual(expected)
  })

  test.each([
    [
      'a dial that failed is tried again',
      new ConnectError(AT, 'connect'),
      { kind: 'resend', refresh: 'refused dial' },
    ],
    ['refused credentials are the caller’s', new AuthenticationError(AT), FAIL],
    ['what another dial would not mend is the caller’s', refused(), FAIL],
    ['a deadline is the caller’s', new DeadlineExceededError('a reply', 'unknown'), FAIL],
    ['an abort is the caller’s', new AbortedError('unknown', undefined), FAIL],
    ['a closed client is the caller’s', new ClosedError('the client'), FAIL],
    ['a full queue is the caller’s', new OverloadedError('full', 'maxQueued'), FAIL],
    ['bytes that are no RESP are the caller’s', new ProtocolError('no RESP'), FAIL],
    ['an answer that cannot be represented is the caller’s', new UnexpectedReplyError('odd'), FAIL],
    ['an error of somebody else is the caller’s', new TypeError('x'), FAIL],
  ])('%s', (_name, error, expected) => {
    for (const what of [READ, WRITE, IDEMPOTENT]) expect(verdict(error, what, counters)).toEqual(expected)
  })
})

test.each([
  ['GET', command('GET', 'k'), true],
  ['HGETALL', command('HGETALL', 'k'), true],
  ['PING', command('PING'), false],
  ['INCR', command('INCR', 'k'), false],
  ['DEL', command('DEL', 'k'), false],
  ['GETEX, which may set an expiry', command('GETEX', 'k'), false],
  ['EVAL', command('EVAL', 'return 1', '0'), false],
  ['SET called idempotent', IDEMPOTENT, true],
])('mayRepeat: %s', (_, what, expected) => {
  expect(mayRepeat(what)).toBe(expected)
})
