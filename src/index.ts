// The public door: everything an application may import from 'slotwise', by name.
export { type CallArg, Client, type ViewOf, type ViewOptions } from './client/client.js'
export { createClient, createCluster } from './client/create.js'
export type { ClientEvents } from './client/events.js'
export { intercept, keyPrefix, type SlowCommand, slowCommands, tracing } from './client/interceptors.js'
export type { ClientOptions, ClusterOptions, ServerOptions } from './client/options.js'
export { attach } from './commands/attach.js'
export { catalogue as commands } from './commands/catalogue.js'
export type { As, Bulk, Fields, Int, Key, Methods, TextView, Value, View } from './commands/types.js'
export type { Credentials, CredentialsProvider } from './connection/credentials.js'
export type { ConnectionOptions } from './connection/options.js'
export type { NodeInput } from './core/address.js'
export {
  AbortedError,
  AuthenticationError,
  type CallFacts,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  type ConnectPhase,
  CrossSlotError,
  DeadlineExceededError,
  DiscoveryError,
  type FailedContact,
  IntegerRangeError,
  InvalidArgumentError,
  InvalidOptionError,
  isSlotwiseError,
  type Outcome,
  OverloadedError,
  ProtocolError,
  ReplyError,
  SlotwiseError,
  TextTooLongError,
  TooManyRedirectsError,
  UncoveredSlotError,
  UnexpectedReplyError,
  UnrepresentableReplyError,
  UnsupportedCommandError,
} from './core/errors.js'
export type { NodeOptions } from './node/options.js'
export {
  type Arg,
  type Command,
  createCommand,
  type Hints,
  MIXED_SLOTS,
  NO_SLOT,
} from './protocol/command.js'
export { type Executor, type Interceptor, type Sink, WrappedSink } from './protocol/executor.js'
export { findSpec, specOf } from './protocol/lookup.js'
export { keySlot } from './protocol/slot.js'
export {
  type CommandSpec,
  Flag,
  type KeySpec,
  type RequestPolicy,
  type ResponsePolicy,
} from './protocol/spec.js'
export { Push, type Reply, ReplyMode, RespMap } from './resp/types.js'
export type { RouterOptions } from './router/options.js'
export type { NatMap } from './topology/address-map.js'
export type { TopologyOptions } from './topology/options.js'
