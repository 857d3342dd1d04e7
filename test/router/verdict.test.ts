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
import { mayRepeat, verdict } from '../../src/router/verdict.js'
import { command } from '../support/calls.js'

const AT = '127.0.0.1:7000'
const READ = command('GET', 'k')
const WRITE = command('SET', 'k', 'v')
const IDEMPOTENT = withHints(WRITE, createHints({ idempotent: true }))

const inCluster = { redirects: 0, maxRedirects: 16, slotted: true }
const onServer = { redirects: 0, maxRedirects: 16, slotted: false }

function refused(): ConnectError {
  const error = new ConnectError(AT, 'reply')
  error.retryable = false
  return error
}

const FAIL = { kind: 'fail' }
const RETRY = { kind: 'retry', refresh: undefined }
const at7001 = { slot: 3999, host: '127.0.0.1', port: 7001 }

describe('verdict in a cluster', () => {
  test.each([
    ['MOVED is followed', 'MOVED 3999 127.0.0.1:7001', { kind: 'follow', ...at7001 }],
    ['MOVED without a host, too', 'MOVED 3999 :7001', { kind: 'follow', ...at7001, host: '' }],
    ['ASK is asked', 'ASK 3999 127.0.0.1:7001', { kind: 'ask', ...at7001 }],
    ['TRYAGAIN waits', 'TRYAGAIN Multiple keys request during rehashing of slot', RETRY],
    ['CLUSTERDOWN refreshes', 'CLUSTERDOWN The cluster is down', { kind: 'retry', refresh: 'CLUSTERDOWN' }],
    [
      'CLUSTERDOWN of one slot refreshes',
      'CLUSTERDOWN Hash slot not served',
      { kind: 'retry', refresh: 'CLUSTERDOWN' },
    ],
    [
      'READONLY refreshes',
      "READONLY You can't write against a read only replica.",
      { kind: 'retry', refresh: 'READONLY' },
    ],
    ['LOADING waits', 'LOADING Redis is loading the dataset in memory', RETRY],
    ['MASTERDOWN waits', 'MASTERDOWN Link with MASTER is down', RETRY],
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
    ['BUSY is the caller’s', 'BUSY Redis is busy running a script', FAIL],
    ['OOM is the caller’s', 'OOM command not allowed when used memory', FAIL],
    ['moved in small letters is the caller’s', 'moved 3999 127.0.0.1:7001', FAIL],
  ])('%s', (_, message, expected) => {
    for (const what of [READ, WRITE, IDEMPOTENT]) {
      expect(verdict(new ReplyError(message), what, inCluster)).toEqual(expected)
    }
  })

  test.each([
    ['a redirect at the door is followed', 'MOVED 3999 127.0.0.1:7001', { kind: 'follow', ...at7001 }],
    ['LOADING at the door waits', 'LOADING Redis is loading the dataset in memory', RETRY],
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
    'one redirect more than allowed is too many: %s',
    message => {
      const error = new ReplyError(message)
      expect(verdict(error, READ, { ...inCluster, redirects: 15 }).kind).not.toBe('too many redirects')
      expect(verdict(error, READ, { ...inCluster, redirects: 16 }).kind).toBe('too many redirects')
      expect(verdict(error, READ, { ...inCluster, maxRedirects: 0 }).kind).toBe('too many redirects')
    },
  )
})

describe('verdict on one server', () => {
  test.each([
    ['MOVED is the caller’s: there is nothing to follow it to', 'MOVED 3999 127.0.0.1:7001', FAIL],
    ['ASK is the caller’s', 'ASK 3999 127.0.0.1:7001', FAIL],
    ['READONLY is the caller’s: it is a replica, and stays one', "READONLY You can't write", FAIL],
    ['LOADING waits', 'LOADING Redis is loading', RETRY],
    ['MASTERDOWN waits', 'MASTERDOWN Link with MASTER is down', RETRY],
  ])('%s', (_, message, expected) => {
    expect(verdict(new ReplyError(message), WRITE, onServer)).toEqual(expected)
  })
})

describe.each([
  ['in a cluster', inCluster],
  ['on one server', onServer],
])('verdict on a lost connection %s', (_, counters) => {
  const LOST = { kind: 'retry', refresh: 'lost connection' }
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
      { kind: 'retry', refresh: 'refused dial' },
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
