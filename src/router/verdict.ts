// (error, command, counters) → what to do, as data. Pure; the table is in test/router/verdict.test.ts.
import { ConnectError, ConnectionLostError, ReplyError } from '../core/errors.js'
import type { Command } from '../protocol/command.js'
import { parseRedirect } from '../protocol/reply-error.js'
import { Flag } from '../protocol/spec.js'
import type { RefreshReason } from '../topology/refresher.js'

export type Verdict =
  /** Another node owns the slot: patch the map, ask it now. */
  | { readonly kind: 'follow'; readonly slot: number; readonly host: string; readonly port: number }
  /** The slot is on the move: ask the other node this once, with ASKING. */
  | { readonly kind: 'ask'; readonly slot: number; readonly host: string; readonly port: number }
  /** Try again after a pause; the topology may have changed if `refresh` names a reason. */
  | { readonly kind: 'retry'; readonly refresh: RefreshReason | undefined }
  | { readonly kind: 'too many redirects' }
  /** It is the caller's. */
  | { readonly kind: 'fail' }

export interface Counters {
  readonly redirects: number
  readonly maxRedirects: number
  /** The deployment has slots (a cluster). */
  readonly slotted: boolean
}

const FAIL: Verdict = { kind: 'fail' }
const TOO_MANY: Verdict = { kind: 'too many redirects' }

export function verdict(error: Error, command: Command, counters: Counters): Verdict {
  if (error instanceof ReplyError) {
    return mayBeOfScript(error, command) ? FAIL : ofReply(error, counters)
  }
  if (error instanceof ConnectError) return error.retryable ? retry('refused dial') : FAIL
  if (error instanceof ConnectionLostError) {
    return error.outcome === 'not-sent' || mayRepeat(command) ? retry('lost connection') : FAIL
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
    case 'ASK': {
      const redirect = counters.slotted ? parseRedirect(error) : undefined
      if (redirect === undefined) return FAIL
      if (counters.redirects >= counters.maxRedirects) return TOO_MANY
      const { slot, host, port } = redirect
      return { kind: redirect.kind === 'MOVED' ? 'follow' : 'ask', slot, host, port }
    }
    case 'TRYAGAIN':
      return retry(undefined)
    case 'CLUSTERDOWN':
      return retry('CLUSTERDOWN')
    case 'READONLY':
      // A demoted primary; on a single server it is simply the truth.
      return counters.slotted ? retry('READONLY') : FAIL
    case 'LOADING':
    case 'MASTERDOWN':
      return retry(undefined)
    default:
      return FAIL
  }
}

function retry(refresh: RefreshReason | undefined): Verdict {
  return { kind: 'retry', refresh }
}

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
  /^(?:MOVED \d+ |ASK \d+ |TRYAGAIN Multiple keys request|CLUSTERDOWN (?:The cluster is down|Hash slot not served)|LOADING \w+ is loading the dataset|MASTERDOWN Link with MASTER is down|READONLY You can't write against a read only)/
