// What several nodes say of their cluster → what is believed. Pure. In this order:
//
//   1. Voices of another cluster than the majority's are dropped (an address may have been given to a stranger).
//   2. A node that the majority does not list is none; one that it lists as failed and without slots owns none.
//   3. A slot belongs to the claim of the highest epoch; of equal ones to the one with more voices; then it stays.
//
// A node that was reset, or sat in the minority of a partition, is of no consequence then: nobody knows it, or its epochs
// are old. Voices without epochs (CLUSTER SLOTS alone) count as of epoch 0.
import { formatAddress } from '../core/address.js'
import { type NodeRecord, SLOTS, type SlotRange, type Snapshot } from './snapshot.js'

/** One description of at least one. Its nodes are in the order of their ids, their ranges in that of the slots. */
export function agree(answers: readonly Snapshot[], present: Snapshot | undefined): Snapshot {
  const voices = ofOneCluster(answers, present)
  const said = sayings(voices)
  const owned = elect(voices, id => mayOwn(said.get(id), voices.length), present)
  const before = new Map(present?.nodes.map(record => [record.id, record]))
  const ids = [...said.keys()].sort()
  return {
    nodes: ids.map(id => merge(said.get(id) ?? [], owned.get(id) ?? [], before.get(id))),
    source: voices.map(({ source }) => source).join(','),
  }
}

/** What would be believed speaks of the cluster that is known: they have a node in common. */
export function isFamiliar(answers: readonly Snapshot[], present: Snapshot | undefined): boolean {
  if (present === undefined) return true
  const known = idsOf(present)
  return ofOneCluster(answers, present).some(answer => shares(idsOf(answer), known))
}

/** One thing that one voice says. */
interface Saying {
  readonly record: NodeRecord
  /** Who says it. */
  readonly source: string
}

function ofOneCluster(answers: readonly Snapshot[], present: Snapshot | undefined): readonly Snapshot[] {
  const believed = believedOf(apart(answers), answers.length, present)
  return answers.filter(answer => believed.some(({ voices }) => voices.has(answer)))
}

/** Those of the majority; without one, those of the cluster that is known; else, all being strange, the most. */
function believedOf(clusters: readonly Kin[], voices: number, present: Snapshot | undefined): readonly Kin[] {
  const largest = clusters.reduce((one, other) => (other.voices.size > one.voices.size ? other : one))
  if (largest.voices.size * 2 > voices || present === undefined) return [largest]
  const known = idsOf(present)
  const familiar = clusters.filter(({ ids }) => shares(ids, known))
  return familiar.length > 0 ? familiar : [largest]
}

interface Kin {
  readonly ids: Set<string>
  readonly voices: Set<Snapshot>
}

/** The answers by cluster: those that have nodes in common, also by way of others, are of one. */
function apart(answers: readonly Snapshot[]): Kin[] {
  let clusters: Kin[] = []
  for (const answer of answers) {
    const whole: Kin = { ids: idsOf(answer), voices: new Set([answer]) }
    const kin = clusters.filter(({ ids }) => shares(ids, whole.ids))
    for (const { ids, voices } of kin) {
      for (const id of ids) whole.ids.add(id)
      for (const voice of voices) whole.voices.add(voice)
    }
    clusters = [...clusters.filter(cluster => !kin.includes(cluster)), whole]
  }
  return clusters
}

function idsOf(snapshot: Snapshot): Set<string> {
  return new Set(snapshot.nodes.map(({ id }) => id))
}

function shares(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const id of one) if (other.has(id)) return true
  return false
}

/** By id, of each node that is not unknown to most. */
function sayings(voices: readonly Snapshot[]): Map<string, Saying[]> {
  const said = new Map<string, Saying[]>()
  for (const { nodes, source } of voices) {
    for (const record of nodes) {
      const known = said.get(record.id)
      if (known === undefined) said.set(record.id, [{ record, source }])
      else known.push({ record, source })
    }
  }
  for (const [id, { length }] of said) if (length * 2 < voices.length) said.delete(id)
  return said
}

/** CLUSTER NODES lists a primary that was replaced as a failed one without slots; before it returns, it cannot know. */
function mayOwn(said: readonly Saying[] | undefined, voices: number): boolean {
  if (said === undefined) return false
  const disowned = said.filter(({ record }) => record.failing && record.ranges.length === 0)
  return disowned.length * 2 <= voices
}

