// The night as it goes on: in a terminal a chart that is drawn anew, elsewhere a line per step.
//
//   shard 1  app      ▇▇▇▇▇▇▇      ▇▇▇▇▇▇▇▇     calls answered in each step
//            servers  ━━━━━━━      ━━━━━━━━     did a bare socket get an answer?
import { now } from './clock.mjs'
import { countSince } from './gaps.mjs'
import { bold, cyan, dim, green, number, red, yellow } from './paint.mjs'

const STEP_MS = 250
/** The prober tells what it has seen a moment later. */
const LATE_MS = 100
const BLOCKS = ' ▁▂▃▄▅▆▇'
const LABEL_WIDTH = 20

export class Timeline {
  #traffic
  #probed
  #waiting
  #isChart = process.stdout.isTTY === true
  #from = 0
  #steps = []
  #marks = []
  #timer
  #drawn = 0

  /** `probed`: the prober's answers by shard; `waiting`: how many calls wait for a node. */
  constructor(traffic, probed, waiting) {
    this.#traffic = traffic
    this.#probed = probed
    this.#waiting = waiting
  }

  start() {
    this.#from = now()
    this.#timer = setInterval(() => this.#step(), STEP_MS)
  }

  mark(text) {
    this.#marks.push({ at: this.#steps.length, text })
    if (!this.#isChart) console.log(`  ${yellow('►')} ${text}`)
  }

  end() {
    clearInterval(this.#timer)
  }

  /** In a terminal the chart stays, the whole night in its width. */
  finish() {
    this.end()
    if (this.#isChart) this.#draw(true)
  }

  #step() {
    const from = this.#from + this.#steps.length * STEP_MS - LATE_MS
    const until = from + STEP_MS
    this.#steps.push({
      app: this.#traffic.hits.map(hits => countSince(hits, from, until)),
      servers: this.#probed.map(hits => countSince(hits, from, until) > 0),
      waiting: this.#waiting(),
      failed: this.#traffic.failed,
    })
    if (this.#isChart) this.#draw(false)
    else console.log(this.#line())
  }

  #numberOf(mark) {
    return String((this.#marks.indexOf(mark) + 1) % 10)
  }

  #line() {
    const { app, servers } = this.#steps.at(-1)
    const bars = app.map((count, i) => cyan(this.#block(count, i, 1))).join(' ')
    const dots = servers.map(isUp => (isUp ? green('●') : red('○'))).join(' ')
    return `  ${this.#status()}   app [${bars}]  servers [${dots}]`
  }

  #status() {
    const { app, waiting, failed } = this.#steps.at(-1)
    const rate = number((app.reduce((sum, count) => sum + count, 0) * 1000) / STEP_MS)
    const seconds = ((this.#steps.length * STEP_MS) / 1000).toFixed(2)
    const errors = failed === 0 ? green('0 errors') : red(`${failed} errors`)
    return `${seconds.padStart(6)} s  ${rate.padStart(6)}/s  ${String(waiting).padStart(6)} waiting  ${errors}`
  }

  /** Against the busiest step of the shard, so that each row is full while all is well. */
  #block(count, shard, merged) {
    const usual = (STEP_MS / 1000) * this.#usualRate(shard) * merged
    return BLOCKS[count === 0 ? 0 : Math.max(1, Math.min(7, Math.round((count / usual) * 7)))]
  }

  #usualRate(shard) {
    const sorted = this.#steps.map(({ app }) => app[shard]).sort((a, b) => a - b)
    return ((sorted[sorted.length >> 1] || 1) * 1000) / STEP_MS
  }

  #draw(isLast) {
    const width = Math.max(20, Math.min(process.stdout.columns ?? 80, 140) - LABEL_WIDTH - 2)
    const merged = isLast ? Math.ceil(this.#steps.length / width) : 1
    const first = isLast ? 0 : Math.max(0, this.#steps.length - width)
    const columns = []
    for (let i = first; i < this.#steps.length; i += merged) columns.push(this.#steps.slice(i, i + merged))
    const lines = ['', `  ${this.#status()}`, '']
    for (const shard of this.#traffic.hits.keys()) {
      const app = columns.map(steps =>
        this.#block(
          steps.reduce((sum, step) => sum + step.app[shard], 0),
          shard,
          steps.length,
        ),
      )
      const servers = columns.map(steps => (steps.some(step => step.servers[shard]) ? '━' : ' '))
      lines.push(`  shard ${shard + 1}  ${'app'.padEnd(9)} ${cyan(app.join(''))}`)
      lines.push(`           ${'servers'.padEnd(9)} ${dim(servers.join(''))}`)
    }
    const pointers = new Array(columns.length + 1).fill(' ')
    const seen = this.#marks.filter(({ at }) => at >= first)
    for (const mark of seen) {
      let at = Math.floor((mark.at - first) / merged)
      while (at < columns.length && pointers[at] !== ' ') at++
      pointers[at] = this.#numberOf(mark)
    }
    lines.push(`${' '.repeat(LABEL_WIDTH + 1)}${yellow(pointers.join(''))}`, '')
    for (const mark of this.#marks) {
      lines.push(
        `  ${yellow(this.#numberOf(mark))} ${mark === this.#marks.at(-1) ? bold(mark.text) : mark.text}`,
      )
    }
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`
    process.stdout.write(`${up}${lines.map(line => `\u001b[2K${line}\n`).join('')}`)
    this.#drawn = lines.length
  }
}
