// The interceptors that come with the library, and a helper to write one with promises.
import { channels, publish } from '../core/diagnostics.js'
import { InvalidOptionError } from '../core/errors.js'
import { type Arg, type Command, withArgs } from '../protocol/command.js'
import { type Interceptor, type Sink, WrappedSink } from '../protocol/executor.js'
import { commandSlot, prefixablePositions } from '../protocol/keys.js'
import type { Reply } from '../resp/types.js'

/**
 * Puts `prefix` before every key of every command, by the key positions of the command table. Patterns (KEYS, SCAN
 * MATCH), channels, and key names inside replies stay as they are.
 *
 * @example
 * ```ts
 * const redis = createCluster({ nodes, interceptors: [keyPrefix('shop:')] })
 * await redis.set('cart', '1') // SET shop:cart 1
 * ```
 */
export function keyPrefix(prefix: string): Interceptor {
  if (typeof prefix !== 'string')
    throw new InvalidOptionError('keyPrefix()', 'must be a string', typeof prefix)
  return next => ({
    execute(command, sink) {
      next.execute(prefixed(command, prefix), sink)
    },
  })
}

function prefixed(command: Command, prefix: string): Command {
  const positions = prefixablePositions(command.spec, command.args)
  if (positions.length === 0 || prefix === '') return command
  const args: Arg[] = [...command.args]
  for (const position of positions) {
    const key = args[position] as Arg
    args[position] = typeof key === 'string' ? prefix + key : Buffer.concat([Buffer.from(prefix), key])
  }
  return withArgs(command, args, commandSlot(command.spec, args))
}

/** What {@link slowCommands} reports. Never arguments. */
export interface SlowCommand {
  readonly command: string
  readonly slot: number
  readonly elapsedMs: number
  readonly error: Error | undefined
}

/**
 * Calls `report` for every command that took `thresholdMs` or longer, waiting and retries included.
 *
 * @example
 * ```ts
 * createCluster({ nodes, interceptors: [slowCommands(50, slow => console.warn(slow))] })
 * ```
 */
export function slowCommands(thresholdMs: number, report: (slow: SlowCommand) => void): Interceptor {
  if (typeof thresholdMs !== 'number' || !(thresholdMs >= 0)) {
    throw new InvalidOptionError(
      'slowCommands() thresholdMs',
      'must be a number of milliseconds from 0',
      String(thresholdMs),
    )
  }
  if (typeof report !== 'function')
    throw new InvalidOptionError('slowCommands() report', 'must be a function')
  return timed((command, elapsedMs, error) => {
    if (elapsedMs < thresholdMs) return
    try {
      report({ command: command.spec.name, slot: command.slot, elapsedMs, error })
    } catch (thrown) {
      // It is the application's, and the call has had its answer.
      publish(channels.error, { error: thrown })
    }
  })
}

/**
 * Publishes every command on the diagnostics channel `slotwise:command` when it has settled: name, slot, elapsed
 * milliseconds, error. Costs next to nothing while nobody subscribes.
 */
export function tracing(): Interceptor {
  const report = timed((command, elapsedMs, error) => {
    publish(channels.command, { command: command.spec.name, slot: command.slot, elapsedMs, error })
  })
  return next => {
    const traced = report(next)
    return {
      execute(command, sink) {
        if (channels.command.hasSubscribers) traced.execute(command, sink)
        else next.execute(command, sink)
      },
    }
  }
}

function timed(done: (command: Command, elapsedMs: number, error: Error | undefined) => void): Interceptor {
  return next => ({
    execute(command, sink) {
      next.execute(command, new TimedSink(sink, command, done))
    },
  })
}

class TimedSink extends WrappedSink {
  readonly #command: Command
  readonly #done: (command: Command, elapsedMs: number, error: Error | undefined) => void
  readonly #startedAt = performance.now()

  constructor(
    inner: Sink,
    command: Command,
    done: (command: Command, elapsedMs: number, error: Error | undefined) => void,
  ) {
    super(inner)
    this.#command = command
    this.#done = done
  }
  override resolve(reply: Reply): void {
    this.inner.resolve(reply)
    this.#done(this.#command, performance.now() - this.#startedAt, undefined)
  }
  override reject(error: Error): void {
    this.inner.reject(error)
    this.#done(this.#command, performance.now() - this.#startedAt, error)
  }
}

/**
 * An interceptor written with promises: `around` is given the command and `next`, and answers the reply. Plainer than a
 * sink, and dearer by some promises per command.
 *
 * @example
 * ```ts
 * const audit = intercept(async (command, next) => {
 *   const reply = await next(command)
 *   log(command.spec.name)
 *   return reply
 * })
 * ```
 */
export function intercept(
  around: (command: Command, next: (command: Command) => Promise<Reply>) => Promise<Reply>,
): Interceptor {
  if (typeof around !== 'function') throw new InvalidOptionError('intercept()', 'must be given a function')
  return executor => ({
    execute(command, sink) {
      const next = (inner: Command): Promise<Reply> =>
        new Promise((resolve, reject) => executor.execute(inner, new ForwardingSink(sink, resolve, reject)))
      // A function that throws rather than rejects is a rejection too.
      new Promise<Reply>(resolve => resolve(around(command, next)))
        .then(
          reply => sink.resolve(reply),
          (error: Error) => sink.reject(error),
        )
        // An outer interceptor's sink threw.
        .catch((error: unknown) => publish(channels.error, { error }))
    },
  })
}

class ForwardingSink extends WrappedSink {
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: Error) => void

  constructor(inner: Sink, resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    super(inner)
    this.#resolve = resolve
    this.#reject = reject
  }
  override resolve(reply: Reply): void {
    this.#resolve(reply)
  }
  override reject(error: Error): void {
    this.#reject(error)
  }
}
