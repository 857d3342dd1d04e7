import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectError } from '../../src/core/errors.js'
import { startServer } from '../../src/local/index.js'
import { resolveNodeOptions } from '../../src/node/options.js'
import { Redial } from '../../src/node/redial.js'
import { command, testContext } from '../support/calls.js'
import { scriptedServer } from '../support/scripted-server.js'
import { until } from '../support/wait.js'
import { WatchedNode } from '../support/watched-node.js'

describe('Redial', () => {
  const failure = new ConnectError('h:1', 'connect')
  let clock = 0
  beforeEach(() => {
    clock = 1000
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
    // The longest there may be.
    vi.spyOn(Math, 'random').mockReturnValue(1)
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** How long it pauses from now. */
  function pauseOf(redial: Redial): number {
    const start = clock
    while (redial.paused) clock += 10
    return clock - start
  }

  test('pauses grow to 100 ms in the first 15 seconds, and to redialMaxMs after', () => {
    const redial = new Redial('h:1', resolveNodeOptions())
    expect(redial.paused).toBe(false)
    const pauses: number[] = []
    while (clock < 17_000) {
      redial.failed(failure)
      pauses.push(pauseOf(redial))
    }
    expect(pauses.slice(0, 5)).toEqual([20, 40, 80, 100, 100])
    expect(pauses.at(-1)).toBe(1000)
    expect(new Set(pauses.slice(3))).toEqual(new Set([100, 1000]))
    redial.succeeded()
    expect([redial.failures, redial.lastError, redial.paused]).toEqual([0, undefined, false])
    redial.failed(failure)
    expect(pauseOf(redial)).toBe(20)
  })

  test.each([
    [{ redialMinMs: 5, redialMaxMs: 10 }, [5, 10, 10]],
    [{ redialMinMs: 300, redialMaxMs: 400 }, [300, 300, 300]],
  ])('the options %o hold in that time, too', (options, expected) => {
    const redial = new Redial('h:1', resolveNodeOptions(options))
    const pauses = expected.map(() => {
      redial.failed(failure)
      return pauseOf(redial)
    })
    expect(pauses.map(ms => Math.ceil(ms / 5) * 5)).toEqual(expected.map(ms => Math.ceil(ms / 10) * 10))
  })

  test('a success in vain is none: pauses go on growing, and the reason is said', () => {
    const failed: string[] = []
    const redial = new Redial('h:1', resolveNodeOptions(), error => failed.push(error.message))
    const pauses = Array.from({ length: 4 }, () => {
      redial.succeeded()
      redial.inVain(new Error('ECONNRESET'))
      return pauseOf(redial)
    })
    expect(pauses).toEqual([20, 40, 80, 100])
    expect(redial.lastError).toMatchObject({
      phase: 'reply',
      retryable: true,
      cause: new Error('ECONNRESET'),
    })
    expect(failed).toHaveLength(4)
    // One that was of use ends the row.
    redial.succeeded()
    redial.succeeded()
    redial.inVain(new Error('ECONNRESET'))
    expect(pauseOf(redial)).toBe(20)
  })
})

describe('a node that is wanted', () => {
  test('serves again when its server is back, without anybody asking for anything', async () => {
    const victim = await startServer()
    const scene = new WatchedNode(victim, testContext())
    const { node, context, news } = scene
    scene.want()
    await context.ask(node, 'PING')
    await victim.kill()
    await until(() => node.connections.length === 0)
    // What comes now meets nobody.
    expect(await context.call(node, command('PING')).failure()).toMatchObject({ name: 'ConnectError' })
    expect(node.available).toBe(false)
    await victim.restart()
    await until(() => node.available)
    expect(await context.ask(node, 'PING')).toBe('PONG')
    expect(news).toEqual(['unavailable: dial failed', 'available'])
    await victim.stop()
  })

  test('and only hangs up on all who come is dialled at the pace of the pauses, by lanes and leases alike', async () => {
    await using rude = await scriptedServer(async peer => {
      await peer.greet()
      peer.cut()
    })
    const context = testContext({ clientInfo: false }, { redialMinMs: 60_000, redialMaxMs: 60_000, lanes: 4 })
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const scene = new WatchedNode(rude, context)
    scene.want()
    await context.call(scene.node, command('GET', 'k')).failure()
    await until(() => !scene.node.available)
    for (let i = 0; i < 20; i++) {
      const calls = [command('GET', `k${i}`), command('BLPOP', 'q', '0')].map(what =>
        context.call(scene.node, what).failure(),
      )
      for (const error of await Promise.all(calls)) expect(error.name).toBe('ConnectError')
    }
    vi.restoreAllMocks()
    expect([rude.dials, scene.node.inspect().failures]).toEqual([1, 1])
  })
})
