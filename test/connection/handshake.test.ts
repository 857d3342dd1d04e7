import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ConnectionOptions } from '../../src/connection/options.js'
import { AuthenticationError, ConnectError, ReplyError } from '../../src/core/errors.js'
import { VERSION } from '../../src/core/version.js'
import { type LocalCluster, type LocalServer, startCluster, startServer } from '../../src/local/index.js'
import { command, openConnection, testContext } from '../support/calls.js'
import { HELLO_REPLY, type Script, scriptedServer } from '../support/scripted-server.js'

interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Opens, asks CLIENT LIST for its own line, closes. */
async function introduced(server: Endpoint, options: ConnectionOptions, readOnly = false) {
  const context = testContext(options)
  const { connection, ready } = openConnection({ endpoint: at(server), readOnly }, context)
  const whoami = await context.ask(connection, 'ACL', 'WHOAMI')
  await ready
  const id = Number(await context.ask(connection, 'CLIENT', 'ID'))
  const list = String(await context.ask(connection, 'CLIENT', 'LIST'))
  const line = list.split('\n').find(each => each.startsWith(`id=${id} `)) ?? ''
  const facts = new Map(line.split(' ').map(word => word.split('=', 2) as [string, string]))
  await connection.close()
  return { hello: connection.hello, whoami, id, facts }
}

async function refused(
  server: Endpoint,
  options: ConnectionOptions = {},
  readOnly = false,
): Promise<ConnectError> {
  const context = testContext(options)
  const { connection, closed } = openConnection({ endpoint: at(server), readOnly }, context)
  const waiting = context.call(connection, command('PING'))
  const error = await closed
  expect(error).toBeInstanceOf(ConnectError)
  // Whoever waited for the connection hears the very reason, and that nothing was sent.
  const heard = await waiting.failure()
  expect([heard.name, heard.message, waiting.wasSent]).toEqual([error?.name, error?.message, false])
  return error as ConnectError
}

function at({ host, port }: Endpoint): Endpoint {
  return { host, port }
}

