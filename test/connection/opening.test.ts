// From nothing to ready, or to a reason: dial and handshake together, under one clock.
import { mkdtemp, rm } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ConnectionOptions } from '../../src/connection/options.js'
import type { Endpoint } from '../../src/core/address.js'
import { ConnectError, DeadlineExceededError } from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { command, openConnection, testContext } from '../support/calls.js'
import { Authority, type Certificate } from '../support/certificates.js'
import { deadPort, scriptedServer } from '../support/scripted-server.js'

async function failure(
  endpoint: Endpoint,
  options: ConnectionOptions,
  serverName?: string,
): Promise<ConnectError> {
  const context = testContext(options)
  const { connection, closed } = openConnection({ endpoint, serverName }, context)
  const call = context.call(connection, command('PING'))
  const error = await closed
  expect(error).toBeInstanceOf(ConnectError)
  const heard = await call.failure()
  expect([heard.message, call.wasSent]).toEqual([error?.message, false])
  return error as ConnectError
}

describe('opening a connection', () => {
  let folder: string
  let authority: Authority
  let stranger: Authority
  let certificate: Certificate
  let plain: LocalServer
  let secure: LocalServer
  let mutual: LocalServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwise-opening-'))
    authority = new Authority(folder, 'ours')
    stranger = new Authority(folder, 'theirs')
    certificate = authority.sign('redis.test', ['DNS:redis.test'])
    const tls = { ca: authority.ca, cert: certificate.cert, key: certificate.key }
    ;[plain, secure, mutual] = await Promise.all([
      startServer({ unixSocket: true }),
      startServer({ tls }),
      startServer({ tls, config: { 'tls-auth-clients': 'yes' } }),
    ])
  })
  afterAll(async () => {
    await Promise.all([plain, secure, mutual].map(server => server?.stop()))
    await rm(folder, { recursive: true, force: true })
  })

  test.each<[string, () => [Endpoint, ConnectionOptions]]>([
    ['TCP', () => [plain, {}]],
    ['a unix socket', () => [{ path: plain.socketPath as string }, {}]],
    ['a unix socket, TLS options or not', () => [{ path: plain.socketPath as string }, { tls: true }]],
    ['TLS', () => [secure, { tls: { ca: authority.caPem } }]],
    [
      'TLS 1.2, with a certificate of its own',
      () => {
        const { certPem: cert, keyPem: key } = authority.sign('client', ['DNS:client.test'])
        return [mutual, { tls: { ca: authority.caPem, cert, key, maxVersion: 'TLSv1.2' } }]
      },
    ],
  ])('over %s: it is asked, and large values go both ways', async (_, how) => {
    const [endpoint, options] = how()
    const context = testContext(options)
    const { connection } = openConnection({ endpoint, serverName: 'redis.test' }, context)
    const value = 'x'.repeat(3_000_000)
    expect(await context.ask(connection, 'SET', 'k', value)).toBe('OK')
    const all = await Promise.all(Array.from({ length: 3 }, () => context.ask(connection, 'GET', 'k')))
    expect(all.every(reply => reply === value)).toBe(true)
    await connection.close()
  })

  test("a client certificate that is missing or a stranger's is a failure in phase tls, in every version of TLS", async () => {
    const { certPem: cert, keyPem: key } = stranger.sign('client', ['DNS:client.test'])
    for (const own of [{}, { cert, key }]) {
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        // TLS 1.3 tells of it after its handshake: the first words of ours are under way by then.
        const error = await failure(
          mutual,
          { tls: { ca: authority.caPem, maxVersion, ...own } },
          'redis.test',
        )
        expect([maxVersion, error.phase]).toEqual([maxVersion, 'tls'])
      }
    }
  })

  test('nobody there: refused, and no such name', async () => {
    const refused = await failure({ host: '127.0.0.1', port: await deadPort() }, {})
    expect([refused.phase, (refused.cause as NodeJS.ErrnoException).code]).toEqual([
      'connect',
      'ECONNREFUSED',
    ])
    const lookup: LookupFunction = (name, _options, done) => {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '', 0)
    }
    expect((await failure({ host: 'nowhere.test', port: 1 }, { lookup })).phase).toBe('dns')
    expect((await failure({ path: join(folder, 'none.sock') }, {})).phase).toBe('connect')
  })

  test('a peer that never goes on is given up by the connect timeout, which names the phase it was in', async () => {
    await using silent = await scriptedServer(() => {})
    const late = async (endpoint: Endpoint, options: ConnectionOptions): Promise<string> => {
      const error = await failure(endpoint, { connectTimeoutMs: 100, ...options })
      expect(error.message).toContain('not done within the connect timeout of 100 ms')
      expect(error.cause).toBeInstanceOf(DeadlineExceededError)
      return error.phase
    }
    expect(await late({ host: 'slow.test', port: 1 }, { lookup: () => {} })).toBe('dns')
    expect(await late(silent, { tls: true })).toBe('tls')
    expect(await late(silent, { credentials: () => new Promise(() => {}) })).toBe('auth')
    expect(await late(silent, {})).toBe('reply')
    // All of them have been hung up on.
    await Promise.all(silent.peers.map(peer => peer.left()))
  })

  test('the connect timeout is for all steps together', async () => {
    await using slow = await scriptedServer(async peer => {
      await peer.expect('HELLO')
      peer.reply("-ERR unknown command 'HELLO'\r\n")
    })
    const error = await failure(slow, { connectTimeoutMs: 150, clientInfo: false })
    expect([error.phase, slow.dials]).toEqual(['reply', 1])
  })

  test('its phase can be asked for while it is under way', async () => {
    await using silent = await scriptedServer(() => {})
    const { connection } = openConnection(silent, testContext({ tls: true }))
    await vi.waitFor(() => expect(connection.phase).toBe('tls'))
    const plainly = openConnection(silent, testContext())
    await vi.waitFor(() => expect(plainly.connection.phase).toBe('reply'))
    const asking = openConnection(silent, testContext({ credentials: () => new Promise(() => {}) }))
    await vi.waitFor(() => expect(asking.connection.phase).toBe('auth'))
  })
})
