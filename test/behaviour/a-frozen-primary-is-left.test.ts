// A stopped process ends no connection, and keeps acknowledging at the level of TCP: only its silence tells. Calls on it fail
// at their deadlines; what must not happen is that the client stays with it once the cluster has put another in its place.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCluster, DeadlineExceededError } from '../../src/index.js'
import { type LocalCluster, startCluster } from '../../src/local/index.js'
import { refreshReasons } from '../support/refreshes.js'

let cluster: LocalCluster
beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicas: 1, config: { 'cluster-node-timeout': 1000 } })
})
afterAll(() => cluster.stop())

test('calls on a frozen primary fail in doubt, and later ones find its successor without its coming back', async () => {
  const redis = createCluster({ nodes: cluster.urls })
  try {
    await redis.set('k', 'kept')
    const owner = await cluster.nodeFor('k')
    const hasty = redis.with({ timeoutMs: 200 })
    const reasons = refreshReasons()
    owner.pause()
    const failures: unknown[] = []
    let value: string | null | undefined
    while (value === undefined) {
      value = await hasty.get('k').catch((error: unknown) => {
        failures.push(error)
        return undefined
      })
    }
    expect(value).toBe('kept')
    expect(failures[0]).toBeInstanceOf(DeadlineExceededError)
    expect(failures[0]).toMatchObject({
      outcome: 'unknown',
      retryable: true,
      address: owner.address,
      command: 'GET',
    })
    expect((failures[0] as Error).message).toContain(`GET: deadline exceeded`)
    expect((failures[0] as Error).message).toContain(owner.address)
    expect(reasons).toContain('suspect node')
    expect(await redis.set('k', 'written')).toBe('OK')
  } finally {
    redis.destroy()
    for (const node of cluster.nodes) node.resume()
  }
})

test('scan is refused in a cluster, whose nodes do not know each other’s cursors, and works on one node', async () => {
  const redis = createCluster({ nodes: cluster.urls })
  await expect(redis.scan('0')).rejects.toMatchObject({ code: 'UNSUPPORTED_COMMAND', outcome: 'not-sent' })
  await expect(redis.call('SCAN', '17')).rejects.toMatchObject({ code: 'UNSUPPORTED_COMMAND' })
  await redis.close()
})
