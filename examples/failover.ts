// A primary is killed under load: what becomes of every call? In a project of your own: from 'slotwise' and
// 'slotwise/local'.
import { createCluster, isSlotwiseError } from '../src/index.js'
import { startCluster } from '../src/local/index.js'

// Local clusters take a node for failed after two seconds; a stock server after fifteen.
const servers = await startCluster({ primaries: 3, replicas: 1 })
const redis = createCluster({ nodes: servers.urls })
await redis.connect()

const outcomes = new Map<string, number>()
const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
let wrong = 0
let running = true

/** Writes and reads a key of its own, over and over. What was acknowledged must be what is read. */
async function work(key: string): Promise<void> {
  const writer = redis.with({ timeoutMs: 20_000, idempotent: true })
  for (let i = 0; running; i++) {
    try {
      await writer.set(key, i)
      if ((await writer.get(key)) !== String(i)) wrong++
      count('done')
    } catch (error) {
      if (!isSlotwiseError(error)) throw error
      count(`${error.code}, ${error.outcome}`)
    }
  }
}
const workers = Array.from({ length: 32 }, (_, i) => work(`worker:${i}`))

const victim = await servers.nodeFor('worker:0')
const startedAt = performance.now()
await victim.kill()
await servers.waitUntilStable()
console.log(`${victim.address} was killed; replaced after ${Math.round(performance.now() - startedAt)} ms`)
console.log(await redis.with({ idempotent: true }).set('worker:0:again', 'served')) // → OK

running = false
await Promise.all(workers)
console.log(outcomes)
// Replication is asynchronous: an acknowledged write may be lost with its primary. Here each worker waited for its
// answer before it went on, so at most the last write of each could be.
console.log(`${wrong} values read back were not those acknowledged`)

await redis.close()
await servers.stop()
