import { describe, expect, test } from 'vitest'
import { InvalidOptionError } from '../../src/core/errors.js'
import { startCluster, startServer } from '../../src/local/index.js'

// Refused before anything is started, so none of these needs a server.
describe('a bad option is refused by its name', () => {
  const server: [field: string, options: unknown][] = [
    ['startServer', null],
    ['startServer', []],
    ['startServer.prot', { prot: 7000 }],
    ['startServer.primaries', { primaries: 3 }],
    ['startServer.port', { port: 0 }],
    ['startServer.port', { port: 65_536 }],
    ['startServer.port', { port: '7000' }],
    ['startServer.port', { port: Number.NaN }],
    ['startServer.unixSocket', { unixSocket: '/tmp/x' }],
    ['startServer.timeoutMs', { timeoutMs: 0 }],
    ['startServer.timeoutMs', { timeoutMs: Number.POSITIVE_INFINITY }],
    ['startServer.dir', { dir: '' }],
    ['startServer.server', { server: 7 }],
    ['startServer.config', { config: 'save ""' }],
    ['startServer.config.port', { config: { port: 7000 } }],
    ['startServer.config.RequirePass', { config: { RequirePass: 'x' } }],
    ['startServer.config.max memory', { config: { 'max memory': 1 } }],
    ['startServer.config.maxmemory', { config: { maxmemory: Number.NaN } }],
    ['startServer.config.maxmemory', { config: { maxmemory: null } }],
    ['startServer.config.save', { config: { save: '900 1\nport 1' } }],
    ['startServer.config.user', { config: { user: ['a on', 'b\non'] } }],
    ['startServer.password', { password: '' }],
    ['startServer.password', { username: 'ann' }],
    ['startServer.username', { username: 'an n', password: 'x' }],
    ['startServer.tls', { tls: true }],
    ['startServer.tls.ca', { tls: { cert: 'a', key: 'b' } }],
    ['startServer.tls.passphrase', { tls: { cert: 'a', key: 'b', ca: 'c', passphrase: 'd' } }],
    ['startServer.tls.ca', { tls: { cert: '/none', key: '/none', ca: '/none' } }],
  ]
  test.each(server)('%s in %j', async (field, options) => {
    const error: unknown = await startServer(options as object).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ field, code: 'INVALID_OPTION' })
  })

  const cluster: [field: string, options: unknown][] = [
    ['startCluster.primary', { primary: 3 }],
    ['startCluster.port', { port: 7000 }],
    ['startCluster.primaries', { primaries: 0 }],
    ['startCluster.primaries', { primaries: 2.5 }],
    ['startCluster.replicas', { replicas: -1 }],
    ['startCluster.replicas', { replicas: '1' }],
    ['startCluster.ports', { primaries: 2, replicas: 0, ports: [7000] }],
    ['startCluster.ports[1]', { primaries: 2, replicas: 0, ports: [7000, 55_536] }],
    ['startCluster.ports[1]', { primaries: 2, replicas: 0, ports: [7000, 7000] }],
    ['startCluster.nodeConfig', { nodeConfig: { maxmemory: '1mb' } }],
    ['startCluster.nodeConfig(0).port', { primaries: 1, replicas: 0, nodeConfig: () => ({ port: 1 }) }],
  ]
  test.each(cluster)('%s in %j', async (field, options) => {
    const error: unknown = await startCluster(options as object).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error).toMatchObject({ field })
  })
})

test('a bad password is not repeated in the message', async () => {
  const error: unknown = await startServer({ password: 'se\ncret' }).catch((reason: unknown) => reason)
  expect((error as Error).message).not.toContain('cret')
})
