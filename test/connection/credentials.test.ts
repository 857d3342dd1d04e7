import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  CredentialStore,
  type CredentialsProvider,
  type ExpiringCredentials,
} from '../../src/connection/credentials.js'
import { resolveConnectionOptions } from '../../src/connection/options.js'
import { AuthenticationError, type ConnectError } from '../../src/core/errors.js'
import { type LocalServer, startServer } from '../../src/local/index.js'
import { command, openConnection, testContext } from '../support/calls.js'
import { HELLO_REPLY, scriptedServer } from '../support/scripted-server.js'

const MINUTE = 60_000
const nobody = (error: Error): void => {
  throw error
}

describe('CredentialStore', () => {
  const stores: CredentialStore[] = []
  function storeOf(provider: CredentialsProvider, onError: (error: Error) => void = nobody): CredentialStore {
    const store = new CredentialStore(provider, onError)
    stores.push(store)
    return store
  }
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    for (const store of stores.splice(0)) store.close()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  test('fixed credentials are given as they are, none where there are none', async () => {
    expect(await new CredentialStore({ password: 'x' }, nobody).current('h:1')).toEqual({ password: 'x' })
    expect(await new CredentialStore(undefined, nobody).current('h:1')).toBeUndefined()
  })

  test('a provider is asked once for handshakes that begin together', async () => {
    const provider = vi.fn(async () => ({ password: 'x' }))
    const store = storeOf(provider)
    const given = await Promise.all(Array.from({ length: 10 }, () => store.current('h:1')))
    expect(provider).toHaveBeenCalledTimes(1)
    expect(given.every(credentials => credentials?.password === 'x')).toBe(true)
  })

  test('a provider that says when is asked once until then; one that does not, for every connection', async () => {
    const dated = vi.fn(() => ({ password: 'x', expiresAt: Date.now() + MINUTE }))
    const undated = vi.fn(() => ({ password: 'x' }))
    for (const store of [storeOf(dated), storeOf(undated)]) {
      await store.current('h:1')
      await store.current('h:1')
    }
    expect([dated.mock.calls.length, undated.mock.calls.length]).toEqual([1, 2])
  })

  test('a provider is asked again before what it gave expires, and listeners hear what is new', async () => {
    let asked = 0
    const store = storeOf(() => ({ password: `p${asked++}`, expiresAt: Date.now() + MINUTE }))
    const heard: string[] = []
    const stop = store.onRenew(fresh => heard.push(fresh.password))
    await store.current('h:1')
    expect(heard).toEqual([])
    await vi.advanceTimersByTimeAsync(MINUTE * 0.8)
    expect([asked, heard]).toEqual([2, ['p1']])
    expect(await store.current('h:1')).toMatchObject({ password: 'p1' })
    await vi.advanceTimersByTimeAsync(MINUTE * 0.8)
    expect(heard).toEqual(['p1', 'p2'])
    stop()
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(heard).toEqual(['p1', 'p2'])
  })

  test('nothing is told where the provider gives the same again', async () => {
    const provider = vi.fn(() => ({ username: 'u', password: 'x', expiresAt: Date.now() + MINUTE }))
    const store = storeOf(provider)
    const listener = vi.fn()
    store.onRenew(listener)
    await store.current('h:1')
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(provider.mock.calls.length).toBeGreaterThan(1)
    expect(listener).not.toHaveBeenCalled()
  })

  test('what has expired is not shown: the handshake asks, and live connections hear of it too', async () => {
    let asked = 0
    const store = storeOf(() => ({ password: `p${asked++}`, expiresAt: Date.now() + MINUTE }))
    const heard: string[] = []
    store.onRenew(fresh => heard.push(fresh.password))
    await store.current('h:1')
    // A machine that slept: the clock is on, the timers are not.
    vi.setSystemTime(Date.now() + 2 * MINUTE)
    expect(await store.current('h:1')).toMatchObject({ password: 'p1' })
    expect(heard).toEqual(['p1'])
  })

  test('a provider that gives what has expired already is not asked in a loop', async () => {
    const provider = vi.fn(() => ({ password: 'x', expiresAt: Date.now() - 1 }))
    await storeOf(provider).current('h:1')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(provider.mock.calls.length).toBeLessThan(12)
    expect(provider.mock.calls.length).toBeGreaterThan(1)
  })

  test('credentials that last longer than a timer can wait are no reason to ask at once', async () => {
    const provider = vi.fn(() => ({ password: 'x', expiresAt: Date.now() + 2 ** 40 }))
    await storeOf(provider).current('h:1')
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(provider).toHaveBeenCalledTimes(1)
  })

  test('a provider that fails in a handshake is an AuthenticationError with the reason as cause', async () => {
    const why = new Error('the vault is sealed')
    const failing: CredentialsProvider[] = [
      () => Promise.reject(why),
      () => {
        throw why
      },
    ]
    for (const provider of failing) {
      const error = await storeOf(provider)
        .current('h:1')
        .catch((thrown: Error) => thrown)
      expect(error).toBeInstanceOf(AuthenticationError)
      expect((error as AuthenticationError).cause).toBe(why)
      expect((error as AuthenticationError).address).toBe('h:1')
    }
  })

  test('a provider is asked again for the next handshake after it has failed', async () => {
    let asked = 0
    const store = storeOf(() => (asked++ === 0 ? Promise.reject(new Error('once')) : { password: 'x' }))
    await expect(store.current('h:1')).rejects.toThrow(AuthenticationError)
    expect(await store.current('h:1')).toEqual({ password: 'x' })
  })

  test('what a server refused is not shown again, however long it would have lasted', async () => {
    let asked = 0
    const store = storeOf(() => ({ password: `p${asked++}`, expiresAt: Date.now() + MINUTE }))
    const first = await store.current('h:1')
    store.refused(first)
    const second = await store.current('h:1')
    expect(second).toMatchObject({ password: 'p1' })
    // An old refusal says nothing of the new ones.
    store.refused(first)
    expect(await store.current('h:1')).toBe(second)
  })

  test('a renewal that fails is told and tried again, with pauses, until it does not', async () => {
    let asked = 0
    const errors: Error[] = []
    const provider = (): Promise<ExpiringCredentials> => {
      const failing = asked > 0 && asked < 4
      asked++
      return failing
        ? Promise.reject(new Error('away'))
        : Promise.resolve({ password: `p${asked}`, expiresAt: Date.now() + 60 * MINUTE })
    }
    const store = storeOf(provider, error => errors.push(error))
    const heard: string[] = []
    store.onRenew(fresh => heard.push(fresh.password))
    await store.current('h:1')
    await vi.advanceTimersByTimeAsync(48 * MINUTE)
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(asked).toBe(5)
    expect(errors).toHaveLength(3)
    expect(errors.every(error => error instanceof AuthenticationError && error.cause instanceof Error)).toBe(
      true,
    )
    expect(heard).toEqual(['p5'])
  })

  test.each<[unknown, string]>([
    [undefined, 'password'],
    [null, 'password'],
    ['hunter2', 'password'],
    [{}, 'password'],
    [{ password: 5 }, 'password'],
    [{ password: 'hunter2', username: 5 }, 'username'],
    [{ password: 'hunter2', expiresAt: 'soon' }, 'expiresAt'],
    [{ password: 'hunter2', expiresAt: Number.NaN }, 'expiresAt'],
  ])(
    'a provider that gives %j is told what it must give, and nothing of it is repeated',
    async (given, word) => {
      const error = await storeOf(() => given as ExpiringCredentials)
        .current('h:1')
        .catch((thrown: Error) => thrown)
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(((error as Error).cause as Error).message).toContain(word)
      expect(inspect(error)).not.toContain("'hunter2'")
    },
  )

  test('after close nobody is asked or told any more', async () => {
    let answer!: (given: ExpiringCredentials) => void
    const provider = vi.fn(
      () =>
        new Promise<ExpiringCredentials>(resolve => {
          answer = resolve
        }),
    )
    const store = storeOf(provider)
    const listener = vi.fn()
    store.onRenew(listener)
    const asking = store.current('h:1')
    store.close()
    answer({ password: 'x', expiresAt: Date.now() + MINUTE })
    await asking
    await vi.advanceTimersByTimeAsync(2 * MINUTE)
    expect(provider).toHaveBeenCalledTimes(1)
    expect(listener).not.toHaveBeenCalled()
  })
})

