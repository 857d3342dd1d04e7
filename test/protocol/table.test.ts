import { describe, expect, it } from 'vitest'
import { generateTable, serverVersion, withServer } from '../../scripts/generate-command-table.js'
import { TABLE } from '../../src/protocol/table.js'

const NEWS = 'run npm run generate:commands and commit what it writes'

describe('TABLE', () => {
  it('is what the generator makes of a Redis 7.0 server, byte for byte', async () => {
    const { version, text, again } = await withServer(async (host, port) => ({
      version: await serverVersion(host, port),
      text: await generateTable(host, port),
      again: await generateTable(host, port),
    }))
    expect(again).toBe(text)
    // Other servers know other commands: the committed table is that of 7.0.
    if (version.startsWith('7.0.')) expect(text.split('`')[1], NEWS).toBe(TABLE)
    else expect(text).toContain('\nGET 2 FR string 1.0.0 1\n')
  })

  it('holds each command once, sorted, in lines of its grammar', () => {
    const lines = TABLE.trim().split('\n')
    const names = lines.map(line => line.slice(0, line.indexOf(' ')))
    expect(names).toEqual([...new Set(names)].sort())
    const spec = String.raw`!?(\?|([A-Z]+@)?-?\d+([:#]-?\d+,-?\d+,-?\d+)?)`
    const line = new RegExp(
      String.raw`^[A-Z][A-Z_-]*(\|[A-Z-]+)? -?\d+ (-|[A-Z]*\*?) [a-z_-]+ [\d.]+( (-|${spec}(;${spec})*))?( [a-z_]*/[a-z_]*)?$`,
    )
    for (const text of lines) expect(text).toMatch(line)
  })
})
