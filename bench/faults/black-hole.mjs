// A cluster whose nodes can be lost to the network: for clients and bus alike, or for the clients alone.
//
// Everything runs on one machine, so the nodes are told apart by the address they call from: the n-th binds its outgoing
// connections (bus, replication) to 127.0.1.n, clients call from 127.0.0.1, and the prober from 127.0.2.1.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { drop, dropNothing, hasFirewall } from './firewall.mjs'
import { HOST } from './stage.mjs'

export const PROBER_ADDRESS = '127.0.2.1'
const BUS_OFFSET = 10_000

/** How it is done here, for the report. */
export function blackHoleBy() {
  return hasFirewall()
    ? 'Black holes by iptables (packets dropped)'
    : 'Black holes by silent gates (no iptables here)'
}

/** Starts the cluster on the stage; `stage.network` makes and heals holes. */
export async function startLosableCluster(stage, options) {
  if (!hasFirewall()) throw new Error('black holes need iptables and root')
  const server = await wrapServer(stage)
  // Protected mode knows 127.0.0.1 only; nobody from outside can come, for that is the only address bound.
  const config = { 'protected-mode': 'no' }
  const cluster = await stage.startCluster({ ...options, server, config })
  stage.network = new Firewalled(cluster)
  stage.atEnd(dropNothing)
  return cluster
}

class Firewalled {
  #cluster

  constructor(cluster) {
    this.#cluster = cluster
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

function addressOf(cluster, node) {
  return `127.0.1.${cluster.nodes.indexOf(node) + 1}`
}

/** A script in the server's place that gives each node what startCluster's options cannot: directives of its own. */
async function wrapServer(stage) {
  const { findServer } = await import(pathToFileURL(join(stage.build, 'local.js')))
  const { path } = await findServer()
  const folder = mkdtempSync(join(tmpdir(), 'slotwise-faults-'))
  stage.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'server')
  writeFileSync(
    script,
    `#!/bin/sh
# The n-th node is started with …/node-n/redis.conf.
case "$1" in
  */node-*/redis.conf)
    folder="\${1%/redis.conf}"
    exec '${path}' "$1" --bind-source-addr "127.0.1.\${folder##*node-}" --cluster-announce-ip ${HOST}
    ;;
  *) exec '${path}' "$@" ;;
esac
`,
  )
  chmodSync(script, 0o755)
  return script
}
