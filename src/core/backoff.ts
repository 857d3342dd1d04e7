// Delays between tries. Pure.

export interface BackoffBounds {
  readonly baseMs: number
  readonly capMs: number
}

/**
 * Full jitter: anything from 0 to the bound, which doubles from `baseMs` at attempt 0 up to `capMs`. Clients that failed
 * together do not come back together.
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function backoffDelay(
  attempt: number,
  { baseMs, capMs }: BackoffBounds,
  random = Math.random,
): number {
  // 2^30 is beyond any cap; a larger exponent would only risk Infinity × 0.
  const bound = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
  return random() * bound
}
