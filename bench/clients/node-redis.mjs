import { createCluster, RESP_TYPES } from 'redis'

export const connect = nodes => connectWith(nodes, {})

export async function connectWith(nodes, options) {
  const cluster = createCluster({
    rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    ...options,
  })
  await cluster.connect()
  const buffers = cluster.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  return {
    get: key => cluster.get(key),
    set: (key, value) => cluster.set(key, value),
    incr: key => cluster.incr(key),
    hget: (key, field) => cluster.hGet(key, field),
    getBuffer: key => buffers.get(key),
    hgetall: key => cluster.hGetAll(key),
    lrange: (key, start, stop) => cluster.lRange(key, start, stop),
    // It splits both over slots by itself.
    mget: keys => cluster.mGet(keys),
    mset: pairs => cluster.mSet(pairs),
    mgetOneSlot: keys => cluster.mGet(keys),
    msetOneSlot: pairs => cluster.mSet(pairs),
    close: () => cluster.destroy(),
  }
}
