// A program that listens to no event goes through a bad night: nothing is thrown for want of a listener, no rejection is left
// unhandled. Node would end it for either; it has to be alive in the morning, and to serve.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type LocalCluster,
  type LocalClusterNode,
  type LocalServer,
  startCluster,
  startServer,
} from '../../src/local/index.js'
import { type Gate, gate } from '../support/gate.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'

const PROGRAM = fileURLToPath(new URL('fixtures/deaf-program.ts', import.meta.url))

let cluster: LocalCluster
let server: LocalServer
let line: Gate
let garbage: ScriptedServer
let program: ChildProcess
let stdout = ''
let stderr = ''

beforeAll(async () => {
  let turn = 0
  garbage = await scriptedServer(async peer => {
    const kind = turn++ % 4
    if (kind > 0) await peer.greet()
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      if (words[0] === 'CLIENT') peer.reply('+OK\r\n')
      else if (kind === 1) peer.reply('$99999999999\r\nabc')
      else if (kind === 2) return peer.cut()
      else if (kind === 3) return peer.last('*2\r\n:1\r\n')
      else peer.reply('\0\xff nonsense')
    }
  })
  ;[cluster, server] = await Promise.all([
    startCluster({
      primaries: 3,
      replicas: 1,
      config: { 'cluster-node-timeout': 1000, 'cluster-require-full-coverage': 'no' },
    }),
    startServer(),
  ])
  line = await gate(server.port)
  const places = [line.url, `redis://127.0.0.1:${garbage.port}`, `redis://127.0.0.1:${await deadPort()}`]
  program = spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...places, ...cluster.urls], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  program.stdout?.on('data', chunk => {
    stdout += chunk
  })
  program.stderr?.on('data', chunk => {
    stderr += chunk
  })
})
afterAll(async () => {
  program?.kill('SIGKILL')
  await Promise.all([cluster?.stop(), server?.stop(), line?.close(), garbage?.close().catch(() => {})])
})

function served(): number {
  return Number(stdout.trimEnd().split('\n').at(-1)?.split(' ')[0] ?? 0)
}

/** It is alive, and goes on being served. */
async function more(howMany: number): Promise<void> {
  const before = served()
  await until(() => {
    if (program.exitCode !== null) throw new Error(`it ended: ${stderr}`)
    return served() > before + howMany
  })
}

test('a night of kills, freezes, cuts, garbage and failing credentials ends in the morning', async () => {
  await more(100)
  for (let i = 0; i < 5; i++) {
    line.mute = true
    await more(20)
    line.cut()
    line.mute = false
    await more(20)
  }
  line.port = undefined
  line.cut()
  await more(20)
  line.port = server.port
  const [first, second] = (await cluster.primaries()) as [LocalClusterNode, LocalClusterNode]
  await first.kill()
  await cluster.waitUntilStable()
  await first.restart()
  await more(50)
  await second.pause()
  await cluster.waitUntilStable()
  await second.resume()
  await more(50)
  await cluster.waitUntilStable()
  // All at once, and back.
  await Promise.all(cluster.nodes.map(node => node.kill()))
  await until(() => cluster.nodes.every(({ state }) => state === 'stopped'))
  await more(50)
  await Promise.all(cluster.nodes.map(node => node.restart()))
  await cluster.waitUntilStable()
  await more(200)

  program.stdin?.end()
  const [code, signal] = (await once(program, 'exit')) as [number | null, string | null]
  expect(stderr).toBe('')
  expect([code, signal]).toEqual([0, null])
  // Whatever failed, failed by an error of ours.
  expect(stdout.split('end\n')[1]).toBe('')
})
