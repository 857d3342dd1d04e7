// What the documentation says is so: its examples compile and run, its links lead somewhere. The convention for examples
// is in CONTRIBUTING.md, under Documentation. Tables are checked by docs/tables.test.ts, programs by docs/programs.test.ts.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient, createCluster } from '../src/index.js'
import { type LocalCluster, type LocalServer, startCluster, startServer } from '../src/local/index.js'
import { anchorsOf, type Example, examplesOf, linksOf, type Place, pages, ROOT } from './docs/pages.js'
import { expectations, run, type Surroundings } from './docs/run.js'
import { typeErrors } from './docs/type-check.js'
import { Authority } from './support/certificates.js'

const examples = pages.flatMap(examplesOf)
const runnable = examples.filter(({ place }) => place !== undefined)

describe('examples of the documentation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slotwise-docs-'))
  let server: LocalServer
  let cluster: LocalCluster
  let encrypted: LocalServer
  let single: Client
  let sharded: Client
  let places: Readonly<Record<Place, Surroundings>>

  beforeAll(async () => {
    const authority = new Authority(folder, 'ca')
    const { cert, key } = authority.sign('server', ['DNS:localhost', 'IP:127.0.0.1'])
    const client = authority.sign('client', ['DNS:client'])
    ;[server, cluster, encrypted] = await Promise.all([
      startServer(),
      startCluster({ primaries: 3, replicas: 0 }),
      startServer({ tls: { cert, key, ca: authority.ca }, username: 'app', password: 'correct horse' }),
    ])
    single = createClient({ url: server.url })
    sharded = createCluster({ nodes: cluster.urls })
    places = {
      server: { substitutes: [['6379', String(server.port)]], names: { redis: single, server } },
      cluster: {
        substitutes: cluster.nodes.map((node, i) => [String(7000 + i), String(node.port)]),
        names: { redis: sharded, cluster },
      },
      tls: {
        substitutes: [
          ['6380', String(encrypted.port)],
          ['ca.pem', authority.ca],
          ['client.pem', client.cert],
          ['client-key.pem', client.key],
        ],
        names: {},
      },
    }
  })

  afterAll(async () => {
    await Promise.all([single?.close(), sharded?.close()])
    await Promise.all([server?.stop(), cluster?.stop(), encrypted?.stop()])
    rmSync(folder, { recursive: true })
  })

  it('compile', { timeout: 120_000 }, () => {
    expect(typeErrors(examples)).toEqual([])
  })

  it.each([...new Set(runnable.map(({ page }) => page))])('give what they say: %s', async page => {
    await Promise.all([server, ...cluster.nodes].map(node => node.ask('FLUSHALL')))
    // In order: later examples of a page build on earlier ones.
    for (const example of runnable.filter(each => each.page === page)) {
      const compared = await run(example, places[example.place as Place])
      expect(compared, `values compared by ${nameOf(example)}`).toBe(expectations(example))
    }
  })

  it('say values only where they are run', () => {
    const idle = examples.filter(each => each.place === undefined && expectations(each) > 0)
    expect(idle.map(nameOf)).toEqual([])
  })
})

describe('links of the documentation', () => {
  const anchors = new Map(pages.map(page => [page.path, anchorsOf(page)]))
  const relative = pages.flatMap(linksOf).filter(({ target }) => !/^[a-z]+:/.test(target))

  it('lead to files that are there, and to headings that they have', () => {
    const broken = relative.filter(({ page, target }) => {
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? page : normalize(join(dirname(page), file))
      if (!existsSync(join(ROOT, path))) return true
      return anchor !== undefined && anchors.get(path)?.includes(anchor) !== true
    })
    expect(broken.map(({ page, target }) => `${page}: ${target}`)).toEqual([])
  })

  it('reach every page, from the README on', () => {
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      for (const { page, target } of relative) {
        if (page === path) visit(normalize(join(dirname(page), target.split('#')[0] || '.')))
      }
    }
    visit('README.md')
    // Decisions are linked as a folder.
    const lost = pages
      .map(({ path }) => path)
      .filter(path => !seen.has(path) && !path.startsWith('docs/decisions/'))
    expect(lost).toEqual([])
  })
})

function nameOf({ page, line }: Example): string {
  return `${page}:${line}`
}
