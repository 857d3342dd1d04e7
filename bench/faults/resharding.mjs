// Moving many slots between primaries of a running cluster, as administrators do: by redis-cli, slot by slot; where there is none, by
// slotwise/local in small lots.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LOT = 50

/** `redis-cli --cluster …`, which wants all nodes to agree; answers false where the program is not there. */
async function redisCli(cluster, ...args) {
  await cluster.waitUntilStable()
  for (const name of ['redis-cli', 'valkey-cli']) {
    try {
      await run(name, ['--cluster', ...args], { maxBuffer: 1 << 28, timeout: 60_000 })
      return true
    } catch (error) {
      if (error.code !== 'ENOENT') throw new Error(`${name} --cluster ${args[0]}: ${told(error)}`)
    }
  }
  return false
}

/** So many slots, the lowest that `from` owns. */
export async function reshard(cluster, from, to, count) {
  const who = ['--cluster-from', from.nodeId, '--cluster-to', to.nodeId]
  const how = ['--cluster-slots', String(count), '--cluster-yes', '--cluster-pipeline', '100']
  if (await redisCli(cluster, 'reshard', from.address, ...who, ...how)) return
  for (let left = count; left > 0; left -= LOT) await cluster.migrateSlots(from, to, Math.min(LOT, left))
}

/** Slots from all primaries to the one that has none, until each has its share. */
export async function rebalance(cluster, newcomer) {
  const how = ['--cluster-use-empty-masters', '--cluster-pipeline', '100']
  if (await redisCli(cluster, 'rebalance', newcomer.address, ...how)) return
  const others = (await cluster.primaries()).filter(node => node !== newcomer)
  const share = Math.floor(16_384 / (others.length + 1) / others.length)
  for (const node of others) await reshard(cluster, node, newcomer, share)
}

/** All slots of this primary to the others. */
export async function evacuate(cluster, leaver) {
  const how = ['--cluster-weight', `${leaver.nodeId}=0`, '--cluster-pipeline', '100']
  if (await redisCli(cluster, 'rebalance', leaver.address, ...how)) return
  const others = (await cluster.primaries()).filter(node => node !== leaver)
  for (const node of others) await reshard(cluster, leaver, node, Math.ceil(4096 / others.length))
}

/** Every other node forgets it, and it forgets them; its process goes on. */
export async function forget(cluster, leaver) {
  const others = cluster.nodes.filter(node => node !== leaver && node.state === 'running')
  for (const node of others) await node.ask('CLUSTER', 'FORGET', leaver.nodeId)
  await leaver.ask('CLUSTER', 'RESET', 'SOFT')
}

function told(error) {
  const colours = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
  const lines = `${error.stdout ?? ''}${error.stderr ?? ''}`.replace(colours, '').trim().split('\n')
  return lines.slice(-2).join(' ') || error.message
}
