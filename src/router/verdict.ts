// (error, command, counters) → what to do, as data. Pure; the table is in docs/design/reliability.md, and row by row in
// test/router/verdict.test.ts.
import { ConnectError, ConnectionLostError, ReplyError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import { parseRedirect } from '../protocol/reply-error.js'
import { Flag } from '../protocol/spec.js'
import type { RefreshReason } from '../topology/refresher.js'

export type Verdict =
  /** Another node owns the slot: patch the map, ask it. */
  | { readonly kind: 'follow'; readonly slot: number; readonly host: string; readonly port: number }
  /** The slot is on the move: ask the other node this once, with ASKING. */
  | { readonly kind: 'ask'; readonly slot: number; readonly host: string; readonly port: number }
  /** This command alone is tried again after a pause. */
  | { readonly kind: 'rest'; readonly refresh: RefreshReason | undefined }
  /** The node serves nobody at the moment: its commands wait, and one of them asks from time to time. */
  | { readonly kind: 'hold'; readonly refresh: RefreshReason | undefined }
  /** The line to the node broke: by the next one, or when the node is back. */
  | { readonly kind: 'resend'; readonly refresh: RefreshReason }
  /** The server does not know the connection any more: by another one, which shows its credentials. */
  | { readonly kind: 'reconnect' }
  | { readonly kind: 'too many redirects' }
  /** The server asks for credentials again and again. */
  | { readonly kind: 'not authenticated' }
  /** It is the caller's. */
  | { readonly kind: 'fail' }

export interface Counters {
  /** Followed so far. */
  readonly redirects: number
  /** Milliseconds since the first of them. */
  readonly redirectedForMs: number
  readonly maxRedirects: number
  readonly redirectBudgetMs: number
  /** It has been sent by a new connection already because the server did not know the old one. */
  readonly reconnected: boolean
  /** The deployment has slots (a cluster). */
  readonly slotted: boolean
}

const FAIL: Verdict = { kind: 'fail' }
const REST: Verdict = { kind: 'rest', refresh: undefined }

export function verdict(error: Error, command: Command, counters: Counters): Verdict {
  if (error instanceof ReplyError) {
    return mayBeOfScript(error, command) ? FAIL : ofReply(error, counters)
  }
  if (error instanceof ConnectError) {
    return error.retryable ? { kind: 'resend', refresh: 'refused dial' } : FAIL
  }
  if (error instanceof ConnectionLostError) {
    const again = error.outcome === 'not-sent' || mayRepeat(command)
    return again ? { kind: 'resend', refresh: 'lost connection' } : FAIL
  }
  return FAIL
}

/** May it be done twice without harm? Read-only by the server's table, or so the caller says. */
export function mayRepeat(command: Command): boolean {
  return (command.spec.flags & Flag.READONLY) !== 0 || command.hints.idempotent
}

function ofReply(error: ReplyError, counters: Counters): Verdict {
  switch (error.prefix) {
    case 'MOVED':
    case 'ASK':
      return ofRedirect(error, counters)
    case 'CLUSTERDOWN':
      // Said of one slot, or of all.
      return SLOT_NOT_SERVED.test(error.message)
        ? { kind: 'rest', refresh: 'uncovered slot' }
        : { kind: 'hold', refresh: 'CLUSTERDOWN' }
    case 'LOADING':
      return { kind: 'hold', refresh: undefined }
    case 'MASTERDOWN':
      return { kind: 'hold', refresh: counters.slotted ? 'CLUSTERDOWN' : undefined }
    case 'READONLY':
      // A demoted primary; on a single server it is simply the truth.
      return counters.slotted ? { kind: 'rest', refresh: 'READONLY' } : FAIL
    case 'UNBLOCKED':
      // A blocking command that the server let go undone, because it became a replica.
      return { kind: 'rest', refresh: counters.slotted ? 'READONLY' : undefined }
    case 'TRYAGAIN':
    case 'NOREPLICAS':
    case 'BUSY':
      return REST
    case 'NOAUTH':
      return counters.reconnected ? { kind: 'not authenticated' } : { kind: 'reconnect' }
    default:
      return FAIL
  }
}

function ofRedirect(error: ReplyError, counters: Counters): Verdict {
  const redirect = counters.slotted ? parseRedirect(error) : undefined
  if (redirect === undefined) return FAIL
  const { redirects, maxRedirects, redirectedForMs, redirectBudgetMs } = counters
  if (redirects >= maxRedirects && (maxRedirects === 0 || redirectedForMs >= redirectBudgetMs)) {
    return { kind: 'too many redirects' }
  }
  const { kind, slot, host, port } = redirect
  return { kind: kind === 'MOVED' ? 'follow' : 'ask', slot, host, port }
}

const SLOT_NOT_SERVED = /^CLUSTERDOWN Hash slot not served/

// A script may answer with an error of its own making, and with any word in front; it has run then, and is not run again.
// Only the server's own sentences are believed, and not those it passes on from inside a script (`… script: 5f3c…`).
function mayBeOfScript(error: ReplyError, { spec }: Command): boolean {
  return (
    RUNS_SCRIPT.test(spec.name) &&
    !(REFUSED_AT_THE_DOOR.test(error.message) && !/ script: /.test(error.message))
  )
}

const RUNS_SCRIPT = /^(?:EVAL|EVALSHA|FCALL)(?:_RO)?$/
const REFUSED_AT_THE_DOOR =
  /^(?:MOVED \d+ |ASK \d+ |TRYAGAIN Multiple keys request|CLUSTERDOWN (?:The cluster is down|Hash slot not served)|LOADING \w+ is loading the dataset|MASTERDOWN Link with MASTER is down|READONLY You can't write against a read only|NOREPLICAS Not enough good replicas|BUSY \w+ is busy running|NOAUTH Authentication required)/
