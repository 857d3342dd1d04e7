// Where a server is: host and port, or the path of a unix socket; and the many ways people write it down.
import { isIPv6 } from 'node:net'
import { InvalidOptionError } from './errors.js'
import { knownFields, pathOf } from './options.js'

export interface Address {
  readonly host: string
  readonly port: number
}
export interface UnixAddress {
  readonly path: string
}
export type Endpoint = Address | UnixAddress

/** A node as given in options. */
export type NodeInput =
  | { readonly host?: string; readonly port?: number }
  | { readonly path: string }
  | { readonly url: string }

/** A node as understood. */
export interface ParsedNode {
  readonly endpoint: Endpoint
  /** What a URL's scheme says; undefined where there is none. */
  readonly tls: boolean | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number | undefined
}

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 6379
// scheme → TLS. https://www.iana.org/assignments/uri-schemes/prov/redis
const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ['redis:', false],
  ['rediss:', true],
  ['valkey:', false],
  ['valkeys:', true],
])

/** `127.0.0.1:7000`, `[::1]:7000`, `unix:/run/redis.sock`. */
export function formatAddress(endpoint: Endpoint): string {
  if ('path' in endpoint) return `unix:${endpoint.path}`
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`
}

/**
 * Understands `redis://user:password@host:port/db` (also `rediss`, `valkey`, `valkeys`), `unix:///path?db=1`,
 * `host:port`, `host`, and `{ host, port }`, `{ path }`, `{ url }`. Throws InvalidOptionError naming `field`; its
 * message never holds the input, which may hold a password.
 */
export function parseNode(input: unknown, field: string): ParsedNode {
  if (typeof input === 'string') return parseText(input.trim(), field)
  knownFields(field, input, ['host', 'port', 'path', 'url'])
  const { host, port, path, url } = input as Readonly<Record<string, unknown>>
  if (url !== undefined) {
    alone(input as object, 'url', field)
    if (typeof url !== 'string') throw new InvalidOptionError(pathOf(field, 'url'), 'must be a string')
    return parseText(url.trim(), pathOf(field, 'url'))
  }
  if (path !== undefined) {
    alone(input as object, 'path', field)
    if (typeof path !== 'string' || path === '') {
      throw new InvalidOptionError(pathOf(field, 'path'), 'must be the path of a unix socket')
    }
    return plain({ path })
  }
  if (host === undefined && port === undefined)
    throw new InvalidOptionError(field, 'must have a host, a path or a url')
  return plain({
    host: host === undefined ? DEFAULT_HOST : checkHost(host, pathOf(field, 'host')),
    port: port === undefined ? DEFAULT_PORT : checkPort(port, pathOf(field, 'port')),
  })
}

function parseText(text: string, field: string): ParsedNode {
  if (text === '') throw new InvalidOptionError(field, 'must not be empty')
  if (text.startsWith('unix:')) return parseUnix(text, field)
  if (text.includes('://')) return parseUrl(text, field)
  // host:port, host, [v6]:port, and a bare v6 address, which has more than one colon.
  const bracketed = /^\[([^\]]+)\](?::(.*))?$/.exec(text)
  if (bracketed !== null) return hostPort(bracketed[1] as string, bracketed[2], field)
  const colon = text.indexOf(':')
  if (colon === -1 || text.indexOf(':', colon + 1) !== -1) return hostPort(text, undefined, field)
  return hostPort(text.slice(0, colon), text.slice(colon + 1), field)
}

function hostPort(host: string, port: string | undefined, field: string): ParsedNode {
  return plain({
    host: checkHost(host, field),
    port:
      port === undefined ? DEFAULT_PORT : checkPort(/^\d+$/.test(port) ? Number(port) : Number.NaN, field),
  })
}

function parseUrl(text: string, field: string): ParsedNode {
  const scheme = text.slice(0, text.indexOf('://') + 1).toLowerCase()
  const tls = SCHEMES.get(scheme)
  if (tls === undefined) {
    throw new InvalidOptionError(
      field,
      'must be a URL that begins with redis://, rediss://, valkey://, valkeys:// or unix://',
    )
  }
  let url: URL
  try {
    // One scheme for all four, and none of the web's own: those drop their default port.
    url = new URL(`redis:${text.slice(scheme.length)}`)
  } catch {
    // The parser's own error quotes the URL, and with it the password.
    throw new InvalidOptionError(field, 'is not a valid URL (is its port from 1 to 65535?)')
  }
  // Left as it is, it would cut a password in two and make the first half a host.
  if (url.hash !== '') throw new InvalidOptionError(field, 'holds a #, which is written %23 in a URL')
  checkQuery(url, field, ['db'])
  return {
    endpoint: {
      host: checkHost(url.hostname, field),
      port: url.port === '' ? DEFAULT_PORT : checkPort(Number(url.port), field),
    },
    tls,
    username: url.username === '' ? undefined : decode(url.username, field),
    password: url.password === '' ? undefined : decode(url.password, field),
    db: parseDb(url, url.pathname.slice(1), field),
  }
}

function parseUnix(text: string, field: string): ParsedNode {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new InvalidOptionError(field, 'is not a valid unix:// URL')
  }
  if (!/^unix:\/\/\//i.test(text) || url.host !== '' || url.pathname === '' || url.pathname === '/') {
    throw new InvalidOptionError(field, 'must be unix:// followed by the absolute path of a socket')
  }
  checkQuery(url, field, ['db'])
  return { ...plain({ path: decode(url.pathname, field) }), db: parseDb(url, '', field) }
}

function parseDb(url: URL, path: string, field: string): number | undefined {
  const query = url.searchParams.get('db')
  if (path !== '' && query !== null) throw new InvalidOptionError(field, 'names its database twice')
  const word = path === '' ? query : path
  if (word === null || word === '') return undefined
  if (!/^\d{1,9}$/.test(word))
    throw new InvalidOptionError(field, 'must name its database by number, as in redis://host:6379/2')
  return Number(word)
}

function checkQuery(url: URL, field: string, names: readonly string[]): void {
  for (const name of url.searchParams.keys()) {
    if (!names.includes(name))
      throw new InvalidOptionError(
        field,
        `holds an unknown parameter in its query; known: ${names.join(', ')}`,
      )
  }
}

function decode(word: string, field: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    throw new InvalidOptionError(field, 'holds a malformed percent-encoding')
  }
}

// What passes is shown in messages, so nothing passes that could be the rest of a URL, and with it a password.
function checkHost(host: unknown, field: string): string {
  if (typeof host !== 'string' || host === '')
    throw new InvalidOptionError(field, 'must be a non-empty host name or address')
  if (/[\s/@?#]/.test(host))
    throw new InvalidOptionError(field, 'must be a redis:// URL, host:port, or { host, port }')
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare.includes(':') && !isIPv6(bare))
    throw new InvalidOptionError(field, 'holds colons and is neither host:port nor an IPv6 address')
  return bare
}

function checkPort(port: unknown, field: string): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new InvalidOptionError(
    field,
    'must be a port from 1 to 65535',
    typeof port === 'number' ? String(port) : undefined,
  )
}

function alone(input: object, name: string, field: string): void {
  if (Object.keys(input).length > 1)
    throw new InvalidOptionError(pathOf(field, name), 'cannot be combined with other fields')
}

function plain(endpoint: Endpoint): ParsedNode {
  return { endpoint, tls: undefined, username: undefined, password: undefined, db: undefined }
}
