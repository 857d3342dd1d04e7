import { expect, it, vi } from 'vitest'
import { attach } from '../../src/commands/attach.js'
import { catalogue } from '../../src/commands/catalogue.js'
import { InvalidArgumentError } from '../../src/core/errors.js'
import type { Command } from '../../src/protocol/command.js'

const how = vi.fn((_self: unknown, command: Command) => command.args)
const refuse = vi.fn((error: unknown) => error)
const prototype = {} as Record<string, (...args: unknown[]) => unknown>
attach(prototype, catalogue, how, refuse)

it('a method hands its arguments to the builder, and what that built to whoever attached it', () => {
  expect(prototype.set!('k', 'v', { ex: 5 })).toEqual(['SET', 'k', 'v', 'EX', '5'])
})

// Programs without types pass what other clients take: del('a', 'b'), lpop('l', 2), incr('n', 5).
it.each([
  ['del', ['a', 'b']],
  ['rpush', ['l', 'x', 'y']],
  ['incr', ['n', 5]],
  ['lpop', ['l', 2]],
  ['ping', ['x']],
  ['zrevrange', ['z', 0, -1, 'WITHSCORES']],
])('%s with an argument too many is refused, not half done', (name, args) => {
  how.mockClear()
  const error = prototype[name]!(...args)
  expect(error).toBeInstanceOf(InvalidArgumentError)
  expect((error as Error).message).toMatch(/one too many: it takes \d arguments?, got \d/)
  expect(how).not.toHaveBeenCalled()
})

it('a builder that throws is refused with its own error', () => {
  expect(prototype.get!(undefined)).toBeInstanceOf(InvalidArgumentError)
})
