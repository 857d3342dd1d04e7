// Type-checks examples as an application's compiler would: strict, with `slotwise` standing for src. The files exist in
// memory only; one program checks them all.
import { join } from 'node:path'
import ts from 'typescript'
import { type Example, ROOT } from './pages.js'

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  paths: { slotwise: [join(ROOT, 'src/index.ts')], 'slotwise/local': [join(ROOT, 'src/local/index.ts')] },
}

// What examples may use without saying where it is from.
const AMBIENT = `
declare global {
  const redis: import('slotwise').Client
  const server: import('slotwise/local').LocalServer
  const cluster: import('slotwise/local').LocalCluster
  const createClient: typeof import('slotwise').createClient
  const createCluster: typeof import('slotwise').createCluster
  const startServer: typeof import('slotwise/local').startServer
  const startCluster: typeof import('slotwise/local').startCluster
}`

/** What the compiler says of the examples, each finding with the line of its page. */
export function typeErrors(examples: readonly Example[]): string[] {
  const byFile = new Map(examples.map((example, i) => [join(ROOT, `.example-${i}.ts`), example]))
  const ambient = join(ROOT, '.example-ambient.ts')
  const sources = new Map([...byFile].map(([file, { code }]) => [file, code]))
  sources.set(ambient, AMBIENT)

  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = file => sources.has(file) || fileExists(file)
  host.readFile = file => sources.get(file) ?? readFile(file)
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const source = sources.get(file)
    return source === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, source, languageVersion)
  }

  const program = ts.createProgram({ rootNames: [...sources.keys()], options: OPTIONS, host })
  return [...sources.keys()].flatMap(file => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(({ messageText, start = 0 }) => {
      const example = byFile.get(file)
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0
      const where = example === undefined ? 'the ambient names' : `${example.page}:${example.line + line}`
      return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
