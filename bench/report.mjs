// From runs to medians, ratios and Markdown. Pure, but for the description of the machine.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { CLIENTS } from './clients/index.mjs'
import { WORKLOADS } from './workloads.mjs'

const FIGURES = ['opsPerSecond', 'cpuMicros', 'p50Ms', 'p99Ms', 'rssMb']

export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Medians over the rounds for each workload and client. Ratios are taken within a round, where neighbours shared the
 * machine's mood, and only then made a median.
 */
export function summarize({ runs, clients, workloads, footprint }) {
  const cells = new Map()
  for (const workload of workloads) {
    for (const client of clients) {
      const good = runsOf(workload, client)
      if (good.length === 0) continue
      const cell = Object.fromEntries(FIGURES.map(name => [name, median(good.map(run => run[name]))]))
      cells.set(`${workload} ${client}`, {
        ...cell,
        toSlotwise: cpuRatio(workload, client, 'slotwise'),
        toBare: cpuRatio(workload, client, 'bare'),
      })
    }
  }
  const failures = runs.filter(run => !run.ok)
  return {
    clients,
    workloads,
    footprint,
    failures,
    cell: (workload, client) => cells.get(`${workload} ${client}`),
  }

  function runsOf(workload, client) {
    return runs.filter(run => run.ok && run.workload === workload && run.client === client)
  }

  function cpuRatio(workload, client, other) {
    const ratios = runsOf(workload, client).flatMap(run => {
      const beside = runsOf(workload, other).find(({ round }) => round === run.round)
      return beside ? [run.cpuMicros / beside.cpuMicros] : []
    })
    return ratios.length > 0 ? median(ratios) : undefined
  }
}

export function markdown({ machine, settings }, summary) {
  const { clients, workloads, cell, failures } = summary
  const labels = clients.map(labelOf)
  const rows = show => workloads.map(id => [titleOf(id), ...clients.map(client => show(id, client))])
  const sections = [
    `${machine}. Medians; rounds: ${settings.rounds}, each ${settings.durationMs} ms after ${settings.warmUpMs} ms of warm-up. \`${settings.command}\``,
    heading('Operations per second, client CPU µs per operation'),
    table(['', ...labels], rows(speed)),
  ]
  if (clients.includes('slotwise')) {
    const rivals = clients.filter(client => client !== 'slotwise')
    sections.push(
      heading('CPU per operation as a multiple of slotwise, same round'),
      table(
        ['', ...rivals.map(labelOf), 'slotwise to bare'],
        workloads.map(id => [
          titleOf(id),
          ...rivals.map(client => times(cell(id, client)?.toSlotwise)),
          times(cell(id, 'slotwise')?.toBare),
        ]),
      ),
    )
  }
  sections.push(heading('Latency, p50 / p99 ms'), table(['', ...labels], rows(latency)))
  sections.push(heading('Before the first command'), footprintTable(summary))
  if (failures.length > 0) sections.push(heading('Runs that failed'), ...failures.map(failureLine))
  const missing = missingFigures(summary)
  if (missing.length > 0) sections.push(heading('Figures that could not be taken'), ...missing)
  return sections.join('\n')

  function speed(id, client) {
    const figures = cell(id, client)
    if (!figures) return 'failed'
    const failed = failures.filter(run => run.workload === id && run.client === client).length
    const remark = failed > 0 ? ` (${failed} of ${settings.rounds} failed)` : ''
    return `${rate(figures.opsPerSecond)}, ${significant(figures.cpuMicros)}${remark}`
  }

  function latency(id, client) {
    const figures = cell(id, client)
    return figures ? `${significant(figures.p50Ms)} / ${significant(figures.p99Ms)}` : 'failed'
  }
}

function footprintTable({ clients, footprint, cell }) {
  const columns = [
    '',
    'import ms',
    'first reply ms',
    'idle RSS MB',
    'RSS MB at 128',
    'installed MB',
    'packages',
    'bundle KB',
    'gzipped',
  ]
  return table(
    columns,
    clients.map(client => {
      const { importMs, firstReplyMs, idleRssMb, installed, bundle } = footprint[client] ?? {}
      return [
        labelOf(client),
        figure(importMs),
        figure(firstReplyMs),
        figure(idleRssMb),
        figure(cell('single-128', client)?.rssMb),
        figure(installed?.mb ?? installed),
        installed?.packages ?? '-',
        figure(bundle?.kb ?? bundle),
        figure(bundle?.gzipKb),
      ]
    }),
  )
}

function missingFigures({ clients, footprint }) {
  return clients.flatMap(client =>
    Object.entries(footprint[client] ?? {})
      .filter(([, figure]) => figure?.error)
      .map(([name, { error }]) => `- ${labelOf(client)}, ${name}: ${error}`),
  )
}

export function labelOf(client) {
  return CLIENTS.get(client).label
}

function titleOf(id) {
  return WORKLOADS.find(workload => workload.id === id).title
}

function failureLine({ round, workload, client, error }) {
  return `- round ${round}, ${titleOf(workload)}, ${labelOf(client)}: ${error}`
}

function heading(text) {
  return `\n### ${text}\n`
}

function table(columns, rows) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [line(columns), line(columns.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}

function figure(value) {
  if (value === undefined) return '-'
  return typeof value === 'number' ? significant(value) : 'none'
}

function rate(perSecond) {
  if (perSecond >= 100_000) return `${Math.round(perSecond / 1000)}k`
  return perSecond >= 10_000 ? `${(perSecond / 1000).toFixed(1)}k` : `${Math.round(perSecond)}`
}

function times(ratio) {
  return ratio === undefined ? '-' : `${ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}×`
}

/** Three significant digits, without an exponent. */
export function significant(value) {
  if (value >= 100) return `${Math.round(value)}`
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function describeMachine({ flavour, version }) {
  const rivals = ['ioredis', 'redis', 'iovalkey', '@valkey/valkey-glide'].map(name => {
    const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url)
    return `${name} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`
  })
  const date = new Date().toISOString().slice(0, 10)
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
  const system = `${availableParallelism()} cores (${processor}), ${process.platform} ${release()}`
  return `${date}, ${system}, Node ${process.versions.node}, ${flavour} ${version}, 3 primaries on loopback; ${rivals.join(', ')}`
}
