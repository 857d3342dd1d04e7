// One server, across the lives of its processes: killed, restarted, moved to another port.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  InvalidOptionError,
  ReplyError,
} from '../core/errors.js'
import { knownFields } from '../core/options.js'
import { configFile, type ServerMode } from './config-file.js'
import { ServerNotRunningError, ServerStartError } from './errors.js'
import { findServer, type ServerBinary } from './find-server.js'
import {
  checkPort,
  checkTimeout,
  type Directives,
  type LocalServerOptions,
  type ResolvedLocalOptions,
  resolveServerOptions,
} from './options.js'
import { MAX_CLUSTER_PORT, releasePort, reserveFreePort, reservePort } from './ports.js'
import { ask, askAll, type ProbeReply, type ProbeTarget, type Question } from './probe.js'
import { ServerProcess } from './server-process.js'
import { type Deadline, deadlineIn, remaining, until } from './until.js'
import { Workspace } from './workspace.js'

const HOST = '127.0.0.1'
/** How often a start is tried anew when another process took the free port in between. */
const PORT_TRIES = 5
const POLITE_STOP_MS = 5_000
const LOG_TAIL_LINES = 15
// What the kernel takes for a unix socket's path (108 on Linux, 104 on macOS), less the final zero.
const MAX_SOCKET_PATH = 103

/**
 * Starts one standalone server, and resolves when it answers. Its process keeps this one alive until
 * {@link LocalServer.stop} (or {@link LocalServer.unref}), and never outlives it, however it ends.
 *
 * @throws InvalidOptionError for an unknown option or a bad value, before anything is started.
 * @throws {@link ServerNotFoundError} when this machine has no server.
 * @throws {@link ServerStartError} when the server ended or was not ready by `timeoutMs`, with its last log lines.
 * @example
 * ```ts
 * await using server = await startServer({ password: 'secret', config: { maxmemory: '64mb' } })
 * const redis = createClient({ url: server.url })
 * ```
 */
export async function startServer(options: LocalServerOptions = {}): Promise<LocalServer> {
  const resolved = resolveServerOptions(options)
  const binary = await findServer({ server: resolved.server })
  const tls = await readTls('startServer', resolved)
  const workspace = await Workspace.create(resolved.dir)
  const socketPath = resolved.unixSocket ? join(workspace.path, 'redis.sock') : undefined
  try {
    if (socketPath !== undefined && Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
      throw new InvalidOptionError(
        'startServer.dir',
        `is too long for a unix socket in it (${MAX_SOCKET_PATH} bytes at most)`,
      )
    }
    const server = new LocalServer({
      mode: 'standalone',
      binary,
      options: resolved,
      tls,
      dir: workspace.path,
      workspace,
      socketPath,
    })
    await server.begin(resolved.port, deadlineIn(resolved.timeoutMs))
    return server
  } catch (error) {
    await workspace.remove()
    throw error
  }
}

/** All that a server is made of. */
export interface ServerPlan {
  readonly mode: ServerMode
  readonly binary: ServerBinary
  readonly options: ResolvedLocalOptions
  readonly tls: ProbeTarget['tls']
  readonly dir: string
  /** Directives of this server alone, by the port on which it is about to listen. */
  readonly ownConfig?: ((port: number) => Directives) | undefined
  /** Removed when the server stops; a cluster's nodes share one, which the cluster removes. */
  readonly workspace?: Workspace | undefined
  readonly socketPath?: string | undefined
}

/** Options of {@link LocalServer.restart}. */
export interface RestartOptions {
  /** `other` is a free one that differs from the last. Default: the same as before. */
  readonly port?: number | 'other' | undefined
}

/** Options of {@link LocalServer.stop}. */
export interface StopOptions {
  /** How long the server may take to end politely before it is killed, in milliseconds; 0 kills at once. Default: 5,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * A server started by {@link startServer}, or one node of a cluster. It is the same object over `kill` and `restart`,
 * with the same data folder; a `restart` keeps what the server has persisted, and by default it persists nothing.
 */
export class LocalServer {
  /** Always `127.0.0.1`. */
  readonly host: string = HOST
  /** The program that runs. */
  readonly binary: ServerBinary
  /** Folder with the server's data, `redis.conf` and `server.log`. */
  readonly dir: string
  /** Path of the unix socket, where one was asked for. */
  readonly socketPath: string | undefined
  readonly #plan: ServerPlan
  #port = 0
  #pid: number | undefined
  #process: ServerProcess | undefined
  #isRefed = true
  #stops = 0
  #isFinished = false
  #keptLog = ''
  // Restarts and stops happen one after the other.
  #turn: Promise<unknown> = Promise.resolve()

  /** @internal Use {@link startServer} or `startCluster`. */
  constructor(plan: ServerPlan) {
    this.#plan = plan
    this.binary = plan.binary
    this.dir = plan.dir
    this.socketPath = plan.socketPath
  }

  /** The port on which clients are served, encrypted where `tls` was given. */
  get port(): number {
    return this.#port
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.#port}`
  }

