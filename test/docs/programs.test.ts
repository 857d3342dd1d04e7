// The programs in examples/ run, end by themselves, and print what their `// → …` comments say, in that order.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { codeIn, pageAt, ROOT, tableOf } from './pages.js'

const programs = readdirSync(join(ROOT, 'examples')).filter(name => name.endsWith('.ts'))

it.concurrent.each(programs)('examples/%s prints what it says', { timeout: 120_000 }, async name => {
  const source = readFileSync(join(ROOT, 'examples', name), 'utf8')
  const said = [...source.matchAll(/ \/\/ → (.*)$/gm)].map(([, line = '']) => line)
  expect(said).not.toEqual([])
  const args = ['--import', 'tsx', join('examples', name)]
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, timeout: 110_000 })
  let lines = stdout.split('\n')
  for (const line of said) {
    expect(lines, stdout).toContain(line)
    lines = lines.slice(lines.indexOf(line) + 1)
  }
})

it('examples/README.md lists every program', () => {
  const listed = tableOf(pageAt('examples/README.md').text).map(row => codeIn(row.Run ?? '')[0])
  expect(listed.sort()).toEqual(programs.map(name => `npx tsx examples/${name}`).sort())
})
