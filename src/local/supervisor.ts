// No server outlives the process that started it, however that process ends: return, exception, signal, kill -9.
//
//   this process ──────────── pipe ────────────► supervisor (node -e, one per process, while there is something to guard)
//        │   guard group 4711 / guard folder /tmp/…  · release …        on end of the pipe: SIGKILL the groups,
//        └─ servers, each leading a process group of its own            remove the folders, end
//
// The kernel closes the pipe when this process is gone, whatever the reason, so that nobody's signal handling has to be
// touched. SIGKILL also ends servers that are stopped (SIGSTOP). Groups rather than processes, because the server may
// be a wrapper script's child. The program is a string, so that the built package finds it in every bundle.
import { type ChildProcess, spawn } from 'node:child_process'

/** Guards a process group. Call at once after the spawn; call the answer when the group is gone. */
export function guardGroup(group: number): () => void {
  return guard(`group ${group}`)
}

/** Guards a folder, to be removed when this process ends without having done so. */
export function guardFolder(path: string): () => void {
  return guard(`folder ${path}`)
}

const PROGRAM = `
const { rmSync } = require('node:fs')
const guarded = new Set()
let partial = ''
const finish = () => {
  for (const ward of guarded) {
    if (!ward.startsWith('group ')) continue
    // Gone already: that is what was wanted.
    try { process.kill(-Number(ward.slice(6)), 'SIGKILL') } catch {}
  }
  for (const ward of guarded) {
    if (!ward.startsWith('folder ')) continue
    // Nobody is left to tell; the rest is still to be cleaned up.
    try { rmSync(ward.slice(7), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }) } catch {}
  }
  process.exit()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.setEncoding('utf8')
process.stdin.on('data', chunk => {
  const lines = (partial + chunk).split('\\n')
  partial = lines.pop()
  for (const line of lines) {
    const { guard, release } = JSON.parse(line)
    if (guard) guarded.add(guard)
    if (release) guarded.delete(release)
  }
})
process.stdin.on('end', finish)
process.stdin.on('error', finish)
`

const wards = new Set<string>()
let supervisor: ChildProcess | undefined
let isExitWatched = false

function guard(ward: string): () => void {
  wards.add(ward)
  if (supervisor === undefined) supervisor = startSupervisor()
  else tell({ guard: ward })
  return () => {
    if (!wards.delete(ward)) return
    tell({ release: ward })
    if (wards.size === 0) endSupervisor()
  }
}

function startSupervisor(): ChildProcess {
  // Without what would make it debug, measure or load something: it is no part of the user's program.
  const { NODE_OPTIONS, NODE_V8_COVERAGE, ...env } = process.env
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    cwd: '/',
    detached: true,
    env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const forget = () => {
    // Killed by somebody. The next ward starts another, which is told of all; until then the exit hook remains.
    if (supervisor === child) supervisor = undefined
  }
  child.once('error', forget)
  child.once('exit', forget)
  child.stdin.on('error', forget)
  child.unref()
  unrefStream(child.stdin)
  for (const ward of wards) child.stdin.write(`${JSON.stringify({ guard: ward })}\n`)
  killOnExit()
  return child
}

function tell(news: { guard: string } | { release: string }): void {
  supervisor?.stdin?.write(`${JSON.stringify(news)}\n`)
}

function endSupervisor(): void {
  supervisor?.stdin?.end()
  supervisor = undefined
}

/** Ends the servers before this process is gone, where it gets the chance: whoever runs next finds the ports free. */
function killOnExit(): void {
  if (isExitWatched) return
  isExitWatched = true
  process.once('exit', () => {
    for (const ward of wards) {
      if (!ward.startsWith('group ')) continue
      try {
        process.kill(-Number(ward.slice('group '.length)), 'SIGKILL')
      } catch {
        // Gone already, which is what was wanted.
      }
    }
  })
}

/** The pipe of a child is a socket, and sockets keep the event loop alive unless told not to. */
function unrefStream(stream: NodeJS.WritableStream & { unref?: () => void }): void {
  stream.unref?.()
}
