// The options of startServer and startCluster: what they mean, and that they are right before anything is started.
import { InvalidOptionError } from '../core/errors.js'
import { count, duration, flag, knownFields } from '../core/options.js'
import { MAX_CLUSTER_PORT } from './ports.js'

/** The value of a directive as in redis.conf: `2000`, `'900 1'`, `true` for yes; a list writes the directive repeatedly. */
export type DirectiveValue = string | number | boolean | readonly string[]

/** Paths of PEM files. */
export interface LocalTlsOptions {
  /** The server's certificate. */
  readonly cert: string
  /** Its private key. */
  readonly key: string
  /** The authority that signed it, and may sign clients' certificates. */
  readonly ca: string
}

/** What both {@link startServer} and {@link startCluster} understand. */
export interface LocalOptions {
  /** The server program: a path, or a name on PATH. Default: `SLOTWISE_SERVER`, else redis-server or valkey-server on PATH. */
  readonly server?: string | undefined
  /**
   * Further directives of redis.conf, written over the defaults: nothing is persisted (`save ""`, `appendonly no`),
   * only loopback is listened on, replicas synchronise without delay, and cluster nodes are thought failed after
   * 2,000 ms (`cluster-node-timeout`). Ports, folder, log and credentials have options of their own.
   */
  readonly config?: Directives | undefined
  /**
   * Folder for data, configuration and logs, made where missing and kept at the end. A cluster wants one that holds
   * none yet. Default: a temporary folder, removed at the end.
   */
  readonly dir?: string | undefined
  /** An ACL user with all rights, who needs `password`. The default user is then switched off. Default: the default user. */
  readonly username?: string | undefined
  /** Asked of every client. Default: none. */
  readonly password?: string | undefined
  /**
   * Encrypts everything: clients, replication and cluster bus; there is then no plain port. Clients may, and need
   * not, have a certificate; `config: { 'tls-auth-clients': 'yes' }` demands one. Default: none.
   */
  readonly tls?: LocalTlsOptions | undefined
  /**
   * How long starting may take until truly ready, and the same for every later restart, failover, slot move or wait
   * for stability, in milliseconds. Default: 60,000.
   */
  readonly timeoutMs?: number | undefined
}

/** Options of {@link startServer}. */
export interface LocalServerOptions extends LocalOptions {
  /** Default: a free one. */
  readonly port?: number | undefined
  /** Also listen on a unix socket, in the server's folder; see `socketPath`. Default: false. */
  readonly unixSocket?: boolean | undefined
}

/** Options of {@link startCluster}. */
export interface LocalClusterOptions extends LocalOptions {
  /** Number of primaries, 1 to 100. The slots are spread over them evenly. Default: 3. */
  readonly primaries?: number | undefined
  /** Number of replicas of each primary, 0 to 10. Default: 1. */
  readonly replicas?: number | undefined
  /**
   * One port per node, primaries first, each at most 55,535: the cluster bus listens on the port plus 10,000.
   * Default: free ones.
   */
  readonly ports?: readonly number[] | undefined
  /**
   * Directives of one node, written over `config`; asked at each of its starts, also by `restart` and `addNode`.
   * For nodes that announce another address than the one they listen on, as behind a proxy or address translation.
   * Default: none.
   */
  readonly nodeConfig?: ((node: NodePlace) => Directives) | undefined
}

/** Directives of redis.conf by name; undefined leaves one out. */
export type Directives = Readonly<Record<string, DirectiveValue | undefined>>

/** Of which node directives are asked. */
export interface NodePlace {
  /** Its place in `nodes` at the start, primaries first; nodes that are added count on. */
  readonly index: number
  /** The port on which it is about to listen. */
  readonly port: number
}

/** What is common to the servers of one start, checked and filled in. */
export interface ResolvedLocalOptions {
  readonly server: string | undefined
  readonly config: Directives
  readonly dir: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: LocalTlsOptions | undefined
  readonly timeoutMs: number
}

export interface ResolvedServerOptions extends ResolvedLocalOptions {
  readonly port: number | undefined
  readonly unixSocket: boolean
}

export interface ResolvedClusterOptions extends ResolvedLocalOptions {
  readonly primaries: number
  readonly replicas: number
  readonly ports: readonly number[] | undefined
  readonly nodeConfig: ((node: NodePlace) => Directives) | undefined
}

const COMMON = ['server', 'config', 'dir', 'username', 'password', 'tls', 'timeoutMs']

// Directives that this library writes itself, and what to use instead.
const MANAGED = new Map<string, string>(
  Object.entries({
    port: 'the option port or ports',
    'tls-port': 'the options tls and port or ports',
    'cluster-port': 'the option ports: the bus listens on each plus 10,000',
    dir: 'the option dir',
    unixsocket: 'the option unixSocket',
    requirepass: 'the option password',
    masterauth: 'the option password',
    masteruser: 'the option username',
    primaryauth: 'the option password',
    primaryuser: 'the option username',
    'cluster-enabled': 'startCluster or startServer',
    'cluster-config-file': 'the option dir',
    daemonize: 'nothing: the process must stay a child of this one',
    supervised: 'nothing: the process must stay a child of this one',
    logfile: 'logs()',
  }),
)

