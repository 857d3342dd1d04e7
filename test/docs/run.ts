// Runs an example against real servers and compares what its `// → value` comments say. Imports of `slotwise` are the
// sources; the ports that examples name stand for the ports the servers have; clients left open are ended.
import { createRequire } from 'node:module'
import { runInNewContext } from 'node:vm'
import ts from 'typescript'
import { expect } from 'vitest'
import * as slotwise from '../../src/index.js'
import * as local from '../../src/local/index.js'
import type { Example } from './pages.js'

export interface Surroundings {
  /** What the example's code says → what is meant: ports, file names. */
  readonly substitutes: readonly (readonly [said: string, meant: string])[]
  /** Names it may use without declaring them. */
  readonly names: Readonly<Record<string, unknown>>
}

type Check = (line: number, expected: string, actual: () => Promise<unknown>) => Promise<void>
type Run = (...values: readonly unknown[]) => Promise<void>

const nodeRequire = createRequire(import.meta.url)
const QUIET = new Proxy(console, { get: () => () => {} })

/** Runs it; how many comments were compared. */
export async function run(example: Example, { substitutes, names }: Surroundings): Promise<number> {
  const opened: { destroy(): void }[] = []
  const modules: Readonly<Record<string, unknown>> = {
    slotwise: {
      ...slotwise,
      createClient: noting(slotwise.createClient, opened),
      createCluster: noting(slotwise.createCluster, opened),
    },
    'slotwise/local': local,
  }
  let compared = 0
  const $check: Check = async (line, expected, actual) => {
    compared++
    const where = `${example.page}:${example.line + line}`
    const wanted = /^throws (\w+)$/.exec(expected)?.[1]
    if (wanted === undefined) {
      expect(plain(await actual()), where).toEqual(plain(runInNewContext(`(${expected})`, { Buffer, Map })))
    } else {
      const outcome = await actual().then(
        value => `gave ${String(value)}`,
        (error: Error) => (error instanceof slotwise.AbortedError ? 'AbortedError' : error.name),
      )
      expect(outcome, where).toBe(wanted)
    }
  }
  const globals = {
    require: (name: string): unknown => modules[name] ?? nodeRequire(name),
    exports: {},
    console: QUIET,
    $check,
    ...names,
  }
  try {
    const code = compiled(substituted(example.code, substitutes))
    const fn = runInThisRealm(`(async (${Object.keys(globals).join(', ')}) => {{${code}\n}})`)
    await fn(...Object.values(globals))
  } finally {
    for (const client of opened) client.destroy()
  }
  return compared
}

/** Comments that `run` should have compared. */
export function expectations({ code }: Example): number {
  return [...code.matchAll(/ \/\/ → /g)].length
}

function substituted(code: string, substitutes: Surroundings['substitutes']): string {
  let result = code
  for (const [said, meant] of substitutes) {
    result = result.replace(new RegExp(`(?<![\\w.-])${said.replaceAll('.', '\\.')}(?!\\w)`, 'g'), meant)
  }
  return result
}

// `expression // → value` becomes a check of the expression; behind `const name = …` the name is checked.
function compiled(code: string): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022)
  let result = ''
  let done = 0
  for (const statement of source.statements) {
    const start = statement.getStart(source)
    const expected = /^;?[ \t]*\/\/ → (.*)/.exec(code.slice(statement.end))?.[1]
    if (expected === undefined) continue
    const line = source.getLineAndCharacterOfPosition(start).line
    const opening = `await $check(${line}, ${JSON.stringify(expected.trim())}, async () => (`
    if (ts.isExpressionStatement(statement)) {
      result += `${code.slice(done, start)}${opening}${statement.expression.getText(source)}));`
    } else if (ts.isVariableStatement(statement)) {
      const name = statement.declarationList.declarations[0]?.name.getText(source)
      result += `${code.slice(done, statement.end)};${opening}${name}));`
    } else continue
    done = statement.end
  }
  result += code.slice(done)
  return ts.transpileModule(`${result}\nexport {}`, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
    },
  }).outputText
}

// Not a new context: Buffers and errors must be those the library knows.
function runInThisRealm(code: string): Run {
  // biome-ignore lint/security/noGlobalEval: examples of the project's own pages
  return globalThis.eval(code) as Run
}

function noting<A extends unknown[], C extends { destroy(): void }>(
  create: (...args: A) => C,
  opened: { destroy(): void }[],
): (...args: A) => C {
  return (...args) => {
    const client = create(...args)
    opened.push(client)
    return client
  }
}

/** Of this realm, and with an ordinary prototype: what is compared is the content. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return Array.from(value, plain)
  if (Object.prototype.toString.call(value) === '[object Map]') {
    return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [plain(key), plain(item)]))
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
