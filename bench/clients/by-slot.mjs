// MGET and MSET over all slots for clients that refuse them: one command per slot, all at once, answers put back in
// order. This is what a user of such a client has to write, so it is part of what is measured.
import keySlot from 'cluster-key-slot'

export async function mgetBySlot(keys, mget) {
  const groups = groupBySlot(keys.length, index => keys[index])
  const replies = await Promise.all(groups.map(places => mget(places.map(place => keys[place]))))
  const values = new Array(keys.length)
  groups.forEach((places, group) => {
    places.forEach((place, i) => {
      values[place] = replies[group][i]
    })
  })
  return values
}

export async function msetBySlot(pairs, mset) {
  const groups = groupBySlot(pairs.length, index => pairs[index][0])
  await Promise.all(groups.map(places => mset(places.map(place => pairs[place]))))
  return 'OK'
}

function groupBySlot(count, keyAt) {
  const groups = new Map()
  for (let index = 0; index < count; index++) {
    const slot = keySlot(keyAt(index))
    const places = groups.get(slot)
    if (places === undefined) groups.set(slot, [index])
    else places.push(index)
  }
  return [...groups.values()]
}
