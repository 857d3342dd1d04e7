// No server outlives the process that started it, however that process ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { deadlineIn, until } from '../../src/local/until.js'

const FIXTURE = fileURLToPath(new URL('fixtures/parent.ts', import.meta.url))
const WITHIN_MS = 30_000

interface Started {
  readonly parent: ChildProcess
  readonly server: { readonly pid: number; readonly port: number; readonly dir: string }
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Runs the fixture until it has told of its server, and of its own state where it stays. */
async function start(how: string): Promise<Started> {
  const parent = spawn(process.execPath, ['--import', 'tsx', FIXTURE, how], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended: Started['ended'] = new Promise(resolve => {
    parent.once('close', (code, signal) => resolve({ code, signal }))
  })
  const lines = createInterface({ input: parent.stdout! })[Symbol.asyncIterator]()
  const server: Started['server'] = JSON.parse((await lines.next()).value)
  if (how === 'paused' || how === 'running') await lines.next()
  return { parent, server, ended }
}

/** Gone, or dead and only waiting to be reaped by whoever adopted it. */
function isGone(pid: number): boolean {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .startsWith('Z')
  } catch {
    // ps exits with 1 where there is no such process.
    return true
  }
}

async function expectNothingLeft({ pid, dir }: Started['server']): Promise<void> {
  await until(
    deadlineIn(WITHIN_MS),
    () => (isGone(pid) && !existsSync(dir) ? true : undefined),
    () => new Error(`left behind: ${isGone(pid) ? '' : `process ${pid} `}${existsSync(dir) ? dir : ''}`),
  )
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('a parent ended by %s leaves nothing', async signal => {
  const { parent, server, ended } = await start('running')
  expect(isGone(server.pid)).toBe(false)
  parent.kill(signal)
  // The library does not catch signals: they end the program as they always would.
  expect(await ended).toEqual({ code: null, signal })
  await expectNothingLeft(server)
})

test('a parent ended by SIGKILL leaves no server that was paused', async () => {
  const { parent, server } = await start('paused')
  parent.kill('SIGKILL')
  await expectNothingLeft(server)
})

test.each([
  ['exit', 3],
  ['throw', 1],
  ['unref', 0],
])('a parent that ends by %s leaves nothing', async (how, code) => {
  const { server, ended } = await start(how)
  expect(await ended).toEqual({ code, signal: null })
  await expectNothingLeft(server)
})
