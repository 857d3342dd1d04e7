// From runs to Markdown. Pure.
import { ADAPTERS } from './adapters.mjs'

/** One table of everything in short, then one per fault. */
export function markdown({ machine, settings, faults, clients, runs }, catalogue) {
  const known = faults.map(name => catalogue.find(fault => fault.name === name))
  const sections = [
    `${machine}. ${settings.blackHole}. \`${settings.command}\``,
    '## In short\n\nTargets met, of those there are.',
    overview(known, clients, runs),
    ...known.flatMap(fault => details(fault, clients, runs)),
  ]
  const failures = runs.filter(run => run.error !== undefined)
  if (failures.length > 0) {
    sections.push(
      '## Runs that failed',
      failures.map(({ fault, run, error }) => `- ${fault}, run ${run}: ${error}`).join('\n'),
    )
  }
  return sections.join('\n\n')
}

/** The figures of one fault and client over all its runs: one per check. */
export function judge(fault, client, runs) {
  const own = runs.filter(run => run.fault === fault.name && run.clients?.[client] !== undefined)
  const absent = own.find(run => run.clients[client].notYet !== undefined)
  if (own.length > 0 && absent !== undefined) {
    return fault.checks.map(check => ({ check, text: absent.clients[client].notYet, isMet: undefined }))
  }
  return fault.checks.map(check => {
    const figures = own.map(run => read(check, run.clients[client], run))
    return { check, ...sumUp(check, figures) }
  })
}

function read(check, facts, run) {
  if (facts.lost !== undefined) return 'lost'
  try {
    return check.of(facts, run)
  } catch (error) {
    throw new Error(`${run.fault}, '${check.label}': ${error.message}`, { cause: error })
  }
}

function sumUp(check, figures) {
  if (figures.includes('lost')) return { text: 'the client was lost', isMet: check.met && false }
  const numbers = figures.filter(figure => figure !== undefined)
  if (numbers.length === 0) return { text: '–', isMet: undefined }
  const middle = median(numbers)
  const figure = check.over === 'median' ? middle : (check.worst ?? Math.max)(...numbers)
  const isSpread = check.over === 'worst' && figure !== middle
  const text = `${show(figure, check.unit)}${isSpread ? ` (median ${show(middle, check.unit)})` : ''}`
  return { text, figure, isMet: check.met?.(figure) }
}

function overview(faults, clients, runs) {
  const rows = faults.map(fault => {
    const cells = clients.map(client => {
      const judged = judge(fault, client, runs).filter(({ isMet }) => isMet !== undefined)
      if (judged.length === 0) return '–'
      const met = judged.filter(({ isMet }) => isMet).length
      return `${met === judged.length ? '✓' : '✗'} ${met} of ${judged.length}`
    })
    return [fault.title, gapText(fault, runs), ...cells]
  })
  return table(['fault', 'T', ...clients.map(labelOf)], rows)
}

function details(fault, clients, runs) {
  const own = runs.filter(run => run.fault === fault.name && run.error === undefined)
  const judged = clients.map(client => judge(fault, client, runs))
  const rows = fault.checks.map((check, i) => [
    check.label,
    check.target ?? '',
    ...judged.map(list => `${list[i].text}${mark(list[i].isMet)}`),
  ])
  const times = own.length === 1 ? 'one run' : `${own.length} runs`
  const seconds = Math.round(median(own.map(run => run.seconds)) ?? 0)
  const gap = gapText(fault, runs)
  return [
    `## ${fault.title}`,
    `\`${fault.name}\`, ${times} of ${seconds} s${gap === '' ? '' : `, T ${gap}`}${lagText(own)}`,
    table(['', 'target', ...clients.map(labelOf)], rows),
    errorList(clients, own),
  ].filter(text => text !== '')
}

/** What the errors were: the texts of all runs together, the most frequent first. */
function errorList(clients, runs) {
  const lines = []
  for (const client of clients) {
    const texts = new Map()
    for (const run of runs) {
      const facts = run.clients[client]
      for (const error of facts?.errors ?? []) {
        const of = Object.entries(error.per ?? {}).map(([what]) => what.split(' ')[1])
        const where = [...new Set(of)].sort().join(' and ')
        const outcome = error.outcome === undefined ? '' : `, outcome ${error.outcome}`
        const text = `${error.name}: ${error.message}${outcome}${where === '' ? '' : ` [${where}]`}`
        texts.set(text, (texts.get(text) ?? 0) + (error.count ?? 1))
      }
      for (const { how, name, message } of facts?.unhandled ?? []) {
        const text = `${how}: ${name}: ${message}`
        texts.set(text, (texts.get(text) ?? 0) + 1)
      }
      if (facts?.lost !== undefined) texts.set(`lost: ${facts.lost}`, 1)
      const { close } = facts ?? {}
      if (close !== undefined && !(close.exits && close.how === 'closed')) {
        texts.set(
          `close ${close.how}, exits: ${close.exits}, open: ${close.handles.join(' ') || 'nothing'}`,
          1,
        )
      }
    }
    const sorted = [...texts].sort((a, b) => b[1] - a[1]).slice(0, 6)
    for (const [text, count] of sorted) lines.push(`- ${labelOf(client)}, ${count}×: ${text}`)
  }
  return lines.length === 0 ? '' : `<details><summary>errors</summary>\n\n${lines.join('\n')}\n\n</details>`
}

function gapText(fault, runs) {
  const gaps = runs
    .filter(run => run.fault === fault.name)
    .flatMap(run => run.servers?.windowsMs ?? [])
    .filter(ms => ms !== undefined && ms !== null)
  if (gaps.length === 0) return ''
  const seconds = [Math.min(...gaps), median(gaps), Math.max(...gaps)].map(ms => (ms / 1000).toFixed(2))
  return gaps.length === 1 ? `${seconds[0]} s` : `${seconds[1]} s (${seconds[0]}–${seconds[2]})`
}

/** How late the clients' processes were with their own schedule: what the machine adds to every figure. */
function lagText(runs) {
  const lags = runs.flatMap(run => Object.values(run.clients).map(({ lagMs }) => lagMs ?? 0))
  const worst = Math.max(0, ...lags)
  return worst === 0 ? '' : `; the clients' own processes were late by up to ${milliseconds(worst)}`
}

export function median(figures) {
  if (figures.length === 0) return undefined
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function show(figure, unit) {
  if (!Number.isFinite(figure)) return 'not in the run'
  switch (unit) {
    case 'signed ms':
      return `${figure < 0 ? '−' : '+'}${milliseconds(Math.abs(figure))}`
    case 'ms':
      return milliseconds(figure)
    case '/s':
      return `${Math.round(figure / 100) / 10}k/s`
    case '%':
      return `${figure.toFixed(1)} %`
    case 'count':
      return String(Math.round(figure))
    default:
      return `${Math.round(figure)} ${unit}`
  }
}

function milliseconds(ms) {
  return ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`
}

function mark(isMet) {
  if (isMet === undefined) return ''
  return isMet ? ' ✓' : ' ✗'
}

const labelOf = client => ADAPTERS.get(client).label

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
