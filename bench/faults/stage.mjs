// What one run of a fault uses, and the end of it all: a cluster, the clients' processes, the prober, the firewall.
// Whatever a fault starts here is gone after `dispose`, also when it failed half-way.
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { now } from './clock.mjs'
import { Hand, Prober } from './crew.mjs'
import { groupKeys, readKey, slotOf, tagsWhere, valueUnder } from './keys.mjs'

export const HOST = '127.0.0.1'
const CONNECT_MS = 15_000

export class Stage {
  clients
  build
  cluster
  hands = []
  prober
  /** Where nodes can be lost to the network, how. */
  network
  marks = []
  #ends = []
  #isOver = false

  constructor({ clients, build }) {
    this.clients = clients
    this.build = build
  }

  /** Does this at the end, the latest first. */
  atEnd(work) {
    this.#ends.push(work)
  }

  /** A run that took too long is still on its way when this is done; it can start nothing more. */
  async dispose() {
    this.#isOver = true
    for (const hand of this.hands) hand.kill()
    this.prober?.kill()
    for (const work of this.#ends.reverse()) await work()
  }

  #go() {
    if (this.#isOver) throw new Error('this run is over')
  }

  /** A process for this client. */
  hand(id, execArgv) {
    this.#go()
    const hand = new Hand(id, execArgv)
    this.hands.push(hand)
    return hand
  }

  /** A moment worth telling. */
  mark(name) {
    const at = now()
    this.marks.push({ name, at })
    return at
  }

  wait(ms) {
    return delay(ms)
  }

  async startCluster(options) {
    this.#go()
    const path = join(this.build, 'local.js')
    if (!existsSync(path)) throw new Error(`${path} is not there: run \`npm run build\` in the project first`)
    const { startCluster } = await import(pathToFileURL(path))
    const cluster = await startCluster(options)
    if (this.#isOver) await cluster.stop()
    this.atEnd(() => cluster.stop())
    this.cluster ??= cluster
    return cluster
  }

  /** Starts a process per client and lets them all connect at once. */
  async hire({ nodes, clients = this.clients, execArgv = [], optionsOf, ...options } = {}) {
    const hands = clients.map(id => this.hand(id, execArgv))
    await Promise.all(
      hands.map(async hand => {
        const terms = hand.id === 'slotwise' ? options : { ...options, timeoutMs: undefined }
        const own = await optionsOf?.(hand.id)
        const answer = await hand.ask('connect', { nodes, ...terms, ...own }, CONNECT_MS)
        hand.connectMs = answer?.connectMs
      }),
    )
    return hands
  }

  /** The same question to all clients; answers by client, without those that failed. */
  async askAll(task, job, limitMs) {
    const answers = new Map()
    await Promise.all(
      this.hands.map(async hand => {
        const answer = await hand.ask(task, job, limitMs)
        if (answer !== undefined) answers.set(hand.id, answer)
      }),
    )
    return answers
  }

  async startProber(options) {
    this.#go()
    this.prober = new Prober()
    await this.prober.start({ host: HOST, ...options })
    return this.prober
  }

  /** Addresses of a cluster's nodes, as all clients take them for seeds. */
  seeds(cluster = this.cluster) {
    return cluster.nodes.map(node => ({ host: HOST, port: this.portOf(node) }))
  }

  /** Where clients and prober find a node: it may stand behind a gate. */
  portOf(node) {
    return this.network?.portOf(node) ?? node.port
  }

  /** Tags per group, by who owns the slot; and the values that everybody reads, singly and `keys` at once. */
  async prepareTags(wanted, cluster = this.cluster) {
    const groups = {}
    for (const [group, { slots, count, keys = 0 }] of Object.entries(wanted)) {
      groups[group] = tagsWhere(slots, count)
      for (const tag of groups[group]) {
        const owner = await cluster.nodeFor(slotOf(tag))
        const pairs = [readKey(tag), ...groupKeys(tag, keys)].flatMap(key => [key, valueUnder(tag)])
        await owner.ask('MSET', ...pairs)
      }
    }
    return groups
  }
}

/** Ports that are free now, with their bus ports; below those that the system gives to outgoing connections. */
export async function freePorts(count) {
  const ports = []
  while (ports.length < count) {
    const port = 10_000 + Math.floor(Math.random() * 1000)
    if (!ports.includes(port) && (await isFree(port)) && (await isFree(port + 10_000))) ports.push(port)
  }
  return ports
}

function isFree(port) {
  return new Promise(resolve => {
    const listener = createServer()
    listener.once('error', () => resolve(false))
    listener.listen({ host: HOST, port, exclusive: true }, () => listener.close(() => resolve(true)))
  })
}
