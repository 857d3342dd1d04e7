// One clock for all processes of a run: what the system has counted since it started, in milliseconds.
//
// `performance.now()` counts the same from another beginning, and is cheaper than `hrtime.bigint()` once per call. The
// two are read one after the other; of several tries the one least disturbed in between is right.
const OFFSET = Math.max(
  ...Array.from({ length: 20 }, () => Number(process.hrtime.bigint()) / 1e6 - performance.now()),
)

export function now() {
  return performance.now() + OFFSET
}
