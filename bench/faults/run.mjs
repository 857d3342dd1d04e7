// The command: lets every client live through every fault, beside a prober without client library. See ../README.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve as absolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine } from '../report.mjs'
import { ADAPTERS } from './adapters.mjs'
import { blackHoleBy, useGates } from './black-hole.mjs'
import { FAULTS } from './catalogue/index.mjs'
import { judge, markdown } from './report.mjs'
import { Stage } from './stage.mjs'

const USAGE = `node faults/run.mjs [options]
  --only a,b      faults: ${FAULTS.map(({ name }) => name).join(', ')}
  --clients a,b   clients: ${[...ADAPTERS.keys()].join(', ')}
  --runs n        runs of each fault (5)
  --build folder  the build of slotwise to measure (../dist)
  --gates         black holes by gates, also where packets could be dropped
  --out file      write everything measured, as JSON, after every run
  --from file     measure nothing, report what --out wrote`

const options = readOptions()
process.env.SLOTWISE_BUILD = options.build // for the clients' processes

// What was started must end: servers and folders are ended by slotwise/local however this process ends, clients and
// prober when their channel closes, the firewall's rules on 'exit'.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.once(signal, () => process.exit(code))
}

const results = options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await measureAll()
console.log(markdown(results, FAULTS))
process.exitCode = results.runs.some(run => run.error !== undefined) ? 1 : 0

async function measureAll() {
  const { faults, clients, out } = options
  const results = {
    machine: undefined,
    settings: { runs: options.runs, blackHole: blackHoleBy(), command: commandLine() },
    faults: faults.map(({ name }) => name),
    clients,
    runs: [],
  }
  results.machine = describeMachine(await serverBinary())
  const startedAt = performance.now()
  for (let run = 1; run <= options.runs; run++) {
    for (const fault of faults) {
      if (run > (fault.runs ?? options.runs)) continue
      const result = await measure(fault)
      results.runs.push({ fault: fault.name, run, ...result })
      results.settings.seconds = Math.round((performance.now() - startedAt) / 1000)
      if (out !== undefined) writeFileSync(out, `${JSON.stringify(results, null, 1)}\n`)
      progress(fault, run, results)
    }
  }
  return results
}

/** One run of one fault. A failure, or a run that does not end, becomes a result like any other. */
async function measure(fault) {
  const stage = new Stage({ clients: options.clients, build: options.build })
  const before = performance.now()
  const seconds = () => Math.round((performance.now() - before) / 100) / 10
  let timer
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not finished within ${fault.limitMs} ms`)), fault.limitMs)
    })
    const result = await Promise.race([fault.run(stage), late])
    return { seconds: seconds(), ...result }
  } catch (error) {
    return { seconds: seconds(), error: shortly(error) }
  } finally {
    clearTimeout(timer)
    await stage.dispose().catch(error => process.stderr.write(`cleaning up: ${error?.message}\n`))
  }
}

/** The message's first lines, and where it was thrown. */
function shortly(error) {
  const message = String(error?.message ?? error)
  const lines = message.split('\n').slice(0, 3).join(' ')
  const where = /[\w-]+\.mjs:\d+/.exec(String(error?.stack ?? '').slice(message.length))?.[0]
  return where === undefined ? lines : `${lines} (${where})`
}

async function serverBinary() {
  const { findServer } = await import(`${options.build}/local.js`)
  return findServer()
}

function progress(fault, run, { runs }) {
  const result = runs.at(-1)
  const say = text => process.stderr.write(`${text}\n`)
  if (result.error !== undefined) {
    say(`${fault.name} run ${run}: FAILED after ${result.seconds} s: ${result.error}`)
    return
  }
  say(`${fault.name} run ${run}: ${result.seconds} s`)
  for (const client of options.clients) {
    const facts = result.clients[client]
    if (facts === undefined) continue
    const missed = judge(fault, client, [result])
      .filter(({ isMet }) => isMet === false)
      .map(({ check, text }) => `${check.label} ${text}`)
    const lost = facts.lost === undefined ? undefined : `lost: ${facts.lost}`
    say(`  ${client}: ${lost ?? facts.notYet ?? (missed.join('; ') || 'all targets met')}`)
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      clients: { type: 'string' },
      runs: { type: 'string', default: '5' },
      build: { type: 'string' },
      gates: { type: 'boolean', default: false },
      out: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  if (values.gates) useGates()
  const names = chosen(
    'only',
    values.only,
    FAULTS.map(({ name }) => name),
  )
  const runs = Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1) fail(`--runs must be a positive integer, got ${values.runs}`)
  return {
    faults: FAULTS.filter(({ name }) => names.includes(name)),
    clients: chosen('clients', values.clients, [...ADAPTERS.keys()]),
    runs,
    build: absolute(values.build ?? fileURLToPath(new URL('../../dist', import.meta.url))),
    out: values.out,
    from: values.from,
  }
}

function chosen(name, list, all) {
  const wanted = list === undefined ? all : list.split(',')
  const unknown = wanted.filter(id => !all.includes(id))
  if (unknown.length > 0) fail(`--${name}: unknown ${unknown.join(', ')}; known are ${all.join(', ')}`)
  return wanted
}

function commandLine() {
  const words = process.argv.slice(2).map(word => (word.includes('/') ? word.split('/').at(-1) : word))
  return ['node faults/run.mjs', ...words].join(' ')
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
