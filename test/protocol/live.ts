// Asks a real server under RESP2 or RESP3 and reads the answers with our own parser: what decoders get to see.
import { createConnection } from 'node:net'
import { INCOMPLETE, Parser } from '../../src/resp/parser.js'
import { Push, type Reply, type ReplyMode } from '../../src/resp/types.js'

export interface Asked {
  readonly port: number
  readonly protocol: 2 | 3
  readonly mode?: ReplyMode
}

export function askLive({ port, protocol, mode = 0 }: Asked, calls: readonly string[][]): Promise<Reply[]> {
  const commands = protocol === 3 ? [['HELLO', '3'], ...calls] : calls
  return new Promise((resolve, reject) => {
    const parser = new Parser()
    const replies: Reply[] = []
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', chunk => {
      parser.push(chunk, 0, chunk.length)
      for (let reply = parser.read(mode); reply !== INCOMPLETE; reply = parser.read(mode)) {
        if (!(reply instanceof Push)) replies.push(reply as Reply)
      }
      if (replies.length < commands.length) return
      resolve(replies.slice(commands.length - calls.length))
      socket.destroy()
    })
    for (const words of commands) {
      const text = words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')
      socket.write(`*${words.length}\r\n${text}`)
    }
  })
}