test('nothing secret is seen in the store, the options or an error', async () => {
  const secret = 'hunter2'
  const options = resolveConnectionOptions({
    username: 'ann',
    password: secret,
    tls: { passphrase: secret },
  })
  const store = new CredentialStore(options.credentials, nobody)
  await store.current('h:1')
  for (const thing of [options, store, { options, store }]) {
    expect(inspect(thing, { depth: 20 })).not.toContain(secret)
    expect(JSON.stringify(thing)).not.toContain(secret)
    expect(String(thing)).not.toContain(secret)
  }
  // They are there all the same.
  expect(options.credentials).toEqual({ username: 'ann', password: secret })
  expect(options.tls?.passphrase).toBe(secret)
})

describe('live connections', () => {
  let server: LocalServer

  beforeAll(async () => {
    server = await startServer()
    for (const user of ['ann', 'bob'])
      await server.ask('ACL', 'SETUSER', user, 'on', `>${user}1`, '~*', '&*', '+@all')
  })
  afterAll(async () => {
    await server?.stop()
  })

  /** A context whose provider gives what `now` holds. */
  function rotating(now: { current: ExpiringCredentials }, options = {}) {
    return testContext({ ...options, credentials: () => ({ ...now.current }) })
  }

  test('show what is new to their servers, and keep working', async () => {
    const now = { current: { username: 'ann', password: 'ann1' } }
    const context = rotating(now)
    const { connection: first } = openConnection(server, context)
    expect(await context.ask(first, 'ACL', 'WHOAMI')).toBe('ann')

    now.current = { username: 'bob', password: 'bob1' }
    const { connection: second } = openConnection(server, context)
    expect(await context.ask(second, 'ACL', 'WHOAMI')).toBe('bob')
    await vi.waitFor(async () => expect(await context.ask(first, 'ACL', 'WHOAMI')).toBe('bob'))
    expect([first.closed, context.errors]).toEqual([false, []])
  })

  test('a changed password is learned: the old one is refused, and the provider is asked for the new one', async () => {
    await server.ask('ACL', 'SETUSER', 'eve', 'on', '>old', '~*', '&*', '+@all')
    const far = Date.now() + 3_600_000
    const now = { current: { username: 'eve', password: 'old', expiresAt: far } }
    const context = rotating(now)
    const { connection } = openConnection(server, context)
    expect(await context.ask(connection, 'ACL', 'WHOAMI')).toBe('eve')

    await server.ask('ACL', 'SETUSER', 'eve', 'resetpass', '>new')
    now.current = { username: 'eve', password: 'new', expiresAt: far }
    // It has an hour to go, so it is tried; the server's no is what makes the client ask.
    expect(await openConnection(server, context).closed).toBeInstanceOf(AuthenticationError)
    const { connection: next } = openConnection(server, context)
    expect(await context.ask(next, 'ACL', 'WHOAMI')).toBe('eve')
    await vi.waitFor(async () => expect(await context.ask(connection, 'PING')).toBe('PONG'))
  })

  test('fresh credentials that are refused are told; the connection goes on with those it has', async () => {
    const now = { current: { username: 'ann', password: 'ann1' } }
    const context = rotating(now)
    const { connection } = openConnection(server, context)
    await context.ask(connection, 'PING')
    now.current = { username: 'bob', password: 'hunter2' }
    expect(await openConnection(server, context).closed).toBeInstanceOf(AuthenticationError)
    await vi.waitFor(() => expect(context.errors).toHaveLength(1))
    expect(context.errors[0]).toBeInstanceOf(AuthenticationError)
    expect(context.errors[0]?.message).not.toContain('hunter2')
    expect(await context.ask(connection, 'ACL', 'WHOAMI')).toBe('ann')
  })

  test('one that waits in a blocking command shows them when that is answered, however long it takes', async () => {
    const now = { current: { username: 'ann', password: 'ann1' } }
    const context = rotating(now, { connectTimeoutMs: 300 })
    const { connection } = openConnection(server, context)
    const popped = context.call(connection, command('BLPOP', 'queue', '0'))
    await vi.waitFor(() => expect(popped.wasSent).toBe(true))
    now.current = { username: 'bob', password: 'bob1' }
    await context.ask(openConnection(server, context).connection, 'PING')
    await vi.waitFor(() => expect(connection.inFlight).toBe(2))

    // Longer than a connection may take to be made.
    await using silent = await scriptedServer(() => {})
    await openConnection(silent, context).closed
    expect(popped.settled).toBe(false)
    await server.ask('RPUSH', 'queue', 'x')
    expect(await popped.promise).toEqual(['queue', 'x'])
    expect(await context.ask(connection, 'ACL', 'WHOAMI')).toBe('bob')
  })

  test('one that is being made while they change shows the new ones too', async () => {
    let greet!: () => void
    const held = new Promise<void>(resolve => {
      greet = resolve
    })
    const shown: string[][] = []
    await using slow = await scriptedServer(async (peer, index) => {
      shown[index] = []
      for (let asked = await peer.next(); asked !== undefined; asked = await peer.next()) {
        if (asked[0] === 'HELLO') {
          shown[index]?.push(asked[4] as string)
          if (index === 0) await held
          peer.reply(HELLO_REPLY)
        } else {
          if (asked[0] === 'AUTH') shown[index]?.push(asked[2] as string)
          peer.reply('+OK\r\n')
        }
      }
    })
    const now = { current: { username: 'ann', password: 'ann1' } }
    const context = rotating(now, { clientInfo: false })
    const first = openConnection(slow, context)
    await vi.waitFor(() => expect(shown[0]).toEqual(['ann1']))
    now.current = { username: 'ann', password: 'ann2' }
    await openConnection(slow, context).ready
    greet()
    await vi.waitFor(() => expect(shown).toEqual([['ann1', 'ann2'], ['ann2']]))
    expect(first.connection.closed).toBe(false)
  })

  test('a provider that fails keeps connections from being made, and says why', async () => {
    const why = new Error('the vault is sealed')
    const context = testContext({ credentials: () => Promise.reject(why) })
    const { connection, closed } = openConnection(server, context)
    const call = context.call(connection, command('PING'))
    const error = await closed
    expect(error).toBeInstanceOf(AuthenticationError)
    expect((error as ConnectError).cause).toBe(why)
    expect((await call.failure()).message).toBe(error?.message)
    // No socket was opened for it.
    expect(connection.phase).toBe('auth')
  })
})
