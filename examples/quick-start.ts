// A cluster, from the first call to the last. In a project of your own: from 'slotwise' and 'slotwise/local'.
import { createCluster, keySlot } from '../src/index.js'
import { startCluster } from '../src/local/index.js'

const servers = await startCluster({ primaries: 3, replicas: 0 })

// One seed is enough; the other nodes are discovered.
const redis = createCluster({ nodes: servers.urls.slice(0, 1) })
await redis.connect()

console.log(await redis.set('greeting', 'hello', { ex: 60 })) // → OK
console.log(await redis.get('greeting')) // → hello

await redis.hset('user:{42}', { name: 'Ada', visits: 1 })
console.log((await redis.hgetall('user:{42}')).name) // → Ada
console.log(await redis.hincrby('user:{42}', 'visits', 1)) // → 2

// One command works on one slot: keys that belong together share a hash tag.
await redis.mset({ 'user:{42}:mail': 'ada@example.org', 'user:{42}:city': 'London' })
console.log(await redis.mget(['user:{42}:mail', 'user:{42}:city'])) // → [ 'ada@example.org', 'London' ]
console.log(keySlot('user:{42}:mail') === keySlot('user:{42}')) // → true

// Calls made together leave together, to all nodes at once.
const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`)
await Promise.all(keys.map(key => redis.set(key, key)))
const values = await Promise.all(keys.map(key => redis.get(key)))
console.log(values.every((value, i) => value === keys[i])) // → true

await redis.close()
await servers.stop()
