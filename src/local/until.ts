// Waiting for a condition, with a bound.

/** A moment in `performance.now()` time. */
export type Deadline = number

export function deadlineIn(timeoutMs: number): Deadline {
  return performance.now() + timeoutMs
}

/** Milliseconds left, at least 1, for those who need a time-out that is one. */
export function remaining(deadline: Deadline): number {
  return Math.max(1, Math.ceil(deadline - performance.now()))
}

/**
 * Checks again and again until `check` answers something other than undefined; past the deadline, rejects with
 * `late()`. A check in progress is not interrupted: it bounds itself.
 */
export async function until<T>(
  deadline: Deadline,
  check: () => Promise<T | undefined> | T | undefined,
  late: () => Error | Promise<Error>,
): Promise<T> {
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    const found = await check()
    if (found !== undefined) return found
    if (performance.now() >= deadline) throw await late()
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}
