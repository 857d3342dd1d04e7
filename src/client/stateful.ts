// Commands that change the state of the connection they run on. On a shared connection they would change it for
// everybody, so `call()` refuses them, and says what to use.
import type { Arg } from '../protocol/command.js'
import type { CommandSpec } from '../protocol/spec.js'

const SUBSCRIPTION = 'a subscription needs a connection of its own, which this version does not offer yet'
const TRANSACTION =
  'a transaction needs to stand together on one connection, which this version does not offer yet'
const OPTION = 'it changes the connection that all calls share; set it by option instead'

const REASONS: Readonly<Record<string, string>> = {
  SUBSCRIBE: SUBSCRIPTION,
  PSUBSCRIBE: SUBSCRIPTION,
  SSUBSCRIBE: SUBSCRIPTION,
  UNSUBSCRIBE: SUBSCRIPTION,
  PUNSUBSCRIBE: SUBSCRIPTION,
  SUNSUBSCRIBE: SUBSCRIPTION,
  MONITOR: 'it turns its connection into a stream, which this version does not offer',
  SYNC: 'it turns its connection into a replication stream',
  PSYNC: 'it turns its connection into a replication stream',
  REPLCONF: 'it belongs to a replication stream',
  MULTI: TRANSACTION,
  EXEC: TRANSACTION,
  DISCARD: TRANSACTION,
  WATCH: TRANSACTION,
  UNWATCH: TRANSACTION,
  AUTH: `${OPTION} (username, password or credentials)`,
  HELLO: `${OPTION} (protocol, username, password, clientName)`,
  SELECT: `${OPTION} (db)`,
  QUIT: 'use close()',
  RESET: 'it would undo what this client has set on the connection that all calls share',
  ASKING: 'redirects are followed by the client itself',
  READONLY: 'which node answers is decided by the client itself',
  READWRITE: 'which node answers is decided by the client itself',
  'SCRIPT DEBUG': 'it would turn the connection that all calls share into a debugger',
  'CLIENT CAPA': 'it would hold for whichever connection happens to carry it',
  'CLIENT IMPORT-SOURCE': 'it would hold for whichever connection happens to carry it',
  'CLIENT REPLY': 'without its answers no connection can be shared',
  'CLIENT SETNAME': `${OPTION} (clientName)`,
  'CLIENT TRACKING':
    'invalidations need a connection that expects them, which this version does not offer yet',
  'CLIENT CACHING':
    'invalidations need a connection that expects them, which this version does not offer yet',
  'CLIENT NO-EVICT': 'it would hold for whichever connection happens to carry it',
  'CLIENT NO-TOUCH': 'it would hold for whichever connection happens to carry it',
}

/** Why this command cannot be sent on a shared connection; undefined for one that can. */
export function stateChange(spec: CommandSpec, args: readonly Arg[]): string | undefined {
  const own = REASONS[spec.name]
  if (own !== undefined || !spec.container || args.length < 2) return own
  // A subcommand without a row of its own (the table is of another server version).
  return REASONS[`${spec.name} ${String(args[1]).toUpperCase()}`]
}
