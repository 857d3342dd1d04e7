// The command: starts a cluster, lets every client do every workload in turn, prints the tables. See README.md.
import { fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve as absolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Cluster } from 'ioredis'
import { drawChart } from './chart.mjs'
import { CLIENTS } from './clients/index.mjs'
import { measureFootprint } from './footprint.mjs'
import { describeMachine, markdown, summarize } from './report.mjs'
import { fill, WORKLOADS } from './workloads.mjs'

const USAGE = `node run.mjs [options]
  --only a,b        workloads: ${WORKLOADS.map(({ id }) => id).join(', ')}
  --clients a,b     clients: ${[...CLIENTS.keys()].join(', ')}
  --rounds n        rounds, interleaved over the clients; medians are shown (3)
  --duration ms     the measured window of each run (2000)
  --quick           one round of 500 ms: to see that all is well, not to compare
  --build folder    the build of slotwise to measure (../dist)
  --no-footprint    leave out import time, sizes and idle memory
  --json file       write everything measured
  --from file       measure nothing, report what --json wrote
  --chart file      draw CPU per operation as SVG`

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url))
// Beyond its own windows a run may take this long to start, connect and finish before it is ended.
const GRACE_MS = 20_000

const options = readOptions()
const build = absolute(options.build)
process.env.SLOTWISE_BUILD = build // for the workers

const results = options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await measureAll()
const summary = summarize(results)
console.log(markdown(results, summary))
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`)
if (options.chart) writeFileSync(options.chart, drawChart(summary))
process.exitCode = summary.failures.length > 0 ? 1 : 0

async function measureAll() {
  const { clients, workloads, rounds, durationMs, warmUpMs, latencyMs } = options
  const { startCluster } = await importBuild('local.js')
  // A caching server as people run them: nothing is written to disk while we measure.
  const local = await startCluster({ primaries: 3, replicas: 0, config: { save: '', appendonly: 'no' } })
  const nodes = local.nodes.map(({ port }) => ({ host: '127.0.0.1', port }))
  try {
    await fillCluster(nodes)
    const runs = []
    for (let round = 1; round <= rounds; round++) {
      for (const workload of workloads) {
        for (const client of runOrder(clients, round)) {
          const job = {
            task: 'measure',
            client,
            workload,
            nodes,
            warmUpMs,
            durationMs,
            latencyMs,
          }
          const result = await runWorker(job, warmUpMs + durationMs + latencyMs)
          runs.push({ round, workload, client, ...result })
          progress(`round ${round} ${workload} ${client}`, result)
        }
      }
    }
    const footprint = options.footprint
      ? await measureFootprint({ clients, nodes, build, runWorker, progress })
      : {}
    const settings = {
      rounds,
      warmUpMs,
      durationMs,
      latencyMs,
      command: `node ${process.argv.slice(1).map(relative).join(' ')}`,
    }
    return { machine: describeMachine(local.binary), settings, clients, workloads, runs, footprint }
  } finally {
    await local.stop()
  }
}

async function importBuild(file) {
  const path = join(build, file)
  if (!existsSync(path)) fail(`${path} is not there: run \`npm run build\` in the project first`)
  return import(pathToFileURL(path))
}

/** One job in a fresh process; a crash or a hang becomes a result like any other. */
function runWorker(job, expectedMs = 2000) {
  return new Promise(resolve => {
    const worker = fork(WORKER, [JSON.stringify(job)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let result
    let complaint = ''
    const limitMs = expectedMs + GRACE_MS
    const timer = setTimeout(() => {
      result ??= { ok: false, error: `not finished within ${limitMs} ms` }
      worker.kill('SIGKILL')
    }, limitMs)
    worker.stderr.on('data', chunk => {
      complaint = (complaint + chunk).slice(-2000)
    })
    worker.on('message', message => {
      result = message
    })
    worker.on('close', (code, signal) => {
      clearTimeout(timer)
      const lastWords = complaint.split('\n').find(line => line.includes('Error')) ?? ''
      resolve(result ?? { ok: false, error: `ended with ${signal ?? code} ${lastWords}`.trim() })
    })
  })
}

async function fillCluster(nodes) {
  const writer = new Cluster(nodes)
  try {
    await fill((...args) => writer.call(...args))
  } finally {
    writer.disconnect()
  }
}

function progress(what, result) {
  const outcome = result.ok
    ? (result.value ?? `${Math.round(result.opsPerSecond)}/s, ${result.cpuMicros.toFixed(2)} µs`)
    : `FAILED: ${result.error}`
  process.stderr.write(`${what}: ${outcome}\n`)
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      clients: { type: 'string' },
      rounds: { type: 'string' },
      duration: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'no-footprint': { type: 'boolean', default: false },
      build: { type: 'string' },
      json: { type: 'string' },
      from: { type: 'string' },
      chart: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  const durationMs = positive('duration', values.duration ?? (values.quick ? 500 : 2000))
  return {
    clients: chosen('clients', values.clients, [...CLIENTS.keys()]),
    workloads: chosen(
      'only',
      values.only,
      WORKLOADS.map(({ id }) => id),
    ),
    rounds: positive('rounds', values.rounds ?? (values.quick ? 1 : 3)),
    durationMs,
    warmUpMs: values.quick ? 500 : Math.max(1500, durationMs / 2),
    latencyMs: values.quick ? 200 : 500,
    footprint: !values['no-footprint'],
    build: values.build ?? fileURLToPath(new URL('../dist', import.meta.url)),
    json: values.json,
    from: values.from,
    chart: values.chart,
  }
}

function chosen(name, list, all) {
  const wanted = list === undefined ? all : list.split(',')
  const unknown = wanted.filter(id => !all.includes(id))
  if (unknown.length > 0) fail(`--${name}: unknown ${unknown.join(', ')}; known are ${all.join(', ')}`)
  return wanted
}

function positive(name, value) {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) fail(`--${name} must be a positive integer, got ${value}`)
  return number
}

function fail(message) {
  console.error(message)
  process.exit(2)
}

/**
 * slotwise and the bare loop run one right after the other, in turns, because their ratio is the finest figure. The
 * rivals change places with every round, so that none always follows the same neighbour.
 */
function runOrder(clients, round) {
  const pair = clients.filter(client => client === 'slotwise' || client === 'bare')
  const rivals = clients.filter(client => !pair.includes(client))
  const start = rivals.length > 0 ? (round - 1) % rivals.length : 0
  const rotated = [...rivals.slice(start), ...rivals.slice(0, start)]
  return round % 2 === 1 ? [...pair, ...rotated] : [...rotated, ...pair.reverse()]
}

function relative(argument) {
  return argument.includes('/') ? argument.split('/').at(-1) : argument
}
