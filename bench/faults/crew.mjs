// The processes beside the servers: clients and the prober. Every question to them has a time limit, so that one that
// hangs costs its own figures and nobody else's.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CLIENT = fileURLToPath(new URL('./client.mjs', import.meta.url))
const PROBER = fileURLToPath(new URL('./prober.mjs', import.meta.url))

/** One client's process. After a question that was not answered in time it is killed, and `lost` says why. */
export class Hand {
  id
  lost
  #child
  #next = 0
  #waiting = new Map()
  #exit
  #complaint = ''

  constructor(id, execArgv = []) {
    this.id = id
    this.#child = fork(CLIENT, [id], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv,
    })
    this.#child.on('error', () => {}) // it ended: 'exit' tells
    this.#child.stderr.on('data', chunk => {
      this.#complaint = (this.#complaint + chunk).slice(-2000)
    })
    this.#child.on('message', message => {
      this.#waiting.get(message.number)?.(message)
      this.#waiting.delete(message.number)
    })
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => {
      const error = {
        name: 'Crash',
        message: `ended with ${signal ?? code} ${lastWords(this.#complaint)}`.trim(),
      }
      for (const settle of this.#waiting.values()) settle({ error })
      this.#waiting.clear()
      return signal ?? code
    })
  }

  get pid() {
    return this.#child.pid
  }

  /** Asks, and answers what it says; undefined where it failed, and then `lost` is set and the process ended. */
  async ask(task, job = {}, limitMs = 10_000) {
    if (this.lost !== undefined) return undefined
    const number = this.#next++
    const answer = await new Promise(resolve => {
      const timer = setTimeout(
        () => resolve({ error: { name: 'Hang', message: `no answer to ${task} within ${limitMs} ms` } }),
        limitMs,
      )
      this.#waiting.set(number, message => {
        clearTimeout(timer)
        resolve(message)
      })
      if (this.#child.connected) this.#child.send({ number, task, ...job })
      else resolve({ error: { name: 'Crash', message: `was gone before ${task}` } })
    })
    if (answer.error === undefined) return answer.value
    this.lost = `${task}: ${answer.error.name}: ${answer.error.message}`
    this.noSuchOption = answer.noSuchOption
    this.kill()
    return undefined
  }

  /** Whether the process ends by itself within the time; it is killed if not. */
  async exits(limitMs) {
    let timer
    const late = new Promise(resolve => {
      timer = setTimeout(resolve, limitMs, 'late')
    })
    const how = await Promise.race([this.#exit, late])
    clearTimeout(timer)
    if (how !== 'late') return true
    this.kill()
    return false
  }

  kill() {
    this.#child.kill('SIGKILL')
  }
}

/** The prober's process. */
export class Prober {
  #child = fork(PROBER, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

  constructor() {
    this.#child.on('error', () => {}) // it ended: whoever waits for it is told by 'exit'
  }

  async start(options) {
    this.#child.send({ task: 'start', ...options })
    await this.#event('started', () => true, 5000)
  }

  addPorts(name, ports) {
    this.#child.send({ task: 'ports', name, ports })
  }

  /** The moment of the first write on these slots, sent at `after` or later, that a server took. */
  async served(name, after, limitMs) {
    const heard = this.#event('served', message => message.name === name, limitMs)
    this.#child.send({ task: 'watch', name, after })
    return (await heard).heard
  }

  async stop() {
    const seen = this.#event('seen', () => true, 5000)
    this.#child.send({ task: 'stop' })
    return new Map((await seen).probes.map(probe => [probe.name, probe]))
  }

  kill() {
    this.#child.kill('SIGKILL')
  }

  #event(event, isMeant, limitMs) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer)
        this.#child.off('message', hear)
        this.#child.off('exit', leave)
        settle(value)
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new Error('the prober has ended'))
        return
      }
      const timer = setTimeout(
        () => end(reject, new Error(`the prober did not see '${event}' within ${limitMs} ms`)),
        limitMs,
      )
      const hear = message => {
        if (message.event === event && isMeant(message)) end(resolve, message)
      }
      const leave = () => end(reject, new Error('the prober ended'))
      this.#child.on('message', hear)
      this.#child.on('exit', leave)
    })
  }
}

function lastWords(complaint) {
  return complaint.split('\n').find(line => line.includes('Error')) ?? ''
}
