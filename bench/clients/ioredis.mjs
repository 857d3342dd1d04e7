import { Cluster } from 'ioredis'
import { mgetBySlot, msetBySlot } from './by-slot.mjs'

export const connect = nodes => connectWith(new Cluster(nodes))

/** ioredis and iovalkey share their API. */
export async function connectWith(cluster) {
  await new Promise((resolve, reject) => {
    cluster.once('ready', resolve)
    cluster.once('error', reject)
  })
  const mget = keys => cluster.mget(keys)
  const mset = pairs => cluster.mset(pairs.flat())
  return {
    get: key => cluster.get(key),
    set: (key, value) => cluster.set(key, value),
    incr: key => cluster.incr(key),
    hget: (key, field) => cluster.hget(key, field),
    getBuffer: key => cluster.getBuffer(key),
    hgetall: key => cluster.hgetall(key),
    lrange: (key, start, stop) => cluster.lrange(key, start, stop),
    mget: keys => mgetBySlot(keys, mget),
    mset: pairs => msetBySlot(pairs, mset),
    mgetOneSlot: mget,
    msetOneSlot: mset,
    close: () => cluster.disconnect(),
  }
}
