// From an endpoint to a connected socket: name look-up, TCP or unix, TLS. Whoever dials keeps the clock, and gives up by
// the signal. A failure says how far it came. Nothing is left behind: no listener, no socket whose late error nobody hears.
import {
  connect as connectTcp,
  isIP,
  type LookupFunction,
  type OnReadOpts,
  type Socket,
  type TcpNetConnectOpts,
} from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import { type Endpoint, formatAddress } from '../core/address.js'
import { ConnectError, type ConnectPhase } from '../core/errors.js'
import type { ResolvedConnectionOptions } from './options.js'

/**
 * Where the socket puts what it reads. `buffer` is asked before every read; the read is handed to `callback` in that
 * very buffer, so nothing is allocated per chunk. https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
 */
export interface OnRead {
  readonly buffer: () => Uint8Array
  readonly callback: (size: number, buffer: Uint8Array) => boolean
}

export interface DialOptions {
  /** Name to prove by TLS: announced by the node, or a seed's. */
  readonly serverName?: string | undefined
  readonly signal?: AbortSignal
  readonly onread: OnRead
  /** Told how far it comes. */
  readonly onPhase?: (phase: ConnectPhase) => void
}

/** Rejects with ConnectError. */
export function dial(
  endpoint: Endpoint,
  options: ResolvedConnectionOptions,
  how: DialOptions,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const address = formatAddress(endpoint)
    let phase: ConnectPhase = 'connect'
    let socket: Socket
    const enter = (next: ConnectPhase): void => {
      phase = next
      how.onPhase?.(next)
    }
    enter(needsLookup(endpoint) ? 'dns' : 'connect')
    try {
      socket = open(endpoint, options, how)
    } catch (cause) {
      // Node throws for unusable TLS material (a bad key, say).
      reject(new ConnectError(address, options.tls === undefined ? 'connect' : 'tls', { cause }))
      return
    }

    // Stays for good: an error with nobody to tell (after it was given up, or before it is taken over) ends no process.
    socket.on('error', () => {})

    const settle = (): void => {
      how.signal?.removeEventListener('abort', onAbort)
      socket.removeListener('lookup', onLookup)
      socket.removeListener('connect', onConnect)
      socket.removeListener('secureConnect', onReady)
      socket.removeListener('error', onError)
      socket.removeListener('close', onClose)
    }
    const fail = (cause: unknown, message?: string): void => {
      settle()
      socket.destroy()
      reject(new ConnectError(address, phase, message === undefined ? { cause } : { cause, message }))
    }
    const onReady = (): void => {
      settle()
      resolve(socket)
    }
    const onLookup = (error: Error | null): void => {
      if (error === null || error === undefined) enter('connect')
    }
    const onConnect = (): void => {
      // tls.connect passes neither of these options on to its socket.
      socket.setNoDelay(options.noDelay)
      socket.setKeepAlive(options.keepAliveMs > 0, options.keepAliveMs)
      if (options.tls === undefined || 'path' in endpoint) onReady()
      else enter('tls')
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.syscall === 'getaddrinfo' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
        phase = 'dns'
      else if (error.syscall === 'connect') phase = 'connect'
      fail(error, reasonOf(error))
    }
    const onClose = (): void => fail(new Error('the connection was closed'))
    const onAbort = (): void => fail(how.signal?.reason, 'given up')

    socket.on('lookup', onLookup)
    socket.on('connect', onConnect)
    socket.on('secureConnect', onReady)
    socket.on('error', onError)
    socket.on('close', onClose)
    if (how.signal?.aborted === true) onAbort()
    else how.signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function open(endpoint: Endpoint, options: ResolvedConnectionOptions, how: DialOptions): Socket {
  // Node's types want the callback's buffer writable and the function's result a Uint8Array: ours is both.
  const onread: OnReadOpts = how.onread
  if ('path' in endpoint) return connectTcp({ path: endpoint.path, onread })
  const tcp: TcpNetConnectOpts = {
    host: endpoint.host,
    port: endpoint.port,
    family: options.family,
    onread,
    ...(options.lookup === undefined ? {} : { lookup: tame(options.lookup) }),
  }
  if (options.tls === undefined) return connectTcp(tcp)
  const name = serverName(endpoint.host, endpoint.port, options, how.serverName)
  // tls.connect passes `onread` on to its socket as long as it makes the socket itself.
  const tls: TlsOptions & TcpNetConnectOpts = {
    ...options.tls,
    ...tcp,
    ...(name === undefined ? {} : { servername: name }),
  }
  return connectTls(tls)
}

/**
 * The name to ask for (SNI) and to verify: the hook's, the option's, the node's, the host itself if it is a name. For a
 * bare IP there is none; Node then verifies the certificate against the IP.
 */
function serverName(
  host: string,
  port: number,
  options: ResolvedConnectionOptions,
  announced: string | undefined,
): string | undefined {
  return (
    options.servername?.({ host, port }) ??
    options.tls?.servername ??
    announced ??
    (isIP(host) === 0 ? host : undefined)
  )
}

function needsLookup(endpoint: Endpoint): boolean {
  return 'host' in endpoint && isIP(endpoint.host) === 0
}

/** When all addresses of a name fail, Node's error is a list of errors, without a message of its own. */
function reasonOf(error: Error): string | undefined {
  if (!(error instanceof AggregateError) || error.message !== '') return undefined
  return error.errors.map(each => (each instanceof Error ? each.message : String(each))).join('; ')
}

/**
 * The user's look-up, made to behave as `dns.lookup` does and `connect` relies on: it answers later, does not throw, and
 * gives a list that is not empty where a list is asked for.
 */
function tame(lookup: LookupFunction): LookupFunction {
  return (hostname, query, callback) => {
    const answer: typeof callback = (...found) => process.nextTick(callback, ...found)
    try {
      lookup(hostname, query, (error, found, family) => {
        const all = typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found
        const first = all?.[0]
        if (error !== null && error !== undefined) answer(error, [])
        else if (first === undefined)
          answer(new Error(`the lookup option gave no address for ${hostname}`), [])
        else if (query.all === true) answer(null, all)
        else answer(null, first.address, first.family)
      })
    } catch (error) {
      answer(error as Error, [])
    }
  }
}
