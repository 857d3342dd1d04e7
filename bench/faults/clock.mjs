// One clock for all processes of a run: what the system has counted since it started, in milliseconds.
// `performance.now()` counts the same, from another beginning; it is cheaper than `hrtime.bigint()` once per call.
const OFFSET = Number(process.hrtime.bigint()) / 1e6 - performance.now()

export function now() {
  return performance.now() + OFFSET
}
