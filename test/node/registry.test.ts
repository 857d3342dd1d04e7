import { afterEach, describe, expect, test, vi } from 'vitest'
import { NodeRegistry } from '../../src/node/registry.js'
import { command, testContext } from '../support/calls.js'
import { scriptedServer } from '../support/scripted-server.js'

const registries: NodeRegistry[] = []
afterEach(() => {
  for (const registry of registries.splice(0)) registry.destroy()
})

function registryOf(context = testContext({ clientInfo: false })): NodeRegistry {
  const registry = new NodeRegistry(context, {})
  registries.push(registry)
  return registry
}

describe('NodeRegistry', () => {
  test('knows one node per address, and dials none of them by itself', async () => {
    await using peers = await scriptedServer(() => {})
    const registry = registryOf()
    const { host, port } = peers
    const node = registry.adopt({ endpoint: { host, port } })
    expect(registry.adopt({ endpoint: { host, port } })).toBe(node)
    expect(registry.adopt({ endpoint: { host, port: 1 } })).not.toBe(node)
    expect(registry.get(`${host}:${port}`)).toBe(node)
    expect(registry.get('nowhere:1')).toBeUndefined()
    expect(registry.all).toHaveLength(2)
    expect(peers.dials).toBe(0)
  })

  test('a name to prove that is learned later makes a new node; the old one finishes', async () => {
    const registry = registryOf()
    const endpoint = { host: '127.0.0.1', port: 1 }
    const first = registry.adopt({ endpoint })
    const second = registry.adopt({ endpoint, serverName: 'a.test' })
    expect(second).not.toBe(first)
    expect([first.closed, second.target.serverName]).toEqual([true, 'a.test'])
    // Nobody says otherwise: it keeps its name.
    expect(registry.adopt({ endpoint })).toBe(second)
    expect(registry.all).toEqual([second])
  })

  test('a retired node finishes what it has, while another takes its address', async () => {
    let answer!: () => void
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    await using peers = await scriptedServer(async (peer, index) => {
      await peer.greet()
      await peer.expect('GET')
      if (index === 0) await held
      peer.reply(`:${index}\r\n`)
    })
    const context = testContext({ clientInfo: false })
    const registry = registryOf(context)
    const target = { endpoint: { host: peers.host, port: peers.port } }
    const old = registry.adopt(target)
    const call = context.call(old, command('GET', 'k'))
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    registry.retire(old)
    expect(registry.get(old.address)).toBeUndefined()
    const young = registry.adopt(target)
    expect(young).not.toBe(old)
    expect(await context.ask(young, 'GET', 'k')).toBe(1)
    expect(call.settled).toBe(false)
    answer()
    expect(await call.promise).toBe(0)
    await peers.peers[0]?.left()
  })

  test('close waits for retired nodes too, destroy ends them too', async () => {
    await using silent = await scriptedServer(peer => peer.greet())
    const context = testContext({ clientInfo: false })
    const registry = registryOf(context)
    const node = registry.adopt({ endpoint: { host: silent.host, port: silent.port } })
    const call = context.call(node, command('GET', 'k'))
    await vi.waitFor(() => expect(call.wasSent).toBe(true))
    registry.retire(node)
    let closed = false
    const closing = registry.close().then(() => {
      closed = true
    })
    await new Promise(setImmediate)
    expect([closed, call.settled]).toEqual([false, false])
    registry.destroy()
    expect(call.error).toMatchObject({ name: 'ClosedError', outcome: 'unknown' })
    await closing
    await silent.peers[0]?.left()
  })
})
