// Commands the generated table lacks (modules, newer servers): their spec is asked of the server, once each.
import { ReplyError } from '../core/errors.js'
import { ask } from '../node/ask.js'
import { type Arg, createCommand, createHints, NO_SLOT, withHints } from '../protocol/command.js'
import type { Executor } from '../protocol/executor.js'
import { specFromInfo, specOf } from '../protocol/lookup.js'
import type { CommandSpec } from '../protocol/spec.js'

// Names kept; a program uses few, and one that makes names up must not grow this without bound.
const MAX_KEPT = 1000

// The table does not call it read-only, but to ask twice does no harm.
const ASK_TWICE = createHints({ idempotent: true })

export class UnlistedSpecs {
  readonly #executor: Executor
  readonly #known = new Map<string, Promise<CommandSpec | undefined>>()

  constructor(executor: Executor) {
    this.#executor = executor
  }

  /**
   * The spec of the command these words begin; undefined where the server does not know it either. Concurrent questions
   * for one name are asked once, with the first one's time-out.
   */
  ask(args: readonly Arg[], timeoutMs: number): Promise<CommandSpec | undefined> {
    const name = nameOf(args)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const asked = this.#ask(args[0] as Arg, timeoutMs)
    if (this.#known.size >= MAX_KEPT) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(name, asked)
    // Neither a failure is kept, nor that it was not known: modules can be loaded. The next call asks again.
    const forget = (): void => void this.#known.delete(name)
    asked.then(spec => spec ?? forget(), forget)
    return asked
  }

  async #ask(name: Arg, timeoutMs: number): Promise<CommandSpec | undefined> {
    const info = createCommand(specOf('COMMAND INFO'), ['COMMAND', 'INFO', name], NO_SLOT, reply => reply)
    const reply = await ask(this.#executor, withHints(info, ASK_TWICE), timeoutMs)
    return Array.isArray(reply) && !(reply[0] instanceof ReplyError)
      ? specFromInfo(reply[0] ?? null)
      : undefined
  }
}

/** The name as errors show it. Only ASCII is folded, as the server does: `ſet` is not SET. */
export function nameOf(args: readonly Arg[]): string {
  const word = args[0] ?? ''
  const text = typeof word === 'string' ? word : word.toString('latin1')
  return text.replace(/[a-z]+/g, letters => letters.toUpperCase())
}

/** Stands for the spec of a command until its own is known. */
export function provisionalSpec(name: string): CommandSpec {
  return { ...specOf('COMMAND INFO'), name }
}
