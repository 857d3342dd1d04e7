// npm run demo: a real cluster on this machine, used by this client. Sets up what is missing, shows, cleans up.
//
//   --keys n      keys to write and read (100,000)
//   --no-color    plain text (also: the environment variable NO_COLOR)
import { parseArgs } from 'node:util'
import { setup } from './setup.mjs'

const { values: options } = parseArgs({
  options: { keys: { type: 'string', default: '100000' }, 'no-color': { type: 'boolean', default: false } },
})
const KEYS = Number(options.keys)
if (!Number.isInteger(KEYS) || KEYS < 1 || KEYS > 10_000_000) {
  console.error('--keys must be a whole number from 1 to 10000000')
  process.exit(1)
}
const CONCURRENCY = 256
const VALUE = 'x'.repeat(100)
const SLOTS = 16_384

const colourful = process.stdout.isTTY && !options['no-color'] && process.env.NO_COLOR === undefined
const paint = code => text => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text)
const bold = paint('1')
const dim = paint('2')
const green = paint('32')
const cyan = paint('36')

await setup({ build: true })
const { createCluster, keySlot } = await import('../dist/index.js')
const { startCluster } = await import('../dist/local.js')

heading('A cluster of 3 primaries and 3 replicas')
const cluster = await startCluster({ primaries: 3, replicas: 1 })
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stopping.abort()
    cluster.stop().finally(() => process.exit(130))
  })
}

let redis
try {
  for (const node of cluster.nodes) console.log(`  ${node.address}  ${dim(`pid ${node.pid}`)}`)
  redis = createCluster({ nodes: cluster.urls.slice(0, 1), clientName: 'demo' })
  await redis.connect()
  console.log(`  ${green('connected')} by way of one of them; the others were discovered`)

  heading('A few commands')
  await show("set('greeting', 'hello', { ex: 60 })", redis.set('greeting', 'hello', { ex: 60 }))
  await show("get('greeting')", redis.get('greeting'))
  await show("with({ replies: 'buffer' }).get('greeting')", redis.with({ replies: 'buffer' }).get('greeting'))
  await show(
    "hset('user:{42}', { name: 'Ada', born: 1815 })",
    redis.hset('user:{42}', { name: 'Ada', born: 1815 }),
  )
  await show("hgetall('user:{42}')", redis.hgetall('user:{42}'))
  await show("incr('visits')", redis.incr('visits'))
  await show("call('OBJECT', 'ENCODING', 'visits')", redis.call('OBJECT', 'ENCODING', 'visits'))
  await show("mget(['{42}:a', 'elsewhere'])", redis.mget(['{42}:a', 'elsewhere']))

  const keys = Array.from({ length: KEYS }, (_, i) => `demo:${i}`)
  heading(`${KEYS.toLocaleString('en')} keys written, ${CONCURRENCY} calls at a time`)
  const written = await run(keys, key => redis.set(key, VALUE))
  report(written)

  heading(`${KEYS.toLocaleString('en')} keys read back`)
  let wrong = 0
  const read = await run(keys, async key => {
    if ((await redis.get(key)) !== VALUE) wrong++
  })
  report(read)
  console.log(
    `  ${wrong === 0 ? green('every value came back as it was written') : `${wrong} values are wrong`}`,
  )
  if (wrong > 0) process.exitCode = 1

  heading('Where they live')
  await chart(keys)
} finally {
  await redis?.close()
  await cluster.stop()
  console.log(dim('\n  client closed, servers stopped, files removed'))
}

