import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startServer } from '../../src/local/index.js'
import { deadPort, scriptedServer } from '../support/scripted-server.js'

test('a program that has let go of its connections ends by itself, whatever became of them', async () => {
  await using server = await startServer()
  await using silent = await scriptedServer(() => {})
  const program = fileURLToPath(new URL('fixtures/program.ts', import.meta.url))
  const ports = [server.port, silent.port, await deadPort()].map(String)
  // Rejects for an exit code other than 0, as after an uncaught error, and when it has to be killed.
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', program, ...ports],
    { timeout: 30_000, killSignal: 'SIGKILL' },
  )
  expect([stdout, stderr]).toEqual(['32 outcomes, one of them PONG\n', ''])
})
