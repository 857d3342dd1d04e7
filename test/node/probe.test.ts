import { describe, expect, test } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import type { ConnectPhase } from '../../src/core/errors.js'
import { Probe } from '../../src/node/probe.js'

/** What a probe sees of a connection that is being made. */
class Dialled {
  phase: ConnectPhase = 'connect'
  isOver = false
  constructor(readonly since: number) {}
  destroy(): void {
    this.isOver = true
  }
}

class Scene {
  readonly dialled: Dialled[] = []
  mayDial = true
  now = 0
  readonly probe = new Probe({
    mayDial: () => this.mayDial,
    dial: () => {
      const dialled = new Dialled(this.now)
      this.dialled.push(dialled)
      return dialled as unknown as Connection
    },
    isReplaceable: () => true,
    isAtWork: async () => false,
    onFound: () => {},
  })

  /** Poked every 25 ms. */
  until(end: number): void {
    for (; this.now <= end; this.now += 25) this.probe.poke(this.now)
  }
  get alive(): number[] {
    return this.dialled.filter(({ isOver }) => !isOver).map(({ since }) => since)
  }
}

describe('Probe', () => {
  test('dials every 200 ms, keeps four at most, and gives each up after 800', () => {
    const scene = new Scene()
    scene.until(775)
    expect([scene.alive, scene.probe.size]).toEqual([[0, 200, 400, 600], 4])
    scene.until(2000)
    expect(scene.dialled.map(({ since }) => since)).toEqual([
      0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000,
    ])
    expect(scene.alive).toEqual([1400, 1600, 1800, 2000])
    scene.probe.end(undefined)
    expect([scene.alive, scene.probe.size]).toEqual([[], 0])
  })

  test.each(['tls', 'reply'] as const)(
    'one that is connected (%s) is the only one from then on, while it lives',
    phase => {
      const scene = new Scene()
      scene.until(400)
      const [, second] = scene.dialled as [Dialled, Dialled]
      second.phase = phase
      scene.until(3000)
      expect(scene.alive).toEqual([200])
      second.destroy()
      scene.probe.onClose(second as unknown as Connection)
      scene.until(3200)
      expect(scene.alive).toEqual([3025])
    },
  )

  test.each(['dns', 'auth'] as const)(
    'while a look-up or credentials are waited for (%s) there is one, for as long as it takes',
    phase => {
      const scene = new Scene()
      scene.until(0)
      ;(scene.dialled[0] as Dialled).phase = phase
      scene.until(3000)
      expect(scene.alive).toEqual([0])
    },
  )

  test('keeps the pauses of the node', () => {
    const scene = new Scene()
    scene.mayDial = false
    scene.until(1000)
    expect(scene.dialled).toEqual([])
    scene.mayDial = true
    scene.until(1100)
    expect(scene.alive).toEqual([1025])
  })
})
