// Which keys a run uses. A key is `{tag}:…`, and a tag is chosen for its slot: `f12` lives in one of the slots wanted.
//
//   {tag}:g              read by everybody, holds `valueUnder(tag)`
//   {tag}:s:<client>:<n> written once by its client, holds <n>
//   {tag}:c:<client>     counted up by its client
//   {tag}:m:<i>          read and written together, several of them; hold `valueUnder(tag)`
//   {tag}:probe          the prober's
import { slotOf } from '../clients/bare.mjs'

export { slotOf }

export const valueUnder = tag => `value of ${tag}`
export const readKey = tag => `{${tag}}:g`
export const writeKey = (tag, client, n) => `{${tag}}:s:${client}:${n}`
export const countKey = (tag, client) => `{${tag}}:c:${client}`
export const groupKeys = (tag, count) => Array.from({ length: count }, (_, i) => `{${tag}}:m:${i}`)
export const probeKey = tag => `{${tag}}:probe`

/** So many tags whose slots the predicate accepts, each of another slot. */
export function tagsWhere(isWanted, count) {
  const tags = []
  const slots = new Set()
  for (let i = 0; tags.length < count; i++) {
    if (i > 5_000_000) throw new Error(`found only ${tags.length} of ${count} tags`)
    const slot = slotOf(`f${i}`)
    if (slots.has(slot) || !isWanted(slot)) continue
    slots.add(slot)
    tags.push(`f${i}`)
  }
  return tags
}
