// Moving slots from one primary to another, key by key, as redis-cli does: between `begin` and `finish` the source
// answers ASK for keys it has no more, and the target takes them from those who say ASKING.
import type { LocalClusterNode } from './cluster-node.js'
import { askAll, type Question } from './probe.js'
import { type Deadline, remaining } from './until.js'

/** A slot on its way, between `beginSlotMove` and `finishSlotMove`. */
export interface SlotMove {
  readonly slot: number
  /** The primary that owns the slot until the move is finished. */
  readonly from: LocalClusterNode
  /** The primary that will. */
  readonly to: LocalClusterNode
}

/** What moving keys needs to know of the cluster. */
export interface MoveTerms {
  readonly username: string | undefined
  readonly password: string | undefined
  /** Numbered databases, 1 where the server's cluster mode knows only one. */
  readonly databases: number
  readonly deadline: Deadline
}

const KEYS_AT_ONCE = 100

/** The target first: else it would send away those whom the source has just sent to it. */
export async function begin(
  slots: readonly number[],
  from: LocalClusterNode,
  to: LocalClusterNode,
  terms: MoveTerms,
) {
  await tell(to, setSlots(slots, 'IMPORTING', from.nodeId), terms)
  await tell(from, setSlots(slots, 'MIGRATING', to.nodeId), terms)
}

/** Moves keys of one slot, at most `limit`; answers how many. */
export async function moveKeys(
  { slot, from, to }: SlotMove,
  limit: number,
  terms: MoveTerms,
): Promise<number> {
  let moved = 0
  for (let database = 0; database < terms.databases; database += 1) {
    const inDatabase = (question: Question): Question[] =>
      terms.databases === 1 ? [question] : [['SELECT', database], question]
    while (moved < limit) {
      const batch = Math.min(KEYS_AT_ONCE, limit - moved)
      const keys = (await tell(from, inDatabase(['CLUSTER', 'GETKEYSINSLOT', slot, batch]), terms)).at(
        -1,
      ) as string[]
      if (keys.length === 0) break
      const migrate = ['MIGRATE', to.host, to.port, '', database, remaining(terms.deadline), 'REPLACE']
      await tell(from, inDatabase([...migrate, ...credentials(terms), 'KEYS', ...keys]), terms)
      moved += keys.length
    }
  }
  return moved
}

/** The new owner first, so that no moment has none; then the old one; then the other primaries. */
export async function finish(
  slots: readonly number[],
  from: LocalClusterNode,
  to: LocalClusterNode,
  others: readonly LocalClusterNode[],
  terms: MoveTerms,
) {
  for (const node of [to, from, ...others]) await tell(node, setSlots(slots, 'NODE', to.nodeId), terms)
}

/** How many keys the node holds in each of the slots. */
export async function countKeys(
  slots: readonly number[],
  node: LocalClusterNode,
  terms: MoveTerms,
): Promise<number[]> {
  const questions = slots.map((slot): Question => ['CLUSTER', 'COUNTKEYSINSLOT', slot])
  return (await tell(node, questions, terms)) as number[]
}

function setSlots(slots: readonly number[], ...how: [string, string]): Question[] {
  return slots.map(slot => ['CLUSTER', 'SETSLOT', slot, ...how])
}

function tell(node: LocalClusterNode, questions: readonly Question[], { deadline }: MoveTerms) {
  // Keys may be any bytes, and latin1 carries them there and back.
  return askAll(node.target, questions, { timeoutMs: remaining(deadline), encoding: 'latin1' })
}

function credentials({ username, password }: MoveTerms): Buffer[] {
  if (password === undefined) return []
  const parts = username === undefined ? ['AUTH', password] : ['AUTH2', username, password]
  return parts.map(part => Buffer.from(part))
}
