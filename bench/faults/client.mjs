// One client in a process of its own: `node client.mjs <id>`, told by IPC what to do, one thing after the other.
//
//   connect {nodes, …} → load {streams} … → stop {limitMs} → close
//
// After `close` it lets go of the IPC channel; if then the process does not end, the client holds it.
import { setTimeout as delay } from 'node:timers/promises'
import { NoSuchOption, openers } from './adapters.mjs'
import { now } from './clock.mjs'
import { readKey } from './keys.mjs'
import { describe, Load } from './load.mjs'

const id = process.argv[2]
const unhandled = []
const events = new Map()
let client
let load
let isClosing = false
let peakRss = 0

process.on('unhandledRejection', error => unhandled.push({ how: 'unhandled rejection', ...describe(error) }))
process.on('uncaughtException', error => unhandled.push({ how: 'uncaught exception', ...describe(error) }))
process.on('disconnect', () => {
  if (!isClosing) process.exit(1) // nobody is left to measure for
})
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss())
}, 50).unref()

const tasks = { connect, load: startLoad, stop, burst, loop, rss, sockets, close }
process.on('message', async ({ number, task, ...job }) => {
  try {
    answer({ number, value: await tasks[task](job) })
  } catch (error) {
    answer({ number, error: describe(error), noSuchOption: error instanceof NoSuchOption })
  }
})

function answer(message) {
  if (process.connected) process.send(message, () => message.value?.isLast && process.disconnect())
}

async function connect(options) {
  const before = now()
  client = await openers.get(id)({ ...options, onEvent: count })
  load = new Load(client, id)
  await client.ready
  return { connectMs: now() - before }
}

function count(event, error) {
  const { name, message } = describe(error)
  const text = `${event}: ${name}: ${message}`
  events.set(text, (events.get(text) ?? 0) + 1)
}

function startLoad({ streams }) {
  load.start(streams)
}

async function stop({ limitMs }) {
  await load.stop(limitMs)
  return { ...load.record(), events: [...events], unhandled }
}

/** So many large values at once, each let go of as it arrives. */
async function burst({ keys, bytes }) {
  const errors = []
  global.gc?.()
  const rssBefore = process.memoryUsage.rss()
  peakRss = rssBefore
  const before = now()
  await Promise.all(
    keys.map(key =>
      client.getBuffer(key).then(
        value => {
          peakRss = Math.max(peakRss, process.memoryUsage.rss())
          if (value?.length !== bytes) errors.push({ message: `${value?.length} bytes` })
        },
        error => errors.push(describe(error)),
      ),
    ),
  )
  const seconds = (now() - before) / 1000
  return { megabytesPerSecond: (keys.length * bytes) / 1e6 / seconds, peakRss, rssBefore, errors }
}

/** Callers that ask one after the other, as fast as answers come, for a while. */
async function loop({ tags, callers, ms }) {
  const from = now()
  const until = from + ms
  const cpuBefore = process.cpuUsage()
  let done = 0
  const errors = []
  const caller = async i => {
    while (now() < until) {
      await client.get(readKey(tags[i++ % tags.length])).then(
        () => done++,
        error => errors.push(describe(error)),
      )
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, i) => caller(i)))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perSecond: (done * 1000) / (now() - from), cpuMicros: (user + system) / done, errors }
}

function rss() {
  return { peakRss, now: process.memoryUsage.rss() }
}

function sockets() {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
}

/** The client's own polite end. What still keeps the process alive afterwards is told by name. */
async function close({ limitMs }) {
  isClosing = true
  const before = now()
  const end = Promise.resolve(client?.close()).then(
    () => 'closed',
    error => `rejected: ${error?.message}`,
  )
  const how = await Promise.race([end, delay(limitMs, 'did not settle', { ref: false })])
  const closeMs = now() - before
  await delay(100)
  // The IPC channel is a pipe, and ours.
  const handles = process.getActiveResourcesInfo().filter(kind => kind !== 'PipeWrap' && kind !== 'Immediate')
  return { isLast: true, how, closeMs, handles, unhandled, events: [...events] }
}
