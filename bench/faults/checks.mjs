// What is read from a client's facts, and the target it is held against.
//
//   check = { label, target, unit, of(facts, run), met(value), over }
//
// `over`: the figure of several runs is their median ('median'), or the worst of them ('worst': one error in one night is
// an error). A check without `met` is told for information.

export const servedWithin = limitMs => ({
  label: 'served after T',
  target: `≤ ${limitMs} ms`,
  unit: 'signed ms',
  of: ({ windows }) => worst(windows.map(({ servedMs }) => servedMs ?? Number.POSITIVE_INFINITY)),
  met: ms => ms <= limitMs,
  over: 'median',
})

export const releasedWithin = limitMs => ({
  label: 'calls from before T settled after T',
  target: `≤ ${limitMs} ms`,
  unit: 'signed ms',
  of: ({ windows }) => worst(windows.map(({ releasedMs }) => releasedMs ?? 0)),
  met: ms => ms <= limitMs,
  over: 'median',
})

/** The same, told for information. */
export const released = { ...releasedWithin(0), target: undefined, met: undefined }

/** Errors on these kinds in these groups (all, unless said). */
export const noErrors = (label, { groups, kinds } = {}) => ({
  label,
  target: '0',
  unit: 'count',
  of: facts => countErrors(facts, groups, kinds),
  met: count => count === 0,
  over: 'worst',
})

export const noErrorsOnRepeatable = noErrors('errors on GET and marked SET, affected slots', {
  groups: ['affected'],
  kinds: ['get', 'set'],
})
export const noErrorsOnHealthy = noErrors('errors on healthy slots', { groups: ['healthy'] })

export const onlyInFlightIncrs = {
  label: 'INCRs that failed without need (not in flight, or not said to be unknown)',
  target: '0',
  unit: 'count',
  of: ({ incr }) => incr.needless,
  met: count => count === 0,
  over: 'worst',
}

export const failedIncrs = {
  label: 'INCRs that failed, of all',
  unit: 'count',
  of: ({ incr }) => incr.failed,
  over: 'median',
}

export const longestWithin = (limitMs, label, groups) => ({
  label,
  target: `≤ ${limitMs} ms`,
  unit: 'ms',
  of: facts => longest(facts, groups),
  met: ms => ms <= limitMs,
  over: 'median',
})

/** Healthy slots may wait while the servers themselves refuse them, as the prober saw, and no longer. */
export const healthyFlow = (slackMs = 200) => ({
  label: "longest call on healthy slots, beyond the servers' own gap there",
  target: `≤ ${slackMs} ms`,
  unit: 'signed ms',
  of: (facts, { servers }) => longest(facts, ['healthy']) - (servers.gaps.healthy?.longestMs ?? 0),
  met: ms => ms <= slackMs,
  over: 'median',
})

/** The same, told for information. */
export const healthyExtra = { ...healthyFlow(), target: undefined, met: undefined }

export const longestOn = (label, groups) => ({
  label,
  unit: 'ms',
  of: facts => longest(facts, groups),
  over: 'median',
})

export const nothingLostAfter = {
  label: 'acknowledged after T and lost',
  target: '0',
  unit: 'count',
  of: ({ data }) => data.lostAfter,
  met: count => count === 0,
  over: 'worst',
}

/** No target: the servers replicate asynchronously, and may lose what they have just acknowledged. */
export const lostWrites = {
  label: 'acknowledged SETs and INCRs lost',
  unit: 'count',
  of: ({ data }) => data.lost + data.below,
  over: 'median',
}

export const nothingLost = {
  ...lostWrites,
  target: '0',
  met: count => count === 0,
  over: 'worst',
}

export const nothingTwice = {
  label: 'INCRs beyond acknowledged + unknown',
  target: '0',
  unit: 'count',
  of: ({ data }) => data.above,
  met: count => count === 0,
  over: 'worst',
}

export const noWrongValues = {
  label: 'wrong values',
  target: '0',
  unit: 'count',
  of: ({ groups }) => sum(Object.values(groups).map(({ wrong }) => wrong)),
  met: count => count === 0,
  over: 'worst',
}

/** Unhandled rejections, calls without an end, a close that failed, handles left open, a process that did not end. */
export const nothingLeft = {
  label: 'left behind (unhandled rejections, unsettled calls, open handles)',
  target: '0',
  unit: 'count',
  of: ({ groups = {}, unhandled, close }) =>
    unhandled.length +
    sum(Object.values(groups).map(({ open }) => open)) +
    (close.exits ? 0 : Math.max(1, close.handles.length)),
  met: count => count === 0,
  over: 'worst',
}

/** True of every night, whatever the fault. */
export const always = [nothingTwice, noWrongValues, nothingLeft]

export function countErrors({ groups }, wanted = Object.keys(groups), kinds) {
  return sum(
    wanted.flatMap(group =>
      Object.entries(groups[group]?.errors ?? {}).map(([kind, count]) =>
        kinds === undefined || kinds.includes(kind) ? count : 0,
      ),
    ),
  )
}

export function longest({ groups }, wanted = Object.keys(groups)) {
  return Math.max(0, ...wanted.map(group => groups[group]?.longestMs ?? 0))
}

function worst(figures) {
  return figures.length === 0 ? undefined : Math.max(...figures)
}

function sum(figures) {
  return figures.reduce((total, figure) => total + figure, 0)
}
