import { describe, expect, it } from 'vitest'
import { ROWS } from '../../scripts/command-rows.js'
import { generate, serverVersion, withServer } from '../../scripts/generate-command-table.js'
import { specOf } from '../../src/protocol/lookup.js'
import { Flag } from '../../src/protocol/spec.js'
import { TABLE } from '../../src/protocol/table.js'

const NEWS = 'run npm run generate:commands and commit what it writes'

describe('what the generator writes', () => {
  it('is what it makes of a Redis 7.0 server, byte for byte', async () => {
    const { version, files, again } = await withServer(async (host, port) => ({
      version: await serverVersion(host, port),
      files: await generate(host, port),
      again: await generate(host, port),
    }))
    expect(again).toEqual(files)
    // Other servers know other commands: the committed files are those of 7.0.
    if (version.startsWith('7.0.')) {
      expect(files.rows.split('`')[1], NEWS).toBe(ROWS)
      expect(files.table.split('`')[1], NEWS).toBe(TABLE)
    } else {
      expect(files.rows).toContain('\nGET 2 FR string 1.0.0 1\n')
      expect(files.table).toMatch(/\nFR 1 - (.*\n )*.*\bGET2\b/)
    }
  })
})

describe('ROWS', () => {
  it('holds each command once, sorted, in lines of its grammar', () => {
    const lines = ROWS.trim().split('\n')
    const names = lines.map(line => line.slice(0, line.indexOf(' ')))
    expect(names).toEqual([...new Set(names)].sort())
    const spec = String.raw`!?(\?|([A-Z]+@)?-?\d+([:#]-?\d+,-?\d+,-?\d+)?)`
    const line = new RegExp(
      String.raw`^[A-Z][A-Z_-]*(\|[A-Z-]+)? -?\d+ (-|[A-Z]*\*?) [a-z_-]+ [\d.]+( (-|${spec}(;${spec})*))?( [a-z_]*/[a-z_]*)?$`,
    )
    for (const text of lines) expect(text).toMatch(line)
  })
})

describe('TABLE', () => {
  it('says of each command what its row says', () => {
    const letters = 'WRBAPNFLSMDUX'
    expect(Object.values(Flag)).toEqual([...letters].map((_, bit) => 1 << bit))
    for (const line of ROWS.trim().split('\n')) {
      const [name = '', arity, flags = '', , , keys = '-', policies = '/'] = line.split(' ')
      const spec = specOf(name.replace('|', ' '))
      const set = [...letters].filter((_, bit) => spec.flags & (1 << bit)).join('')
      expect([...set, spec.container ? 'C' : ''].sort().join(''), name).toBe(flags.replace(/[-*]/, ''))
      expect(spec.arity, name).toBe(Number(arity))
      expect(spec.keySpecs.length, name).toBe(keys === '-' ? 0 : keys.split(';').length)
      const [request, response] = policies === '-' ? [] : policies.split('/')
      expect(spec.requestPolicy, name).toBe(request || undefined)
      expect(spec.responsePolicy, name).toBe(response || undefined)
    }
  })
})
