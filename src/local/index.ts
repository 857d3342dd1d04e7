// The public door of `slotwise/local`: real servers for development and tests.
export {
  type AddNodeOptions,
  type FailoverOptions,
  LocalCluster,
  startCluster,
} from './cluster.js'
export { LocalClusterNode } from './cluster-node.js'
export {
  ClusterNotReadyError,
  ServerNotFoundError,
  ServerNotRunningError,
  ServerStartError,
} from './errors.js'
export { type FindServerOptions, findServer, type ServerBinary } from './find-server.js'
export type {
  Directives,
  DirectiveValue,
  LocalClusterOptions,
  LocalOptions,
  LocalServerOptions,
  LocalTlsOptions,
  NodePlace,
} from './options.js'
export type { ProbeReply } from './probe.js'
export { LocalServer, type RestartOptions, type StopOptions, startServer } from './server.js'
export type { SlotMove } from './slot-moves.js'
