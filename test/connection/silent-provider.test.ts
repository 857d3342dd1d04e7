import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CredentialStore } from '../../src/connection/credentials.js'
import { AuthenticationError, DeadlineExceededError } from '../../src/core/errors.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a credentials provider that never answers is given up, and asked anew', async () => {
  // Everybody who dials waits for the same question: without a bound, a lost answer would shut the client out for good.
  const provider = vi
    .fn<() => Promise<{ password: string }>>()
    .mockReturnValueOnce(new Promise(() => {}))
    .mockResolvedValue({ password: 'secret' })
  const store = new CredentialStore(provider, () => {})
  const waiting = Promise.allSettled([store.current('a:1'), store.current('b:1')])
  await vi.advanceTimersByTimeAsync(30_000)
  for (const outcome of await waiting) {
    if (outcome.status === 'fulfilled') throw new Error('answered')
    expect(outcome.reason).toBeInstanceOf(AuthenticationError)
    expect(outcome.reason.cause).toBeInstanceOf(DeadlineExceededError)
  }
  expect(provider).toHaveBeenCalledTimes(1)
  expect(await store.current('a:1')).toMatchObject({ password: 'secret' })
  store.close()
  expect(vi.getTimerCount()).toBe(0)
})
