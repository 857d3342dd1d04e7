// Has a connection that owes answers gone silent? Asked at every tick of the sweeper, so that nothing on the hot path
// looks at a clock.
//
//   answers due   ───┬───── sign ─────┬──────────────────────┬──────►
//                    └─ set back here ┴─ and here   limitMs ─┘ told, once
//
// A sign of life is something read, a step of the dial, or progress of bytes that the kernel could not take at once: then
// it has room for more only because the other side took some. What the kernel takes at once says nothing of the other side.
import type { Socket } from 'node:net'

// What the kernel has taken and nobody has answered may still be on its way, by a slow line: no more than its buffers hold.
const SLOW_BYTES_PER_MS = 1000
const MAX_KERNEL_BYTES = 8_000_000

export class Silence {
  readonly #limitMs: number
  /** The last sign of life, or since when answers are due; undefined while none are. */
  #since: number | undefined
  #signs = 0
  #taken = 0
  /** Of it, when something was read last. */
  #takenBefore = 0
  #isBackedUp = false
  #isTold = false

  /** 0: it is never told. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** When the last sign of life was, in milliseconds of `performance.now()`; undefined for a connection that is not silent. */
  get since(): number | undefined {
    return this.#isTold ? this.#since : undefined
  }
  get isTold(): boolean {
    return this.#isTold
  }

  /**
   * True once for a silence: now it is one. `signs` counts what was read; `stalledAt` is when the event loop last came
   * back from being blocked.
   */
  notices(
    now: number,
    isDue: boolean,
    signs: number,
    socket: Socket | undefined,
    stalledAt: number,
  ): boolean {
    if (this.#limitMs === 0 || this.#isTold) return false
    if (!isDue) {
      this.#since = undefined
      return false
    }
    const wasHeard = this.#since === undefined || signs !== this.#signs
    // Of this tick's commands none has been heard of, either.
    if (wasHeard) this.#takenBefore = this.#taken
    const hasFlowed = this.#hasFlowed(socket)
    if (wasHeard || hasFlowed || this.#since === undefined) this.#since = now
    this.#signs = signs
    if (stalledAt > this.#since) this.#since = stalledAt
    this.#isTold = now - this.#since >= this.#limitMs
    return this.#isTold
  }

  /** It has been silent for so long that a large value would have arrived in the meantime, also by a slow line. */
  isBeyondDoubt(now: number): boolean {
    if (!this.#isTold || this.#since === undefined) return false
    const bytes = Math.min(this.#taken - this.#takenBefore, MAX_KERNEL_BYTES)
    return now - this.#since >= this.#limitMs + bytes / SLOW_BYTES_PER_MS
  }

  /** A sign of life. True when that ends a silence that was told. */
  breaks(): boolean {
    const wasTold = this.#isTold
    this.#isTold = false
    this.#since = undefined
    return wasTold
  }

  #hasFlowed(socket: Socket | undefined): boolean {
    const { bytesWritten = 0, writeQueueSize = 0 } = handleOf(socket)
    const taken = bytesWritten - writeQueueSize
    const hasFlowed = this.#isBackedUp && taken > this.#taken
    this.#isBackedUp = writeQueueSize > 0
    this.#taken = taken
    return hasFlowed
  }
}

/** What Node keeps of a socket's writes. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  /** Below TLS. */
  readonly _parent?: Handle
}

// The only place where it can be seen that a part of a large write has gone; Node's own socket time-out looks there, too.
function handleOf(socket: Socket | undefined): Handle {
  const handle = (socket as { _handle?: Handle } | undefined)?._handle
  return handle?._parent ?? handle ?? {}
}
