// Moving slots while they are in use, as administrators do it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Few slots at once are on their way, as with redis-cli. */
const LOT = 100

/** Answers by what means. */
export async function reshard(cluster, from, to, count, signal) {
  if (cluster.cli === undefined) {
    for (let left = count; left > 0; left -= LOT) await cluster.migrateSlots(from, to, Math.min(LOT, left))
    return 'slotwise/local (no redis-cli was found beside the server)'
  }
  const who = ['--cluster-from', from.nodeId, '--cluster-to', to.nodeId]
  const how = ['--cluster-slots', String(count), '--cluster-yes']
  await run(cluster.cli, ['--cluster', 'reshard', from.address, ...who, ...how], {
    maxBuffer: 1 << 28,
    timeout: 60_000,
    signal,
  })
  return 'redis-cli --cluster reshard'
}