describe('handshake with a real server', () => {
  let open: LocalServer
  let locked: LocalServer
  let withUser: LocalServer
  let old: LocalServer
  let oldLocked: LocalServer
  let cluster: LocalCluster
  let node: Endpoint
  let isSevenTwo: boolean

  beforeAll(async () => {
    ;[open, locked, withUser, old, oldLocked, cluster] = await Promise.all([
      startServer(),
      startServer({ password: 'p w"é' }),
      startServer({ username: 'ann', password: 'secret' }),
      startServer({ config: { 'rename-command': 'HELLO ""' } }),
      startServer({ password: 'secret', config: { 'rename-command': 'HELLO ""' } }),
      startCluster({ primaries: 1, replicas: 0 }),
    ])
    node = cluster.nodes[0] as Endpoint
    const [major = 0, minor = 0] = open.binary.version.split('.').map(Number)
    isSevenTwo = major > 7 || (major === 7 && minor >= 2)
  })
  afterAll(async () => {
    await Promise.all([open, locked, withUser, old, oldLocked, cluster].map(server => server?.stop()))
  })

  test('speaks RESP3 and keeps what the server says of itself', async () => {
    const { hello, id } = await introduced(open, {})
    expect(hello).toMatchObject({ protocol: 3, id, mode: 'standalone', role: 'master' })
    expect(hello?.server).toMatch(/^(redis|valkey)$/)
    expect(hello?.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  test("a password alone is the default user's", async () => {
    expect((await introduced(locked, { password: 'p w"é' })).whoami).toBe('default')
    expect((await introduced(locked, { password: 'p w"é', protocol: 2 })).whoami).toBe('default')
  })

  test('an ACL user is shown with its password', async () => {
    const credentials = { username: 'ann', password: 'secret' }
    expect((await introduced(withUser, credentials)).whoami).toBe('ann')
    expect((await introduced(withUser, { credentials })).whoami).toBe('ann')
    expect((await introduced(withUser, { ...credentials, protocol: 2 })).whoami).toBe('ann')
  })

  test.each<[string, ConnectionOptions]>([
    ['a wrong password', { password: 'hunter2' }],
    ['a user nobody knows', { username: 'bob', password: 'hunter2' }],
    ['a wrong password under RESP2', { password: 'hunter2', protocol: 2 }],
    ['no password', {}],
    ['no password under RESP2', { protocol: 2 }],
  ])('%s is an AuthenticationError, and not retryable', async (_, options) => {
    for (const server of [locked, oldLocked]) {
      const error = await refused(server, options)
      expect(error).toBeInstanceOf(AuthenticationError)
      expect([error.phase, error.retryable]).toEqual(['auth', false])
      expect(error.cause).toBeInstanceOf(ReplyError)
      expect(error.message).not.toContain('hunter2')
    }
  })

  test('a password where the server has none is an AuthenticationError under RESP2, as the server says', async () => {
    expect(await refused(open, { password: 'x', protocol: 2 })).toBeInstanceOf(AuthenticationError)
  })

  test('a server that knows no HELLO is spoken to in RESP2, with all the rest', async () => {
    const { hello, facts } = await introduced(old, { clientName: 'worker', db: 3 })
    expect(hello).toEqual({
      protocol: 2,
      server: undefined,
      version: undefined,
      id: undefined,
      mode: undefined,
      role: undefined,
      zone: undefined,
    })
    expect([facts.get('name'), facts.get('db')]).toEqual(['worker', '3'])
    const { whoami } = await introduced(oldLocked, { password: 'secret', clientName: 'worker' })
    expect(whoami).toBe('default')
  })

  test('RESP3 demanded of a server that knows none is refused, and the password is not repeated', async () => {
    const error = await refused(old, { protocol: 3, password: 'hunter2' })
    expect(error.phase).toBe('reply')
    expect(error.message).toMatch(/unknown command/i)
    expect(`${error.message} ${(error.cause as Error).message}`).not.toContain('hunter2')
  })

  test('RESP2 demanded is RESP2', async () => {
    const context = testContext({ protocol: 2, clientName: 'two' })
    const { connection } = openConnection(at(open), context)
    expect(await context.ask(connection, 'CONFIG', 'GET', 'save')).toEqual(['save', ''])
    expect(await context.ask(connection, 'CLIENT', 'GETNAME')).toBe('two')
    expect(connection.hello?.protocol).toBe(2)
  })

  test('the database is chosen before anything else is sent', async () => {
    expect((await introduced(open, { db: 5 })).facts.get('db')).toBe('5')
    expect((await introduced(open, {})).facts.get('db')).toBe('0')
  })

  test('a database the server does not have is refused by its number', async () => {
    for (const protocol of [2, 3] as const) {
      const error = await refused(open, { db: 99, protocol })
      expect([error.phase, error.retryable]).toEqual(['reply', false])
      expect(error.message).toContain('db 99')
    }
  })

  test('a database in a cluster is refused by name, where the server has none there', async () => {
    const context = testContext()
    const numbered = await context.ask(
      openConnection(at(node), context).connection,
      'CONFIG',
      'GET',
      'cluster-databases',
    )
    // Valkey 9 has them, one unless it is told otherwise.
    if (JSON.stringify(numbered).includes('cluster-databases')) return
    const error = await refused(node, { db: 1 })
    expect(error.message).toContain('db 1')
    expect(error.message).toContain('cluster')
    expect(error.retryable).toBe(false)
    expect(error.again().retryable).toBe(false)
  })

  test('name and library are seen in CLIENT LIST, where the server has such', async () => {
    const { facts } = await introduced(open, { clientName: 'worker:7' })
    expect(facts.get('name')).toBe('worker:7')
    if (isSevenTwo) expect([facts.get('lib-name'), facts.get('lib-ver')]).toEqual(['slotwise', VERSION])
    const silent = await introduced(open, { clientInfo: false })
    expect([silent.facts.get('name'), silent.facts.get('lib-name') ?? '']).toEqual(['', ''])
  })

  test('READONLY is sent for a target to be read from, and a server without a cluster may refuse it', async () => {
    const { facts } = await introduced(node, {}, true)
    expect(facts.get('flags')).toContain('r')
    expect((await introduced(node, {})).facts.get('flags')).not.toContain('r')
    // Valkey takes it, as Redis does not.
    if (open.binary.path.includes('valkey'))
      expect((await introduced(open, {}, true)).hello?.protocol).toBe(3)
    else expect((await refused(open, {}, true)).message).toMatch(/cluster support disabled/)
  })

  test('one client too many hears so', async () => {
    const small = await startServer({ config: { maxclients: 1 } })
    try {
      const context = testContext()
      // The server may not have noticed yet that whoever waited for its start has left.
      const connection = await vi.waitFor(async () => {
        const opened = openConnection(at(small), context)
        await context.ask(opened.connection, 'PING')
        return opened.connection
      })
      const error = await refused(small)
      expect(error.phase).toBe('reply')
      expect(error.message).toContain('max number of clients')
      expect(error.retryable).toBe(true)
      // Also where the password takes its time.
      const slow = await refused(small, {
        credentials: () => new Promise(resolve => setTimeout(resolve, 20, { password: 'x' })),
      })
      expect(slow.message).toContain('max number of clients')
      await connection.close()
    } finally {
      await small.stop()
    }
  })
})

describe('handshake with a scripted server', () => {
  async function against<T>(script: Script, work: (server: Endpoint) => Promise<T>): Promise<T> {
    await using server = await scriptedServer(script)
    return await work(server)
  }

  test('all of it leaves in one write', async () => {
    const options = { username: 'ann', password: 'pw', clientName: 'me', db: 2 }
    const chunks = await against(
      async peer => {
        await peer.expect('HELLO', '3', 'AUTH', 'ann', 'pw', 'SETNAME', 'me')
        await peer.expect('CLIENT', 'SETINFO', 'LIB-NAME', 'slotwise')
        await peer.expect('CLIENT', 'SETINFO', 'LIB-VER', VERSION)
        await peer.expect('SELECT', '2')
        await peer.expect('READONLY')
        // As a server before 7.2 has it.
        peer.reply(`${HELLO_REPLY}-ERR unknown subcommand\r\n-ERR unknown subcommand\r\n+OK\r\n+OK\r\n`)
        await peer.expect('PING')
        peer.reply(`+${peer.chunks.length}\r\n`)
      },
      async server => {
        const context = testContext(options)
        const { connection } = openConnection({ endpoint: at(server), readOnly: true }, context)
        return context.ask(connection, 'PING')
      },
    )
    // The introduction, then the PING.
    expect(chunks).toBe('2')
  })

  test('a server that wants a password before it says that it knows no HELLO is spoken to in RESP2', async () => {
    await against(
      async peer => {
        await peer.expect('HELLO', '3', 'AUTH', 'default', 'pw')
        peer.reply('-NOAUTH Authentication required.\r\n')
        await peer.expect('AUTH', 'pw')
        await peer.expect('PING')
        peer.reply('+OK\r\n+PONG\r\n')
        await peer.answerAll('+hello\r\n')
      },
      async server => {
        const context = testContext({ password: 'pw', clientInfo: false })
        const { connection } = openConnection(at(server), context)
        expect(await context.ask(connection, 'PING')).toBe('hello')
      },
    )
  })

  test('a server of 2018 is spoken to in its own words', async () => {
    await against(
      async peer => {
        await peer.expect('HELLO', '3')
        peer.reply('-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, \r\n')
        await peer.expect('CLIENT')
        peer.reply('-NOAUTH Authentication required.\r\n')
        await peer.expect('CLIENT')
        peer.reply('-NOAUTH Authentication required.\r\n')
        await peer.expect('AUTH', 'pw')
        peer.reply('+OK\r\n')
        await peer.expect('CLIENT', 'SETINFO')
        await peer.expect('CLIENT', 'SETINFO')
        await peer.expect('PING')
        peer.reply('-ERR Syntax error\r\n-ERR Syntax error\r\n+PONG\r\n')
        await peer.answerAll('+hello\r\n')
      },
      async server => {
        const context = testContext({ password: 'pw' })
        const { connection } = openConnection(at(server), context)
        expect(await context.ask(connection, 'PING')).toBe('hello')
        expect(connection.hello?.protocol).toBe(2)
      },
    )
  })

  test.each<[string, Script]>([
    ['before anything is asked', peer => peer.last(DENIED)],
    ['instead of an answer', peer => peer.next().then(() => peer.last(DENIED))],
  ])('protected mode is no matter of credentials: DENIED %s', async (_, script) => {
    const error = await against(script, server => refused(server))
    expect(error).not.toBeInstanceOf(AuthenticationError)
    expect(error.message).toContain('DENIED Redis is running in protected mode')
  })

  test('a server that is loading is a failure to connect that may pass', async () => {
    const error = await against(
      peer => peer.answerAll('-LOADING Redis is loading the dataset in memory\r\n'),
      server => refused(server),
    )
    expect([error.phase, error.retryable]).toEqual(['reply', true])
    expect(error.message).toContain('LOADING')
  })

  test.each<[string, Script, string]>([
    ['hangs up', peer => peer.end(), 'closed the connection'],
    ['resets', peer => peer.next().then(() => peer.cut()), 'ECONNRESET'],
    [
      'answers in the middle and hangs up',
      peer => peer.next().then(() => peer.last('%2\r\n$6\r\nser')),
      'closed the connection',
    ],
    ['speaks another language', peer => peer.reply('HTTP/1.1 400 Bad Request\r\n\r\n'), 'malformed reply'],
    ['speaks unasked', peer => peer.reply('+welcome\r\n+welcome\r\n+welcome\r\n+welcome\r\n'), ''],
  ])('a server that %s could not be connected to', async (_, script, why) => {
    const error = await against(script, server => refused(server))
    expect(error.phase).toBe('reply')
    expect(error.message).toContain(why)
  })
})

const DENIED =
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the ' +
  'default user. 4) Set up an authentication password for the default user.\r\n'
