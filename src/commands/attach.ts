// Makes a method of each builder of a catalogue: a new command is one function and its row in the table.
import { InvalidArgumentError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import type { Catalogue } from './types.js'

type AnyBuilder = (a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown) => Command

/**
 * Defines a method per builder on `prototype`; `how` says what becomes of the command (sent by a client, collected by
 * a pipeline). A builder that throws makes the method answer with `refuse`.
 */
export function attach<This>(
  prototype: object,
  catalogue: Catalogue,
  how: (self: This, command: Command) => unknown,
  refuse: (error: unknown) => unknown,
): void {
  for (const [name, builder] of Object.entries(catalogue)) {
    // Sound by the catalogue's type: every builder gives a Command, and checks its own arguments.
    const build = builder as unknown as AnyBuilder
    const takes = builder.length
    // Six fixed parameters and no rest: no array per call. Builders take what they need.
    const method = function (
      this: This,
      a: unknown,
      b: unknown,
      c: unknown,
      d: unknown,
      e: unknown,
      f: unknown,
    ) {
      // From a program without types: an argument more would be dropped in silence, and with it somebody's data.
      // biome-ignore lint/complexity/noArguments: only its length is asked for; a rest parameter is an array per call
      if (arguments.length > takes) return refuse(tooMany(name, takes, arguments.length))
      let command: Command
      try {
        command = build(a, b, c, d, e, f)
      } catch (error) {
        return refuse(error)
      }
      return how(this, command)
    }
    Object.defineProperty(method, 'name', { value: name })
    Object.defineProperty(prototype, name, {
      value: method,
      writable: true,
      configurable: true,
      enumerable: false,
    })
  }
}

function tooMany(method: string, takes: number, got: number): InvalidArgumentError {
  const times = takes === 1 ? '1 argument' : `${takes} arguments`
  const hint = takes === 0 ? '' : '; several keys or values go into one array, and options into one object'
  return new InvalidArgumentError(
    `${method}()`,
    takes,
    `is one too many: it takes ${times}, got ${got}${hint}`,
  )
}
