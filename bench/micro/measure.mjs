// CPU time of small pieces of work: user and system time of the whole process, garbage collection included, as the
// lower quartile of many short interleaved rounds: work beside us on a shared core only ever adds.
const ROUNDS = Number(process.env.ROUNDS ?? 24)
const ROUND_MS = 40

/**
 * `variants`: [{ name, cases: Map(name → { run(times), items }) }]; a run does `items` of what is counted.
 * Prints microseconds per item, and of further variants the ratio to the first.
 */
export function measure(title, variants) {
  const names = [...variants[0].cases.keys()]
  console.log(`\n${title}: CPU µs each, lower quartile of ${ROUNDS} rounds\n`)
  console.log(['case'.padEnd(44), ...variants.map(v => v.name.padStart(14))].join(''))
  for (const name of names) {
    const works = variants.map(variant => variant.cases.get(name))
    const times = works.map(calibrate)
    const samples = works.map(() => [])
    for (let round = 0; round < ROUNDS; round++) {
      // Each variant goes first in its turn: what comes first pays for the garbage of what came before.
      for (let turn = 0; turn < works.length; turn++) {
        const i = (round + turn) % works.length
        samples[i].push(cpuPerItem(works[i], times[i]))
      }
    }
    const low = samples.map(list => list.sort((a, b) => a - b)[ROUNDS >> 2])
    const columns = low.map((us, i) =>
      (i === 0 ? us.toFixed(3) : `${us.toFixed(3)} ${(us / low[0]).toFixed(2)}x`).padStart(14),
    )
    console.log([name.padEnd(44), ...columns].join(''))
  }
}

function cpuPerItem(work, times) {
  return cpu(work, times) / (times * work.items)
}

function cpu(work, times) {
  const before = process.cpuUsage()
  work.run(times)
  const spent = process.cpuUsage(before)
  return spent.user + spent.system
}

// Also the warm-up.
function calibrate(work) {
  let times = 1
  for (;;) {
    const us = Math.min(cpu(work, times), cpu(work, times))
    if (us > (ROUND_MS * 1000) / 4) return Math.ceil((times * ROUND_MS * 1000) / us)
    times *= 2
  }
}
