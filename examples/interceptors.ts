// What stands between the methods and the router. In a project of your own: from 'slotwise' and 'slotwise/local'.
import { createClient, intercept, keyPrefix, slowCommands } from '../src/index.js'
import { startServer } from '../src/local/index.js'

const server = await startServer()

const counts = new Map<string, number>()
const counting = intercept(async (command, next) => {
  counts.set(command.spec.name, (counts.get(command.spec.name) ?? 0) + 1)
  return next(command)
})
const slow: string[] = []

const plain = createClient({ url: server.url })
const shop = createClient({
  url: server.url,
  // The first sees a command first, and its answer last.
  interceptors: [slowCommands(300, ({ command }) => slow.push(command)), counting, keyPrefix('shop:')],
})

await shop.set('cart', '3 apples')
console.log(await shop.get('cart')) // → 3 apples
console.log(await plain.get('shop:cart')) // → 3 apples

// A second without an answer for anybody: the next command is slow.
await plain.clientPause(1000)
await shop.incr('visits')
console.log(slow.includes('INCR')) // → true
console.log(counts) // → Map(3) { 'SET' => 1, 'GET' => 1, 'INCR' => 1 }

await Promise.all([plain.close(), shop.close()])
await server.stop()
