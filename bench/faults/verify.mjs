// After a run, what the servers hold against what the client was told.
//
//   acknowledged ≤ counter ≤ acknowledged + unknown      below: an acknowledged INCR was lost; above: one was done twice
//   an acknowledged SET can be read                      if not, it was lost
//
// Replication is asynchronous: when a primary dies or is replaced, the servers themselves may lose what they have just
// acknowledged. What was acknowledged after the replacement they do not lose; if it is gone, the client took the word of
// a primary that was none any more.
import { countKey, slotOf, writeKey } from './keys.mjs'

const KEYS_AT_ONCE = 500

/** @returns {{below: number, above: number, lost: number, lostAfter: number, acknowledged: number}} */
export async function verify(cluster, client, calls, windows) {
  const byTag = groupBy(calls, ({ tag }) => tag)
  const facts = { below: 0, above: 0, acknowledged: 0, lost: 0, lostAfter: 0 }
  for (const [tag, own] of byTag) {
    const owner = await cluster.nodeFor(slotOf(tag))
    await checkCounter(owner, client, tag, own, facts)
    await checkWrites(owner, client, tag, own, windows, facts)
  }
  return facts
}

async function checkCounter(owner, client, tag, calls, facts) {
  const incrs = calls.filter(({ kind }) => kind === 'incr')
  if (incrs.length === 0) return
  const value = Number((await owner.ask('GET', countKey(tag, client))) ?? 0)
  const acknowledged = incrs.filter(({ isOk }) => isOk).length
  const unknown = incrs.filter(({ isOk, error }) => !isOk && mayHaveHappened(error)).length
  facts.below += Math.max(0, acknowledged - value)
  facts.above += Math.max(0, value - acknowledged - unknown)
}

/** Who does not say what became of a call leaves it open. A call without an end is open too. */
function mayHaveHappened(error) {
  return error?.outcome === undefined || error.outcome === 'unknown'
}

async function checkWrites(owner, client, tag, calls, windows, facts) {
  const writes = calls.filter(({ kind, isOk }) => kind === 'set' && isOk)
  facts.acknowledged += writes.length
  for (let at = 0; at < writes.length; at += KEYS_AT_ONCE) {
    const some = writes.slice(at, at + KEYS_AT_ONCE)
    const values = await owner.ask('MGET', ...some.map(({ number }) => writeKey(tag, client, number)))
    some.forEach((call, i) => {
      if (values[i] === String(call.number)) return
      facts.lost++
      const isLate = windows.some(({ group, servedAt }) => group === call.group && call.end >= servedAt)
      if (isLate) facts.lostAfter++
    })
  }
}

function groupBy(items, keyOf) {
  const groups = new Map()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
