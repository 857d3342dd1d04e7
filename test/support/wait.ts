// Waiting for what a test waits for, and telling how a promise ended.

/** Until `condition` holds; the test's own time-out bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 5))
}

/** The error a promise rejects with; fails where it resolves. */
export function failureOf<E extends Error = Error>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    value => Promise.reject(new Error(`resolved with ${String(value)}`)),
    (error: E) => error,
  )
}

/** Turns of the event loop, for what must not happen by itself. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}
