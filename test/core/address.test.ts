import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { formatAddress, parseNode } from '../../src/core/address.js'
import { InvalidOptionError } from '../../src/core/errors.js'

function parsed(input: unknown) {
  const { endpoint, tls, username, password, db } = parseNode(input, 'node')
  return { at: formatAddress(endpoint), tls: tls ?? false, username, password, db }
}

function refusal(input: unknown): InvalidOptionError {
  try {
    parseNode(input, 'nodes[1]')
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError)
    return error as InvalidOptionError
  }
  throw new Error(`accepted ${inspect(input)}`)
}

const none = { tls: false, username: undefined, password: undefined, db: undefined }

describe('parseNode', () => {
  test.each([
    ['redis://h', { ...none, at: 'h:6379' }],
    ['redis://h:7000', { ...none, at: 'h:7000' }],
    ['REDIS://h:7000', { ...none, at: 'h:7000' }],
    ['rediss://h:7000', { ...none, at: 'h:7000', tls: true }],
    ['valkey://h:7000/', { ...none, at: 'h:7000' }],
    ['valkeys://h:7000', { ...none, at: 'h:7000', tls: true }],
    ['  redis://h:7000\n', { ...none, at: 'h:7000' }],
    ['redis://h:80', { ...none, at: 'h:80' }],
    ['redis://h:7000/3', { ...none, at: 'h:7000', db: 3 }],
    ['redis://h:7000?db=3', { ...none, at: 'h:7000', db: 3 }],
    ['redis://h:7000/?db=3', { ...none, at: 'h:7000', db: 3 }],
    ['redis://:pw@h', { ...none, at: 'h:6379', password: 'pw' }],
    ['redis://ann:pw@h', { ...none, at: 'h:6379', username: 'ann', password: 'pw' }],
    ['redis://a%40b:p%3A%2F%3F%23%40%25@h', { ...none, at: 'h:6379', username: 'a@b', password: 'p:/?#@%' }],
    ['redis://ann:p:w@h', { ...none, at: 'h:6379', username: 'ann', password: 'p:w' }],
    ['redis://ann:%C3%A9%F0%9F%94%91@h', { ...none, at: 'h:6379', username: 'ann', password: 'é🔑' }],
    ['redis://127.0.0.1:7000', { ...none, at: '127.0.0.1:7000' }],
    ['redis://[::1]:7000/1', { ...none, at: '[::1]:7000', db: 1 }],
    [
      'rediss://u:p@[2001:db8::1]',
      { ...none, at: '[2001:db8::1]:6379', tls: true, username: 'u', password: 'p' },
    ],
    ['unix:///run/redis.sock', { ...none, at: 'unix:/run/redis.sock' }],
    ['unix:///run/a%20b.sock?db=2', { ...none, at: 'unix:/run/a b.sock', db: 2 }],
    ['h', { ...none, at: 'h:6379' }],
    ['h:7000', { ...none, at: 'h:7000' }],
    ['::1', { ...none, at: '[::1]:6379' }],
    ['[::1]', { ...none, at: '[::1]:6379' }],
    ['[::1]:7000', { ...none, at: '[::1]:7000' }],
    ['fe80::1%eth0', { ...none, at: '[fe80::1%eth0]:6379' }],
    [
      { host: 'h', port: 7000 },
      { ...none, at: 'h:7000' },
    ],
    [{ host: 'h' }, { ...none, at: 'h:6379' }],
    [{ port: 7000 }, { ...none, at: '127.0.0.1:7000' }],
    [
      { host: '::1', port: 7000 },
      { ...none, at: '[::1]:7000' },
    ],
    [
      { host: '[::1]', port: 7000 },
      { ...none, at: '[::1]:7000' },
    ],
    [{ path: '/run/redis.sock' }, { ...none, at: 'unix:/run/redis.sock' }],
    [{ url: 'rediss://:pw@h:1/2' }, { at: 'h:1', tls: true, username: undefined, password: 'pw', db: 2 }],
  ])('understands %j', (input, expected) => {
    expect(parsed(input)).toEqual(expected)
  })

  test.each([
    ['', 'must not be empty'],
    ['   ', 'must not be empty'],
    ['http://h:7000', 'redis://'],
    ['redis+tls://h', 'redis://'],
    ['redis://', 'host'],
    ['redis://:7000', 'URL'],
    ['redis://h:0', '1 to 65535'],
    ['redis://h:65536', '1 to 65535'],
    ['redis://h:-1', 'URL'],
    ['redis://h:port', 'URL'],
    ['redis://h/x', 'by number'],
    ['redis://h/1/2', 'by number'],
    ['redis://h/-1', 'by number'],
    ['redis://h?db=x', 'by number'],
    ['redis://h?password=x', 'known: db'],
    ['redis://h/1?db=2', 'twice'],
    ['redis://u:%zz@h', 'percent-encoding'],
    ['unix://run/redis.sock', 'absolute path'],
    ['unix://', 'absolute path'],
    ['h:0', '1 to 65535'],
    ['h:65536', '1 to 65535'],
    ['h:', '1 to 65535'],
    ['h:7e3', '1 to 65535'],
    ['[::1]:x', '1 to 65535'],
    ['h:7000:1', 'IPv6'],
    ['two words', '{ host, port }'],
    ['h/1', '{ host, port }'],
    [{}, 'must have a host'],
    [{ host: '' }, 'host'],
    [{ host: 5 }, 'host'],
    [{ host: null, port: 1 }, 'host'],
    [{ host: 'h', port: 0 }, '1 to 65535, got 0'],
    [{ host: 'h', port: 65_536 }, '1 to 65535, got 65536'],
    [{ host: 'h', port: 1.5 }, '1 to 65535, got 1.5'],
    [{ host: 'h', port: Number.NaN }, '1 to 65535, got NaN'],
    [{ host: 'h', port: '7000' }, '1 to 65535'],
    [{ path: '' }, 'unix socket'],
    [{ path: 5 }, 'unix socket'],
    [{ path: '/s', port: 1 }, 'cannot be combined'],
    [{ url: 'redis://h', host: 'h' }, 'cannot be combined'],
    [{ url: 5 }, 'must be a string'],
    [{ host: 'h', prot: 1 }, 'did you mean port?'],
    [undefined, 'must be an object'],
    [null, 'must be an object'],
    [7000, 'must be an object'],
    [['h', 7000], 'must be an object'],
  ])('refuses %j and says why', (input, why) => {
    const error = refusal(input)
    expect(error.message).toContain(why)
    expect(error.field).toMatch(/^nodes\[1\]/)
  })

  test.each([
    'redis://ann:hunter2@h:99999',
    'redis://ann:hunter2@h:port',
    'redis://ann:hunter2@h/x',
    'redis://ann:hunter2@h?x=1',
    'redis://ann:hunter2%zz@h',
    'http://ann:hunter2@h',
    'ann:hunter2@h:7000',
    'ann:hunter2:h',
    '[::1]:hunter2',
    'hunter2 hunter2',
    // An unencoded # or / ends the host early: what follows is part of the password.
    'redis://ann:12#hunter2@h:7000',
    'redis://ann:12/hunter2@h:7000',
    'redis://ann:12?hunter2@h:7000',
    { url: 'redis://ann:hunter2@h:99999' },
    { host: 'redis://ann:hunter2@h' },
    { host: 'ann:hunter2@h', port: 1 },
    { host: 'h', port: 'hunter2' },
    { host: 'h', password: 'hunter2' },
  ])('never repeats a password in its refusal of %j', input => {
    const error = refusal(input)
    expect(inspect(error, { depth: 10, showHidden: true }).split('\n    at ')[0]).not.toContain('hunter2')
    expect(JSON.stringify(error)).not.toContain('hunter2')
    expect(error.message).not.toContain('12')
  })
})

test('formatAddress puts IPv6 in brackets and names unix sockets', () => {
  expect(formatAddress({ host: 'h', port: 1 })).toBe('h:1')
  expect(formatAddress({ host: '::1', port: 1 })).toBe('[::1]:1')
  expect(formatAddress({ path: '/s' })).toBe('unix:/s')
})
