// Who can be asked, and who hears: the contract every floor answers to.
import type { Reply } from '../resp/types.js'
import type { Command } from './command.js'

/**
 * Hears the answer to one command. Settled exactly once, by `resolve` or `reject`; neither throws.
 * Whoever wants to intervene wraps the sink (see {@link WrappedSink}); nobody patches the command.
 */
export interface Sink {
  /** Nobody listens any more (answered, timed out, aborted): whoever holds the command may skip it. */
  readonly settled: boolean
  /** Until when the listener waits, in milliseconds of `performance.now()`; `Infinity` for ever. */
  readonly deadline: number
  /** The command's bytes are on their way: from here on it may happen. Called at most once per connection. */
  sent(): void
  /** The server has said that it did not do what was sent, and it is to be tried again: it has not happened so far. */
  unsent?(): void
  resolve(reply: Reply): void
  reject(error: Error): void
}

/**
 * Anything that can be asked: connection, lane, lease, node, router, interceptor.
 *
 * The law of `execute`: it never throws; it returns nothing; it settles the sink exactly once, now or later; it
 * does not change the command; it may skip work whose sink is already settled. Two synchronous calls on the same
 * connection are adjacent on the wire.
 */
export interface Executor {
  execute(command: Command, sink: Sink): void
}

/** Wraps an executor in another, to see or change what passes: key prefix, tracing, caching. */
export type Interceptor = (next: Executor) => Executor

/** The exclusive use of one connection, until `release` (it is sound) or `discard` (it is not). */
export interface Lease extends Executor {
  release(): void
  discard(reason: Error): void
}

/** `close` finishes politely, `destroy` stops now. Both may be called twice. */
export interface Lifecycle {
  close(): Promise<void>
  destroy(reason?: Error): void
}

/** A sink that passes everything on; extend it and override what you want to see. */
export class WrappedSink implements Sink {
  protected readonly inner: Sink
  constructor(inner: Sink) {
    this.inner = inner
  }
  get settled(): boolean {
    return this.inner.settled
  }
  get deadline(): number {
    return this.inner.deadline
  }
  sent(): void {
    this.inner.sent()
  }
  unsent(): void {
    this.inner.unsent?.()
  }
  resolve(reply: Reply): void {
    this.inner.resolve(reply)
  }
  reject(error: Error): void {
    this.inner.reject(error)
  }
}

/** Chains interceptors: the first listed sees a command first and its answer last. */
export function compose(interceptors: readonly Interceptor[], innermost: Executor): Executor {
  return interceptors.reduceRight<Executor>((next, interceptor) => interceptor(next), innermost)
}
