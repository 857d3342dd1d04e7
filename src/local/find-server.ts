// Which server this machine has: by option, by environment variable, by PATH.
//
// The binary may be a wrapper script, so nothing is guessed from its name or its bytes: it is asked `--version`.
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, dirname, join, resolve } from 'node:path'
import { knownFields } from '../core/options.js'
import { ServerNotFoundError } from './errors.js'
import { checkPath } from './options.js'

/** A server program that answered `--version`. */
export interface ServerBinary {
  /** Absolute path of the program. */
  readonly path: string
  readonly flavour: 'redis' | 'valkey'
  /** As the program says it, e.g. `7.0.15`. */
  readonly version: string
  /** Absolute path of redis-cli or valkey-cli: beside the server, else on PATH; undefined where there is none. */
  readonly cli: string | undefined
}

/** Where {@link findServer} looks. */
export interface FindServerOptions {
  /** Path of the program, or its name on PATH. Where given, nothing else is tried. */
  readonly server?: string | undefined
  /** Read for `SLOTWISE_SERVER` (tried alone where set) and `PATH`. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

const NAMES = ['redis-server', 'valkey-server']
const ANSWER_WITHIN_MS = 10_000

/**
 * Finds a server program: the option `server`, else the environment variable `SLOTWISE_SERVER`, else
 * `redis-server` and then `valkey-server` on PATH.
 *
 * @throws {@link ServerNotFoundError} when there is none, or the one named does not answer `--version` within 10 s.
 * @throws InvalidOptionError for an unknown option or one of the wrong type.
 * @example
 * ```ts
 * const { path, flavour, version } = await findServer()
 * console.log(`${flavour} ${version} at ${path}`)
 * ```
 */
export async function findServer(options: FindServerOptions = {}): Promise<ServerBinary> {
  knownFields('findServer', options, ['server', 'env'])
  checkPath('findServer.server', options.server)
  const env = options.env ?? process.env
  if (options.server !== undefined) return findNamed(options.server, 'option server', env)
  if (env.SLOTWISE_SERVER) return findNamed(env.SLOTWISE_SERVER, 'environment variable SLOTWISE_SERVER', env)

  const tried: string[] = []
  for (const name of NAMES) {
    const paths = await onPath(name, env)
    if (paths.length === 0) tried.push(`${name}: not on PATH`)
    for (const path of paths) {
      try {
        return await describe(path, env)
      } catch (error) {
        tried.push(`${path}: ${messageOf(error)}`)
      }
    }
  }
  throw new ServerNotFoundError(tried)
}

/** A server that was named must be the one that is used: no falling back to another. */
async function findNamed(
  name: string,
  by: string,
  env: NonNullable<FindServerOptions['env']>,
): Promise<ServerBinary> {
  const isName = !name.includes('/') && !name.includes('\\')
  const path = isName ? (await onPath(name, env))[0] : resolve(name)
  if (path === undefined) throw new ServerNotFoundError([`${by}: ${name} is not on PATH`])
  try {
    return await describe(path, env)
  } catch (error) {
    throw new ServerNotFoundError([`${by}: ${path}: ${messageOf(error)}`], { cause: error })
  }
}

async function describe(path: string, env: NonNullable<FindServerOptions['env']>): Promise<ServerBinary> {
  const { flavour, version } = await askVersion(path)
  // That of the same house first; each of the two speaks to both.
  const names = flavour === 'redis' ? ['redis-cli', 'valkey-cli'] : ['valkey-cli', 'redis-cli']
  for (const PATH of [dirname(path), env.PATH]) {
    for (const name of names) {
      const [cli] = await onPath(name, { PATH })
      if (cli !== undefined) return { path, flavour, version, cli }
    }
  }
  return { path, flavour, version, cli: undefined }
}

async function onPath(name: string, env: NonNullable<FindServerOptions['env']>): Promise<string[]> {
  const found: string[] = []
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = resolve(join(folder, name))
    try {
      await access(path, constants.X_OK)
      found.push(path)
    } catch {
      // Not in this folder, or not for us to run: the next folder may have it.
    }
  }
  return found
}

/** `Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=…`, and `Valkey server v=…`. */
function askVersion(path: string): Promise<Pick<ServerBinary, 'flavour' | 'version'>> {
  return new Promise((resolve, reject) => {
    execFile(path, ['--version'], { timeout: ANSWER_WITHIN_MS, killSignal: 'SIGKILL' }, (error, stdout) => {
      const match = /^(redis|valkey) server v=(\S+)/im.exec(stdout)
      if (match !== null) {
        const flavour = match[1]!.toLowerCase() === 'valkey' ? 'valkey' : 'redis'
        resolve({ flavour, version: match[2]! })
      } else if (error?.killed) reject(new Error(`did not answer --version within ${ANSWER_WITHIN_MS} ms`))
      else reject(error ?? new Error(`answered --version with ${JSON.stringify(stdout.slice(0, 80))}`))
    })
  })
}

function messageOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'it may not be run'
  return message.trim().split('\n')[0]!
}
