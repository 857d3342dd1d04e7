// A blocking command on its way by a connection lent for it alone.
import { ReplyError } from '../core/errors.js'
import type { Sweepable, Sweeper } from '../core/sweeper.js'
import { type Lease, type Sink, WrappedSink } from '../protocol/executor.js'
import type { Reply } from '../resp/types.js'

/**
 * Ends a lease with its one command: kept when the server answered, thrown away when the server may still be at work.
 * A caller that leaves tells nobody, so the next sweep sees to the lease: before the command was sent, it is skipped
 * and the lease kept; after, the command expires where it stands in flight.
 */
export class LeaseSink extends WrappedSink implements Sweepable {
  readonly #lease: Lease
  readonly #sweeper: Sweeper
  #sent = false
  #done = false

  constructor(inner: Sink, lease: Lease, sweeper: Sweeper) {
    super(inner)
    this.#lease = lease
    this.#sweeper = sweeper
    sweeper.add(this)
  }
  override get settled(): boolean {
    return this.#done || (!this.#sent && this.inner.settled)
  }
  override get deadline(): number {
    return this.inner.settled ? Number.NEGATIVE_INFINITY : this.inner.deadline
  }
  override sent(): void {
    this.#sent = true
    this.inner.sent()
  }
  override resolve(reply: Reply): void {
    this.#end()
    this.#lease.release()
    this.inner.resolve(reply)
  }
  override reject(error: Error): void {
    this.#end()
    if (error instanceof ReplyError) this.#lease.release()
    else this.#lease.discard(error)
    this.inner.reject(error)
  }
  sweep(): void {
    if (!this.settled) return
    this.#end()
    this.#lease.release()
  }
  #end(): void {
    this.#done = true
    this.#sweeper.remove(this)
  }
}
