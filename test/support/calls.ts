// What the tests of the lower floors ask with: commands from words, and a sink that keeps what it hears.
import { afterEach } from 'vitest'
import {
  Connection,
  type ConnectionContext,
  type ConnectionHooks,
  type ConnectionTarget,
} from '../../src/connection/connection.js'
import { CredentialStore } from '../../src/connection/credentials.js'
import { type ConnectionOptions, resolveConnectionOptions } from '../../src/connection/options.js'
import type { Endpoint } from '../../src/core/address.js'
import { Sweeper } from '../../src/core/sweeper.js'
import type { NodeContext } from '../../src/node/node.js'
import { type NodeOptions, resolveNodeOptions } from '../../src/node/options.js'
import { type Arg, type Command, createCommand, createHints, withHints } from '../../src/protocol/command.js'
import type { Executor, Sink } from '../../src/protocol/executor.js'
import { commandSlot } from '../../src/protocol/keys.js'
import { findSpec } from '../../src/protocol/lookup.js'
import type { Reply } from '../../src/resp/types.js'

export function command(...args: readonly Arg[]): Command {
  const found = findSpec(args)
  if (found === undefined) throw new Error(`no such command: ${String(args[0])}`)
  return createCommand(found.spec, args, commandSlot(found.spec, args), reply => reply)
}

const BUFFERS = createHints({ replies: 'buffer' })

/** The same, its reply to be read as Buffers. */
export function asBuffer(what: Command): Command {
  return withHints(what, BUFFERS)
}

/** Keeps the answer to one command. */
export class TestCall implements Sink {
  settled = false
  wasSent = false
  /** How often its executor settled it: at most once, says the law. */
  told = 0
  /** How it ended, once it has. */
  reply: Reply | undefined
  error: Error | undefined
  readonly deadline: number
  readonly promise: Promise<Reply>
  readonly #sweeper: Sweeper
  #resolve!: (reply: Reply) => void
  #reject!: (error: Error) => void

  constructor(sweeper: Sweeper, timeoutMs: number) {
    this.#sweeper = sweeper
    this.deadline = performance.now() + timeoutMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A test may look at `error` only.
    this.promise.catch(() => {})
    calls.push(this)
    sweeper.began()
  }

  sent(): void {
    this.wasSent = true
  }
  resolve(reply: Reply): void {
    this.told++
    if (this.#settle()) {
      this.reply = reply
      this.#resolve(reply)
    }
  }
  reject(error: Error): void {
    this.told++
    if (this.#settle()) {
      this.error = error
      this.#reject(error)
    }
  }
  /** The error it fails with; fails itself when it succeeds. */
  failure(): Promise<Error> {
    return this.promise.then(
      reply => Promise.reject(new Error(`answered with ${String(reply)}`)),
      (error: Error) => error,
    )
  }
  /** Leaves, as an aborted caller does. */
  abort(): void {
    const error = new Error('aborted')
    if (!this.#settle()) return
    this.error = error
    this.#reject(error)
  }

  #settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.#sweeper.ended()
    return true
  }
}

export interface TestContext extends NodeContext {
  /** Errors of credential renewals. */
  readonly errors: Error[]
  /** Asks, and gives the call; the time-out is 20 s unless said otherwise. */
  call(executor: Executor, what: Command, timeoutMs?: number): TestCall
  /** Asks and waits. */
  ask(executor: Executor, ...args: readonly Arg[]): Promise<Reply>
}

const contexts: CredentialStore[] = []
const connections: Connection[] = []
const calls: TestCall[] = []

afterEach(() => {
  for (const connection of connections.splice(0)) connection.destroy()
  for (const credentials of contexts.splice(0)) credentials.close()
  const toldTwice = calls.splice(0).filter(call => call.told > 1)
  if (toldTwice.length > 0) throw new Error(`${toldTwice.length} calls were settled more than once`)
})

/** What connections and nodes of a test share. Ended after the test. */
export function testContext(options: ConnectionOptions = {}, nodeOptions: NodeOptions = {}): TestContext {
  const errors: Error[] = []
  const resolved = resolveConnectionOptions(options)
  const sweeper = new Sweeper()
  const credentials = new CredentialStore(resolved.credentials, error => errors.push(error))
  contexts.push(credentials)
  const call = (executor: Executor, what: Command, timeoutMs = 20_000): TestCall => {
    const sink = new TestCall(sweeper, timeoutMs)
    executor.execute(what, sink)
    return sink
  }
  return {
    options: resolved,
    nodeOptions: resolveNodeOptions(nodeOptions),
    credentials,
    sweeper,
    errors,
    call,
    ask: (executor, ...args) => call(executor, command(...args)).promise,
  }
}

export interface Opened {
  readonly connection: Connection
  /** Resolves with the error of its end; undefined for a polite one. */
  readonly closed: Promise<Error | undefined>
  readonly ready: Promise<void>
}

/** Makes a connection; ended after the test. */
export function openConnection(
  target: ConnectionTarget | Endpoint,
  context: ConnectionContext,
  hooks: ConnectionHooks = {},
): Opened {
  let closed!: (error: Error | undefined) => void
  let ready!: () => void
  const whenClosed = new Promise<Error | undefined>(resolve => {
    closed = resolve
  })
  const whenReady = new Promise<void>(resolve => {
    ready = resolve
  })
  const connection = new Connection('endpoint' in target ? target : { endpoint: target }, context, {
    ...hooks,
    onReady(opened) {
      hooks.onReady?.(opened)
      ready()
    },
    onClose(ended, error) {
      hooks.onClose?.(ended, error)
      closed(error)
    },
  })
  connections.push(connection)
  return { connection, closed: whenClosed, ready: whenReady }
}
