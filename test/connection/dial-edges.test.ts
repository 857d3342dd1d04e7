import { getEventListeners, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type LookupFunction, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type DialOptions, dial } from '../../src/connection/dial.js'
import { type ConnectionOptions, resolveConnectionOptions } from '../../src/connection/options.js'
import type { Endpoint } from '../../src/core/address.js'
import { ConnectError, type ConnectPhase } from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { Authority, type Certificate } from '../support/certificates.js'
import { deadPort } from '../support/scripted-server.js'

const HOST = '127.0.0.1'
const sockets: Socket[] = []
const servers: Server[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) {
    server.close()
    await once(server, 'close')
  }
})

/** Keeps what is read, through two buffers in turn, as the connection does with large values. */
class Reader {
  readonly #buffers = [Buffer.alloc(1000), Buffer.alloc(7)] as const
  #next: Uint8Array = this.#buffers[0]
  #turn = 0
  #wake: (() => void) | undefined
  text = ''

  readonly onread = {
    buffer: (): Uint8Array => {
      this.#next = this.#buffers[this.#turn++ % 2] as Buffer
      return this.#next
    },
    callback: (size: number, buffer: Uint8Array): boolean => {
      if (buffer !== this.#next) throw new Error('the read went elsewhere')
      this.text += Buffer.from(buffer.subarray(0, size)).toString('latin1')
      this.#wake?.()
      return true
    },
  }

  async until(length: number): Promise<string> {
    while (this.text.length < length) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.text
  }
}

async function open(
  endpoint: Endpoint,
  options: ConnectionOptions = {},
  how: Partial<DialOptions> = {},
): Promise<Socket> {
  const socket = await dial(endpoint, resolveConnectionOptions(options), {
    onread: new Reader().onread,
    signal: AbortSignal.timeout(30_000),
    ...how,
  })
  sockets.push(socket)
  return socket
}

async function failure(
  endpoint: Endpoint,
  options: ConnectionOptions = {},
  how: Partial<DialOptions> = {},
): Promise<ConnectError> {
  const error = await open(endpoint, options, how).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConnectError)
  return error as ConnectError
}

