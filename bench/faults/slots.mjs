// Which slots belong to which shard of a fresh cluster: `startCluster` spreads them evenly, in the order of its nodes.
export const SLOTS = 16_384

/** The slots of the n-th of so many primaries. */
export function shardOf(n, primaries) {
  const first = Math.round((SLOTS / primaries) * n)
  const last = Math.round((SLOTS / primaries) * (n + 1)) - 1
  return slot => first <= slot && slot <= last
}

export const firstThird = shardOf(0, 3)
