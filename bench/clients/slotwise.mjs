// The built package, with its documented defaults: deadlines on.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mgetBySlot, msetBySlot } from './by-slot.mjs'

const { createCluster } = await import(pathToFileURL(join(process.env.SLOTWISE_BUILD, 'index.js')))

// Becomes true when MGET and MSET over several slots are split by the client itself.
const SPLITS = false

export async function connect(nodes) {
  const cluster = createCluster({ nodes })
  await cluster.connect()
  const buffers = cluster.with({ replies: 'buffer' })
  const mget = keys => cluster.mget(keys)
  const mset = pairs => cluster.mset(pairs)
  return {
    get: key => cluster.get(key),
    set: (key, value) => cluster.set(key, value),
    incr: key => cluster.incr(key),
    hget: (key, field) => cluster.hget(key, field),
    getBuffer: key => buffers.get(key),
    hgetall: key => cluster.hgetall(key),
    lrange: (key, start, stop) => cluster.lrange(key, start, stop),
    mget: SPLITS ? mget : keys => mgetBySlot(keys, mget),
    mset: SPLITS ? mset : pairs => msetBySlot(pairs, mset),
    mgetOneSlot: mget,
    msetOneSlot: mset,
    close: () => cluster.destroy(),
  }
}
