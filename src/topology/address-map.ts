// Translates the addresses a cluster announces into those this client can reach (NAT, port forwarding, containers).
import { type Address, type Endpoint, formatAddress, parseNode } from '../core/address.js'
import { InvalidOptionError } from '../core/errors.js'

/**
 * Announced address → reachable one: a record `{ '10.0.0.1:6379': { host: 'gate', port: 7001 } }`, or a function given
 * `host:port` that answers an address, or undefined for "as announced".
 */
export type NatMap =
  | Readonly<Record<string, { host: string; port: number }>>
  | ((address: string) => { host: string; port: number } | undefined)

export type Translate = (endpoint: Endpoint) => Endpoint

export function createAddressMap(natMap: NatMap | undefined, field = 'natMap'): Translate {
  if (natMap === undefined) return endpoint => endpoint
  if (typeof natMap === 'function') {
    return endpoint => {
      const mapped = natMap(formatAddress(endpoint))
      return mapped === undefined ? endpoint : checked(mapped, `${field}()`)
    }
  }
  // A Map or a list has no entries of its own, and would silently map nothing.
  if (typeof natMap !== 'object' || natMap === null || Symbol.iterator in natMap)
    throw new InvalidOptionError(field, 'must be a plain object or a function')
  const map = new Map<string, Address>()
  for (const [from, to] of Object.entries(natMap)) {
    const address = announced(from, field)
    map.set(address, checked(to, `${field}['${address}']`))
  }
  return endpoint => map.get(formatAddress(endpoint)) ?? endpoint
}

/** A key of the map as `formatAddress` writes it: one that never matches would silently map nothing. */
function announced(key: string, field: string): string {
  // A URL is not shown: it may hold a password.
  const path = `${field}['${/[@/]/.test(key) ? '…' : key}']`
  if (!/^(?:\[.+\]|[^:/]+):\d+$/.test(key)) {
    throw new InvalidOptionError(path, 'must be an announced address, written host:port or [IPv6]:port')
  }
  return formatAddress(parseNode(key, path).endpoint)
}

function checked(address: unknown, field: string): Address {
  const { host, port } = (address ?? {}) as Partial<Address>
  if (typeof host !== 'string' || host === '')
    throw new InvalidOptionError(`${field}.host`, 'must be a non-empty string')
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidOptionError(`${field}.port`, 'must be an integer from 1 to 65535', String(port))
  }
  return { host, port }
}
