// What can go wrong with local servers beyond bad options: none found, none started, none ready.
import { SlotwiseError } from '../core/errors.js'

// The registered symbol of core/errors.ts, by which `instanceof` holds between the ESM and the CommonJS build.
const KIND = Symbol.for('slotwise.error.kind')

/**
 * No redis-server or valkey-server was found, or the one that was named does not answer `--version`. The message
 * lists what was tried and says how to install one.
 */
export class ServerNotFoundError extends SlotwiseError {
  static readonly [KIND]: string = 'ServerNotFoundError'
  override readonly code = 'SERVER_NOT_FOUND'
  /** What was tried, in order, each with the reason why it will not do. */
  readonly tried: readonly string[]

  constructor(tried: readonly string[], options?: { cause?: unknown }) {
    super(
      `no redis-server or valkey-server was found:\n${tried.map(line => `  ${line}`).join('\n')}\n${howToInstall()}`,
      options,
    )
    this.tried = tried
  }
}

/** A server process ended before it was ready, or was not ready by its deadline. */
export class ServerStartError extends SlotwiseError {
  static readonly [KIND]: string = 'ServerStartError'
  override readonly code = 'SERVER_START'
  /** The last lines the server wrote. */
  readonly log: string

  constructor(address: string, what: string, log: string, options?: { cause?: unknown }) {
    super(`the server for ${address} ${what}${quoteLog(log)}`, options)
    this.address = address
    this.log = log
  }
}

/** The nodes run, but did not come to agree on one complete cluster by the deadline. */
export class ClusterNotReadyError extends SlotwiseError {
  static readonly [KIND]: string = 'ClusterNotReadyError'
  override readonly code = 'CLUSTER_NOT_READY'
  /** What was still missing, one line per finding. */
  readonly problems: readonly string[]
  /** The last lines one of the nodes wrote. */
  readonly log: string

  constructor(problems: readonly string[], log: string, timeoutMs: number) {
    const list = problems.map(line => `\n  ${line}`).join('')
    super(`the cluster was not ready within ${timeoutMs} ms:${list}${quoteLog(log)}`)
    this.problems = problems
    this.log = log
  }
}

/** The server has no process now (killed or stopped), and what was asked needs one. */
export class ServerNotRunningError extends SlotwiseError {
  static readonly [KIND]: string = 'ServerNotRunningError'
  override readonly code = 'SERVER_NOT_RUNNING'

  constructor(address: string, verb: string) {
    super(`cannot ${verb} the server at ${address}: it is not running; restart() it first`)
    this.address = address
  }
}

function quoteLog(log: string): string {
  return log === '' ? '; it wrote no log' : `\nits last log lines:\n${log.replace(/^/gm, '  | ')}`
}

function howToInstall(): string {
  const named =
    'or name one: the option `server`, or the environment variable SLOTWISE_SERVER=/path/to/redis-server'
  switch (process.platform) {
    case 'darwin':
      return `install one: \`brew install redis\` or \`brew install valkey\`; ${named}`
    case 'win32':
      return `there is no server for Windows itself: use WSL, and there \`sudo apt-get install redis-server\`; ${named}`
    default:
      return (
        'install one: `apt-get install redis-server` (Debian, Ubuntu), `dnf install valkey` (Fedora), ' +
        `\`apk add redis\` (Alpine), \`pacman -S valkey\` (Arch); ${named}`
      )
  }
}
