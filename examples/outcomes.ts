// A server falls silent while a call is under way. Has it happened? In a project of your own: from 'slotwise' and
// 'slotwise/local'.
import { createClient, isSlotwiseError } from '../src/index.js'
import { startServer } from '../src/local/index.js'

const server = await startServer()
const redis = createClient({ url: server.url })
await redis.connect()

// As behind a cut cable: connections stay open, nothing answers.
server.pause()
try {
  await redis.with({ timeoutMs: 200 }).hset('order:7', { paid: 'yes' })
} catch (error) {
  if (!isSlotwiseError(error)) throw error
  console.log(error.code, error.outcome, error.retryable) // → DEADLINE_EXCEEDED unknown false
}
server.resume()

// Unknown means: look. Reading does no harm, so the client repeats it by itself where it must.
console.log(await redis.hget('order:7', 'paid')) // → yes

// What never left has not happened, and may simply be called again.
await server.kill()
const other = createClient({ url: server.url, timeoutMs: 200 })
try {
  await other.incr('visits')
} catch (error) {
  if (!isSlotwiseError(error)) throw error
  console.log(error.code, error.outcome, error.retryable) // → DEADLINE_EXCEEDED not-sent true
}
await server.restart()
console.log(await other.with({ timeoutMs: 10_000 }).incr('visits')) // → 1

// A caller may give up, too. What has not left by then will not.
const controller = new AbortController()
controller.abort()
try {
  await other.with({ signal: controller.signal }).incr('visits')
} catch (error) {
  if (!isSlotwiseError(error)) throw error
  console.log(error.name, error.outcome) // → AbortError not-sent
}

await Promise.all([redis.close(), other.close()])
await server.stop()
