import { describe, expect, test } from 'vitest'
import { backoffDelay } from '../../src/core/backoff.js'

const bounds = { baseMs: 20, capMs: 1000 }

describe('backoffDelay', () => {
  test.each([
    [0, 20],
    [1, 40],
    [2, 80],
    [5, 640],
    [6, 1000],
    [30, 1000],
    [2000, 1000],
    [Number.MAX_SAFE_INTEGER, 1000],
  ])('its bound at attempt %i is %i ms', (attempt, bound) => {
    expect(backoffDelay(attempt, bounds, () => 1)).toBe(bound)
    expect(backoffDelay(attempt, bounds, () => 0.5)).toBe(bound / 2)
  })

  test('may be no delay at all: the jitter is full', () => {
    expect(backoffDelay(8, bounds, () => 0)).toBe(0)
  })

  test('spreads by Math.random unless told otherwise', () => {
    const delays = new Set(Array.from({ length: 50 }, () => backoffDelay(3, bounds)))
    expect(delays.size).toBeGreaterThan(40)
    for (const delay of delays) expect(delay >= 0 && delay <= 160).toBe(true)
  })
})
