// Proves that a server program serves: starts it twice, plain and as a cluster node, on a free port and in an empty
// folder, and talks to it over a socket.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastLine } from './private-apt.mjs'

/**
 * @param {string} server path of the program
 * @throws {Error} saying what it did instead
 */
export async function checkRuns(server) {
  const alone = await ask(server, [], 'PING')
  if (!alone.startsWith('+PONG')) throw new Error(`answers PING with ${JSON.stringify(alone.slice(0, 60))}`)
  const member = await ask(server, ['--cluster-enabled', 'yes'], 'CLUSTER INFO')
  if (!member.includes('cluster_state:'))
    throw new Error(`no cluster mode: ${JSON.stringify(member.slice(0, 60))}`)
}

async function ask(server, args, command) {
  const folder = mkdtempSync(join(tmpdir(), 'slotwise-matrix-'))
  const port = await freePort()
  const log = []
  const options = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--daemonize',
    'no',
    ...args,
  ]
  const child = spawn(server, options.map(String), { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise(done => child.once('close', done))
  child.once('error', error => log.push(error.message))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => log.push(String(chunk)))
  try {
    const deadline = Date.now() + 15_000
    while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
      const reply = await exchange(port, command)
      if (reply !== '' && !reply.startsWith('-LOADING')) return reply
      await new Promise(done => setTimeout(done, 50))
    }
    throw new Error(`does not start: ${lastLine(log.join(''))}`)
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The first piece of the answer; '' where nobody listens yet. */
function exchange(port, command) {
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`))
    socket.setTimeout(2000, () => socket.destroy())
    socket.once('data', data => {
      done(String(data))
      socket.destroy()
    })
    socket.once('error', () => done(''))
    socket.once('close', () => done(''))
  })
}

// A cluster node also listens on its port + 10000, which must exist.
async function freePort() {
  for (;;) {
    const port = await new Promise((done, fail) => {
      const probe = createServer().once('error', fail)
      probe.listen(0, '127.0.0.1', () => {
        const chosen = probe.address().port
        probe.close(() => done(chosen))
      })
    })
    if (port < 55_000) return port
  }
}
