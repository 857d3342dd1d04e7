// A cluster whose nodes can be lost to the network: for clients and bus alike, or for the clients alone.
//
// Everything runs on one machine, so who speaks is told by the address it calls from: the n-th node binds its outgoing
// connections (bus, replication) to 127.0.1.n, clients call from 127.0.0.1, and the prober from 127.0.2.1.
//
// With iptables and root, packets are dropped. Elsewhere a gate stands before each node's two ports, and all are
// told to go by the gates; a gate that is a black hole still takes connections (which the system does for it) and is
// silent from then on.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { drop, dropNothing, hasFirewall } from './firewall.mjs'
import { Gate } from './gate.mjs'
import { freePorts, HOST } from './stage.mjs'

export const PROBER_ADDRESS = '127.0.2.1'
const BUS_OFFSET = 10_000
// Protected mode knows 127.0.0.1 only; nobody from outside can come, for that is the only address bound.
const CONFIG = { 'protected-mode': 'no' }

let isGatesOnly = false

/** From now on gates, also where there are iptables. */
export function useGates() {
  isGatesOnly = true
}

/** How it is done here, for the report. */
export function blackHoleBy() {
  if (!isGatesOnly && hasFirewall()) return 'Black holes by iptables: packets dropped'
  return 'Black holes by gates: connections taken, and silent'
}

/** Starts the cluster on the stage; `stage.network` makes and heals holes. */
export async function startLosableCluster(stage, options) {
  return !isGatesOnly && hasFirewall() ? startFirewalled(stage, options) : startGated(stage, options)
}

async function startFirewalled(stage, options) {
  const server = await wrapServer(stage, () => '')
  const cluster = await stage.startCluster({ ...options, server, config: CONFIG })
  stage.network = new Firewalled(cluster)
  stage.atEnd(dropNothing)
  return cluster
}

class Firewalled {
  #cluster

  constructor(cluster) {
    this.#cluster = cluster
  }

  /** Where clients and prober find a node. */
  portOf(node) {
    return node.port
  }

  /** Nothing comes to the node or from it any more. */
  lose(node) {
    const ports = `${node.port},${node.port + BUS_OFFSET}`
    const address = addressOf(this.#cluster, node)
    drop([
      ['-p', 'tcp', '-m', 'multiport', '--dports', ports],
      ['-p', 'tcp', '-m', 'multiport', '--sports', ports],
      ['-s', address],
      ['-d', address],
    ])
  }

  /** Nothing passes between the clients and the node; all others reach it. */
  loseForClients(node) {
    drop([
      ['-p', 'tcp', '-s', HOST, '--dport', node.port],
      ['-p', 'tcp', '-d', HOST, '--sport', node.port],
    ])
  }

  heal() {
    dropNothing()
  }
}

async function startGated(stage, options) {
  const ports = await freePorts(options.primaries * (1 + options.replicas))
  const network = new Gated()
  stage.atEnd(() => network.close())
  for (const [i, port] of ports.entries()) await network.add(port, `127.0.1.${i + 1}`)
  const announced = i => {
    const { client, bus } = network.gates[i]
    return `--cluster-announce-port ${client.port} --cluster-announce-bus-port ${bus.port}`
  }
  const server = await wrapServer(stage, announced, ports.length)
  const cluster = await stage.startCluster({ ...options, server, ports, config: CONFIG })
  // The links by which the nodes first met went past the gates; those after a restart do not.
  await Promise.all(cluster.nodes.map(node => node.restart()))
  await cluster.waitUntilStable()
  stage.network = network
  return cluster
}

class Gated {
  /** By node: { client, bus, port, address }. */
  gates = []
  #isLost = () => false

  async add(port, address) {
    const gate = { port, address }
    for (const [name, target] of [
      ['client', port],
      ['bus', port + BUS_OFFSET],
    ]) {
      gate[name] = await new Gate(target, {
        admit: link => !this.#isLost(gate, name, link),
      }).listen()
    }
    this.gates.push(gate)
  }

  portOf(node) {
    return this.#gateOf(node).client.port
  }

  lose(node) {
    const lost = this.#gateOf(node)
    this.#become((gate, _, { source }) => gate === lost || source === lost.address)
  }

  loseForClients(node) {
    const lost = this.#gateOf(node)
    this.#become((gate, name, { source }) => gate === lost && name === 'client' && source === HOST)
  }

  heal() {
    this.#become(() => false)
  }

  close() {
    for (const { client, bus } of this.gates) {
      client.close()
      bus.close()
    }
  }

  #gateOf(node) {
    return this.gates.find(({ port }) => port === node.port)
  }

  #become(isLost) {
    this.#isLost = isLost
    for (const gate of this.gates) {
      for (const name of ['client', 'bus']) {
        for (const link of gate[name].links) {
          if (isLost(gate, name, link)) link.freeze()
          else link.thaw()
        }
      }
    }
  }
}

function addressOf(cluster, node) {
  return `127.0.1.${cluster.nodes.indexOf(node) + 1}`
}

/**
 * A script in the server's place that gives each node what startCluster's options cannot: directives of its own.
 *
 * @param more - Further directives of the i-th node.
 */
async function wrapServer(stage, more, count = 0) {
  const { findServer } = await import(pathToFileURL(join(stage.build, 'local.js')))
  const { path } = await findServer()
  const folder = mkdtempSync(join(tmpdir(), 'slotwise-faults-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove) // where a signal ends it all
  stage.atEnd(() => {
    process.off('exit', remove)
    remove()
  })
  const script = join(folder, 'server')
  const cases = Array.from({ length: count }, (_, i) => `  ${i + 1}) more='${more(i)}' ;;`)
  writeFileSync(
    script,
    `#!/bin/sh
# The n-th node is started with …/node-n/redis.conf.
case "$1" in
  */node-*/redis.conf) ;;
  *) exec '${path}' "$@" ;;
esac
folder="\${1%/redis.conf}"
n="\${folder##*node-}"
more=''
case "$n" in
${cases.join('\n')}
  *) ;;
esac
exec '${path}' "$1" --bind-source-addr "127.0.1.$n" --cluster-announce-ip ${HOST} $more
`,
  )
  chmodSync(script, 0o755)
  return script
}