/** Calls `operation` for every key from CONCURRENCY loops; a progress bar meanwhile. */
async function run(keys, operation) {
  const latencies = new Float64Array(keys.length)
  const startedAt = performance.now()
  let next = 0
  let done = 0
  async function loop() {
    while (next < keys.length && !stopping.signal.aborted) {
      const i = next++
      const from = performance.now()
      await operation(keys[i])
      latencies[i] = performance.now() - from
      done++
    }
  }
  const ticker = setInterval(() => bar(done, keys.length, performance.now() - startedAt), 100)
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, loop))
  } finally {
    clearInterval(ticker)
  }
  const elapsedMs = performance.now() - startedAt
  bar(done, keys.length, elapsedMs)
  if (process.stdout.isTTY) process.stdout.write('\n')
  return { elapsedMs, latencies: latencies.subarray(0, done).sort(), done }
}

function bar(done, total, elapsedMs) {
  if (!process.stdout.isTTY && done < total) return
  const width = 40
  const full = Math.round((done / total) * width)
  const rate = Math.round(done / (elapsedMs / 1000)).toLocaleString('en')
  const line = `  ${green('█'.repeat(full))}${dim('░'.repeat(width - full))} ${String(Math.round((done / total) * 100)).padStart(3)} %  ${rate}/s`
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}

function report({ elapsedMs, latencies, done }) {
  const at = share => latencies[Math.min(done - 1, Math.floor(share * done))]?.toFixed(2)
  console.log(
    `  ${bold(`${Math.round(done / (elapsedMs / 1000)).toLocaleString('en')} operations/s`)}   latency ms: ` +
      `p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  p99.9 ${at(0.999)}  max ${latencies[done - 1]?.toFixed(2)}`,
  )
}

/** Keys and slots per primary, as bars; and keys over the slots, 64 columns of 256. */
async function chart(keys) {
  const owners = new Map()
  for (const primary of await cluster.primaries()) owners.set(primary.address, { keys: 0, slots: new Set() })
  const byAddress = await slotOwners()
  for (let slot = 0; slot < SLOTS; slot++) owners.get(byAddress[slot])?.slots.add(slot)
  const perColumn = new Array(64).fill(0)
  for (const key of keys) {
    const slot = keySlot(key)
    const owner = owners.get(byAddress[slot])
    if (owner !== undefined) owner.keys++
    perColumn[Math.floor(slot / 256)]++
  }
  const most = Math.max(...[...owners.values()].map(owner => owner.keys))
  for (const [address, owner] of owners) {
    const width = Math.round((owner.keys / most) * 40)
    console.log(
      `  ${address.padEnd(16)} ${cyan('█'.repeat(width).padEnd(40))} ${owner.keys.toLocaleString('en').padStart(8)} keys  ${owner.slots.size.toLocaleString('en').padStart(6)} slots`,
    )
  }
  // From the emptiest column to the fullest: hashing is even, so the bars show how even.
  const blocks = '▁▂▃▄▅▆▇█'
  const fewest = Math.min(...perColumn)
  const range = Math.max(...perColumn) - fewest
  const line = perColumn
    .map(count => blocks[range === 0 ? 0 : Math.round(((count - fewest) / range) * 7)])
    .join('')
  const scale = `${fewest.toLocaleString('en')} to ${(fewest + range).toLocaleString('en')} keys a column`
  console.log(`\n  ${dim(`keys over the slots, 256 slots a column: ${scale}`)}\n  ${cyan(line)}`)
  console.log(`  0${'16383'.padStart(63)}`)
}

async function slotOwners() {
  const owners = new Array(SLOTS)
  for (const [start, end, [host, port]] of await redis.call('CLUSTER', 'SLOTS')) {
    owners.fill(`${host}:${port}`, start, end + 1)
  }
  return owners
}

async function show(code, promise) {
  const shown = await promise.then(
    value => format(value),
    error => `${error.name}: ${error.message}`,
  )
  console.log(`  redis.${code} ${dim('→')} ${cyan(shown)}`)
}

function format(value) {
  if (Buffer.isBuffer(value)) return `<Buffer ${value.toString('hex')}>`
  return JSON.stringify(value)
}

function heading(text) {
  console.log(`\n${bold(text)}`)
}

// A terminal that is closed early (head, less) ends the demo, not with a stack trace.
process.stdout.on('error', error => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
