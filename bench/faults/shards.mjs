// Which slots belong to which shard of a fresh cluster: `startCluster` spreads them evenly, in the order of its nodes.
import { probeKey } from './keys.mjs'

export const SLOTS = 16_384

/** The slots of the n-th of so many primaries. */
export function shardOf(n, primaries) {
  const first = Math.round((SLOTS / primaries) * n)
  const last = Math.round((SLOTS / primaries) * (n + 1)) - 1
  return slot => first <= slot && slot <= last
}

export const firstThird = shardOf(0, 3)

/** A restart must find its data again. */
export const PERSISTENT = { appendonly: 'yes' }

export const threeShards = Object.fromEntries(
  [0, 1, 2].map(n => [`shard-${n}`, { slots: shardOf(n, 3), count: 4 }]),
)

export function probesOfShards({ cluster }, groups) {
  return Promise.all(
    Object.entries(groups).map(async ([name, tags], n) => {
      const primary = cluster.nodes[n]
      const nodes = [primary, ...(await cluster.replicas(primary))]
      return { name, key: probeKey(tags[0]), ports: nodes.map(({ port }) => port) }
    }),
  )
}
