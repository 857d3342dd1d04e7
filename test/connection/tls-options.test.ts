import { describe, expect, test } from 'vitest'
import { resolveConnectionOptions } from '../../src/connection/options.js'
import { InvalidOptionError } from '../../src/core/errors.js'

function refusal(tls: unknown): InvalidOptionError {
  try {
    resolveConnectionOptions({ tls: tls as never })
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError)
    return error as InvalidOptionError
  }
  throw new Error('accepted')
}

describe('the tls option', () => {
  test.each(['host', 'port', 'path', 'socket', 'lookup', 'onread', 'timeout', 'signal'])(
    'refuses %s, with which every node would become the same one',
    name => {
      expect(refusal({ [name]: {} }).field).toBe(`tls.${name}`)
      expect(() => resolveConnectionOptions({ tls: { [name]: undefined } })).not.toThrow()
    },
  )

  test.each([
    ['a key that is none', { key: 'no key' }],
    ['an unknown version', { minVersion: 'TLSv9' }],
    ['a list', []],
    ['a word', 'yes'],
    ['null', null],
  ])('refuses %s before anything is dialled', (_, tls) => {
    expect(refusal(tls).field).toBe('tls')
  })

  test('reads certificates once, not for every connection', () => {
    for (const tls of [true, {}, { minVersion: 'TLSv1.3' }] as const) {
      expect(resolveConnectionOptions({ tls }).tls?.secureContext).toBeDefined()
    }
    expect(resolveConnectionOptions({ tls: false }).tls).toBeUndefined()
    expect(resolveConnectionOptions().tls).toBeUndefined()
  })
})
