// The first half of the demo: a few commands, many keys written and read back, and where they live.
import { bold, cyan, dim, green, heading, number } from './paint.mjs'

const CONCURRENCY = 256
const VALUE = 'x'.repeat(100)
const SLOTS = 16_384

export async function showCommands(redis) {
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
}

/** Writes so many keys and reads them back. Answers whether every value came back as it was written. */
export async function showKeys(redis, count, signal) {
  const keys = Array.from({ length: count }, (_, i) => `demo:${i}`)
  heading(`${number(count)} keys written, ${CONCURRENCY} calls at a time`)
  report(await run(keys, key => redis.set(key, VALUE), signal))

  heading(`${number(count)} keys read back`)
  let wrong = 0
  const read = await run(
    keys,
    async key => {
      if ((await redis.get(key)) !== VALUE) wrong++
    },
    signal,
  )
  report(read)
  console.log(
    `  ${wrong === 0 ? green('every value came back as it was written') : `${wrong} values are wrong`}`,
  )
  return wrong === 0
}

/** Keys and slots per primary, as bars; and keys over the slots, 64 columns of 256. */
export async function showPlaces(redis, cluster, keySlot, count) {
  heading('Where they live')
  const owners = new Map()
  for (const primary of await cluster.primaries()) owners.set(primary.address, { keys: 0, slots: 0 })
  const byAddress = await slotOwners(redis)
  for (const address of byAddress) if (owners.has(address)) owners.get(address).slots++
  const perColumn = new Array(64).fill(0)
  for (let i = 0; i < count; i++) {
    const slot = keySlot(`demo:${i}`)
    const owner = owners.get(byAddress[slot])
    if (owner !== undefined) owner.keys++
    perColumn[Math.floor(slot / 256)]++
  }
  const most = Math.max(...[...owners.values()].map(owner => owner.keys))
  for (const [address, { keys, slots }] of owners) {
    const width = Math.round((keys / most) * 40)
    console.log(
      `  ${address.padEnd(16)} ${cyan('█'.repeat(width).padEnd(40))} ${number(keys).padStart(8)} keys  ${number(slots).padStart(6)} slots`,
    )
  }
  drawColumns(perColumn)
}

/** From the emptiest column to the fullest: hashing is even, so the bars show how even. */
function drawColumns(perColumn) {
  const blocks = '▁▂▃▄▅▆▇█'
  const fewest = Math.min(...perColumn)
  const range = Math.max(...perColumn) - fewest
  const line = perColumn
    .map(count => blocks[range === 0 ? 0 : Math.round(((count - fewest) / range) * 7)])
    .join('')
  const scale = `${number(fewest)} to ${number(fewest + range)} keys a column`
  console.log(`\n  ${dim(`keys over the slots, 256 slots a column: ${scale}`)}\n  ${cyan(line)}`)
  console.log(`  0${'16383'.padStart(63)}`)
}

async function slotOwners(redis) {
  const owners = new Array(SLOTS)
  for (const [start, end, [host, port]] of await redis.call('CLUSTER', 'SLOTS')) {
    owners.fill(`${host}:${port}`, start, end + 1)
  }
  return owners
}

/** Calls `operation` for every key from CONCURRENCY loops; a progress bar meanwhile. */
async function run(keys, operation, signal) {
  const latencies = new Float64Array(keys.length)
  const startedAt = performance.now()
  let next = 0
  let done = 0
  async function loop() {
    while (next < keys.length && !signal.aborted) {
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
  const rate = number(done / (elapsedMs / 1000))
  const line = `  ${green('█'.repeat(full))}${dim('░'.repeat(width - full))} ${String(Math.round((done / total) * 100)).padStart(3)} %  ${rate}/s`
  process.stdout.write(process.stdout.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
}

function report({ elapsedMs, latencies, done }) {
  const at = share => latencies[Math.min(done - 1, Math.floor(share * done))]?.toFixed(2)
  console.log(
    `  ${bold(`${number(done / (elapsedMs / 1000))} operations/s`)}   latency ms: ` +
      `p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  p99.9 ${at(0.999)}  max ${latencies[done - 1]?.toFixed(2)}`,
  )
}

async function show(code, promise) {
  const shown = await promise.then(format, error => `${error.name}: ${error.message}`)
  console.log(`  redis.${code} ${dim('→')} ${cyan(shown)}`)
}

function format(value) {
  if (Buffer.isBuffer(value)) return `<Buffer ${value.toString('hex')}>`
  return JSON.stringify(value)
}
