import { Decoder, GlideClusterClient } from '@valkey/valkey-glide'

export async function connect(nodes) {
  const cluster = await GlideClusterClient.createClient({
    addresses: nodes,
    // Its default of 1,000 rejects some of 1,024 concurrent calls, and most of a wide split.
    inflightRequestsLimit: 100_000,
  })
  const buffer = { decoder: Decoder.Bytes }
  return {
    get: key => cluster.get(key),
    set: (key, value) => cluster.set(key, value),
    incr: key => cluster.incr(key),
    hget: (key, field) => cluster.hget(key, field),
    getBuffer: key => cluster.get(key, buffer),
    hgetall: key => cluster.hgetall(key),
    lrange: (key, start, stop) => cluster.lrange(key, start, stop),
    // It splits both over slots by itself.
    mget: keys => cluster.mget(keys),
    mset: pairs => cluster.mset(pairs),
    mgetOneSlot: keys => cluster.mget(keys),
    msetOneSlot: pairs => cluster.mset(pairs),
    close: () => cluster.close(),
  }
}

export const pairsOf = pairs => pairs.map(([key, value]) => ({ key, value }))

/** Its HGETALL answers with a list; only the check needs it as a record. */
export const recordOf = reply => Object.fromEntries(reply.map(({ field, value }) => [field, value]))
