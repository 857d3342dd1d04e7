// Seeds are hints. One that leads somewhere is enough, and nobody waits for those that do not.
import type { LookupFunction } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCluster } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'
import { deadPort, type ScriptedServer, scriptedServer } from '../support/scripted-server.js'

let cluster: LocalCluster
let silent: ScriptedServer
let bad: string[]

beforeAll(async () => {
  silent = await scriptedServer(peer => peer.left())
  cluster = await startCluster({ primaries: 2, replicas: 0 })
  bad = [
    'unresolvable.test:7000',
    // Its name server never answers.
    'blackhole.test:7000',
    `127.0.0.1:${await deadPort()}`,
    // Takes the connection, and says nothing.
    `127.0.0.1:${silent.port}`,
  ]
})
afterAll(async () => {
  await Promise.all([cluster?.stop(), silent?.close()])
})

const lookup: LookupFunction = (hostname, _options, callback) => {
  if (hostname === 'blackhole.test') return
  callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '', 4)
}

test.each([
  ['first', (good: string) => [good, ...bad]],
  ['last', (good: string) => [...bad, good]],
  ['in the middle', (good: string) => [...bad.slice(0, 2), good, ...bad.slice(2)]],
  ['among forty', (good: string) => [...Array.from({ length: 10 }, () => bad).flat(), good]],
])('the good one is %s: the cluster is found', async (_, order) => {
  // Whoever waited for a bad seed would wait longer than the test may last.
  const patient = { connectTimeoutMs: 600_000, topology: { discoveryTimeoutMs: 600_000 } }
  const nodes = order(String(cluster.urls[1]))
  const redis = createCluster({ nodes, lookup, timeoutMs: 600_000, ...patient })
  await redis.connect()
  const keys = Array.from({ length: 20 }, (_, i) => `key${i}`)
  await Promise.all(keys.map(key => redis.set(key, key)))
  expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
  await redis.close({ timeoutMs: 600_000 })
})

test('a command without connect() needs no more than that, either', async () => {
  const nodes = [...bad, String(cluster.urls[0])]
  const redis = createCluster({ nodes, lookup, timeoutMs: 600_000, connectTimeoutMs: 600_000 })
  expect(await redis.set('k', 'v')).toBe('OK')
  await redis.close()
})
