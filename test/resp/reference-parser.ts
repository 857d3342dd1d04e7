// RESP by the book: recursive, on a whole reply in latin1, as plain as can be. Parser must agree with it.
import { ReplyError } from '../../src/core/errors.js'
import { Push, type Reply, RespMap } from '../../src/resp/types.js'

/** All replies in `wire`, which must be whole; strings are decoded as UTF-8. */
export function referenceReplies(wire: string): (Reply | Push)[] {
  let at = 0
  const line = () => {
    const end = wire.indexOf('\r\n', at)
    const content = wire.slice(at, end)
    at = end + 2
    return content
  }
  const blob = (length: number) => {
    const content = Buffer.from(wire.slice(at, at + length), 'latin1').toString()
    at += length + 2
    return content
  }
  const list = (length: number) => Array.from({ length }, () => value() as Reply)
  const value = (): Reply | Push => {
    const head = line()
    const rest = head.slice(1)
    switch (head[0]) {
      case '+':
        return rest
      case '-':
        return new ReplyError(rest)
      case ':':
        return Number.isSafeInteger(Number(rest)) ? Number(rest) : BigInt(rest)
      case '$':
        return rest === '-1' ? null : blob(Number(rest))
      case '=':
        return blob(Number(rest)).slice(4)
      case '*':
        return rest === '-1' ? null : list(Number(rest))
      case '~':
        return list(Number(rest))
      case '%':
        return new RespMap(list(2 * Number(rest)))
      case '>':
        return new Push(list(Number(rest)))
      case '|':
        list(2 * Number(rest))
        return value()
      case '_':
        return null
      case '#':
        return rest === 't'
      case ',':
        return rest.endsWith('inf') ? Number(rest.replace('inf', 'Infinity')) : Number(rest)
      case '(':
        return BigInt(rest)
      default:
        throw new Error(`not in the book: ${head}`)
    }
  }
  const replies: (Reply | Push)[] = []
  while (at < wire.length) replies.push(value())
  return replies
}
