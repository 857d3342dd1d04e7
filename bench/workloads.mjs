// What is measured: the data, one operation per workload, and the proof that its answer is right.
//
// A workload gives `operation(client, adapter)`, a function from a running number to a promise, and `check(reply,
// number, adapter)`, which throws on a wrong answer. Arguments are made beforehand; an operation only picks them.
import assert from 'node:assert/strict'

const KEYS = 10_000
const ROUND = 65_536 // how many random choices are drawn before they repeat

const order = drawOrder()
const keys = Array.from({ length: KEYS }, (_, i) => `bench:key:${i}`)
const values = keys.map((_, i) => text(i, 100))

const wideKeys = Array.from({ length: 100 }, (_, set) => pick100(set).map(i => keys[i]))
const widePairs = Array.from({ length: 100 }, (_, set) => pick100(set).map(i => [keys[i], values[i]]))
const narrowPairs = Array.from({ length: 30 }, (_, tag) =>
  Array.from({ length: 100 }, (_, i) => [`bench:{tag-${tag}}:${i}`, text(tag * 100 + i, 100)]),
)
const narrowKeys = narrowPairs.map(pairs => pairs.map(([key]) => key))

const fields = Array.from({ length: 100 }, (_, i) => `field:${i}`)
const hashes = Array.from({ length: 32 }, (_, i) => `bench:hash:${i}`)
const fieldValue = (hash, field) => text(hash * 100 + field, 20)
const lists = Array.from({ length: 32 }, (_, i) => `bench:list:${i}`)
const element = (list, i) => text(list * 1000 + i, 20)
const counters = Array.from({ length: 100 }, (_, i) => `bench:counter:${i}`)

const KB64 = 64 * 1024
const MB = 1024 * 1024
const texts = Array.from({ length: 32 }, (_, i) => `bench:text:${i}`)
const blobs = Array.from({ length: 9 }, (_, i) => `bench:blob:${i}`)

const hashRecord = remember(hash =>
  Object.fromEntries(fields.map((field, i) => [field, fieldValue(hash, i)])),
)
const listItems = remember(list => Array.from({ length: 1000 }, (_, i) => element(list, i)))
const longText = remember(i => text(i, KB64))
const bigBlob = remember(blob)

const singleKey = concurrency => ({
  id: `single-${concurrency}`,
  title: `GET/SET 80/20, 100 bytes, concurrency ${concurrency}`,
  concurrency,
  operation: client => number => {
    const i = order[number % ROUND]
    return number % 5 === 4 ? client.set(keys[i], values[i]) : client.get(keys[i])
  },
  check: (reply, number) =>
    assert.equal(reply, number % 5 === 4 ? 'OK' : values[order[number % ROUND]], 'GET/SET answered wrongly'),
})

const mget = (id, title, method, sets, expected) => ({
  id,
  title,
  concurrency: 4,
  operation: client => number => client[method](sets[number % sets.length]),
  check: (reply, number) => assert.deepEqual([...reply], expected(number % sets.length)),
})

const mset = (id, title, method, sets) => ({
  id,
  title,
  concurrency: 4,
  operation: (client, adapter) => {
    const prepared = adapter.pairsOf ? sets.map(adapter.pairsOf) : sets
    return number => client[method](prepared[number % prepared.length])
  },
  check: reply => assert.equal(reply, 'OK'),
})

