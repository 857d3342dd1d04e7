// The composition root: the only place that builds across floors, from the bottom up.
import { CredentialStore } from '../connection/credentials.js'
import { InvalidOptionError } from '../core/errors.js'
import { Emitter } from '../core/events.js'
import { Sweeper } from '../core/sweeper.js'
import { NodeRegistry } from '../node/registry.js'
import { DEFAULT_HINTS } from '../protocol/command.js'
import { compose, type Executor, type Interceptor } from '../protocol/executor.js'
import { Router } from '../router/router.js'
import { ClusterDiscovery } from '../topology/cluster-discovery.js'
import type { Discovery } from '../topology/discovery.js'
import { StaticDiscovery } from '../topology/static-discovery.js'
import { Topology } from '../topology/topology.js'
import { Client } from './client.js'
import { Custody } from './custody.js'
import { Engine } from './engine.js'
import type { ClientEvents } from './events.js'
import { News } from './news.js'
import {
  type ClusterOptions,
  type ResolvedClientOptions,
  resolveClusterOptions,
  resolveServerOptions,
  type ServerOptions,
} from './options.js'
import { Pending } from './pending.js'

/**
 * A client of a Redis or Valkey Cluster. Nothing is dialled until `connect()` or the first command.
 *
 * @throws InvalidOptionError naming the field, for any option of the wrong type, out of range or of unknown name.
 * @example
 * ```ts
 * const redis = createCluster({ nodes: ['redis://127.0.0.1:7000', { host: '127.0.0.1', port: 7001 }] })
 * await redis.set('k', 'v', { ex: 60 })
 * await redis.close()
 * ```
 */
export function createCluster(options: ClusterOptions): Client {
  const resolved = resolveClusterOptions(options)
  return build(resolved, new ClusterDiscovery(resolved.topology.discoveryTimeoutMs))
}

/**
 * The same client on one server. Nothing is dialled until `connect()` or the first command.
 *
 * @throws InvalidOptionError naming the field, for any option of the wrong type, out of range or of unknown name.
 * @example
 * ```ts
 * const redis = createClient({ url: 'redis://127.0.0.1:6379' })
 * await redis.mget(['a', 'b']) // one server takes keys of any slots
 * ```
 */
export function createClient(options: ServerOptions = {}): Client {
  const resolved = resolveServerOptions(options)
  // resolveServerOptions gives exactly one.
  const [endpoint] = resolved.seeds as [ResolvedClientOptions['seeds'][number]]
  return build(resolved, new StaticDiscovery(endpoint, resolved.topology.discoveryTimeoutMs))
}

function build(options: ResolvedClientOptions, discovery: Discovery): Client {
  const events = new Emitter<ClientEvents>()
  const news = new News(events)
  const sweeper = new Sweeper()
  const credentials = new CredentialStore(options.connection.credentials, error =>
    events.emit('error', error),
  )
  const context = { options: options.connection, nodeOptions: options.node, credentials, sweeper }
  const registry = new NodeRegistry(context, {
    onClose: (_connection, error) => {
      if (error !== undefined) topology.refresh('lost connection')
    },
    // The news comes last, here and below: a listener may destroy the client.
    onUnavailable: (node, why) => {
      router.nodeUnavailable(node, why)
      news.suspect(node, why)
    },
    onAvailable: node => {
      router.nodeAvailable(node)
      news.available(node)
    },
  })
  const topology: Topology = new Topology({
    seeds: options.seeds,
    discovery,
    registry,
    translate: options.translate,
    options: options.topology,
    hooks: {
      onChange: (snapshot, reason, changed) => {
        engine.topologyChanged()
        news.topology(snapshot, reason, changed)
      },
      onFailover: (from, to, slots) => {
        router.topologyChanged()
        news.failover(from, to, slots)
      },
      isWanted: node => router.isWanted(node),
      onFailure: error => engine.topologyFailed(error),
      onNodeAdded: node => news.added(node),
      onNodeRemoved: node => news.removed(node),
    },
  })
  const router: Router = new Router(topology, options.router)
  sweeper.add(router.waitingRoom)
  const intercepted = new Custody('an interceptor')
  const engine = new Engine({
    executor: options.interceptors.length === 0 ? router : intercepted.guard(intercept(options, router)),
    router,
    registry,
    sweeper,
    pending: new Pending(sweeper, options),
    credentials,
    events,
    intercepted,
  })
  return new Client(engine, { hints: DEFAULT_HINTS, timeoutMs: options.timeoutMs, signal: undefined })
}

/** As `compose` does, but says which of them made something else. */
function intercept({ interceptors }: ResolvedClientOptions, router: Router): Executor {
  const checked = interceptors.map(
    (interceptor, i): Interceptor =>
      next => {
        const executor: unknown = interceptor(next)
        if (typeof (executor as Partial<Executor> | undefined | null)?.execute === 'function')
          return executor as Executor
        throw new InvalidOptionError(
          `interceptors[${i}]`,
          'must return an executor: { execute(command, sink) }',
        )
      },
  )
  return compose(checked, router)
}
