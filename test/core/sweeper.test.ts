import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SWEEP_INTERVAL_MS, Sweeper } from '../../src/core/sweeper.js'

describe('Sweeper', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('walks its members at every tick while calls are under way, and rests otherwise', () => {
    const sweeper = new Sweeper()
    const times: number[] = []
    sweeper.add({ sweep: now => times.push(now) })
    expect(vi.getTimerCount()).toBe(0)

    sweeper.began()
    sweeper.began()
    const start = performance.now()
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS * 2)
    expect(times).toEqual([start + SWEEP_INTERVAL_MS, start + SWEEP_INTERVAL_MS * 2])
    sweeper.ended()
    expect(sweeper.pending).toBe(1)
    sweeper.ended()

    // Once more, for what an aborted call left behind; then no timer is left.
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS * 5)
    expect(times).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)

    sweeper.began()
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    expect(times).toHaveLength(4)
  })

  test('a member that left is not walked, one that leaves or joins while walking does no harm', () => {
    const sweeper = new Sweeper()
    const walked: string[] = []
    const late = { sweep: () => walked.push('late') }
    const leaver = {
      sweep: () => {
        walked.push('leaver')
        sweeper.remove(leaver)
        sweeper.add(late)
      },
    }
    const gone = { sweep: () => walked.push('gone') }
    sweeper.add(leaver)
    sweeper.add(gone)
    sweeper.remove(gone)
    sweeper.began()
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    expect(walked).toEqual(['leaver', 'late', 'late'])
  })

  test('a member that throws keeps neither the others nor the next tick from their walk', () => {
    const sweeper = new Sweeper()
    let walks = 0
    sweeper.add({
      sweep: () => {
        throw new Error('from a sweep')
      },
    })
    sweeper.add({ sweep: () => walks++ })
    sweeper.began()
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS * 2)
    expect(walks).toBe(2)
  })

  test('a tick that is only a little late is no stall; a rest of the clock counts as one', async () => {
    const sweeper = new Sweeper()
    let walks = 0
    sweeper.add({ sweep: () => walks++ })
    sweeper.began()
    const began = sweeper.stalledAt
    expect(began).toBe(performance.now())
    const clock = vi.spyOn(performance, 'now')
    clock.mockReturnValue(began + SWEEP_INTERVAL_MS + 90)
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    expect([walks, sweeper.stalledAt]).toEqual([1, began])
    clock.mockReturnValue(began + 2 * SWEEP_INTERVAL_MS + 200)
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    expect([walks, sweeper.stalledAt]).toEqual([1, began + 2 * SWEEP_INTERVAL_MS + 200])
    await new Promise(setImmediate)
    expect(walks).toBe(2)
    clock.mockRestore()

    sweeper.ended()
    vi.advanceTimersByTime(SWEEP_INTERVAL_MS)
    await new Promise(setImmediate)
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(10_000)
    sweeper.began()
    expect(sweeper.stalledAt).toBe(performance.now())
  })

  test('idle resolves at once, when the last call ends, or after its time', async () => {
    const sweeper = new Sweeper()
    await sweeper.idle(1000)

    sweeper.began()
    let idle = false
    const whenIdle = sweeper.idle(1000).then(() => {
      idle = true
    })
    await vi.advanceTimersByTimeAsync(500)
    expect(idle).toBe(false)
    sweeper.ended()
    await whenIdle

    sweeper.began()
    const timedOut = sweeper.idle(1000)
    await vi.advanceTimersByTimeAsync(1000)
    await timedOut
    expect(sweeper.pending).toBe(1)
    sweeper.ended()
    await vi.advanceTimersByTimeAsync(SWEEP_INTERVAL_MS)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('Sweeper, when the event loop was blocked', () => {
  const block = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

  /** The next walk of the sweeper. */
  function walk(sweeper: Sweeper): Promise<number> {
    return new Promise(resolve => {
      const member = {
        sweep: (now: number) => {
          sweeper.remove(member)
          resolve(now)
        },
      }
      sweeper.add(member)
    })
  }

  test('reads what has come meanwhile before it judges anybody, and says when the stall ended', async () => {
    const peer = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
    const sweeper = new Sweeper()
    try {
      peer.stdin.write('awake?')
      await once(peer.stdout, 'data')
      sweeper.began()
      await walk(sweeper)
      const order: string[] = []
      peer.stdout.on('data', () => order.push('read'))
      sweeper.add({ sweep: () => order.push('swept') })
      const before = sweeper.stalledAt
      // The phase after which timers come first, and reading only then.
      await new Promise(setImmediate)
      order.length = 0
      peer.stdin.write('an answer')
      block(400)
      const blockedUntil = performance.now()
      const walkedAt = await walk(sweeper)
      expect(order).toEqual(['read', 'swept'])
      expect(before).toBeLessThan(blockedUntil - 400)
      expect(sweeper.stalledAt).toBeGreaterThanOrEqual(blockedUntil)
      expect(sweeper.stalledAt).toBeLessThanOrEqual(walkedAt)
    } finally {
      sweeper.ended()
      peer.kill()
      await walk(sweeper)
    }
  })
})
