// One client, seen as text, as bytes, as bigints. In a project of your own: from 'slotwise' and 'slotwise/local'.
import { createClient, IntegerRangeError } from '../src/index.js'
import { startServer } from '../src/local/index.js'

const server = await startServer()
const redis = createClient({ url: server.url })
const bytes = redis.with({ replies: 'buffer' })
const big = redis.with({ integers: 'bigint' })

await redis.set('image', Buffer.from([0x89, 0x50, 0x4e, 0x47]))
console.log(await bytes.get('image')) // → <Buffer 89 50 4e 47>

await redis.hset('user', { name: 'Ada' })
console.log({ ...(await redis.hgetall('user')) }) // → { name: 'Ada' }
console.log(await bytes.hgetall('user')) // → Map(1) { <Buffer 6e 61 6d 65> => <Buffer 41 64 61> }

// 2^53 − 1, the last integer that a number holds exactly. The next one is an error, not a wrong value.
await redis.set('counter', Number.MAX_SAFE_INTEGER)
try {
  await redis.incr('counter')
} catch (error) {
  if (!(error instanceof IntegerRangeError)) throw error
  console.log(error.outcome) // → applied
}
console.log(await big.incr('counter')) // → 9007199254740993n

await redis.close()
await server.stop()
