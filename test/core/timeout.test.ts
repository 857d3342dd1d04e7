import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Timeout } from '../../src/core/timeout.js'

describe('Timeout', () => {
  let clock = 0
  let fired = 0
  beforeEach(() => {
    clock = 1000
    fired = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  /** The timers' time goes on; the event loop comes `lateMs` too late. */
  async function pass(ms: number, lateMs = 0): Promise<void> {
    clock += ms + lateMs
    vi.advanceTimersByTime(ms)
    await new Promise(setImmediate)
  }

  test('fires once, after what the kernel has is read', async () => {
    new Timeout(50, () => fired++)
    clock += 50
    vi.advanceTimersByTime(50)
    expect(fired).toBe(0)
    await new Promise(setImmediate)
    expect(fired).toBe(1)
    await pass(1000)
    expect([fired, vi.getTimerCount()]).toEqual([1, 0])
  })

  test('waits once more, as long as was lost, when the event loop was blocked', async () => {
    new Timeout(500, () => fired++)
    await pass(500, 200)
    expect(fired).toBe(0)
    await pass(199)
    expect(fired).toBe(0)
    // Late again: but for ever is too long.
    await pass(1, 5000)
    expect(fired).toBe(1)
  })

  test('waits no longer than it was given', async () => {
    new Timeout(30, () => fired++)
    await pass(30, 10_000)
    expect(fired).toBe(0)
    await pass(30)
    expect(fired).toBe(1)
  })

  test('does not fire when it was cleared, also at the last moment, and leaves no timer', async () => {
    new Timeout(50, () => fired++).clear()
    expect(vi.getTimerCount()).toBe(0)
    const late = new Timeout(50, () => fired++)
    clock += 50
    vi.advanceTimersByTime(50)
    late.clear()
    await new Promise(setImmediate)
    const blocked = new Timeout(50, () => fired++)
    await pass(50, 500)
    blocked.clear()
    await pass(1000)
    expect([fired, vi.getTimerCount()]).toEqual([0, 0])
  })
})
