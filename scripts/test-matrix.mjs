// Runs the tests once per server that scripts/server-matrix.mjs finds, each time with SLOTWISE_SERVER set to it.
// Arguments go to vitest: `npm run test:matrix -- test/integration`. Fails when one run fails, or when there is none.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findServers } from './server-matrix.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const RESULTS = join(ROOT, '.cache/matrix')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

const say = line => process.stdout.write(`${line}\n`)
const { servers, missing } = await findServers({ say })
mkdirSync(RESULTS, { recursive: true })

const summary = []
for (const { name, server } of servers) {
  say(`\n━━ ${name} (${server}) ━━`)
  const file = join(RESULTS, `${name}.json`)
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { status, signal } = spawnSync(
    process.execPath,
    [VITEST, 'run', ...reporters, ...process.argv.slice(2)],
    {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, SLOTWISE_SERVER: server },
    },
  )
  // Ctrl-C and the like are meant for the whole matrix.
  if (signal !== null) process.exit(1)
  const { passed, failed } = counts(file)
  summary.push({ name, passed, failed, ok: status === 0 && passed > 0 })
}

say('\n━━ summary ━━')
const width = Math.max(8, ...[...summary, ...missing].map(({ name }) => name.length))
for (const { name, passed, failed, ok } of summary) {
  say(`${ok ? 'ok     ' : 'FAILED '}  ${name.padEnd(width)}  ${passed} passed, ${failed} failed`)
}
for (const { name, reason } of missing) say(`missing  ${name.padEnd(width)}  ${reason}`)
if (summary.length === 0) say('no server was found; nothing was tested')
process.exitCode = summary.length > 0 && summary.every(({ ok }) => ok) ? 0 : 1

function counts(file) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8'))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    // vitest died before it could write; a run without passed tests counts as failed.
    return { passed: 0, failed: 0 }
  }
}
