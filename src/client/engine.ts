// What all views of a client share: the executor, the topology, the sweeper, and the order of shutdown.
//
//   open ──close()──► closing (no new calls; those under way finish) ──► closed
//     └───────────────destroy()──────────────────────────────────────────►┘

import type { CredentialStore } from '../connection/credentials.js'
import { AbortedError, ClosedError, type OverloadedError, SlotwiseError } from '../core/errors.js'
import type { Emitter } from '../core/events.js'
import type { Sweeper } from '../core/sweeper.js'
import type { NodeRegistry } from '../node/registry.js'
import type { Command } from '../protocol/command.js'
import type { Executor } from '../protocol/executor.js'
import type { Router } from '../router/router.js'
import { Custody } from './custody.js'
import type { ClientEvents } from './events.js'
import { type ClientState, clientState } from './inspect.js'
import type { Pending } from './pending.js'
import { UnlistedSpecs } from './unlisted.js'

export interface EngineParts {
  readonly executor: Executor
  readonly router: Router
  readonly registry: NodeRegistry
  readonly sweeper: Sweeper
  readonly pending: Pending
  readonly credentials: CredentialStore
  readonly events: Emitter<ClientEvents>
  /** Holds calls while they are with interceptors. */
  readonly intercepted: Custody
}

interface Connecting {
  done(): void
  failed(error: Error): void
}

export class Engine {
  readonly executor: Executor
  readonly sweeper: Sweeper
  readonly pending: Pending
  readonly events: Emitter<ClientEvents>
  readonly specs: UnlistedSpecs
  /** Holds calls until their command's spec is known. */
  readonly unlisted = new Custody('the description of the command')
  /** No new calls are taken. */
  closing = false
  readonly #router: Router
  readonly #registry: NodeRegistry
  readonly #credentials: CredentialStore
  readonly #intercepted: Custody
  #closed: Promise<void> | undefined
  #destroyed = false
  /** The topology has been asked for at least once, with success. */
  #discovered = false
  readonly #connecting = new Set<Connecting>()

  constructor(parts: EngineParts) {
    this.executor = parts.executor
    this.sweeper = parts.sweeper
    this.pending = parts.pending
    this.events = parts.events
    this.#router = parts.router
    this.#registry = parts.registry
    this.#credentials = parts.credentials
    this.specs = new UnlistedSpecs(parts.executor)
    this.#intercepted = parts.intercepted
    this.sweeper.add(this.unlisted)
    this.sweeper.add(this.#intercepted)
  }

  inspect(): ClientState {
    const open = this.closing ? 'closing' : 'open'
    return clientState({
      state: this.#destroyed ? 'closed' : open,
      pending: this.pending,
      router: this.#router.inspect(),
      topology: this.#router.topology.inspect(),
      nodes: this.#registry.all,
    })
  }

  /** Of one call more than there may be under way. */
  refusal({ spec, slot }: Pick<Command, 'spec' | 'slot'>): OverloadedError {
    const { waiting, lines } = this.#router.inspect()
    const longestMs = Math.max(0, ...lines.map(({ sinceMs }) => sinceMs))
    const error = this.pending.refusal(
      spec.name,
      waiting.count === 0 ? '' : `, ${waiting.count} of them wait for a node, up to ${longestMs} ms by now`,
    )
    if (slot >= 0) error.slot = slot
    error.attempts = 0
    error.elapsedMs = 0
    return error
  }

  topologyChanged(): void {
    this.#discovered = true
    this.#router.topologyChanged()
    for (const waiting of [...this.#connecting]) waiting.done()
  }

  topologyFailed(error: Error): void {
    this.events.emit('error', error)
    this.#router.topologyFailed(error)
    if (this.#connecting.size === 0) return
    if (error instanceof SlotwiseError && !error.retryable) {
      for (const waiting of [...this.#connecting]) waiting.failed(error)
    } else {
      this.#router.topology.refresh('connect')
    }
  }

  connect(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.closing) return Promise.reject(new ClosedError('the client'))
    if (this.#discovered) return Promise.resolve()
    if (signal?.aborted === true) return Promise.reject(new AbortedError('not-sent', signal.reason))
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#connecting.delete(waiting)
        if (error === undefined) resolve()
        else reject(error)
      }
      const waiting: Connecting = { done: () => settle(), failed: settle }
      const onAbort = (): void => settle(new AbortedError('not-sent', signal?.reason))
      const timer = setTimeout(() => settle(this.#router.topology.unfinished(timeoutMs)), timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#connecting.add(waiting)
      this.#router.topology.refresh('connect')
    })
  }

  close(timeoutMs: number): Promise<void> {
    this.closing = true
    this.#closed ??= this.#close(timeoutMs)
    return this.#closed
  }

  destroy(reason?: Error): void {
    this.closing = true
    if (this.#destroyed) return
    this.#destroyed = true
    const closed = (outcome: 'not-sent' | 'unknown'): ClosedError =>
      new ClosedError('the client', outcome, reason === undefined ? {} : { cause: reason })
    for (const waiting of [...this.#connecting]) waiting.failed(closed('not-sent'))
    this.#credentials.close()
    this.#router.destroy(reason)
    this.unlisted.rejectAll(closed)
    this.#intercepted.rejectAll(closed)
    this.events.removeAllListeners()
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (const waiting of [...this.#connecting]) waiting.failed(new ClosedError('the client'))
    await this.sweeper.idle(timeoutMs)
    // Connections finish within what is left; then they are ended.
    const rest = new Promise<void>(resolve => {
      const timer = setTimeout(resolve, Math.max(0, deadline - performance.now()))
      this.#router.close().finally(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    await rest
    this.destroy()
  }
}