export function resolveServerOptions(options: LocalServerOptions): ResolvedServerOptions {
  const name = 'startServer'
  knownFields(name, options, [...COMMON, 'port', 'unixSocket'])
  const port = options.port === undefined ? undefined : checkPort(`${name}.port`, options.port, 65_535)
  const unixSocket = flag(`${name}.unixSocket`, options.unixSocket, false)
  return { ...resolveCommon(name, options), port, unixSocket }
}

export function resolveClusterOptions(options: LocalClusterOptions): ResolvedClusterOptions {
  const name = 'startCluster'
  knownFields(name, options, [...COMMON, 'primaries', 'replicas', 'ports', 'nodeConfig'])
  const primaries = count(`${name}.primaries`, options.primaries, 3, { min: 1, max: 100 })
  const replicas = count(`${name}.replicas`, options.replicas, 1, { min: 0, max: 10 })
  const { ports, nodeConfig } = options
  if (ports !== undefined) checkPorts(`${name}.ports`, ports, primaries * (1 + replicas))
  if (nodeConfig !== undefined && typeof nodeConfig !== 'function') {
    throw new InvalidOptionError(`${name}.nodeConfig`, 'must be a function', show(nodeConfig))
  }
  return { ...resolveCommon(name, options), primaries, replicas, ports, nodeConfig }
}

/** A port of a server; that of a cluster node must leave room for its bus port. */
export function checkPort(path: string, port: number, max: number): number {
  return count(path, port, port, { min: 1, max })
}

/** A time-out; the upper bound is that of setTimeout, beyond which a timer fires at once. */
export function checkTimeout(path: string, timeoutMs: number | undefined, fallback: number, min = 1): number {
  return duration(path, timeoutMs, fallback, { min, max: 2_147_483_647 })
}

export function checkPath(path: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw new InvalidOptionError(path, 'must be a path', show(value))
  }
}

function resolveCommon(name: string, options: LocalOptions): ResolvedLocalOptions {
  const { server, config = {}, dir, username, password, tls } = options
  checkPath(`${name}.server`, server)
  checkPath(`${name}.dir`, dir)
  checkConfig(`${name}.config`, config)
  checkCredentials(name, username, password)
  if (tls !== undefined) checkTls(`${name}.tls`, tls)
  const timeoutMs = checkTimeout(`${name}.timeoutMs`, options.timeoutMs, 60_000)
  return { server, config, dir, username, password, tls, timeoutMs }
}

function checkPorts(path: string, ports: unknown, wanted: number): void {
  if (!Array.isArray(ports) || ports.length !== wanted) {
    throw new InvalidOptionError(path, `must be a list of ${wanted} ports, one per node`, show(ports))
  }
  ports.forEach((port, i) => {
    checkPort(`${path}[${i}]`, port, MAX_CLUSTER_PORT)
    if (ports.indexOf(port) !== i)
      throw new InvalidOptionError(`${path}[${i}]`, 'must differ from the others', show(port))
  })
}

export function checkConfig(path: string, config: unknown): void {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new InvalidOptionError(path, 'must be an object of directives', show(config))
  }
  for (const [name, value] of Object.entries(config)) {
    const field = `${path}.${name}`
    if (!/^[a-z0-9._-]+$/i.test(name)) throw new InvalidOptionError(field, 'is not the name of a directive')
    const instead = MANAGED.get(name.toLowerCase())
    if (instead !== undefined) throw new InvalidOptionError(field, `cannot be set here; use ${instead}`)
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const one of values) {
      const isWritable =
        one === undefined ||
        typeof one === 'boolean' ||
        Number.isFinite(one) ||
        (typeof one === 'string' && !/[\r\n\0]/.test(one))
      if (!isWritable) {
        throw new InvalidOptionError(
          field,
          'must be a number, a boolean, one line of text, or a list of lines',
          show(one),
        )
      }
    }
  }
}

function checkCredentials(name: string, username: unknown, password: unknown): void {
  if (username !== undefined && (typeof username !== 'string' || !/^[^\s"'\\\0]+$/.test(username))) {
    throw new InvalidOptionError(
      `${name}.username`,
      'must be a name without white space or quotes',
      show(username),
    )
  }
  if (password !== undefined && (typeof password !== 'string' || !/^[^\r\n\0]+$/.test(password))) {
    throw new InvalidOptionError(`${name}.password`, 'must be one line of text')
  }
  if (username !== undefined && password === undefined) {
    throw new InvalidOptionError(`${name}.password`, 'must be given with username')
  }
}

function checkTls(path: string, tls: LocalTlsOptions): void {
  knownFields(path, tls, ['cert', 'key', 'ca'])
  for (const name of ['cert', 'key', 'ca'] as const) {
    if (tls[name] === undefined) throw new InvalidOptionError(`${path}.${name}`, 'must be given')
    checkPath(`${path}.${name}`, tls[name])
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? `a list of ${value.length}` : 'an object'
  return String(value)
}
