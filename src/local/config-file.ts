// What is written into a server's redis.conf.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ServerBinary } from './find-server.js'
import type { Directives, DirectiveValue, ResolvedLocalOptions } from './options.js'

export type ServerMode = 'standalone' | 'cluster'

export interface ConfigFileParts {
  readonly mode: ServerMode
  readonly binary: ServerBinary
  readonly options: ResolvedLocalOptions
  readonly host: string
  readonly port: number
  /** Of this server alone, over those of the options. */
  readonly ownConfig?: Directives | undefined
  readonly dir: string
  readonly socketPath?: string | undefined
}

/** The text of the file: the defaults for tests, the user's directives over them, and what we must know ourselves. */
export function configFile(parts: ConfigFileParts): string {
  const directives: Record<string, DirectiveValue | undefined> = {
    ...defaults(parts),
    ...lowerCased(parts.options.config),
    ...lowerCased(parts.ownConfig ?? {}),
    ...managed(parts),
  }
  const lines: string[] = []
  for (const [name, value] of Object.entries(directives)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) lines.push(`${name} ${written(one)}`)
    }
  }
  return `${lines.join('\n')}\n${access(parts.options)}`
}

function defaults({ mode, binary, host, options }: ConfigFileParts): Record<string, DirectiveValue> {
  const isSeven = Number.parseInt(binary.version, 10) >= 7
  return {
    bind: host,
    save: '',
    appendonly: 'no',
    'repl-diskless-sync': 'yes',
    'repl-diskless-sync-delay': 0,
    // A polite end waits for replicas that lag; one that is paused lags for ever.
    ...(isSeven ? { 'shutdown-timeout': 2 } : {}),
    ...(mode === 'cluster' ? { 'cluster-node-timeout': 2_000 } : {}),
    // Replicas stay where the test put them, also when another primary lost its last one.
    ...(mode === 'cluster' && isSeven ? { 'cluster-allow-replica-migration': 'no' } : {}),
    ...(options.tls === undefined ? {} : { 'tls-auth-clients': 'optional' }),
  }
}

function managed({ mode, options, port, dir, socketPath }: ConfigFileParts): Record<string, DirectiveValue> {
  const { tls } = options
  return {
    daemonize: 'no',
    dir: quoted(dir),
    port: tls === undefined ? port : 0,
    ...(socketPath === undefined ? {} : { unixsocket: quoted(socketPath) }),
    ...(mode === 'cluster' ? { 'cluster-enabled': 'yes', 'cluster-config-file': 'nodes.conf' } : {}),
    ...(tls === undefined
      ? {}
      : {
          'tls-port': port,
          'tls-cert-file': quoted(resolve(tls.cert)),
          'tls-key-file': quoted(resolve(tls.key)),
          'tls-ca-cert-file': quoted(resolve(tls.ca)),
          'tls-replication': 'yes',
          ...(mode === 'cluster' ? { 'tls-cluster': 'yes' } : {}),
        }),
  }
}

/** Written after the user's own `user` lines, which may come in any number. */
function access({ username, password }: ResolvedLocalOptions): string {
  if (password === undefined) return ''
  if (username === undefined) return `requirepass ${quoted(password)}\nmasterauth ${quoted(password)}\n`
  // By its hash, so that no character of the password means anything to the ACL grammar.
  const hash = createHash('sha256').update(password).digest('hex')
  return [
    'user default off',
    `user ${username} on #${hash} allkeys allchannels allcommands`,
    `masteruser ${username}`,
    `masterauth ${quoted(password)}`,
    '',
  ].join('\n')
}

function written(value: string | number | boolean): string {
  if (value === '') return '""'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value)
}

/** One argument, whatever it contains: `"…"` with \ before " and \. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

function lowerCased<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]))
}