export const WORKLOADS = [
  singleKey(1),
  singleKey(16),
  singleKey(128),
  singleKey(1024),
  mget('mget-wide', 'MGET of 100 keys over all slots, 4', 'mget', wideKeys, set =>
    widePairs[set].map(second),
  ),
  mset('mset-wide', 'MSET of 100 keys over all slots, 4', 'mset', widePairs),
  mget('mget-slot', 'MGET of 100 keys in one slot, 4', 'mgetOneSlot', narrowKeys, set =>
    narrowPairs[set].map(second),
  ),
  mset('mset-slot', 'MSET of 100 keys in one slot, 4', 'msetOneSlot', narrowPairs),
  {
    id: 'hgetall',
    title: 'HGETALL of 100 fields, 32',
    concurrency: 32,
    operation: client => number => client.hgetall(hashes[number % hashes.length]),
    check: (reply, number, { recordOf = reply => ({ ...reply }) }) =>
      assert.deepEqual(recordOf(reply), hashRecord(number % hashes.length)),
  },
  {
    id: 'lrange',
    title: 'LRANGE of 1,000 elements, 8',
    concurrency: 8,
    operation: client => number => client.lrange(lists[number % lists.length], 0, -1),
    check: (reply, number) => assert.deepEqual(reply, listItems(number % lists.length)),
  },
  {
    id: 'text-64k',
    title: 'GET of 64 KB as text, 16',
    concurrency: 16,
    operation: client => number => client.get(texts[number % texts.length]),
    check: (reply, number) =>
      assert.ok(reply === longText(number % texts.length), '64 KB text came back different'),
  },
  {
    id: 'blob-1m',
    title: 'GET of 1 MB as Buffer, 4',
    concurrency: 4,
    operation: client => number => client.getBuffer(blobs[number % blobs.length]),
    check: (reply, number) => {
      assert.ok(Buffer.isBuffer(reply), '1 MB value is not a Buffer')
      assert.ok(reply.equals(bigBlob(number % blobs.length)), '1 MB value came back different')
    },
  },
  {
    id: 'burst',
    title: 'burst of 100 mixed commands, 1',
    concurrency: 1,
    operation: client => number => Promise.all(burst(client, number)),
    check: (replies, number) => {
      for (let i = 0; i < 100; i++) {
        const at = order[(number * 100 + i) % ROUND]
        if (i % 5 < 2) assert.equal(replies[i], values[at])
        else if (i % 5 === 2) assert.equal(replies[i], 'OK')
        else if (i % 5 === 3) assert.equal(replies[i], fieldValue(at % hashes.length, at % 100))
        else assert.ok(Number.isInteger(replies[i]), `INCR answered ${replies[i]}`)
      }
    },
  },
]

function burst(client, number) {
  const replies = new Array(100)
  for (let i = 0; i < 100; i++) {
    const at = order[(number * 100 + i) % ROUND]
    if (i % 5 < 2) replies[i] = client.get(keys[at])
    else if (i % 5 === 2) replies[i] = client.set(keys[at], values[at])
    else if (i % 5 === 3) replies[i] = client.hget(hashes[at % hashes.length], fields[at % 100])
    else replies[i] = client.incr(counters[at % 100])
  }
  return replies
}

/** Writes all data by `send(...args)`; values stay the same during the whole run, so every answer can be checked. */
export async function fill(send) {
  const writes = keys.map((key, i) => send('SET', key, values[i]))
  for (const pairs of narrowPairs) writes.push(send('MSET', ...pairs.flat()))
  hashes.forEach((key, hash) => {
    writes.push(send('HSET', key, ...fields.flatMap((field, i) => [field, fieldValue(hash, i)])))
  })
  lists.forEach((key, list) => {
    writes.push(send('RPUSH', key, ...Array.from({ length: 1000 }, (_, i) => element(list, i))))
  })
  texts.forEach((key, i) => {
    writes.push(send('SET', key, longText(i)))
  })
  blobs.forEach((key, i) => {
    writes.push(send('SET', key, bigBlob(i)))
  })
  await Promise.all(writes)
}

function text(seed, length) {
  const start = `${seed}:`
  return start + 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(length / 26)).slice(0, length - start.length)
}

// Binary on purpose, CR LF included, so that a client which decodes it as text is found out.
function blob(seed) {
  const bytes = Buffer.allocUnsafe(MB)
  for (let i = 0, state = seed + 1; i < MB; i += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes.writeUInt32LE(state, i)
  }
  return bytes
}

function remember(make) {
  const made = new Map()
  return key => {
    if (!made.has(key)) made.set(key, make(key))
    return made.get(key)
  }
}

function drawOrder() {
  const order = new Uint32Array(ROUND)
  for (let i = 0, state = 1; i < ROUND; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    order[i] = (state >>> 8) % KEYS
  }
  return order
}

function pick100(set) {
  const chosen = new Set()
  for (let i = set * 131; chosen.size < 100; i++) chosen.add(order[i % ROUND])
  return [...chosen]
}

function second(pair) {
  return pair[1]
}
