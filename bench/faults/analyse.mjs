// From a client's record of calls to figures. Pure.
//
//   window = { group, from, until, servedAt }   a time in which the servers did not serve the group: `from` just before
//                                               the fault, `until` just after it, `servedAt` is T
import { KINDS } from './load.mjs'

const OPEN = -1
const WRONG = 1
const FIRST_ERROR = 2
/** The prober looks every 5 ms, so a client may be served a moment before T; a success much earlier is an answer from before the fault. */
const BEFORE_T_MS = 250
/** A call made within this time after the fault may have been written to a socket whose end its client could not know of yet. */
const IN_FLIGHT_MS = 20
const SLOWEST_TOLD = 5

/** Everything of one client in one run. Times in milliseconds since `zero`. */
export function analyse(record, { windows, zero, stoppedAt }) {
  const calls = callsOf(record, stoppedAt)
  const groups = {}
  for (const group of record.groups) groups[group] = summarize(calls.filter(call => call.group === group))
  return {
    groups,
    errors: errorsOf(calls, record.errors, zero),
    incr: incrOf(calls, windows, record.errors),
    windows: windows.map(window => windowFacts(calls, window)),
    slowest: slowestOf(calls, zero),
    lagMs: record.lagMs,
  }
}

export function callsOf(record, stoppedAt) {
  return Array.from(record.start, (start, i) => {
    const status = record.status[i]
    return {
      number: i,
      start,
      end: status === OPEN ? stoppedAt : record.end[i],
      kind: KINDS[record.kind[i]],
      group: record.groups[record.group[i]],
      tag: record.tags[record.tag[i]],
      status,
      error: status >= FIRST_ERROR ? record.errors[status - FIRST_ERROR] : undefined,
      isOk: status === 0,
    }
  })
}

function summarize(calls) {
  const errors = {}
  let longestMs = 0
  let wrong = 0
  let open = 0
  for (const call of calls) {
    if (call.error !== undefined) errors[call.kind] = (errors[call.kind] ?? 0) + 1
    if (call.status === WRONG) wrong++
    if (call.status === OPEN) open++
    longestMs = Math.max(longestMs, call.end - call.start)
  }
  return { calls: calls.length, errors, wrong, open, longestMs }
}

/** The longest calls, for whoever looks for the reason. */
function slowestOf(calls, zero) {
  return [...calls]
    .sort((a, b) => b.end - b.start - (a.end - a.start))
    .slice(0, SLOWEST_TOLD)
    .map(({ kind, group, start, end, isOk }) => ({
      kind,
      group,
      startedMs: Math.round(start - zero),
      tookMs: Math.round(end - start),
      isOk,
    }))
}

/** Each distinct error: how often, of which kinds and groups, when. */
function errorsOf(calls, errors, zero) {
  return errors
    .map((error, i) => {
      const own = calls.filter(call => call.status === FIRST_ERROR + i)
      const per = {}
      for (const { kind, group } of own) per[`${kind} ${group}`] = (per[`${kind} ${group}`] ?? 0) + 1
      const starts = own.map(call => Math.round(call.start - zero))
      const waits = own.map(call => Math.round(call.end - call.start))
      return {
        ...error,
        count: own.length,
        per,
        startedMs: [Math.min(...starts), Math.max(...starts)],
        tookMs: [Math.min(...waits), Math.max(...waits)],
      }
    })
    .sort((a, b) => b.count - a.count)
}

function incrOf(calls, windows) {
  const incrs = calls.filter(({ kind }) => kind === 'incr')
  const failed = incrs.filter(({ error }) => error !== undefined)
  return {
    acknowledged: incrs.filter(({ isOk }) => isOk).length,
    failed: failed.length,
    // Of the failed, those that need not have: not in flight when the fault struck, or not said to be unknown.
    needless: failed.filter(call => !isExcused(call, windows)).length,
  }
}

function isExcused({ start, end, group, error }, windows) {
  if (error.outcome !== undefined && error.outcome !== 'unknown') return false
  return windows.some(
    window =>
      (window.group === group || window.group === undefined) &&
      start <= (window.inFlightUntil ?? window.until + IN_FLIGHT_MS) &&
      end >= window.from,
  )
}

function windowFacts(calls, { group, servedAt, from }) {
  if (servedAt === undefined) return {}
  const own = calls.filter(call => call.group === group && call.end >= from)
  const isBack = servedAgain(own, servedAt)
  const stuck = own.filter(({ start }) => start < servedAt)
  return {
    servedMs: isBack === undefined ? undefined : isBack - servedAt,
    // The last of the calls from before T to settle, either way.
    releasedMs: Math.max(0, ...stuck.map(({ end }) => end - servedAt)),
  }
}

/**
 * When a client's calls succeed again: the end of the first success at T or later (or up to 250 ms before, for the
 * prober's own slack). Where calls that were made after T fail nevertheless, the first success among the calls made after
 * the last such call. INCRs count like all others, but those that were made before T do not condemn.
 */
function servedAgain(calls, servedAt) {
  const failedLater = calls.filter(({ isOk, start }) => !isOk && start >= servedAt).map(({ start }) => start)
  const after = failedLater.length === 0 ? Number.NEGATIVE_INFINITY : Math.max(...failedLater)
  let first
  for (const { isOk, start, end } of calls) {
    if (!isOk || start <= after || end < servedAt - BEFORE_T_MS) continue
    if (first === undefined || end < first) first = end
  }
  return first
}

/** The longest time between two successes of a probe that began in the given time: the servers' own gap. */
export function longestGap({ hits }, from, until) {
  let longest = { ms: 0, from, until: from }
  let last = from
  for (const [, heard] of hits) {
    if (heard < from) continue
    if (last > until) break
    if (heard - last > longest.ms) longest = { ms: heard - last, from: last, until: heard }
    last = heard
  }
  return longest
}
