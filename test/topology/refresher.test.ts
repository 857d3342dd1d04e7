import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resolveTopologyOptions } from '../../src/topology/options.js'
import { Refresher, type RefreshReason } from '../../src/topology/refresher.js'

const GAP_MS = 100
const MAX_PAUSE_MS = 400

interface Asked {
  readonly reason: RefreshReason
  answer(text?: string): Promise<void>
  fail(): Promise<void>
}

/** A refresher whose questions the test answers. */
function refresherOf(take: (answer: string, reason: RefreshReason) => void = () => {}) {
  const asked: Asked[] = []
  const failures: Error[] = []
  const refresher = new Refresher<string>(
    resolveTopologyOptions({ minRefreshGapMs: GAP_MS, maxRefreshPauseMs: MAX_PAUSE_MS }),
    {
      ask: reason =>
        new Promise((resolve, reject) => {
          asked.push({
            reason,
            answer: async (text = '') => {
              resolve(text)
              await vi.advanceTimersByTimeAsync(0)
            },
            fail: async () => {
              reject(new Error('nobody could tell'))
              await vi.advanceTimersByTimeAsync(0)
            },
          })
        }),
      take,
      failed: error => failures.push(error),
    },
  )
  return { refresher, asked, failures }
}

describe('Refresher', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    // The longest pause the jitter allows.
    vi.spyOn(Math, 'random').mockReturnValue(1)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('asks at once when nothing has been asked before', () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    expect(asked.map(({ reason }) => reason)).toEqual(['connect'])
    expect(refresher.running).toBe(true)
  })

  test('any number of pokes while it asks amount to the one question under way', async () => {
    const { refresher, asked } = refresherOf()
    for (let i = 0; i < 1000; i++) refresher.poke('MOVED')
    await asked[0]?.answer()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(1)
    expect(refresher.running).toBe(false)
  })

  test('any number of pokes within the minimum gap amount to one question at its end', async () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.answer()
    refresher.poke('MOVED')
    for (let i = 0; i < 1000; i++) refresher.poke('CLUSTERDOWN')
    await vi.advanceTimersByTimeAsync(GAP_MS - 1)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.map(({ reason }) => reason)).toEqual(['connect', 'MOVED'])
    await asked[1]?.answer()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(2)
  })

  test('after the gap it asks at once again', async () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.answer()
    await vi.advanceTimersByTimeAsync(GAP_MS)
    refresher.poke('MOVED')
    expect(asked).toHaveLength(2)
  })

  test('whoever pokes in response to an answer asks for the next one', async () => {
    const taken: string[] = []
    const { refresher, asked } = refresherOf((answer, reason) => {
      taken.push(`${answer} ${reason}`)
      if (answer === 'a hole') refresher.poke('uncovered slot')
    })
    refresher.poke('connect')
    await asked[0]?.answer('a hole')
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(GAP_MS)
    await asked[1]?.answer('complete')
    expect(taken).toEqual(['a hole connect', 'complete uncovered slot'])
  })

  test('pauses grow while nobody can tell, up to the longest one, and an answer ends that', async () => {
    const { refresher, asked, failures } = refresherOf()
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      const before = Date.now()
      refresher.poke('no topology')
      if (asked.length === i) await vi.advanceTimersToNextTimerAsync()
      pauses.push(Date.now() - before)
      await asked[i]?.fail()
    }
    // Nothing before the first; then a quarter of the gap, doubled for each failure.
    expect(pauses).toEqual([0, 50, 100, 200, 400, 400, 400])
    expect(failures).toHaveLength(7)
    expect(refresher.failures).toBe(7)

    refresher.poke('no topology')
    await vi.advanceTimersByTimeAsync(MAX_PAUSE_MS)
    await asked[7]?.answer()
    expect(refresher.failures).toBe(0)
  })

  test('with the shortest jitter a dead cluster is still not hammered', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.fail()
    refresher.poke('connect')
    await vi.advanceTimersByTimeAsync(GAP_MS / 4 - 1)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(2)
  })

  test('a failure is not tried again by itself', async () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.fail()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toHaveLength(1)
  })

  test('an answer that cannot be taken is a failure', async () => {
    const { refresher, asked, failures } = refresherOf(() => {
      throw new Error('not like this')
    })
    refresher.poke('connect')
    await asked[0]?.answer()
    expect(failures.map(error => error.message)).toEqual(['not like this'])
    expect(refresher.failures).toBe(1)
    expect(refresher.running).toBe(false)
  })

  test('once stopped it neither asks nor tells', async () => {
    const taken: string[] = []
    const { refresher, asked, failures } = refresherOf(answer => taken.push(answer))
    refresher.poke('connect')
    await asked[0]?.answer('one')
    refresher.poke('MOVED')
    refresher.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    refresher.poke('connect')
    expect(asked).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)

    const late = refresherOf(answer => taken.push(answer))
    late.refresher.poke('connect')
    late.refresher.stop()
    await late.asked[0]?.answer('late')
    const later = refresherOf()
    later.refresher.poke('connect')
    later.refresher.stop()
    await later.asked[0]?.fail()
    expect(taken).toEqual(['one'])
    expect([...failures, ...later.failures]).toEqual([])
  })
})
