import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../src/core/errors.js'
import { createAddressMap, type NatMap } from '../../src/topology/address-map.js'

describe('createAddressMap', () => {
  test('without a map every address is as announced', () => {
    const endpoint = { host: '10.0.0.1', port: 6379 }
    expect(createAddressMap(undefined)(endpoint)).toBe(endpoint)
  })

  test('an object maps what it names, and leaves the rest', () => {
    const translate = createAddressMap({
      '10.0.0.1:6379': { host: 'gate.test', port: 7001 },
      '[2001:db8::1]:6379': { host: '::1', port: 7002 },
      'redis-3.test:6379': { host: '127.0.0.1', port: 7003 },
    })
    expect(translate({ host: '10.0.0.1', port: 6379 })).toEqual({ host: 'gate.test', port: 7001 })
    expect(translate({ host: '2001:db8::1', port: 6379 })).toEqual({ host: '::1', port: 7002 })
    expect(translate({ host: 'redis-3.test', port: 6379 })).toEqual({ host: '127.0.0.1', port: 7003 })
    expect(translate({ host: '10.0.0.1', port: 6380 })).toEqual({ host: '10.0.0.1', port: 6380 })
    expect(translate({ path: '/run/redis.sock' })).toEqual({ path: '/run/redis.sock' })
  })

  test('a function is given host:port, and undefined means as announced', () => {
    const asked: string[] = []
    const translate = createAddressMap(address => {
      asked.push(address)
      return address === '10.0.0.1:6379' ? { host: '127.0.0.1', port: 7001 } : undefined
    })
    expect(translate({ host: '10.0.0.1', port: 6379 })).toEqual({ host: '127.0.0.1', port: 7001 })
    expect(translate({ host: '::1', port: 6379 })).toEqual({ host: '::1', port: 6379 })
    expect(asked).toEqual(['10.0.0.1:6379', '[::1]:6379'])
  })

  test('of what a function gives only host and port are taken', () => {
    const given = { host: '127.0.0.1', port: 7001, password: 'x' }
    expect(createAddressMap(() => given)({ host: 'a', port: 1 })).toEqual({ host: '127.0.0.1', port: 7001 })
  })

  const target = { host: '127.0.0.1', port: 7001 }
  test.each<[string, unknown, string]>([
    ['a number', 5, 'natMap'],
    ['text', '10.0.0.1:1', 'natMap'],
    ['null', null, 'natMap'],
    ['a list', [target], 'natMap'],
    ['a Map, which would map nothing', new Map([['10.0.0.1:6379', target]]), 'natMap'],
    ['a key without a port', { '10.0.0.1': target }, "natMap['10.0.0.1']"],
    ['a key with a port out of range', { '10.0.0.1:70000': target }, "natMap['10.0.0.1:70000']"],
    ['a key that is a URL', { 'redis://10.0.0.1:1': target }, "natMap['…']"],
    ['a key of IPv6 without brackets', { '::1:6379': target }, "natMap['::1:6379']"],
    ['an entry without a host', { 'a:1': { port: 1 } }, "natMap['a:1'].host"],
    ['an entry with an empty host', { 'a:1': { host: '', port: 1 } }, "natMap['a:1'].host"],
    ['an entry without a port', { 'a:1': { host: 'b' } }, "natMap['a:1'].port"],
    ['an entry with port 0', { 'a:1': { host: 'b', port: 0 } }, "natMap['a:1'].port"],
    ['an entry with a port of NaN', { 'a:1': { host: 'b', port: Number.NaN } }, "natMap['a:1'].port"],
    ['an entry with a port as text', { 'a:1': { host: 'b', port: '7001' } }, "natMap['a:1'].port"],
    ['an entry of null', { 'a:1': null }, "natMap['a:1'].host"],
  ])('%s is refused, and the field is named', (_, natMap, field) => {
    let error: unknown
    try {
      createAddressMap(natMap as NatMap)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ field })
  })

  test.each<[string, unknown]>([
    ['a promise', Promise.resolve(target)],
    ['text', '127.0.0.1:7001'],
    ['a port out of range', { host: 'a', port: 65_536 }],
  ])('a function that gives %s is refused when it does', (_, given) => {
    const translate = createAddressMap((() => given) as NatMap)
    expect(() => translate({ host: '10.0.0.1', port: 6379 })).toThrow(InvalidOptionError)
  })
})
