// Why does a connection keep silent, when the server answers another? Either the line is dead, or the server has what was
// asked and is at it, or holds it: it runs a script, writes are paused, a command blocks. The other connection can ask.
//
//   id=7 addr=127.0.0.1:51014 … flags=b … cmd=incr        b: the server holds its command
//   https://redis.io/docs/latest/commands/client-list/
import type { Connection } from '../connection/connection.js'
import { DeadlineExceededError, ReplyError } from '../core/errors.js'
import { createCommand, NO_SLOT } from '../protocol/command.js'
import { specOf } from '../protocol/lookup.js'
import { ask } from './ask.js'

const ANSWER_MS = 1_000
const IS_HELD = /(?:^| )flags=\w*b/

/**
 * True when the server says, on the `other` connection, that it has not done with the `silent` one, or says nothing. False
 * also where it cannot say, or may not be asked.
 */
export async function isAtWork(silent: Connection, other: Connection): Promise<boolean> {
  const id = silent.hello?.id
  if (id === undefined) return false
  const words = ['CLIENT', 'LIST', 'ID', String(id)]
  const question = createCommand(specOf('CLIENT LIST'), words, NO_SLOT, reply => reply)
  try {
    const line = await ask(other, question, ANSWER_MS)
    return IS_HELD.test(String(line))
  } catch (error) {
    // While a script runs, nothing else is done. No answer is no reason to give anything up.
    if (error instanceof ReplyError) return error.prefix === 'BUSY'
    return error instanceof DeadlineExceededError
  }
}
