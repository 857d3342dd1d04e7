// Who is measured, in the order of the tables, and which package and export each comes from.
//
// One adapter per client, `<id>.mjs`, all with the same methods:
//
//   connect(nodes) → { get, set, incr, hget, getBuffer, hgetall, lrange, mget, mset, mgetOneSlot, msetOneSlot, close }
//
// `mset` and `msetOneSlot` take pairs as made by the adapter's optional `pairsOf`, so that no client pays for another
// one's favourite form. Each method hands back the client's own promise: no wrapper is measured.
export const CLIENTS = new Map([
  ['slotwise', { label: 'slotwise', from: 'slotwise', factory: 'createCluster' }],
  ['ioredis', { label: 'ioredis', from: 'ioredis', factory: 'Cluster' }],
  ['ioredis-autopipelining', { label: 'ioredis, auto-pipelining', from: 'ioredis', factory: 'Cluster' }],
  ['node-redis', { label: 'node-redis', from: 'redis', factory: 'createCluster' }],
  ['node-redis-no-timeout', { label: 'node-redis, no time-outs', from: 'redis', factory: 'createCluster' }],
  ['iovalkey', { label: 'iovalkey', from: 'iovalkey', factory: 'Cluster' }],
  ['glide', { label: 'glide', from: '@valkey/valkey-glide', factory: 'GlideClusterClient' }],
  ['bare', { label: 'bare socket loop', from: null, factory: null }],
])

export const loadClient = id => import(`./${id}.mjs`)
