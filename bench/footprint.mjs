// What a client costs before its first command: import time, first reply, idle memory, installed and bundled size.
//
//   node bench/footprint.mjs   tells of which parts this client's bundle consists, from its sources; needs no build
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { CLIENTS } from './clients/index.mjs'
import { median } from './report.mjs'

const IMPORTS = 15
const FIRST_REPLIES = 7
const IDLES = 3
const LIMIT_MS = 120_000

const BENCH = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** By client id, the figures of the footprint table; one that could not be taken is `{ error }`. */
export async function measureFootprint({ clients, nodes, build, runWorker, progress }) {
  const packages = new Map()
  const footprint = {}
  for (const client of clients) {
    const { from, factory } = CLIENTS.get(client)
    if (from !== null && !packages.has(from)) packages.set(from, await measurePackage(from, factory, build))
    footprint[client] = {
      ...packages.get(from),
      firstReplyMs: await attempt(() => medianOf(FIRST_REPLIES, () => work('firstReply', client))),
      idleRssMb: await attempt(() => medianOf(IDLES, () => work('idle', client))),
    }
    progress(`footprint ${client}`, { ok: true, value: JSON.stringify(footprint[client]) })
  }
  return footprint

  async function work(task, client) {
    const result = await runWorker({ task, client, nodes })
    if (!result.ok) throw new Error(result.error)
    return result.value
  }
}

async function measurePackage(from, factory, build) {
  const folder = await mkdtemp(join(tmpdir(), 'slotwise-bench-'))
  try {
    // slotwise is packed and installed as a user would get it; the rivals stand in the bench's own node_modules.
    const home = from === 'slotwise' ? await attempt(() => installPacked(folder, build)) : BENCH
    if (home.error) return { importMs: home, installed: home, bundle: home }
    return {
      importMs: await attempt(() => medianOf(IMPORTS, () => importOnce(from, home))),
      installed: await attempt(() => installedSize(from, home)),
      bundle: await attempt(() => bundledSize(from, factory, home)),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function installPacked(folder, build) {
  const stage = join(folder, 'stage')
  await cp(build, join(stage, 'dist'), { recursive: true })
  for (const file of ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    if (existsSync(join(ROOT, file))) await cp(join(ROOT, file), join(stage, file))
  }
  const npm = async (...args) => (await run('npm', args, { cwd: folder, timeout: LIMIT_MS })).stdout
  const [{ filename }] = JSON.parse(await npm('pack', './stage', '--json', '--ignore-scripts'))
  await npm('install', '--prefix', folder, '--no-audit', '--no-fund', `./${filename}`)
  return folder
}

async function importOnce(from, home) {
  const script = `const t = performance.now(); await import('${from}'); console.log(performance.now() - t)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: home,
    timeout: LIMIT_MS,
  })
  return Number(stdout)
}

/** The package with everything it brings along, on disk. */
async function installedSize(from, home) {
  const { packages } = JSON.parse(readFileSync(join(home, 'package-lock.json'), 'utf8'))
  const seen = new Set()
  collect('', from)
  let bytes = 0
  for (const path of seen) bytes += await folderSize(join(home, path))
  return { mb: bytes / 1e6, packages: seen.size }

  function collect(dependent, name) {
    const path = resolve(dependent, name)
    if (path === null || seen.has(path)) return
    seen.add(path)
    const { dependencies, optionalDependencies } = packages[path]
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies }))
      collect(path, dependency)
  }

  // Node's own rule: the nearest node_modules upwards. Optional packages of other platforms are not on disk.
  function resolve(dependent, name) {
    for (let base = dependent; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
      const path = `${base}${base === '' ? '' : '/'}node_modules/${name}`
      if (packages[path] && existsSync(join(home, path))) return path
      if (base === '') return null
    }
  }
}

/** Bytes of the files below a folder, without nested node_modules, which are packages of their own. */
async function folderSize(folder) {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : await folderSize(path)
    else if (entry.isFile()) bytes += (await stat(path)).size
  }
  return bytes
}

async function bundledSize(from, factory, home) {
  const { outputFiles } = await bundle(from, factory, home)
  const [{ contents }] = outputFiles
  return { kb: contents.length / 1e3, gzipKb: gzipSync(contents).length / 1e3 }
}

/** What a bundler makes of an application that uses the cluster client and nothing else. */
async function bundle(from, factory, home) {
  const { build } = createRequire(join(ROOT, 'package.json'))('esbuild')
  return await build({
    stdin: { contents: `export { ${factory} } from '${from}'`, resolveDir: home },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  })
}

/** Bytes in this client's bundle: in all, of each folder of its sources, and of each dependency. */
async function bundleParts() {
  const { outputFiles, metafile } = await bundle('./src/index.ts', 'createCluster', ROOT)
  const parts = new Map([['in all', outputFiles[0].contents.length]])
  for (const [file, { bytesInOutput }] of Object.entries(Object.values(metafile.outputs)[0].inputs)) {
    const part = /(?:.*node_modules\/|^)((?:src\/)?[^/]+)/.exec(file)?.[1] ?? file
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput)
  }
  return [...parts].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a)
}

async function medianOf(times, take) {
  const figures = []
  for (let i = 0; i < times; i++) figures.push(await take())
  return median(figures)
}

async function attempt(take) {
  try {
    return await take()
  } catch (error) {
    // esbuild and npm put the reason elsewhere than in the first line of the message.
    const reason = error.errors?.[0]?.text ?? error.stderr?.trim() ?? ''
    return { error: (reason || error.message).split('\n')[0] }
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const lines = (await bundleParts()).map(
    ([part, bytes]) => `${(bytes / 1e3).toFixed(1).padStart(7)} KB  ${part}\n`,
  )
  process.stdout.write(lines.join(''))
}
