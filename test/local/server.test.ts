import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConnectError, DeadlineExceededError, ReplyError } from '../../src/core/errors.js'
import {
  findServer,
  type LocalServer,
  ServerNotRunningError,
  ServerStartError,
  startServer,
} from '../../src/local/index.js'
import { ask } from '../../src/local/probe.js'
import { makeCertificates } from './fixtures/certificates.js'

let scratch: string

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'slotwise-test-'))
})

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true })
})

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('one server', () => {
  let server: LocalServer

  beforeAll(async () => {
    server = await startServer({
      unixSocket: true,
      config: { maxmemory: '64mb', 'lazyfree-lazy-expire': true },
    })
  })

  afterAll(async () => {
    await server?.stop()
  })

  test('startServer gives where it is, and what runs there', async () => {
    expect(server.url).toBe(`redis://${server.address}`)
    expect(server.address).toBe(`127.0.0.1:${server.port}`)
    expect(server.state).toBe('running')
    expect(server.binary.path).toMatch(/^\//)
    expect(await server.ask('INFO', 'server')).toContain(`process_id:${server.pid}`)
    expect(await server.logs()).toContain('Ready to accept connections')
  })

  test('startServer writes the directives given over the defaults', async () => {
    expect(await server.ask('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 * 1024)])
    expect(await server.ask('CONFIG', 'GET', 'lazyfree-lazy-expire')).toEqual(['lazyfree-lazy-expire', 'yes'])
    expect(await server.ask('CONFIG', 'GET', 'save')).toEqual(['save', ''])
    expect(await server.ask('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1'])
  })

  test('a unix socket is listened on beside the port', async () => {
    expect(await ask({ ...server.target, socketPath: server.socketPath }, ['PING'])).toBe('PONG')
    expect(await server.ask('PING')).toBe('PONG')
  })

  test('pause makes it silent and resume lets it answer what was asked meanwhile', async () => {
    await server.pause()
    await server.pause()
    expect(server.state).toBe('paused')
    const silence = ask(server.target, ['PING'], { timeoutMs: 200 })
    await expect(silence).rejects.toThrow(DeadlineExceededError)
    const answer = server.ask('PING')
    await server.resume()
    await server.resume()
    expect(await answer).toBe('PONG')
    expect(server.state).toBe('running')
  })

  test('kill ends it at once, also while it is paused, and restart brings it back on the same port', async () => {
    const { port, pid } = server
    await server.pause()
    await server.kill()
    await server.kill()
    expect(server.state).toBe('stopped')
    expect(server.pid).toBeUndefined()
    await expect(server.ask('PING')).rejects.toThrow(ConnectError)
    await expect(server.pause()).rejects.toThrow(ServerNotRunningError)

    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    expect(await server.ask('PING')).toBe('PONG')
  })

  test('kill takes other signals, also while it is paused', async () => {
    await server.pause()
    await server.kill('SIGTERM')
    expect(server.state).toBe('stopped')
    expect(await server.logs()).toContain('bye bye')
    await server.restart()
  })

  test('restart moves a running server to another port', async () => {
    const before = server.port
    const other = await startServer()
    const { port } = other
    await other.stop()
    await server.restart({ port })
    expect(server.port).toBe(port)
    expect(await server.ask('PING')).toBe('PONG')
    await expect(ask({ host: server.host, port: before }, ['PING'])).rejects.toThrow(ConnectError)
  })

  test('restarts and stops asked for at once happen one after the other', async () => {
    await Promise.all([server.restart(), server.restart()])
    expect(await server.ask('PING')).toBe('PONG')
  })

  test('restart brings it back on another port, with what it has persisted', async () => {
    await server.ask('SET', 'kept', 'yes')
    await server.ask('SAVE')
    const before = server.port
    await server.restart({ port: 'other' })
    expect(server.port).not.toBe(before)
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`)
    expect(await server.ask('GET', 'kept')).toBe('yes')
    await expect(ask({ host: server.host, port: before }, ['PING'])).rejects.toThrow(ConnectError)
    // The old one is anybody's now.
    await using heir = await startServer({ port: before })
    expect(heir.port).toBe(before)
    expect(() => server.restart({ port: 'another' as 'other' })).toThrow('restart.port')
  })

  test('stop overtakes a restart that is under way', async () => {
    const restart = server.restart().catch((error: unknown) => error)
    await server.stop()
    expect(server.state).toBe('stopped')
    expect(await restart).toBeInstanceOf(ServerStartError)
    await server.restart()
  })

  test('stop may be called twice, removes the folder, and keeps the log', async () => {
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    expect(existsSync(server.dir)).toBe(false)
    expect(await server.logs()).toContain('Ready to accept connections')
  })
})

test('a server stops at the end of its scope', async () => {
  let left: LocalServer
  {
    await using server = await startServer()
    left = server
  }
  expect(left.state).toBe('stopped')
})

test('a folder of the user is kept, with the data', async () => {
  const dir = join(scratch, 'kept')
  const first = await startServer({ dir, config: { appendonly: 'yes' } })
  await first.ask('SET', 'k', 'v')
  await first.stop()
  await using second = await startServer({ dir, config: { appendonly: 'yes' } })
  expect(await second.ask('GET', 'k')).toBe('v')
})

test('a password is asked for, and is part of the url', async () => {
  const password = 'p "q\\ ü#%@'
  await using server = await startServer({ password })
  expect(await server.ask('PING')).toBe('PONG')
  expect(decodeURIComponent(new URL(server.url).password)).toBe(password)
  const stranger = ask({ host: server.host, port: server.port }, ['PING'])
  await expect(stranger).rejects.toThrow(/NOAUTH/)
})

test('a named user may do everything, and the default user nothing', async () => {
  await using server = await startServer({
    username: 'ann',
    password: 's3cret',
    config: { user: ['reader on >x ~* +get', 'writer on >y ~* +set'] },
  })
  expect(await server.ask('ACL', 'WHOAMI')).toBe('ann')
  expect(await server.ask('ACL', 'USERS')).toEqual(['ann', 'default', 'reader', 'writer'])
  const { host, port } = server
  await expect(ask({ host, port }, ['PING'])).rejects.toThrow(ReplyError)
  await expect(ask({ host, port, username: 'reader', password: 'x' }, ['SET', 'k', 'v'])).rejects.toThrow(
    /NOPERM/,
  )
})

test('TLS is served, and nothing else', async () => {
  const tls = makeCertificates(scratch)
  await using server = await startServer({ tls })
  expect(server.url).toBe(`rediss://${server.address}`)
  expect(await server.ask('PING')).toBe('PONG')
  const { host, port } = server
  await expect(ask({ host, port }, ['PING'], { timeoutMs: 5_000 })).rejects.toThrow()
})

test('a server that refuses its configuration is an error with its own words', async () => {
  const error = await failureOf(startServer({ config: { 'no-such-directive': 1 } }))
  expect(error).toBeInstanceOf(ServerStartError)
  expect(error).toMatchObject({ code: 'SERVER_START' })
  expect((error as Error).message).toMatch(/ended with exit code 1\n.*no-such-directive/s)
})

test('a server that never answers is an error at the deadline, and does not stay behind', async () => {
  const path = await wrapper('never', 'exec sleep 1000')
  const error = await failureOf(startServer({ server: path, timeoutMs: 300 }))
  expect(error).toBeInstanceOf(ServerStartError)
  expect((error as Error).message).toContain('was not ready within 300 ms')
})

test('a port that was asked for and is taken is an error, and the server that has it is left alone', async () => {
  await using first = await startServer()
  const error = await failureOf(startServer({ port: first.port }))
  expect(error).toBeInstanceOf(ServerStartError)
  expect((error as Error).message).toMatch(/address already in use|failed listening/i)
  expect(await first.ask('PING')).toBe('PONG')
})

test('a server behind a script that does not hand over its process is reached by every signal', async () => {
  const { path } = await findServer()
  const script = await wrapper('wrapped', `"${path}" "$@"\nexit $?`)
  await using server = await startServer({ server: script })
  expect(await server.ask('INFO', 'server')).toContain(`process_id:${server.pid}`)
  await server.pause()
  await expect(ask(server.target, ['PING'], { timeoutMs: 200 })).rejects.toThrow(DeadlineExceededError)
  await server.resume()
  await server.kill()
  await expect(server.ask('PING')).rejects.toThrow(ConnectError)
  await server.restart()
  await server.stop()
  await expect(server.ask('PING')).rejects.toThrow(ConnectError)
  expect(await server.logs()).toContain('bye bye')
})

/** A script that answers --version like a server, and does something else when it is run. */
async function wrapper(name: string, command: string): Promise<string> {
  const path = join(scratch, name)
  const version = 'Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64 build=1'
  await writeFile(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo '${version}'; exit; fi\n${command}\n`)
  await chmod(path, 0o755)
  return path
}
