// The project's Markdown as its tests see it: pages, their `ts` examples, tables, headings and links.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Page {
  /** From the project's root, e.g. `docs/guides/cluster.md`. */
  readonly path: string
  readonly text: string
}

/** Where an example is run; see the section Documentation of CONTRIBUTING.md. */
export type Place = 'server' | 'cluster' | 'tls'

export interface Example {
  readonly page: string
  /** Of its first line of code, counted from 1. */
  readonly line: number
  readonly code: string
  readonly place: Place | undefined
}

const PLACES: readonly string[] = ['server', 'cluster', 'tls'] satisfies Place[]

export const pages: readonly Page[] = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md', 'examples/README.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
    .sort(),
].map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

export function pageAt(path: string): Page {
  const page = pages.find(each => each.path === path)
  if (page === undefined) throw new Error(`there is no ${path}`)
  return page
}

// <!-- example: server -->
// ```ts
// await redis.get('k') // → null
// ```
const EXAMPLE = /(?:^<!-- example: (.+) -->\n)?^```ts\n([\s\S]*?)^```$/gm

export function examplesOf({ path, text }: Page): Example[] {
  return [...text.matchAll(EXAMPLE)].map(({ 0: block, 1: place, 2: code = '', index }) => {
    const line = text.slice(0, index + block.indexOf('```ts\n')).split('\n').length + 1
    if (place !== undefined && !PLACES.includes(place)) throw new Error(`${path}:${line}: what is ${place}?`)
    return { page: path, line, code, place: place as Place | undefined }
  })
}

/** The section under a heading that begins with these words, up to the next of its level. */
export function sectionOf(page: Page, heading: string): string {
  const escaped = heading.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const match = new RegExp(`^(#+) ${escaped}(?![\\w-]).*\n([\\s\\S]*?)(?=^\\1 |(?![\\s\\S]))`, 'm').exec(
    page.text,
  )
  if (match === null) throw new Error(`${page.path} has no section ${heading}`)
  return match[2] as string
}

/** Rows of a section's first table, each a record by the names of its columns. */
export function tableOf(section: string): Record<string, string>[] {
  const lines = section.split('\n')
  const first = lines.findIndex(line => line.startsWith('|'))
  const length = lines.slice(first).findIndex(line => !line.startsWith('|'))
  const [head = [], , ...rows] = lines.slice(first, first + length).map(cellsOf)
  return rows.map(row => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map(cell => cell.trim().replaceAll('\\|', '|'))
}

/** Text between backticks. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

export interface Link {
  readonly page: string
  readonly target: string
}

export function linksOf({ path, text }: Page): Link[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page: path, target }))
}

/** The anchors that GitHub makes of a page's headings. */
export function anchorsOf({ text }: Page): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}
