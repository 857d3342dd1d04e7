// Times between answers.

/** The longest time without an answer between `from` and `to`; `hits` are times of answers, in order. */
export function longestGap(hits, from, to) {
  let longest = 0
  let last = from
  for (const hit of hits) {
    if (hit < from) continue
    if (hit > to) break
    longest = Math.max(longest, hit - last)
    last = hit
  }
  return Math.max(longest, to - last)
}

/** How many answers came between `from` and `to`. The list is long, and only its end is asked for. */
export function countSince(hits, from, to) {
  let count = 0
  for (let i = hits.length - 1; i >= 0 && hits[i] >= from; i--) if (hits[i] < to) count++
  return count
}
