// The import rules of docs/design/architecture.md, section 3, read from the imports themselves.
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Path under src → source text. */
type Tree = ReadonlyMap<string, string>
interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

const FEATURE = ['protocol', 'commands', 'core']
const FLOORS: Record<string, readonly string[]> = {
  core: [],
  resp: ['core'],
  protocol: ['core', 'resp/types.ts'],
  commands: ['protocol', 'core'],
  connection: ['protocol', 'resp', 'core'],
  node: ['connection', 'protocol', 'core'],
  topology: ['node', 'protocol', 'core'],
  router: ['topology', 'node', 'protocol', 'core'],
  pipeline: FEATURE,
  transaction: FEATURE,
  script: FEATURE,
  tracking: FEATURE,
  pubsub: [...FEATURE, 'topology'],
  scan: [...FEATURE, 'topology'],
  cache: ['index.ts', 'core'],
  lock: ['index.ts', 'core'],
  local: ['index.ts', 'core'],
  compat: ['index.ts'],
}
const OUTER = ['cache', 'lock', 'local', 'compat']
const INNER = Object.keys(FLOORS).filter(floor => !OUTER.includes(floor))
FLOORS.client = INNER
FLOORS['index.ts'] = [...INNER, 'client']
// Replies are what every Sink hears: their types belong to the contract, wherever the contract is spoken.
const CONTRACT = 'resp/types.ts'
const NO_SOCKETS = ['core', 'resp', 'protocol', 'commands']
// Questions about an address as text, not sockets.
const PURE = /^import \{ isIP(?:v[46])?(?:, isIP(?:v[46])?)* \} from 'node:net'$/gm
const SOCKETS = ['net', 'tls', 'dns', 'dgram', 'http', 'https', 'http2', 'dns/promises']
const TAMED: Record<string, string> = {
  'generic-pool': 'node/pool.ts',
  'cluster-key-slot': 'protocol/slot.ts',
  eventemitter3: 'core/events.ts',
}
const DOORS = ['index.ts', 'local/index.ts']

// import a, { b } from 'x' · import * as a from 'x' · export { a } from 'x' · export * from 'x' · import 'x'
const STATEMENT =
  /^(import|export)\s+(?:(type)\s+)?(?:(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{([^}]*)\})?\s*from\s*)?['"]([^'"]+)['"]/gm
const CALL = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g
const COMMENT_LINE = /^\s*(?:\*|\/\/|\/\*).*$/gm

function importsOf(path: string, text: string): Import[] {
  const code = text.replace(COMMENT_LINE, '').replace(PURE, '')
  const resolve = (name: string) =>
    name.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(path), name)).replace(/\.js$/, '.ts')
      : name
  const found = [...code.matchAll(STATEMENT)].map(([, , type, names, name]) => ({
    target: resolve(name ?? ''),
    typeOnly: type !== undefined || (names?.split(',').every(n => /^\s*(type\s|$)/.test(n)) ?? false),
  }))
  return [...found, ...[...code.matchAll(CALL)].map(m => ({ target: resolve(m[1] ?? ''), typeOnly: false }))]
}

const floorOf = (path: string) => path.split('/')[0] ?? path

function complaint(path: string, target: string, tree: Tree): string | undefined {
  const floor = floorOf(path)
  const allowed = FLOORS[floor]
  if (allowed === undefined) return `${path}: '${floor}' is no floor of the architecture`
  const builtin = target.replace(/^node:/, '')
  if (target.startsWith('node:') || builtinModules.includes(builtin)) {
    if (!target.startsWith('node:')) return `${path}: write node:${target}`
    if (NO_SOCKETS.includes(floor) && SOCKETS.includes(builtin))
      return `${path}: ${floor} performs no I/O, yet imports ${target}`
    return undefined
  }
  if (!target.endsWith('.ts'))
    return TAMED[target] === path ? undefined : `${path}: ${target} is tamed in ${TAMED[target] ?? 'no file'}`
  if (!tree.has(target)) return `${path}: ${target} does not exist`
  if (floorOf(target) === floor || allowed.includes(floorOf(target)) || allowed.includes(target))
    return undefined
  if (target === CONTRACT && INNER.includes(floor) && floor !== 'core') return undefined
  return `${path}: ${floor} may not import ${target}`
}

