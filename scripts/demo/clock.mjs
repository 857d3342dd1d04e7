/** Milliseconds by a clock that all processes of the machine share. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6
}
