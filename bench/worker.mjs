// One measurement in a process of its own: `node worker.mjs '{"task": …}'`, the result by IPC.
//
//   warm-up (answers checked) → measured window (CPU, operations; a few answers kept and checked afterwards)
//   → latency window (a clock round every call, its CPU not counted)
import { setTimeout as delay } from 'node:timers/promises'
import { loadClient } from './clients/index.mjs'

const LATENCIES_KEPT = 1_000_000
const SAMPLES_KEPT = 16

const tasks = { measure, idle, firstReply }
process.once('disconnect', () => process.exit(1)) // nobody is left to hear the result
const job = JSON.parse(process.argv[2])
try {
  report({ ok: true, ...(await tasks[job.task](job)) })
} catch (error) {
  report({ ok: false, error: String(error?.message ?? error).split('\n')[0] || error.name })
}

function report(result) {
  process.send(result, () => process.exit(0))
}

async function measure({ client: id, workload: workloadId, nodes, warmUpMs, durationMs, latencyMs }) {
  const adapter = await loadClient(id)
  const { WORKLOADS } = await import('./workloads.mjs') // here, so that its data is not in anybody's idle memory
  const workload = WORKLOADS.find(workload => workload.id === workloadId)
  const client = await adapter.connect(nodes)
  const operation = workload.operation(client, adapter)

  const checkNow = (number, reply) => workload.check(reply, number, adapter)
  await drive(operation, workload.concurrency, warmUpMs, every(16, checkNow))

  const samples = []
  let kept = 0
  const keep = (number, reply) => {
    samples[kept++ % SAMPLES_KEPT] = { number, reply }
  }
  const { seconds, operations, cpuMicros } = await drive(
    operation,
    workload.concurrency,
    durationMs,
    every(64, keep),
  )
  const rssMb = process.memoryUsage.rss() / 1e6
  if (kept === 0) throw new Error(`only ${operations} operations were done: too few to check`)
  for (const { number, reply } of samples) workload.check(reply, number, adapter)

  const latency = await latencies(operation, workload.concurrency, latencyMs)
  client.close()
  return { opsPerSecond: operations / seconds, cpuMicros: cpuMicros / operations, rssMb, ...latency }
}

/** Calls `operation` from `concurrency` loops for a while; `hear` is given every running number with its answer. */
async function drive(operation, concurrency, ms, hear) {
  let running = true
  let next = 0
  let done = 0

  async function caller() {
    while (running) {
      const number = next++
      const reply = await operation(number)
      done++
      hear(number, reply)
    }
  }

  const cpuBefore = process.cpuUsage()
  const before = performance.now()
  const callers = Array.from({ length: concurrency }, caller)
  const window = new Promise(resolve => {
    setTimeout(() => {
      running = false
      const { user, system } = process.cpuUsage(cpuBefore)
      resolve({ seconds: (performance.now() - before) / 1000, operations: done, cpuMicros: user + system })
    }, ms)
  })
  const failure = Promise.all(callers).then(() => window)
  const result = await Promise.race([window, failure])
  await failure // the calls still on their way; a rejection of one of them fails the run
  return result
}

function every(count, hear) {
  return (number, reply) => {
    if (number % count === 0) hear(number, reply)
  }
}

async function latencies(operation, concurrency, ms) {
  const taken = new Float64Array(LATENCIES_KEPT)
  let count = 0
  const timed = async number => {
    const before = performance.now()
    await operation(number)
    if (count < LATENCIES_KEPT) taken[count++] = performance.now() - before
  }
  await drive(timed, concurrency, ms, () => {})
  const sorted = taken.subarray(0, count).sort()
  return { p50Ms: sorted[Math.floor(count * 0.5)], p99Ms: sorted[Math.floor(count * 0.99)] }
}

/** Memory of a connected client with nothing to do. */
async function idle({ client: id, nodes }) {
  const client = await (await loadClient(id)).connect(nodes)
  await client.get('bench:key:0')
  await delay(1000)
  return { value: process.memoryUsage.rss() / 1e6 }
}

/** From the call that makes the client, modules already loaded, to the first answer. */
async function firstReply({ client: id, nodes }) {
  const adapter = await loadClient(id)
  const before = performance.now()
  const client = await adapter.connect(nodes)
  await client.get('bench:key:0')
  return { value: performance.now() - before }
}
