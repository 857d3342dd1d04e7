import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../src/core/errors.js'
import { count, duration, flag, func, knownFields, oneOf, pathOf, text } from '../../src/core/options.js'

function refusal(work: () => unknown): InvalidOptionError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError)
    return error as InvalidOptionError
  }
  throw new Error('accepted')
}

const bounds = { min: 1, max: 10 }

describe('the checkers', () => {
  test('fill in the default for undefined only', () => {
    expect(duration('d', undefined, 5, bounds)).toBe(5)
    expect(count('c', undefined, 5, bounds)).toBe(5)
    expect(oneOf('o', undefined, 'a', ['a', 'b'])).toBe('a')
    expect(flag('f', undefined, true)).toBe(true)
    expect(text('t', undefined)).toBeUndefined()
    expect(func('u', undefined)).toBeUndefined()
    expect(() => duration('d', null, 5, bounds)).toThrow(InvalidOptionError)
    expect(() => count('c', null, 5, bounds)).toThrow(InvalidOptionError)
    expect(() => flag('f', null, true)).toThrow(InvalidOptionError)
    expect(() => text('t', null)).toThrow(InvalidOptionError)
  })

  test('take what is within the bounds, the bounds included', () => {
    expect(duration('d', 1, 5, bounds)).toBe(1)
    expect(duration('d', 9.5, 5, bounds)).toBe(9.5)
    expect(count('c', 10, 5, bounds)).toBe(10)
    expect(oneOf('o', 2, 1, [1, 2, 3])).toBe(2)
    expect(flag('f', false, true)).toBe(false)
    expect(text('t', '')).toBe('')
  })

  test.each<[string, () => unknown, string]>([
    [
      'a duration out of bounds',
      () => duration('a.b', 11, 5, bounds),
      'a.b must be a number of milliseconds from 1 to 10, got 11',
    ],
    ['a duration that is no number', () => duration('a.b', '5', 5, bounds), 'from 1 to 10, got a string'],
    ['a duration without end', () => duration('a.b', Number.POSITIVE_INFINITY, 5, bounds), 'got Infinity'],
    ['a duration of NaN', () => duration('a.b', Number.NaN, 5, bounds), 'got NaN'],
    [
      'a count that is no integer',
      () => count('a.b', 1.5, 5, bounds),
      'a.b must be an integer from 1 to 10, got 1.5',
    ],
    ['a count that is an array', () => count('a.b', [5], 5, bounds), 'got an array'],
    [
      'a word not in the list',
      () => oneOf('a.b', 'c', 'a', ['a', 'b']),
      'a.b must be one of "a", "b", got a string',
    ],
    ['a flag that is a number', () => flag('a.b', 1, true), 'a.b must be true or false, got 1'],
    ['an object for text', () => text('a.b', {}), 'a.b must be a string, got an object'],
    ['null for text', () => text('a.b', null), 'a.b must be a string, got null'],
    ['a string for a function', () => func('a.b', 'x' as never), 'a.b must be a function, got a string'],
  ])('refuse %s by the name of its field', (_, work, message) => {
    const error = refusal(work)
    expect(error.message).toContain(message)
    expect(error.field).toBe('a.b')
  })

  test('never show text, which may be a secret', () => {
    for (const work of [
      () => duration('f', 'hunter2', 5, bounds),
      () => oneOf('f', 'hunter2', 'a', ['a']),
      () => flag('f', 'hunter2', true),
      () => count('f', 'hunter2', 1, bounds),
    ]) {
      expect(refusal(work).message).not.toContain('hunter2')
    }
  })
})

describe('knownFields', () => {
  const names = ['connectTimeoutMs', 'password', 'port', 'db']

  test.each([
    ['conectTimeoutMs', 'connectTimeoutMs'],
    ['connecttimeoutms', 'connectTimeoutMs'],
    ['connectTimeout', 'connectTimeoutMs'],
    ['pasword', 'password'],
    ['passwrod', 'password'],
    ['prot', 'port'],
  ])('guesses from %s that %s was meant', (given, meant) => {
    expect(refusal(() => knownFields('x', { [given]: 1 }, names)).message).toBe(
      `x.${given} is not a known option; did you mean ${meant}?`,
    )
  })

  test('guesses nothing from a name like no other', () => {
    expect(refusal(() => knownFields('x', { retryStrategy: 1 }, names)).message).toBe(
      'x.retryStrategy is not a known option',
    )
  })

  test('takes known names, whatever they hold', () => {
    expect(() => knownFields('x', { port: undefined, db: {} }, names)).not.toThrow()
    expect(() => knownFields('x', {}, names)).not.toThrow()
  })

  test.each([[undefined], [null], ['text'], [[]], [5]])('wants an object, not %j', given => {
    const error = refusal(() => knownFields('', given, names))
    expect(error.field).toBe('options')
    expect(error.message).toContain('must be an object')
  })
})

test('pathOf joins names so that they can be found in the documentation', () => {
  expect(pathOf('', 'port')).toBe('port')
  expect(pathOf('node', 'lanes')).toBe('node.lanes')
  expect(pathOf('with()', 'timeoutMs')).toBe('with() timeoutMs')
})