/** Who owns what, by id. */
function elect(
  voices: readonly Snapshot[],
  isEligible: (id: string) => boolean,
  present: Snapshot | undefined,
): Map<string, SlotRange[]> {
  const views = voices.map(voice => ownersOf(voice.nodes.filter(({ id }) => isEligible(id))))
  const before = ownersOf(present?.nodes ?? [])
  const edges = edgesOf(present === undefined ? voices : [...voices, present])
  const owned = new Map<string, SlotRange[]>()
  let owner: string | undefined
  let start = 0
  for (let slot = 0; slot <= SLOTS; slot++) {
    // Most slots are as the one before: nothing has to be weighed again.
    if (edges[slot] === 0) continue
    const next = slot === SLOTS ? undefined : strongest(slot, views, before[slot]?.id)
    if (next === owner) continue
    if (owner !== undefined) {
      const ranges = owned.get(owner)
      if (ranges === undefined) owned.set(owner, [[start, slot - 1]])
      else ranges.push([start, slot - 1])
    }
    owner = next
    start = slot
  }
  return owned
}

/** By slot, 1 where a range of anybody begins, or has ended before. */
function edgesOf(views: readonly Snapshot[]): Uint8Array {
  const edges = new Uint8Array(SLOTS + 1)
  edges[0] = 1
  edges[SLOTS] = 1
  for (const { nodes } of views) {
    for (const { ranges } of nodes) {
      for (const [start, end] of ranges) {
        edges[start] = 1
        edges[end + 1] = 1
      }
    }
  }
  return edges
}

/** The owner of each slot in one view: where it contradicts itself, that of the highest epoch, and one that serves. */
function ownersOf(nodes: readonly NodeRecord[]): readonly (NodeRecord | undefined)[] {
  const owners = new Array<NodeRecord | undefined>(SLOTS).fill(undefined)
  const primaries = nodes
    .filter(({ role }) => role === 'primary')
    .sort((a, b) => a.epoch - b.epoch || Number(b.failing) - Number(a.failing))
  for (const record of primaries) {
    for (const [start, end] of record.ranges) owners.fill(record, start, end + 1)
  }
  return owners
}

function strongest(
  slot: number,
  views: readonly (readonly (NodeRecord | undefined)[])[],
  present: string | undefined,
): string | undefined {
  const first = views[0]?.[slot]?.id
  if (views.every(view => view[slot]?.id === first)) return first
  const claims: { id: string; epoch: number; voices: number }[] = []
  for (const view of views) {
    const record = view[slot]
    if (record === undefined) continue
    const claim = claims.find(({ id }) => id === record.id)
    if (claim === undefined) claims.push({ id: record.id, epoch: record.epoch, voices: 1 })
    else {
      claim.epoch = Math.max(claim.epoch, record.epoch)
      claim.voices++
    }
  }
  const stays = (id: string): number => (id === present ? 1 : 0)
  claims.sort((a, b) => b.epoch - a.epoch || b.voices - a.voices || stays(b.id) - stays(a.id))
  return claims[0]?.id
}

/** `said`: at least one. */
function merge(
  said: readonly Saying[],
  ranges: readonly SlotRange[],
  before: NodeRecord | undefined,
): NodeRecord {
  const records = said.map(({ record }) => record)
  const epoch = Math.max(...records.map(record => record.epoch))
  const { role, primaryId } = mostSaid(
    records.filter(record => record.epoch === epoch),
    record => `${record.role} ${record.primaryId}`,
  )
  const isPrimary = ranges.length > 0 || role === 'primary'
  const place = placeOf(said, before)
  return {
    id: place.id,
    endpoint: place.endpoint,
    serverName: place.serverName ?? records.find(({ serverName }) => serverName !== undefined)?.serverName,
    role: isPrimary ? 'primary' : 'replica',
    primaryId: isPrimary ? undefined : primaryId,
    epoch,
    failing: records.filter(({ failing }) => failing).length * 2 > records.length,
    ranges,
  }
}

/** Where it has just answered, if it says that it is there; else where most say, and then where it was. */
function placeOf(said: readonly Saying[], before: NodeRecord | undefined): NodeRecord {
  const proven = said.find(({ record, source }) => formatAddress(record.endpoint) === source)
  if (proven !== undefined) return proven.record
  const known = before === undefined ? undefined : formatAddress(before.endpoint)
  return mostSaid(
    said.map(({ record }) => record),
    ({ endpoint }) => formatAddress(endpoint),
    known,
  )
}

/** The one most are like; of as many, the one that is `preferred`, or the first. `items`: at least one. */
function mostSaid<T>(items: readonly T[], name: (item: T) => string, preferred?: string): T {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1)
  const weight = (item: T): number => (counts.get(name(item)) ?? 0) + (name(item) === preferred ? 0.5 : 0)
  return items.reduce((best, item) => (weight(item) > weight(best) ? item : best))
}
