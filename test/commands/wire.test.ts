import { describe, expect, it } from 'vitest'
import { type Command, NO_SLOT } from '../../src/protocol/command.js'
import { commandSlot } from '../../src/protocol/keys.js'
import { keySlot } from '../../src/protocol/slot.js'
import { WIRE } from './wire.js'

const rows = Object.values(WIRE).flat()

describe('a builder', () => {
  it.each(rows.map(([command, words]) => [words, command] as const))('sends %s', (words, command) => {
    expect(wordsOf(command)).toBe(words)
    expect(words.startsWith(command.spec.name)).toBe(true)
    expect(arityHolds(command), `arity of ${command.spec.name} is ${command.spec.arity}`).toBe(true)
  })

  it('computes the slot that the table finds in its words', () => {
    for (const [command, words] of rows) {
      // The table does not know where SORT's destination stands, nor does the server.
      const found = command.spec.name.startsWith('SORT')
        ? keySlot('t')
        : commandSlot(command.spec, command.args)
      expect(command.slot, words).toBe(found)
      expect([NO_SLOT, keySlot('t')], words).toContain(command.slot)
    }
  })

  it('makes every word a string or a Buffer', () => {
    for (const [command, words] of rows) {
      for (const word of command.args) {
        expect(typeof word === 'string' || Buffer.isBuffer(word), words).toBe(true)
      }
    }
  })
})

function wordsOf(command: Command): string {
  return command.args.map(word => (word.length === 0 ? "''" : String(word))).join(' ')
}

// Counted with the name; a subcommand's two words are two.
function arityHolds({ spec, args }: Command): boolean {
  return spec.arity < 0 ? args.length >= -spec.arity : args.length === spec.arity
}
