import { describe, expect, it } from 'vitest'
import { ReplyError } from '../../src/core/errors.js'
import { parseRedirect } from '../../src/protocol/reply-error.js'

const parse = (message: string) => parseRedirect(new ReplyError(message))

describe('parseRedirect', () => {
  it.each([
    ['MOVED 3999 127.0.0.1:6381', { kind: 'MOVED', slot: 3999, host: '127.0.0.1', port: 6381 }],
    ['ASK 0 10.0.0.1:1', { kind: 'ASK', slot: 0, host: '10.0.0.1', port: 1 }],
    [
      'MOVED 16383 redis-1.example_x.internal:65535',
      { kind: 'MOVED', slot: 16383, host: 'redis-1.example_x.internal', port: 65535 },
    ],
    ['MOVED 1 ::1:7000', { kind: 'MOVED', slot: 1, host: '::1', port: 7000 }],
    ['MOVED 1 2001:db8::7:7000', { kind: 'MOVED', slot: 1, host: '2001:db8::7', port: 7000 }],
    ['MOVED 1 [2001:db8::7]:7000', { kind: 'MOVED', slot: 1, host: '2001:db8::7', port: 7000 }],
    ['MOVED 1 fe80::1%eth0:7000', { kind: 'MOVED', slot: 1, host: 'fe80::1%eth0', port: 7000 }],
    ['MOVED 1 :6381', { kind: 'MOVED', slot: 1, host: '', port: 6381 }],
    ['ASK 1 ?:6381', { kind: 'ASK', slot: 1, host: '?', port: 6381 }],
  ])('reads %s', (message, redirect) => {
    expect(parse(message)).toEqual(redirect)
  })

  it.each([
    'ERR MOVED 1 127.0.0.1:6381',
    'MOVED',
    'MOVED 1',
    'MOVED 1 127.0.0.1',
    'MOVED 1 127.0.0.1:',
    'MOVED 1 127.0.0.1:0',
    'MOVED 1 127.0.0.1:65536',
    'MOVED 1 127.0.0.1:-1',
    'MOVED 1 127.0.0.1:7e3',
    'MOVED 1 127.0.0.1:7000 more',
    'MOVED 1 127.0.0.1:7000\n',
    'MOVED 16384 127.0.0.1:7000',
    'MOVED -1 127.0.0.1:7000',
    'MOVED 1.5 127.0.0.1:7000',
    'MOVED abc 127.0.0.1:7000',
    'MOVED 000001 127.0.0.1:7000',
    'MOVED  1 127.0.0.1:7000',
    'MOVED 1  127.0.0.1:7000',
    'MOVED\t1\t127.0.0.1:7000',
    'moved 1 127.0.0.1:7000',
    'MOVED 1 ho st:7000',
    'MOVED 1 /var/run/redis.sock:7000',
    'MOVED 1 user@host:7000',
    'MOVED 1 []:7000',
    'MOVED 1 [x]:7000',
    'MOVED 1 ??:7000',
    'MOVED 1 h\u0000st:7000',
    'MOVED 1 höst:7000',
    `MOVED 1 ${'h'.repeat(300)}:7000`,
    `MOVED ${'9'.repeat(400)} 127.0.0.1:7000`,
  ])('finds no redirect in %j', message => {
    expect(parse(message)).toBeUndefined()
  })

  it('does not take long over a long line', () => {
    for (const filler of [':', 'a', '[', '1', '%', ' ']) {
      expect(parse(`MOVED 1 ${filler.repeat(65_000)}`)).toBeUndefined()
    }
  })
})
