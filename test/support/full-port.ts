// A port where nobody answers: neither taken nor refused, a dial waits until its own time is up, as where a network
// swallows the first packet. For that somebody listens who never accepts, with a queue that is full: Linux then drops
// what comes. A worker does it, because an event loop that listens also accepts, unless it is asleep.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** What the two say to each other, in one number: each waits asleep, so that the port is not without a listener for long. */
const [READY, LISTEN, LISTENING, LEAVE, LEFT] = [0, 1, 2, 3, 4]

const PROGRAM = `
const { createServer } = require('node:net')
const { parentPort, workerData } = require('node:worker_threads')
const bell = new Int32Array(workerData.bell)
const ring = state => {
  Atomics.store(bell, 0, state)
  Atomics.notify(bell, 0)
}
const server = createServer()
parentPort.postMessage('ready')
Atomics.wait(bell, 0, ${READY})
server.on('error', () => ring(${LEFT}))
server.listen({ port: workerData.port, host: '127.0.0.1', backlog: 1 }, () => {
  ring(${LISTENING})
  Atomics.wait(bell, 0, ${LISTENING})
  server.close()
  ring(${LEFT})
})
`
/** A queue of 1 takes two, by Linux' count. */
const FILLERS = 2
/** A dial within the machine succeeds at once, or when somebody accepts. */
const AT_ONCE_MS = 100

/**
 * Takes the port over from one who listens, and lets go when called. Answers what gives it back: its own `listen` is to
 * follow at once, which then takes the connections that still wait, as they are dialled again and again.
 */
export async function fillPort(port: number, letGo: () => void): Promise<() => void> {
  const bell = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(PROGRAM, { eval: true, workerData: { port, bell: bell.buffer } })
  await once(worker, 'message')
  letGo()
  if (ring(bell, LISTEN) !== LISTENING) throw new Error(`port ${port} was taken by somebody else`)
  const fillers = Array.from({ length: FILLERS }, () => dial(port))
  const late = new Promise(resolve => setTimeout(resolve, AT_ONCE_MS))
  await Promise.race([Promise.all(fillers.map(filler => once(filler, 'connect'))), late])
  return () => {
    for (const filler of fillers) filler.destroy()
    ring(bell, LEAVE)
  }
}

/** Tells the worker, and waits asleep until it has done it. */
function ring(bell: Int32Array, state: number): number {
  Atomics.store(bell, 0, state)
  Atomics.notify(bell, 0)
  Atomics.wait(bell, 0, state)
  return Atomics.load(bell, 0)
}

function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' })
  // It is reset when the port is given back, or waits where others were quicker to fill the queue.
  socket.on('error', () => {})
  return socket
}