async function listen<S extends Server>(server: S): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A look-up that knows one answer, given as `dns.lookup` gives it when asked for all. */
function finds(...addresses: readonly string[]): LookupFunction {
  return (_, __, callback) =>
    callback(
      null,
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
}

describe('dial, to a name', () => {
  test('looks it up for every dial', async () => {
    const port = await listen(createServer(socket => socket.end()))
    const lookup = vi.fn(finds(HOST))
    await open({ host: 'redis.test', port }, { lookup })
    await open({ host: 'redis.test', port }, { lookup })
    expect(lookup.mock.calls.map(([name]) => name)).toEqual(['redis.test', 'redis.test'])
  })

  test('goes on to the next address when one does not answer', async () => {
    const port = await listen(createServer())
    const socket = await open({ host: 'redis.test', port }, { lookup: finds('::1', HOST) })
    expect(socket.remoteAddress).toBe(HOST)
  })

  test('names every address tried when all refuse', async () => {
    // Node's own error has an empty message then.
    const port = await deadPort()
    const error = await failure({ host: 'redis.test', port }, { lookup: finds(HOST, '::1') })
    expect(error.phase).toBe('connect')
    expect(error.message).toContain(`ECONNREFUSED ${HOST}:${port}`)
    expect(error.message).toContain(`::1:${port}`)
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
  })

  test.each<[string, LookupFunction, string]>([
    [
      'knows no such name',
      (name, _, callback) =>
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), []),
      'getaddrinfo ENOTFOUND redis.test',
    ],
    ['gives no address', (_, __, callback) => callback(null, []), 'no address for redis.test'],
    [
      'throws',
      () => {
        throw new Error('resolver is down')
      },
      'resolver is down',
    ],
  ])('fails in the phase dns when the look-up %s', async (_, lookup, message) => {
    const error = await failure({ host: 'redis.test', port: 6379 }, { lookup })
    expect(error.phase).toBe('dns')
    expect(error.message).toContain(message)
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('takes a look-up that gives one address where all were asked for', async () => {
    const port = await listen(createServer())
    const lookup: LookupFunction = (_, __, callback) => callback(null, HOST, 4)
    const socket = await open({ host: 'redis.test', port }, { lookup })
    expect(socket.remoteAddress).toBe(HOST)
  })
})

describe('dial', () => {
  test('fails in the phase connect when nobody listens', async () => {
    const port = await deadPort()
    const error = await failure({ host: HOST, port })
    expect(error).toMatchObject({ phase: 'connect', address: `${HOST}:${port}`, outcome: 'not-sent' })
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect((await failure({ path: '/nowhere/redis.sock' })).cause).toMatchObject({ code: 'ENOENT' })
  })

  test('turns off batching by the system and turns on keep-alive, as the options say', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    const keepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
    const port = await listen(createServer())
    await open({ host: HOST, port })
    expect(noDelay).toHaveBeenLastCalledWith(true)
    expect(keepAlive).toHaveBeenLastCalledWith(true, 30_000)
    await open({ host: HOST, port }, { noDelay: false, keepAliveMs: 0 })
    expect(noDelay).toHaveBeenLastCalledWith(false)
    expect(keepAlive).toHaveBeenLastCalledWith(false, 0)
  })

  test('an error before anybody took the socket over ends no process', async () => {
    const port = await listen(createServer(socket => socket.once('data', () => socket.resetAndDestroy())))
    const socket = await open({ host: HOST, port })
    // events.once would listen for errors, too.
    const closed = new Promise(resolve => socket.on('close', resolve))
    socket.write('x')
    await closed
    expect(socket.errored).toMatchObject({ code: 'ECONNRESET' })
  })

  const phases: [ConnectPhase, ConnectionOptions, string][] = [
    ['dns', { lookup: () => {} }, 'redis.test'],
    ['connect', {}, HOST],
    ['tls', { tls: true }, HOST],
  ]
  test.each(phases)(
    'given up in the phase %s says so and leaves nothing behind',
    async (phase, options, host) => {
      let left = Promise.resolve<unknown>(undefined)
      const port = await listen(
        createServer(socket => {
          left = once(socket, 'close')
          socket.resume()
        }),
      )
      const controller = new AbortController()
      const reason = new Error('enough')
      const error = await failure({ host, port }, options, {
        signal: controller.signal,
        // Not at once: the socket is still to be made.
        onPhase: entered => {
          if (entered === phase) queueMicrotask(() => controller.abort(reason))
        },
      })
      expect(error.phase).toBe(phase)
      expect(error.cause).toBe(reason)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
      await left
    },
  )

  test('with a signal that has fired already fails with its reason', async () => {
    const reason = new Error('too late')
    const error = await failure({ host: HOST, port: 1 }, {}, { signal: AbortSignal.abort(reason) })
    expect(error.cause).toBe(reason)
  })
})

