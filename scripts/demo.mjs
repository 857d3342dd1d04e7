// npm run demo: a real cluster on this machine, used by this client, by day and in a bad night. Sets up what is missing,
// shows, cleans up.
//
//   --keys n      keys to write and read (100,000)
//   --no-night    without the bad night
//   --no-color    plain text (also: the environment variable NO_COLOR)
import { parseArgs } from 'node:util'
import { badNight } from './demo/night.mjs'
import { dim, green, heading, useColours } from './demo/paint.mjs'
import { showCommands, showKeys, showPlaces } from './demo/show.mjs'
import { setup } from './setup.mjs'

const { values: options } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    'no-night': { type: 'boolean', default: false },
    'no-color': { type: 'boolean', default: false },
  },
})
const keys = Number(options.keys)
if (!Number.isInteger(keys) || keys < 1 || keys > 10_000_000) {
  console.error('--keys must be a whole number from 1 to 10000000')
  process.exit(1)
}
useColours(!options['no-color'])

// A terminal that is closed early (head, less) ends the demo, not with a stack trace.
process.stdout.on('error', error => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

await setup({ build: true })
const { createCluster, keySlot } = await import('../dist/index.js')
const { startCluster } = await import('../dist/local.js')

heading('A cluster of 3 primaries and 3 replicas')
const cluster = await startCluster({ primaries: 3, replicas: 1 })
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    stopping.abort()
    cluster.stop().finally(() => process.exit(130))
  })
}

let redis
try {
  for (const node of cluster.nodes) console.log(`  ${node.address}  ${dim(`pid ${node.pid}`)}`)
  redis = createCluster({ nodes: cluster.urls.slice(0, 1), clientName: 'demo' })
  await redis.connect()
  console.log(`  ${green('connected')} by way of one of them; the others were discovered`)

  await showCommands(redis)
  if (!(await showKeys(redis, keys, stopping.signal))) process.exitCode = 1
  await showPlaces(redis, cluster, keySlot, keys)
  if (!options['no-night'] && !(await badNight({ redis, cluster, keySlot, signal: stopping.signal }))) {
    process.exitCode = 1
  }
} catch (error) {
  if (!stopping.signal.aborted) throw error
} finally {
  await redis?.close()
  await cluster.stop()
  console.log(dim('\n  client closed, servers stopped, files removed'))
}
