// "Failed to refresh slots cache" told nobody anything. A refresh that fails says whom it asked, how far it came with each,
// and why it ended there; the map that was there before stays, and serves.
import { afterEach, expect, test } from 'vitest'
import { type Client, createCluster, DiscoveryError, type FailedContact } from '../../src/index.js'
import { bulk, fakeCluster } from '../support/fake-cluster.js'
import { deadPort, scriptedServer } from '../support/scripted-server.js'
import { failureOf, until } from '../support/wait.js'

let redis: Client
afterEach(() => redis.destroy())

function told(contacts: readonly FailedContact[]): [string, string][] {
  return contacts.map(({ address, phase }): [string, string] => [address, phase])
}

test('a connect in vain lists every seed with how far it came and why it ended', async () => {
  await using silent = await scriptedServer(peer => peer.left())
  await using confused = await scriptedServer(async peer => {
    await peer.greet()
    await peer.answerAll(words => (words[0] === 'CLIENT' ? '+OK\r\n' : '-ERR no idea\r\n'))
  })
  const refused = await deadPort()
  redis = createCluster({
    nodes: [
      'nowhere.test:7000',
      `127.0.0.1:${refused}`,
      `127.0.0.1:${silent.port}`,
      `127.0.0.1:${confused.port}`,
    ],
    lookup: (hostname, _options, callback) => {
      const error: NodeJS.ErrnoException = new Error(`getaddrinfo ENOTFOUND ${hostname}`)
      error.code = 'ENOTFOUND'
      callback(error, '', 4)
    },
  })
  const error = await failureOf<DiscoveryError>(redis.connect({ timeoutMs: 600 }))
  expect(error).toBeInstanceOf(DiscoveryError)
  expect(told(error.contacts)).toEqual([
    ['nowhere.test:7000', 'dns'],
    [`127.0.0.1:${refused}`, 'connect'],
    [`127.0.0.1:${silent.port}`, 'reply'],
    [`127.0.0.1:${confused.port}`, 'reply'],
  ])
  expect(error.contacts.map(({ cause }) => cause.message)).toEqual([
    expect.stringContaining('ENOTFOUND'),
    expect.stringContaining('ECONNREFUSED'),
    expect.any(String),
    'ERR no idea',
  ])
  for (const { address, phase, cause } of error.contacts) {
    expect(error.message).toContain(`${address} (${phase}): ${cause.message}`)
  }
})

test('nodes that describe the cluster by nonsense are each named, and go on being used as they were known', async () => {
  await using cluster = await fakeCluster(3, words => bulk(String(words[1])))
  redis = createCluster({ nodes: cluster.urls, topology: { minRefreshGapMs: 0 } })
  const errors: Error[] = []
  redis.on('error', error => errors.push(error))
  await redis.connect()
  const keys = Array.from({ length: 30 }, (_, i) => `key${i}`)
  expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)

  cluster.describe = () => 'nonsense'
  cluster.node(0).server.peers.at(-1)?.cut()
  const all = cluster.nodes.map(({ address }) => address).sort()
  const complete = (error: Error): boolean =>
    error instanceof DiscoveryError && error.contacts.length === all.length
  await until(async () => {
    expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
    return errors.some(complete)
  })
  const { contacts } = errors.find(complete) as DiscoveryError
  expect(told(contacts).sort()).toEqual(all.map(address => [address, 'reply']))
  for (const { cause } of contacts) expect(cause).toMatchObject({ code: 'UNEXPECTED_REPLY' })
})

test('nodes that are all gone are each named, too, while somebody waits for them', async () => {
  const cluster = await fakeCluster(3)
  redis = createCluster({ nodes: cluster.urls, topology: { minRefreshGapMs: 0 }, timeoutMs: 60_000 })
  const errors: Error[] = []
  redis.on('error', error => errors.push(error))
  await redis.connect()
  const all = cluster.nodes.map(({ address }) => [address, 'connect']).sort()
  const waiting = failureOf(redis.get('k'))
  await cluster.close()
  await until(() =>
    errors.some(
      error =>
        error instanceof DiscoveryError &&
        JSON.stringify(told(error.contacts).sort()) === JSON.stringify(all),
    ),
  )
  const hasty = await failureOf(redis.with({ timeoutMs: 100 }).get('k'))
  expect(hasty).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
  expect(hasty.cause).toBeInstanceOf(Error)
  redis.destroy()
  expect(await waiting).toMatchObject({ code: 'CLOSED' })
})
