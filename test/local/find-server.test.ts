import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { InvalidOptionError, SlotwiseError } from '../../src/core/errors.js'
import { ServerNotFoundError } from '../../src/local/errors.js'
import { findServer } from '../../src/local/find-server.js'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slotwise-find-'))
})

afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
})

/** A program that answers every call with one line. */
async function program(folder: string, name: string, line: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\necho '${line}'\n`)
  await chmod(path, 0o755)
  return path
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('findServer finds the server of this machine and its version', async () => {
  const found = await findServer()
  expect(found.path).toMatch(/^\//)
  expect(found.flavour).toMatch(/^(redis|valkey)$/)
  expect(found.version).toMatch(/^\d+\.\d+\.\d+/)
})

test('findServer prefers redis-server, then takes valkey-server, also under a misleading name', async () => {
  const both = await mkdtemp(join(dir, 'both-'))
  await program(both, 'valkey-server', 'Valkey server v=9.0.1 sha=00000000:0 malloc=libc bits=64 build=1')
  expect(await findServer({ env: { PATH: both } })).toMatchObject({ flavour: 'valkey', version: '9.0.1' })

  // Some distributions install Valkey as redis-server: only what it says of itself counts.
  const path = await program(
    both,
    'redis-server',
    'Valkey server v=8.1.0-rc1 sha=00000000:0 malloc=libc bits=64 build=1',
  )
  expect(await findServer({ env: { PATH: both } })).toEqual({
    path,
    flavour: 'valkey',
    version: '8.1.0-rc1',
    cli: undefined,
  })
})

test('findServer names the cli of the same house, beside the server rather than elsewhere on PATH', async () => {
  const line = 'Redis server v=8.0.0 sha=00000000:0 malloc=libc bits=64 build=1'
  const [house, elsewhere] = [await mkdtemp(join(dir, 'house-')), await mkdtemp(join(dir, 'elsewhere-'))]
  const server = await program(house, 'redis-server', line)
  const cliFor = async () => (await findServer({ server, env: { PATH: elsewhere } })).cli
  expect(await cliFor()).toBeUndefined()
  const far = await program(elsewhere, 'redis-cli', '')
  expect(await cliFor()).toBe(far)
  const other = await program(house, 'valkey-cli', '')
  expect(await cliFor()).toBe(other)
  const near = await program(house, 'redis-cli', '')
  expect(await cliFor()).toBe(near)
})

test('findServer passes over a program on PATH that is no server', async () => {
  const first = await mkdtemp(join(dir, 'first-'))
  const second = await mkdtemp(join(dir, 'second-'))
  await program(first, 'redis-server', 'command not available in this image')
  const path = await program(
    second,
    'redis-server',
    'Redis server v=8.0.3 sha=00000000:0 malloc=libc bits=64 build=1',
  )
  expect(await findServer({ env: { PATH: `${first}:${second}` } })).toMatchObject({ path, version: '8.0.3' })
})

test('findServer takes the option before the environment variable, and that before PATH', async () => {
  const some = await mkdtemp(join(dir, 'some-'))
  const named = await program(some, 'mine', 'Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64 build=1')
  await program(some, 'redis-server', 'Redis server v=6.2.0 sha=00000000:0 malloc=libc bits=64 build=1')
  const env = { PATH: some, SLOTWISE_SERVER: named }
  expect((await findServer({ env })).version).toBe('7.2.4')
  expect((await findServer({ server: 'redis-server', env })).version).toBe('6.2.0')
})

test('findServer says what it tried and how to install a server when there is none', async () => {
  const error = await failureOf(findServer({ env: { PATH: await mkdtemp(join(dir, 'empty-')) } }))
  expect(error).toBeInstanceOf(ServerNotFoundError)
  expect(error).toBeInstanceOf(SlotwiseError)
  expect(error).toMatchObject({
    code: 'SERVER_NOT_FOUND',
    tried: ['redis-server: not on PATH', 'valkey-server: not on PATH'],
  })
  expect((error as Error).message).toMatch(/install one: .*SLOTWISE_SERVER/s)
})

test('findServer does not fall back to another server when the one that was named is missing', async () => {
  const path = join(dir, 'missing')
  await expect(findServer({ server: path })).rejects.toThrow(`option server: ${path}: there is no such file`)
  const env = { ...process.env, SLOTWISE_SERVER: path }
  await expect(findServer({ env })).rejects.toThrow(`SLOTWISE_SERVER: ${path}: there is no such file`)
  await expect(findServer({ server: 'no-such-server' })).rejects.toThrow('no-such-server is not on PATH')
})

test('findServer refuses unknown options and bad paths by name', async () => {
  const misspelt = await failureOf(findServer({ sever: '/x' } as object))
  expect(misspelt).toBeInstanceOf(InvalidOptionError)
  expect(misspelt).toMatchObject({ field: 'findServer.sever' })
  expect(await failureOf(findServer({ server: '' }))).toMatchObject({ field: 'findServer.server' })
})
