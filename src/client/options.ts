// A client's options: the floors' own, composed. Connection options stand at the top level, where everybody looks for
// `password` and `tls`; the other floors have a field each.
import {
  type ConnectionOptions,
  connectionFields,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/options.js'
import { type Endpoint, type NodeInput, type ParsedNode, parseNode } from '../core/address.js'
import { InvalidOptionError } from '../core/errors.js'
import { count, duration, knownFields } from '../core/options.js'
import { type NodeOptions, type ResolvedNodeOptions, resolveNodeOptions } from '../node/options.js'
import type { Interceptor } from '../protocol/executor.js'
import { type ResolvedRouterOptions, type RouterOptions, resolveRouterOptions } from '../router/options.js'
import { createAddressMap, type NatMap, type Translate } from '../topology/address-map.js'
import {
  type ResolvedTopologyOptions,
  resolveTopologyOptions,
  type TopologyOptions,
} from '../topology/options.js'

export interface ClientOptions extends ConnectionOptions {
  /**
   * Deadline of every call in milliseconds: waiting, wire, redirects and retries together. `with({ timeoutMs })` sets
   * another for single calls. A cluster needs about one and a half times its `cluster-node-timeout` (15 s in a stock server) to
   * replace a dead primary: with a shorter deadline, calls on its slots fail during that time.
   * @default 10000
   */
  timeoutMs?: number
  /**
   * Calls under way at once, on all nodes together: waiting, on the wire, resting between tries. One more is refused with
   * `OverloadedError`. A call takes some 600 bytes of memory beside its arguments and its answer.
   * @default 262144
   */
  maxPending?: number
  /**
   * Bytes of the arguments of the calls under way; while there are so many, further calls are refused with
   * `OverloadedError`. Text counts by its length.
   * @default 268435456
   */
  maxPendingBytes?: number
  /** Wrapped round every command, the first listed outermost. */
  interceptors?: readonly Interceptor[]
  /** How connections of a node are shared and lent. */
  node?: NodeOptions
  /** What the router does when the first try does not do. */
  router?: RouterOptions
}

export interface ClusterOptions extends ClientOptions {
  /**
   * Where to begin: any nodes of the cluster, as `redis://` URLs, `host:port`, or `{ host, port }`. The rest is
   * discovered. Names are kept as names, and resolved anew for every connection.
   */
  nodes: readonly (string | NodeInput)[]
  /** Translates announced addresses into reachable ones. */
  natMap?: NatMap
  /** How the topology is found and kept. */
  topology?: TopologyOptions
}

export interface ServerOptions extends ClientOptions {
  /** `redis://user:password@host:port/db`, `rediss://` for TLS, `unix:///path`. */
  url?: string
  /** @default '127.0.0.1' */
  host?: string
  /** @default 6379 */
  port?: number
  /** Path of a unix socket, in place of host and port. */
  path?: string
}

export interface ResolvedClientOptions {
  readonly seeds: readonly Endpoint[]
  readonly timeoutMs: number
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly interceptors: readonly Interceptor[]
  readonly connection: ResolvedConnectionOptions
  readonly node: ResolvedNodeOptions
  readonly router: ResolvedRouterOptions
  readonly topology: ResolvedTopologyOptions
  readonly translate: Translate
}

const COMMON = ['timeoutMs', 'maxPending', 'maxPendingBytes', 'interceptors', 'node', 'router'] as const

export function resolveClusterOptions(options: ClusterOptions): ResolvedClientOptions {
  checkObject('createCluster()', options)
  knownFields('', options, [...connectionFields, ...COMMON, 'nodes', 'natMap', 'topology'])
  if (!Array.isArray(options.nodes) || options.nodes.length === 0) {
    throw new InvalidOptionError('nodes', 'must be a list of at least one node')
  }
  // Array.from: a list with holes is one with undefined in it, not a shorter one.
  const nodes = Array.from(options.nodes, (node: string | NodeInput, i) => parseNode(node, `nodes[${i}]`))
  return resolve(options, nodes, options.natMap, options.topology)
}

export function resolveServerOptions(options: ServerOptions = {}): ResolvedClientOptions {
  checkObject('createClient()', options)
  knownFields('', options, [...connectionFields, ...COMMON, 'url', 'host', 'port', 'path'])
  const { url, host, port, path } = options
  // An environment variable that is not set must not become the server on this machine.
  if ('url' in options && url === undefined)
    throw new InvalidOptionError('url', 'is there and undefined; leave it out, or give one')
  if (url !== undefined && (host !== undefined || port !== undefined || path !== undefined)) {
    throw new InvalidOptionError('url', 'cannot be given together with host, port or path')
  }
  if (path !== undefined && (host !== undefined || port !== undefined)) {
    throw new InvalidOptionError('path', 'cannot be given together with host or port')
  }
  const node =
    url !== undefined
      ? parseNode(url, 'url')
      : parseNode(
          path !== undefined
            ? { path }
            : { host: host === undefined ? '127.0.0.1' : host, port: port === undefined ? 6379 : port },
          '',
        )
  return resolve(options, [node], undefined, undefined)
}

function resolve(
  options: ClientOptions,
  nodes: readonly ParsedNode[],
  natMap: NatMap | undefined,
  topology: TopologyOptions | undefined,
): ResolvedClientOptions {
  return Object.freeze({
    seeds: nodes.map(node => node.endpoint),
    timeoutMs: duration('timeoutMs', options.timeoutMs, 10_000, { min: 1, max: 2 ** 31 - 1 }),
    maxPending: count('maxPending', options.maxPending, 262_144, { min: 1, max: 2 ** 30 }),
    maxPendingBytes: count('maxPendingBytes', options.maxPendingBytes, 2 ** 28, { min: 1, max: 2 ** 40 }),
    interceptors: checkInterceptors(options.interceptors),
    connection: resolveConnectionOptions({ ...fromUrls(nodes), ...pickConnection(options) }),
    node: resolveNodeOptions(options.node),
    router: resolveRouterOptions(options.router),
    topology: resolveTopologyOptions(topology),
    translate: createAddressMap(natMap),
  })
}

/** What URLs say of user, password, database and TLS; it must be the same in all that say anything. */
function fromUrls(nodes: readonly ParsedNode[]): ConnectionOptions {
  const said: ConnectionOptions = {}
  nodes.forEach((node, i) => {
    agree(said, 'username', node.username, i)
    agree(said, 'password', node.password, i)
    agree(said, 'db', node.db, i)
    agree(said, 'tls', node.tls, i)
  })
  return said
}

function agree<F extends 'username' | 'password' | 'db' | 'tls'>(
  said: ConnectionOptions,
  field: F,
  value: ConnectionOptions[F],
  i: number,
): void {
  if (value === undefined) return
  if (said[field] !== undefined && said[field] !== value) {
    throw new InvalidOptionError(
      `nodes[${i}]`,
      `names another ${field} than the nodes before it; all nodes share one`,
    )
  }
  said[field] = value
}

function pickConnection(options: ClientOptions): ConnectionOptions {
  const picked: Record<string, unknown> = {}
  const given = options as Readonly<Record<string, unknown>>
  for (const field of connectionFields) if (given[field] !== undefined) picked[field] = given[field]
  return picked
}

function checkInterceptors(interceptors: unknown): readonly Interceptor[] {
  if (interceptors === undefined) return []
  if (!Array.isArray(interceptors))
    throw new InvalidOptionError('interceptors', 'must be a list of functions')
  return Array.from(interceptors, (interceptor: unknown, i) => {
    if (typeof interceptor === 'function') return interceptor as Interceptor
    throw new InvalidOptionError(`interceptors[${i}]`, 'must be a function')
  })
}

function checkObject(field: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(field, 'must be given an options object')
  }
}
