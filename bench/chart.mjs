// The README's picture: client CPU per operation as bars, one panel per concurrency. Plain SVG, no script, no fonts
// from elsewhere; it follows the reader's light or dark scheme.
import { labelOf, significant } from './report.mjs'

const PANELS = [
  ['single-1', '1 caller'],
  ['single-128', '128 callers'],
  ['single-1024', '1,024 callers'],
]
const WIDTH = 880
const LABELS = 190
const GAP = 28
const ROW = 26
const BAR = 16
const TOP = 78
const FIGURE = 44

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e }
  .own { font-weight: 600 }
  .bar { fill: #9aa4b0 }
  .bar.own { fill: #1a7f64 }
  .bar.bare { fill: none; stroke: #59636e; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .bar { fill: #5b6570 }
    .bar.own { fill: #2fbf95 }
    .bar.bare { fill: none; stroke: #9198a1 }
  }`

export function drawChart({ clients, cell }) {
  const panels = PANELS.filter(([id]) => clients.some(client => cell(id, client)))
  const panelWidth = (WIDTH - LABELS - GAP * panels.length) / Math.max(1, panels.length)
  const height = TOP + clients.length * ROW + 14
  const rowTop = index => TOP + index * ROW
  const names = clients.map((client, index) =>
    text(LABELS - 10, rowTop(index) + 13, labelOf(client), classOf(client), 'end'),
  )
  const drawn = panels.map(([id, title], index) => {
    const left = LABELS + index * (panelWidth + GAP)
    const longest = Math.max(...clients.map(client => cell(id, client)?.cpuMicros ?? 0))
    const bars = clients.map((client, row) =>
      bar(cell(id, client)?.cpuMicros, client, left, rowTop(row), longest),
    )
    return [text(left, TOP - 14, title, 'quiet'), ...bars].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Client CPU per GET or SET">
<style>${STYLE}
</style>
${text(12, 26, 'Client CPU per GET/SET, µs: less is better', 'title')}
${text(12, 45, 'Redis Cluster of 3 primaries, 100-byte values. Each panel has its own scale.', 'quiet')}
${names.join('\n')}
${drawn.join('\n')}
</svg>
`

  function bar(micros, client, left, top, longest) {
    if (micros === undefined) return text(left, top + 13, 'failed', 'quiet')
    const length = Math.max(1, (micros / longest) * (panelWidth - FIGURE))
    const rect = `<rect class="bar ${classOf(client)}" x="${left.toFixed(1)}" y="${top}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`
    return `${rect}\n${text(left + length + 6, top + 13, significant(micros), classOf(client))}`
  }
}

function classOf(client) {
  if (client === 'slotwise') return 'own'
  return client === 'bare' ? 'bare' : ''
}

function text(x, y, content, className, anchor = 'start') {
  return `<text x="${x.toFixed(1)}" y="${y}" class="${className}" text-anchor="${anchor}">${content}</text>`
}
