// The public door: everything an application may import from 'slotwise', by name.
export { type CallArg, Client, type ViewOf, type ViewOptions } from './client/client.js'
export { createClient, createCluster } from './client/create.js'
export type { ClientEvents } from './client/events.js'
export type { ClientNodeState, ClientState } from './client/inspect.js'
export { intercept, keyPrefix, type SlowCommand, slowCommands, tracing } from './client/interceptors.js'
export type { ClientOptions, ClusterOptions, ServerOptions } from './client/options.js'
export type { Limit, Pairs, ScanOptions, ScoredMembers, Timestamp } from './commands/arguments.js'
export { attach } from './commands/attach.js'
export { catalogue as commands } from './commands/catalogue.js'
export type {
  ClientKillFilter,
  ClientListOptions,
  ClientPauseOptions,
  ClientType,
  ClientUnblockOptions,
} from './commands/connection.js'
export type { MemoryUsageOptions } from './commands/diagnostics.js'
export type { ExpireOptions } from './commands/expiry.js'
export type {
  CopyOptions,
  KeyScanOptions,
  MigrateOptions,
  RestoreOptions,
  SortOptions,
} from './commands/keys.js'
export type { ListSide, LposOptions, PopOptions } from './commands/lists.js'
export type {
  ClientDescription,
  HashPage,
  LcsMatch,
  LcsMatches,
  Popped,
  ScoredPage,
  ScoredPopped,
} from './commands/replies.js'
export type { BgsaveOptions, CommandListOptions, FlushOptions, LolwutOptions } from './commands/server.js'
export type {
  CommandArgument,
  CommandDescription,
  CommandDocumentation,
  KeyAndFlags,
  LatencyHistogram,
  LatencyPeak,
  LatencySample,
  MemoryStats,
  PrimaryRole,
  ReplicaRole,
  Role,
  SentinelRole,
  ServerTime,
  SlowlogEntry,
} from './commands/server-replies.js'
export type { IntercardOptions } from './commands/sets.js'
export type { ZcombineOptions } from './commands/sorted-set-combinations.js'
export type {
  LexBound,
  RangeLimitOptions,
  ScoreBound,
  ZrangeOptions,
  ZrangeWithScoresOptions,
} from './commands/sorted-set-ranges.js'
export type { ZaddIncrOptions, ZaddOptions } from './commands/sorted-sets.js'
export type {
  ExpiryOptions,
  GetexOptions,
  LcsIdxOptions,
  SetIfOptions,
  SetOptions,
} from './commands/strings.js'
export type { As, Bulk, Fields, Int, Key, Methods, TextView, Value, View } from './commands/types.js'
export type { Credentials, CredentialsProvider, ExpiringCredentials } from './connection/credentials.js'
export type { ConnectionOptions } from './connection/options.js'
export type { NodeInput } from './core/address.js'
export type {
  BackgroundError,
  CommandSettled,
  ConnectionClosed,
  ConnectionOpened,
  DialFailed,
  FailedOver,
  NodeAvailable,
  NodeSuspected,
  Redirected,
  Refreshed,
  TopologyChanged,
} from './core/diagnostics.js'
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
export type { ScanPage, Scored } from './protocol/decode.js'
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
export type { Limits } from './resp/limits.js'
export { Push, type Reply, ReplyMode, RespMap } from './resp/types.js'
export type { RouterOptions } from './router/options.js'
export type { NatMap } from './topology/address-map.js'
export type { TopologyOptions } from './topology/options.js'