function cycles(tree: Tree): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (trail.includes(path) || done.has(path)) return
    for (const { target, typeOnly } of importsOf(path, tree.get(path) ?? '')) {
      if (!typeOnly && tree.has(target)) visit(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of tree.keys()) visit(path, [])
  return found
}

function violations(tree: Tree): string[] {
  const imports = [...tree].flatMap(([path, text]) =>
    importsOf(path, text).map(({ target }) => complaint(path, target, tree)),
  )
  const barrels = [...tree]
    .filter(
      ([path, text]) =>
        !DOORS.includes(path) && (path.endsWith('/index.ts') || /^export (?:type )?\* from/m.test(text)),
    )
    .map(([path]) => `${path}: barrels are for ${DOORS.join(' and ')}`)
  return [...imports.filter(c => c !== undefined), ...barrels, ...cycles(tree).map(c => `import cycle: ${c}`)]
}

function readTree(root: string): Tree {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'))
  return new Map(paths.map(path => [path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')]))
}

describe('floors', () => {
  it('every import in src goes to the same floor or to one below that it may know', () => {
    const tree = readTree(join(import.meta.dirname, '../src'))
    expect(tree.size).toBeGreaterThan(5)
    expect(violations(tree)).toEqual([])
  })

  it('an import that breaks a rule is found, however it is written', () => {
    const ok = {
      'core/errors.ts': "import { inspect } from 'node:util'\nimport type { Reply } from '../core/queue.js'",
      'core/queue.ts': "import { isIP } from 'node:net'\nimport { type Fault } from './errors.js'\n",
      'node/pool.ts':
        "import {\n  createPool,\n  type Pool,\n} from 'generic-pool'\nimport { Fault } from '../core/errors.js'",
      'router/attempt.ts':
        "/**\n * import { x } from '../client/client.js'\n */\nimport type { Reply } from '../resp/types.js'",
      'resp/types.ts': '',
      'client/client.ts': "import { Attempt } from '../router/attempt.js'",
      'index.ts': "export * from './client/client.js'",
      'local/index.ts': "export { x } from '../index.js'",
    }
    expect(violations(new Map(Object.entries(ok)))).toEqual([])

    const broken: [path: string, text: string, said: RegExp][] = [
      ['resp/parser.ts', "import type { Client } from '../client/client.js'", /resp may not import client/],
      ['core/late.ts', "const p = await import('../resp/types.js')", /core may not import resp/],
      ['node/other.ts', "import { createPool } from 'generic-pool'", /tamed in node\/pool/],
      ['router/lodash.ts', "import all from 'lodash'", /tamed in no file/],
      ['core/address.ts', "import { connect, isIP } from 'node:net'", /performs no I\/O/],
      ['protocol/dns.ts', "import 'node:dns'", /performs no I\/O/],
      ['connection/dial.ts', "import { connect } from 'net'", /write node:net/],
      ['local/cluster.ts', "import { Attempt } from '../router/attempt.js'", /local may not import/],
      ['client/own.ts', "export { y } from '../local/index.js'", /client may not import/],
      ['utils/x.ts', "import { a } from '../core/errors.js'", /no floor/],
      ['core/lost.ts', "import { a } from './nowhere.js'", /does not exist/],
      ['router/index.ts', "export { Attempt } from './attempt.js'", /barrels/],
      ['core/all.ts', "export * from './queue.js'", /barrels/],
      ['core/a.ts', "import { a } from './a.js'", /cycle: core\/a.ts → core\/a.ts/],
    ]
    for (const [path, text, said] of broken) {
      const found = violations(new Map([...Object.entries(ok), [path, text]]))
      expect(found, `${path}: ${text}`).toEqual([expect.stringMatching(said)])
    }
    const ring = {
      'core/a.ts': "import { b } from './b.js'",
      'core/b.ts': "export { a, type c } from './a.js'",
    }
    expect(violations(new Map(Object.entries(ring)))).toEqual([
      'import cycle: core/a.ts → core/b.ts → core/a.ts',
    ])
  })
})
