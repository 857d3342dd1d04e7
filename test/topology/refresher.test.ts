import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resolveTopologyOptions, type TopologyOptions } from '../../src/topology/options.js'
import { Refresher, type RefreshReason } from '../../src/topology/refresher.js'

const GAP_MS = 100
const MAX_PAUSE_MS = 400
const PERIOD_MS = 60_000
const SPREAD_MS = 30

interface Asked {
  readonly reason: RefreshReason
  answer(text?: string): Promise<void>
  fail(): Promise<void>
}

/** A refresher whose questions the test answers. */
function refresherOf(
  take: (answer: string, reason: RefreshReason) => void = () => {},
  options: TopologyOptions = {},
) {
  const asked: Asked[] = []
  const failures: Error[] = []
  const refresher = new Refresher<string>(
    resolveTopologyOptions({
      minRefreshGapMs: GAP_MS,
      maxRefreshPauseMs: MAX_PAUSE_MS,
      refreshPeriodMs: PERIOD_MS,
      ...options,
    }),
    {
      ask: reason =>
        new Promise((resolve, reject) => {
          asked.push({
            reason,
            answer: async (text = '') => {
              resolve(text)
              if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(0)
            },
            fail: async () => {
              reject(new Error('nobody could tell'))
              await vi.advanceTimersByTimeAsync(0)
            },
          })
        }),
      take,
      failed: error => failures.push(error),
      spreadMs: () => SPREAD_MS,
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
    refresher.poke('uncovered slot')
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
    refresher.poke('CLUSTERDOWN')
    for (let i = 0; i < 1000; i++) refresher.poke('suspect node')
    await vi.advanceTimersByTimeAsync(GAP_MS - 1)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.map(({ reason }) => reason)).toEqual(['connect', 'CLUSTERDOWN'])
    await asked[1]?.answer()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(2)
  })

  test('after the gap it asks at once again', async () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.answer()
    await vi.advanceTimersByTimeAsync(GAP_MS)
    refresher.poke('lost connection')
    expect(asked).toHaveLength(2)
  })

  test.each<RefreshReason>(['MOVED', 'ASK burst', 'period', 'failover'])(
    'what nobody waits for is put off by a random while: %s',
    async reason => {
      vi.spyOn(Math, 'random').mockReturnValue(0.5)
      const { refresher, asked } = refresherOf()
      refresher.poke(reason)
      await vi.advanceTimersByTimeAsync(SPREAD_MS / 2 - 1)
      expect(asked).toHaveLength(0)
      await vi.advanceTimersByTimeAsync(1)
      expect(asked.map(question => question.reason)).toEqual([reason])
    },
  )

  test('… which further pokes of the kind do not cut short', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1)
    const { refresher, asked } = refresherOf()
    refresher.poke('MOVED')
    random.mockReturnValue(0)
    for (let i = 0; i < 1000; i++) refresher.poke('MOVED')
    await vi.advanceTimersByTimeAsync(SPREAD_MS - 1)
    expect(asked).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(1)
  })

  test.each<RefreshReason>(['connect', 'no topology', 'uncovered slot', 'CLUSTERDOWN', 'lost connection'])(
    '… and what somebody waits for does: %s',
    reason => {
      const { refresher, asked } = refresherOf()
      refresher.poke('MOVED')
      refresher.poke(reason)
      expect(asked.map(question => question.reason)).toEqual([reason])
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  test('refreshes that follow each other are farther and farther apart, whatever they say', async () => {
    const { refresher, asked } = refresherOf()
    const pauses: number[] = []
    for (let i = 0; i < 7; i++) {
      const before = performance.now()
      refresher.poke('CLUSTERDOWN')
      while (asked.length === i) await vi.advanceTimersByTimeAsync(1)
      pauses.push(Math.round(performance.now() - before))
      if (i % 2 === 0) await asked[i]?.answer()
      else await asked[i]?.fail()
    }
    expect(pauses).toEqual([0, 100, 200, 400, 400, 400, 400])
  })

  test('… half of it at least, and never less than the minimum', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const { refresher, asked } = refresherOf()
    const pauses: number[] = []
    for (let i = 0; i < 6; i++) {
      const before = performance.now()
      refresher.poke('CLUSTERDOWN')
      while (asked.length === i) await vi.advanceTimersByTimeAsync(1)
      pauses.push(Math.round(performance.now() - before))
      await asked[i]?.answer()
    }
    expect(pauses).toEqual([0, 100, 100, 200, 200, 200])
  })

  test('… until a quiet time of twice the gap has passed', async () => {
    const { refresher, asked } = refresherOf()
    const ask = async (): Promise<void> => {
      const before = asked.length
      refresher.poke('CLUSTERDOWN')
      while (asked.length === before) await vi.advanceTimersByTimeAsync(1)
      await asked[before]?.answer()
    }
    for (let i = 0; i < 3; i++) await ask()
    // The gap is 400 by now.
    await vi.advanceTimersByTimeAsync(799)
    await ask()
    await vi.advanceTimersByTimeAsync(399)
    refresher.poke('CLUSTERDOWN')
    expect(asked).toHaveLength(4)
    await vi.advanceTimersByTimeAsync(1)
    await asked[4]?.answer()

    await vi.advanceTimersByTimeAsync(800)
    await ask()
    refresher.poke('CLUSTERDOWN')
    await vi.advanceTimersByTimeAsync(99)
    expect(asked).toHaveLength(6)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(7)
  })

  test('a failover is news: it does not wait for the end of a long gap, and gives the refresh its name', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { refresher, asked } = refresherOf()
    for (let i = 0; i < 4; i++) {
      refresher.poke('CLUSTERDOWN')
      while (asked.length === i) await vi.advanceTimersByTimeAsync(1)
      await asked[i]?.answer()
    }
    refresher.poke('CLUSTERDOWN')
    await vi.advanceTimersByTimeAsync(GAP_MS)
    expect(asked).toHaveLength(4)
    refresher.poke('failover')
    refresher.poke('READONLY')
    await vi.advanceTimersByTimeAsync(SPREAD_MS / 2)
    expect(asked.map(({ reason }) => reason).slice(4)).toEqual(['failover'])
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

  test('a failure is not tried again by itself', async () => {
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    await asked[0]?.fail()
    await vi.advanceTimersByTimeAsync(50_000)
    expect(asked).toHaveLength(1)
  })

  test.each(['answer', 'fail'] as const)(
    'but after a period without a question there is one: %s',
    async end => {
      const { refresher, asked } = refresherOf()
      refresher.poke('connect')
      await vi.advanceTimersByTimeAsync(2 * PERIOD_MS)
      await asked[0]?.[end]()
      // A tenth longer, as chance has it, and put off as what nobody waits for.
      await vi.advanceTimersByTimeAsync(1.1 * PERIOD_MS + SPREAD_MS - 1)
      expect(asked).toHaveLength(1)
      await vi.advanceTimersByTimeAsync(1)
      expect(asked.map(({ reason }) => reason)).toEqual(['connect', 'period'])
      await asked[1]?.[end]()
      await vi.advanceTimersByTimeAsync(PERIOD_MS)
      refresher.poke('CLUSTERDOWN')
      await asked[2]?.[end]()
      await vi.advanceTimersByTimeAsync(PERIOD_MS)
      expect(asked).toHaveLength(3)
      await vi.advanceTimersByTimeAsync(PERIOD_MS)
      expect(asked).toHaveLength(4)
    },
  )

  test('a period of 0 is none, and before anything was asked there is none', async () => {
    const { refresher, asked } = refresherOf(() => {}, { refreshPeriodMs: 0 })
    refresher.poke('connect')
    await asked[0]?.answer()
    expect(vi.getTimerCount()).toBe(0)
    refresherOf()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a program with nothing else to do may end: nothing it waits for keeps it', async () => {
    vi.useRealTimers()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const { refresher, asked } = refresherOf()
    refresher.poke('connect')
    asked[0]?.answer()
    await vi.waitUntil(() => !refresher.running)
    refresher.poke('CLUSTERDOWN')
    const [period, gap, ...others] = timers.mock.results.map(({ value }) => value as NodeJS.Timeout)
    expect([period?.hasRef(), gap?.hasRef(), others]).toEqual([false, false, []])
    refresher.stop()
  })

  test('it tells of the last, of all before, and of the next', async () => {
    const { refresher, asked, failures } = refresherOf()
    expect([refresher.last, refresher.plannedAt, refresher.counts.size]).toEqual([undefined, undefined, 0])
    refresher.poke('connect')
    await asked[0]?.answer()
    const end = performance.now()
    expect(refresher.last).toMatchObject({ reason: 'connect', at: end, error: undefined })
    refresher.poke('CLUSTERDOWN')
    expect(refresher.plannedAt).toBe(end + GAP_MS)
    await vi.advanceTimersByTimeAsync(GAP_MS)
    expect(refresher.plannedAt).toBeUndefined()
    await asked[1]?.fail()
    expect(refresher.last).toMatchObject({ reason: 'CLUSTERDOWN', error: failures[0] })
    expect(Object.fromEntries(refresher.counts)).toEqual({ connect: 1, CLUSTERDOWN: 1 })
  })

  test('an answer that cannot be taken is a failure', async () => {
    const { refresher, asked, failures } = refresherOf(() => {
      throw new Error('not like this')
    })
    refresher.poke('connect')
    await asked[0]?.answer()
    expect(failures.map(error => error.message)).toEqual(['not like this'])
    expect(refresher.last?.error).toBe(failures[0])
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
