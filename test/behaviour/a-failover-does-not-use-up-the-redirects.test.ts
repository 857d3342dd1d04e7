// While a failover is under way nodes disagree, and send a command to and fro. Followed at once, sixteen redirects last a
// moment; so they count only after a while, with rests in between, and when it is too much the error shows the way.
import { afterEach, expect, test } from 'vitest'
import {
  type Client,
  type ClusterOptions,
  createCluster,
  DeadlineExceededError,
  keySlot,
  TooManyRedirectsError,
} from '../../src/index.js'
import { type Answer, bulk, type FakeCluster, fakeCluster } from '../support/fake-cluster.js'
import { refreshReasons } from '../support/refreshes.js'
import { failureOf, until } from '../support/wait.js'

const SLOT = keySlot('k')

let cluster: FakeCluster
let redis: Client
let reasons: string[]

async function start(answer: Answer, options: Partial<ClusterOptions> = {}): Promise<void> {
  cluster = await fakeCluster(2, answer)
  redis = createCluster({ nodes: cluster.urls, ...options })
  reasons = refreshReasons()
  await redis.connect()
}
afterEach(async () => {
  redis.destroy()
  await cluster.close()
})

const toTheOther: Answer = (words, node) =>
  `-MOVED ${keySlot(String(words[1]))} ${cluster.node(1 - node.index).address}\r\n`

test('nodes that point at each other for longer than there are redirects: the call is served in the end', async () => {
  let redirects = 0
  await start((words, node, peer) => (++redirects > 40 ? bulk('served') : toTheOther(words, node, peer)), {
    router: { retryMinMs: 1, retryMaxMs: 10 },
  })
  expect(await redis.get('k')).toBe('served')
  expect(redirects).toBe(41)
})

test('the deadline bounds it, and the error shows the way', async () => {
  await start(toTheOther)
  const error = await failureOf<DeadlineExceededError>(redis.with({ timeoutMs: 300 }).get('k'))
  expect(error).toBeInstanceOf(DeadlineExceededError)
  const addresses = cluster.nodes.map(({ address }) => address)
  const trail = error.trail as readonly string[]
  expect(trail.length).toBeGreaterThan(1)
  // To and fro.
  trail.forEach((step, i) => {
    expect(addresses.map(address => `MOVED ${address}`)).toContain(step)
    if (i > 0) expect(step).not.toBe(trail[i - 1])
  })
  expect(error).toMatchObject({ command: 'GET', slot: SLOT })
  expect(error.attempts).toBeGreaterThan(trail.length - 1)
  expect(error.cause).toMatchObject({ prefix: 'MOVED' })
})

test('a loop that lasts longer than the time for it ends, and that error shows the way, too', async () => {
  await start(toTheOther, { router: { redirectBudgetMs: 200, retryMinMs: 1, retryMaxMs: 5 } })
  const error = await failureOf<TooManyRedirectsError>(redis.get('k'))
  expect(error).toBeInstanceOf(TooManyRedirectsError)
  expect(error).toMatchObject({ command: 'GET', slot: SLOT, outcome: 'rejected' })
  expect(error.trail).toHaveLength(16)
  expect(error.attempts).toBeGreaterThan(16)
  for (const { address } of cluster.nodes) expect(error.message).toContain(address)
})

test('a demoted primary that says READONLY: the topology is asked, and the write goes to the other', async () => {
  await start((words, node) =>
    node.index === 0
      ? "-READONLY You can't write against a read only replica.\r\n"
      : bulk(`${words[1]} at the other`),
  )
  cluster.describe = () => cluster.lines(['', '0-16383'])
  expect(await redis.call('GETSET', 'k', 'v')).toBe('k at the other')
  expect(reasons).toContain('READONLY')
  // From now on nobody goes there first.
  const asked = cluster.node(0).asked.length
  await redis.call('GETSET', 'k', 'v')
  expect(cluster.node(0).asked).toHaveLength(asked)
})

test('a redirect to a node that is down waits for the cluster to say who is up', async () => {
  let down = true
  await start((_words, node) =>
    node.index === 0 && down ? `-MOVED ${SLOT} 127.0.0.1:1\r\n` : bulk(`of ${node.index}`),
  )
  const described = cluster.described
  const call = redis.get('k')
  // The cluster is asked; it says that all is as it was.
  await until(() => cluster.described > described + 2)
  down = false
  expect(await call).toBe('of 0')
  // Not over and over: it has been asked about as often as the topology has.
  expect(cluster.node(0).asked.length).toBeLessThan(cluster.described + 20)
})
