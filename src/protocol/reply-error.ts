// Redirects, parsed once from the error a cluster node answers with.
//
//   -MOVED 3999 127.0.0.1:6381      another node owns the slot
//   -ASK 3999 127.0.0.1:6381        the slot is on the move: ask that node this once, with ASKING
//   -MOVED 3999 ::1:6381            IPv6 without brackets: the last colon ends the host
//   -MOVED 3999 :6381               no host: the one that answered, at another port
//   -MOVED 3999 ?:6381              a host is preferred by name, and the name is not known
//
// Anything else, however like it, is no redirect and stays an error: the client dials what it reads here.
import type { ReplyError } from '../core/errors.js'

export interface Redirect {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  /** Name or address, IPv6 without brackets; `''` the host that answered; `?` not known. */
  readonly host: string
  readonly port: number
}

/** Where the server sends us; undefined where the error is no redirect, or a malformed one. */
export function parseRedirect(error: ReplyError): Redirect | undefined {
  if (error.prefix !== 'MOVED' && error.prefix !== 'ASK') return undefined
  const match = REDIRECT.exec(error.message)
  if (match === null) return undefined
  const slot = Number(match[1])
  const host = match[2] ?? match[3]!
  const port = Number(match[4])
  if (slot > 16383 || port < 1 || port > 65535) return undefined
  return { kind: error.prefix, slot, host, port }
}

// Hosts are names, IPv4, or IPv6 with a zone perhaps: 253 characters hold any of them.
const REDIRECT =
  /^(?:MOVED|ASK) (\d{1,5}) (?:\[([\da-f:.]{2,45}(?:%[\w.-]{1,32})?)\]|(\??|[\w.:%-]{1,253})):(\d{1,5})$/i