describe('dial, over TLS', () => {
  let folder: string
  let authority: Authority
  let stranger: Authority
  let node: Certificate
  let client: Certificate
  let server: LocalServer
  let strict: LocalServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slotwise-dial-'))
    authority = new Authority(folder, 'authority')
    stranger = new Authority(folder, 'stranger')
    // No IP address: what is known by IP only must prove a name.
    node = authority.sign('node', ['DNS:node.test'])
    client = authority.sign('client', ['DNS:client.test'])
    const tls = { cert: node.cert, key: node.key, ca: authority.ca }
    // The server's own readiness probe shows no certificate, and would be refused.
    server = await startServer({ tls, unixSocket: true })
    strict = await startServer({ tls })
    await ping({ host: HOST, port: strict.port }, { tls: { ca: authority.caPem } }, [
      'CONFIG',
      'SET',
      'tls-auth-clients',
      'yes',
    ])
  })

  afterAll(async () => {
    await server?.stop()
    await strict?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function ping(
    endpoint: Endpoint,
    options: ConnectionOptions,
    words: readonly string[] = ['PING'],
    serverName: string | undefined = 'node.test',
  ): Promise<string> {
    const reader = new Reader()
    const socket = await open(endpoint, options, { onread: reader.onread, serverName })
    const lost = once(socket, 'close').then(() => {
      throw new Error('lost')
    })
    const broken = new Promise<never>((_, reject) => socket.once('error', reject))
    lost.catch(() => {})
    socket.write(`${words.join(' ')}\r\n`)
    const answer = await Promise.race([reader.until(5), broken, lost])
    socket.destroy()
    return answer
  }

  const trusting = (): ConnectionOptions => ({ tls: { ca: authority.caPem } })

  test('reaches a node by IP that proves the name it was announced by', async () => {
    expect(await ping({ host: HOST, port: server.port }, trusting())).toBe('+PONG\r\n')
  })

  test('batching by the system is off here too', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    await ping({ host: HOST, port: server.port }, trusting())
    expect(noDelay).toHaveBeenLastCalledWith(true)
  })

  test('every byte of a long answer comes through the buffers asked for', async () => {
    const reader = new Reader()
    const socket = await open({ host: HOST, port: server.port }, trusting(), {
      onread: reader.onread,
      serverName: 'node.test',
    })
    const value = 'abcdefghijklm'.repeat(20_000)
    socket.write(`*2\r\n$4\r\nECHO\r\n$${value.length}\r\n${value}\r\n`)
    const whole = `$${value.length}\r\n${value}\r\n`
    expect((await reader.until(whole.length)) === whole).toBe(true)
  })

  test('refuses a certificate of another name, of no authority it trusts, and an IP that proves none', async () => {
    const endpoint = { host: HOST, port: server.port }
    const other = await failure(endpoint, trusting(), { serverName: 'other.test' })
    expect(other).toMatchObject({ phase: 'tls', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    const bare = await failure(endpoint, trusting())
    expect(bare).toMatchObject({ phase: 'tls', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    for (const options of [{ tls: true }, { tls: { ca: stranger.caPem } }]) {
      const untrusted = await failure(endpoint, options, { serverName: 'node.test' })
      expect(untrusted.phase).toBe('tls')
      // Which of the two depends on whether the server sends its authority along.
      expect(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN']).toContain(
        (untrusted.cause as NodeJS.ErrnoException).code,
      )
    }
  })

  test('verifies nothing only where told so', async () => {
    expect(await ping({ host: HOST, port: server.port }, { tls: { rejectUnauthorized: false } })).toBe(
      '+PONG\r\n',
    )
    const undefinedOnes = {
      ca: authority.caPem,
      rejectUnauthorized: undefined,
      checkServerIdentity: undefined,
    }
    const error = await failure({ host: HOST, port: server.port }, { tls: undefinedOnes as never })
    expect(error.phase).toBe('tls')
  })

  test('shows a client certificate where the server demands one', async () => {
    const endpoint = { host: HOST, port: strict.port }
    const { certPem: cert, keyPem: key } = client
    expect(await ping(endpoint, { tls: { ca: authority.caPem, cert, key } })).toBe('+PONG\r\n')
    // TLS 1.2 refuses within the handshake; TLS 1.3 only after it, as the first thing that is read.
    const early = await failure(
      endpoint,
      { tls: { ca: authority.caPem, maxVersion: 'TLSv1.2' } },
      { serverName: 'node.test' },
    )
    expect(early.phase).toBe('tls')
    await expect(ping(endpoint, trusting())).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    })
  })

  test('a server that speaks no TLS fails in the phase tls', async () => {
    const port = await listen(createServer(socket => socket.end('-ERR what?\r\n')))
    expect(await failure({ host: HOST, port }, { tls: true })).toMatchObject({ phase: 'tls' })
    const gone = await listen(createServer(socket => socket.once('data', () => socket.resetAndDestroy())))
    expect(await failure({ host: HOST, port: gone }, { tls: true })).toMatchObject({ phase: 'tls' })
  })

  test('a unix socket has no use for it', async () => {
    const path = server.socketPath
    if (path === undefined) throw new Error('no socket')
    expect(await ping({ path }, trusting())).toBe('+PONG\r\n')
  })

  test.each<[string, string, ConnectionOptions, string | undefined, string | false]>([
    [
      'the hook, before all',
      'a.test',
      { servername: () => 'hook.test', tls: { servername: 'o.test' } },
      'b.test',
      'hook.test',
    ],
    [
      'the option',
      'a.test',
      { servername: () => undefined, tls: { servername: 'o.test' } },
      'b.test',
      'o.test',
    ],
    ['the announced name', 'a.test', {}, 'b.test', 'b.test'],
    ['the host, where it is a name', 'a.test', {}, undefined, 'a.test'],
    ['none for a bare IP', HOST, {}, undefined, false],
  ])('asks for the name of %s', async (_, host, options, serverName, asked) => {
    let heard: string | false | undefined
    const port = await listen(
      createTlsServer({ cert: node.certPem, key: node.keyPem }, socket => {
        // Node's types leave out that there may be none.
        heard = (socket as { servername?: string | false }).servername
      }),
    )
    const proved = vi.fn((_: string) => undefined)
    const tls = { ca: authority.caPem, checkServerIdentity: proved, ...(options.tls as object) }
    await open({ host, port }, { ...options, tls, lookup: finds(HOST) }, { serverName })
    await vi.waitUntil(() => heard !== undefined)
    expect(heard).toBe(asked)
    expect(proved.mock.calls[0]?.[0]).toBe(asked === false ? HOST : asked)
  })
})