  /** `redis://…`, or `rediss://…` where `tls` was given, with the credentials. */
  get url(): string {
    const { username = '', password, tls } = this.#plan.options
    const user =
      password === undefined ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
    return `${tls === undefined ? 'redis' : 'rediss'}://${user}${this.address}`
  }

  /** Process id of the server; undefined while it has none. */
  get pid(): number | undefined {
    return this.#running === undefined ? undefined : this.#pid
  }

  /** `stopped` also when it was killed, or ended by itself. */
  get state(): 'running' | 'paused' | 'stopped' {
    if (this.#running === undefined) return 'stopped'
    return this.#running.isPaused ? 'paused' : 'running'
  }

  /**
   * Asks the server one question over a connection of its own, without the library's client, within 5 s.
   *
   * @returns Text, a number, `null`, or a list of these.
   * @throws ReplyError when the server answers with an error; ConnectError when it is down; DeadlineExceededError
   * when it is silent, as a paused one is.
   * @example
   * ```ts
   * await server.ask('SET', 'k', 'v') // 'OK'
   * await server.ask('CONFIG', 'SET', 'maxmemory', '10mb')
   * ```
   */
  ask(...question: Question): Promise<ProbeReply> {
    if (question.length === 0) throw new InvalidOptionError('ask', 'needs the name of a command')
    return ask(this.target, question)
  }

  /** @internal Where the probe asks. */
  get target(): ProbeTarget {
    const { username, password } = this.#plan.options
    return { host: this.host, port: this.#port, username, password, tls: this.#plan.tls }
  }

  /**
   * Stops the process where it stands (SIGSTOP): it keeps its connections and answers nothing, as behind a cut cable.
   *
   * @throws {@link ServerNotRunningError} when it has no process.
   */
  async pause(): Promise<void> {
    this.#need('pause').signal('SIGSTOP')
  }

  /**
   * Lets a paused process go on (SIGCONT); nothing happens to one that runs.
   *
   * @throws {@link ServerNotRunningError} when it has no process.
   */
  async resume(): Promise<void> {
    this.#need('resume').signal('SIGCONT')
  }

  /**
   * Sends a signal that ends the process, and resolves when it has ended. Nothing happens where there is none.
   * Afterwards `restart` brings the server back.
   *
   * @param signal - Default: SIGKILL, which gives it no chance to say farewell. SIGTERM is the polite one, SIGSEGV a crash.
   * @throws DeadlineExceededError when it still runs after the time-out of the start options.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const process = this.#running
    if (process === undefined) return
    process.signal(signal)
    // A stopped process takes no other signal than SIGKILL before it goes on.
    if (signal !== 'SIGKILL') process.signal('SIGCONT')
    if (!(await process.endsWithin(this.#plan.options.timeoutMs))) {
      throw new DeadlineExceededError(`the end of the server at ${this.address} after ${signal}`, 'unknown')
    }
  }

  /**
   * Ends the server: politely, and by force where that takes too long. The temporary folder of a standalone server is
   * removed. May be called twice; `restart` is still possible, except for the nodes of a stopped cluster.
   */
  stop(options: StopOptions = {}): Promise<void> {
    knownFields('stop', options, ['timeoutMs'])
    const timeoutMs = checkTimeout('stop.timeoutMs', options.timeoutMs, POLITE_STOP_MS, 0)
    this.#stops += 1
    return this.#inTurn(async () => {
      this.#stops -= 1
      await this.#running?.finish(timeoutMs)
      this.#keptLog = await this.logs()
      releasePort(this.#port)
      await this.#plan.workspace?.remove()
    })
  }

  /** @internal Stops for good: the cluster it belongs to is gone. */
  async finish(options?: StopOptions): Promise<void> {
    this.#isFinished = true
    await this.stop(options)
  }

  /**
   * Starts the server again, after a polite end where it still runs, and resolves when it answers; `port`, `address` and
   * `url` then tell the new port. A cluster node keeps its identity, also after `kill`, and tells the others of a new
   * port; `waitUntilStable` on the cluster waits until they know.
   *
   * @throws {@link ServerStartError} when it does not come up, e.g. because the port was taken meanwhile.
   * @throws ClosedError when the cluster it belonged to was stopped, or it was removed from it.
   * @example
   * ```ts
   * await node.kill()
   * await node.restart({ port: 'other' })
   * ```
   */
  restart(options: RestartOptions = {}): Promise<void> {
    knownFields('restart', options, ['port'])
    const { port = this.#port } = options
    if (port !== 'other')
      checkPort('restart.port', port, this.#plan.mode === 'cluster' ? MAX_CLUSTER_PORT : 65_535)
    return this.#inTurn(async () => {
      await this.#running?.finish(POLITE_STOP_MS)
      const deadline = deadlineIn(this.#plan.options.timeoutMs)
      if (port !== 'other') return this.#launch(port, deadline)
      // Its own is held, and so is not drawn.
      reservePort(this.#port)
      return this.#launchSomewhere(deadline)
    })
  }

  /** All that the server has written, over all its lives; after `stop`, what it had written until then. */
  async logs(): Promise<string> {
    try {
      return await readFile(this.#logFile, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#keptLog
      throw error
    }
  }

  /** The process keeps this one alive until it is stopped: the default. */
  ref(): this {
    this.#isRefed = true
    this.#running?.ref()
    return this
  }

  /** Lets this process end by itself although the server runs; the server is then killed and cleaned up behind it. */
  unref(): this {
    this.#isRefed = false
    this.#running?.unref()
    return this
  }

  /** The same as {@link LocalServer.stop}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** @internal The first start. Without a port, on a free one. */
  async begin(port: number | undefined, deadline: Deadline): Promise<void> {
    await this.#inTurn(async () => {
      if (port === undefined) return this.#launchSomewhere(deadline)
      try {
        await this.#launch(port, deadline)
      } catch (error) {
        releasePort(this.#port)
        throw error
      }
    })
  }

  /** @internal The last lines of the log, for error messages. */
  async logTail(): Promise<string> {
    const lines = (await this.logs()).trimEnd().split('\n')
    return lines.slice(-LOG_TAIL_LINES).join('\n')
  }

  get #running(): ServerProcess | undefined {
    return this.#process?.end === undefined ? this.#process : undefined
  }

  get #logFile(): string {
    return join(this.dir, 'server.log')
  }

  #need(verb: string): ServerProcess {
    if (this.#running === undefined) throw new ServerNotRunningError(this.address, verb)
    return this.#running
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work)
    // The caller hears of a failure; the next in turn is not concerned.
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Tries free ports until one is still free when the server takes it. */
  async #launchSomewhere(deadline: Deadline): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#launch(await reserveFreePort(HOST), deadline)
      } catch (error) {
        releasePort(this.#port)
        if (tries >= PORT_TRIES || !wasPortTaken(error)) throw error
      }
    }
  }

  async #launch(port: number, deadline: Deadline): Promise<void> {
    if (this.#isFinished) throw new ClosedError(`the cluster of ${this.address}`)
    if (port !== this.#port) releasePort(this.#port)
    this.#port = port
    reservePort(port)
    const ownConfig = this.#plan.ownConfig?.(port)
    const conf = join(this.dir, 'redis.conf')
    await this.#plan.workspace?.open()
    await mkdir(this.dir, { recursive: true })
    await writeFile(conf, configFile({ ...this.#plan, host: HOST, port, ownConfig }), { mode: 0o600 })

    const process = new ServerProcess(this.binary.path, [conf], this.dir, this.#logFile)
    this.#process = process
    if (!this.#isRefed) process.unref()
    try {
      this.#pid = await this.#untilReady(process, conf, deadline)
    } catch (error) {
      await process.finish(0)
      throw error
    }
  }

  /** Ready: it answers PING, and it is ours that answers, not another that had the port before. */
  async #untilReady(process: ServerProcess, conf: string, deadline: Deadline): Promise<number> {
    let cause: unknown
    return until(
      deadline,
      async () => {
        if (process.end !== undefined)
          throw new ServerStartError(this.address, process.end, await this.logTail())
        if (this.#stops > 0) throw new ServerStartError(this.address, 'was stopped before it was ready', '')
        try {
          const timeoutMs = Math.min(2_000, remaining(deadline))
          const [info] = await askAll(this.target, [['INFO', 'server'], ['PING']], { timeoutMs })
          const facts = String(info)
          return fact(facts, 'config_file') === conf ? Number(fact(facts, 'process_id')) : undefined
        } catch (error) {
          if (!isNotReadyYet(error)) throw error
          cause = error
          return undefined
        }
      },
      async () =>
        new ServerStartError(
          this.address,
          `was not ready within ${this.#plan.options.timeoutMs} ms`,
          await this.logTail(),
          cause === undefined ? undefined : { cause },
        ),
    )
  }
}

/** The certificates as the probe needs them: contents rather than paths. */
export async function readTls(path: string, { tls }: ResolvedLocalOptions): Promise<ProbeTarget['tls']> {
  if (tls === undefined) return undefined
  const read = async (name: 'ca' | 'cert' | 'key') => {
    try {
      return await readFile(tls[name])
    } catch (error) {
      throw new InvalidOptionError(
        `${path}.tls.${name}`,
        `must be a file that can be read: ${(error as Error).message}`,
      )
    }
  }
  // One after the other: of several that cannot be read it is always the same that is named.
  const ca = await read('ca')
  const cert = await read('cert')
  const key = await read('key')
  return { ca, cert, key }
}

/** One line `name:value` of an INFO reply. */
function fact(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
}

/** Not listening yet, or still loading its data. */
function isNotReadyYet(error: unknown): boolean {
  return (
    error instanceof ConnectError ||
    error instanceof ConnectionLostError ||
    error instanceof DeadlineExceededError ||
    error instanceof ReplyError
  )
}

function wasPortTaken(error: unknown): boolean {
  return error instanceof ServerStartError && /address already in use|failed listening on/i.test(error.log)
}
