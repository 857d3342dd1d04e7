// Finds the servers that tests can run on: those on PATH, those named in SLOTWISE_SERVERS, and on Debian and Ubuntu
// also Redis 8, Valkey 8 and Valkey 9, unpacked from the distribution's newer suites into .cache/servers without
// touching what the system has installed: private apt lists, `apt-get download`, `dpkg -x`, and every shared library
// beside the server down to the C library, whose own loader runs it. Nothing here needs root.
//
//   .cache/servers/apt/<suite>/           sources, lists and empty dpkg status of a private apt
//   .cache/servers/valkey-9.1.2/root/     the unpacked packages
//   .cache/servers/valkey-9.1.2/valkey-server, valkey-cli     wrappers that run them
//   .cache/servers/matrix.json            [{ name, flavour, version, server, cli }]
//
// Plain Node without dependencies. A second run finds all in the cache; `--refresh` asks the mirror again.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { distributionSource, lastLine, must, PrivateApt, run } from './private-apt.mjs'
import { checkRuns } from './probe-server.mjs'
import { findOnPath, serverVersion } from './setup.mjs'

const CACHE = join(dirname(fileURLToPath(import.meta.url)), '../.cache/servers')
const MATRIX = join(CACHE, 'matrix.json')
const WANTED = [
  { flavour: 'redis', major: '8' },
  { flavour: 'valkey', major: '8' },
  { flavour: 'valkey', major: '9' },
]
// Newer suites per distribution, the most settled first. `base` completes a suite that holds only some packages.
const SUITES = {
  debian: {
    components: 'main',
    suites: [
      { suite: 'trixie' },
      { suite: 'trixie-backports', base: 'trixie' },
      { suite: 'forky' },
      { suite: 'sid' },
      { suite: 'experimental', base: 'sid' },
    ],
  },
  ubuntu: {
    components: 'main universe',
    suites: [
      { suite: 'noble' },
      { suite: 'plucky' },
      { suite: 'questing' },
      { suite: 'resolute' },
      { suite: 'devel' },
    ],
  },
}
const TOTAL_MS = 10 * 60_000
const RETRY_AFTER_MS = 24 * 3600_000

/**
 * @typedef {{ name: string, flavour: 'redis' | 'valkey', version: string, server: string, cli: string | null }} Server
 */

/**
 * Every server of this machine, unpacking what is wanted and missing. Writes matrix.json.
 *
 * @param {{ refresh?: boolean, say?: (line: string) => void }} [options]
 * @returns {Promise<{ servers: Server[], missing: { name: string, reason: string }[] }>}
 */
export async function findServers({ refresh = false, say = () => {} } = {}) {
  mkdirSync(CACHE, { recursive: true })
  const servers = []
  const missing = []
  const add = server => {
    if (!servers.some(s => s.flavour === server.flavour && s.version === server.version)) servers.push(server)
  }
  for (const { file, origin } of installed()) {
    const found = describe(file)
    if (found !== undefined) add(found)
    else if (origin !== 'PATH')
      missing.push({ name: file, reason: `named in ${origin}, but does not run as a server` })
  }
  for (const folder of readdirSync(CACHE).filter(name => !name.startsWith('.'))) {
    const file = ['redis-server', 'valkey-server'].map(name => join(CACHE, folder, name)).find(existsSync)
    const found = file && describe(file)
    if (found) add(found)
  }

  const wanted = WANTED.filter(want => !servers.some(server => fits(server, want)))
  if (wanted.length > 0) {
    const result = await unpackWanted(wanted, { refresh, say })
    for (const server of result.servers) add(server)
    missing.push(...result.missing)
  }
  servers.sort((a, b) => a.flavour.localeCompare(b.flavour) || compareVersions(a.version, b.version))
  writeFileSync(MATRIX, `${JSON.stringify(servers, null, 2)}\n`)
  return { servers, missing }
}

const fits = (server, want) => server.flavour === want.flavour && server.version.split('.')[0] === want.major
const nameOf = want => `${want.flavour} ${want.major}`

function compareVersions(a, b) {
  return a.localeCompare(b, 'en', { numeric: true })
}

function installed() {
  const named = ['SLOTWISE_SERVERS', 'SLOTWISE_SERVER'].flatMap(origin =>
    (process.env[origin] ?? '')
      .split(origin === 'SLOTWISE_SERVERS' ? new RegExp(`[,${delimiter}]`) : '\0')
      .filter(file => file.trim() !== '')
      .map(file => ({
        file: file.includes('/') ? resolve(file.trim()) : (findOnPath(file.trim()) ?? file),
        origin,
      })),
  )
  const onPath = ['redis-server', 'valkey-server'].map(findOnPath).filter(file => file !== undefined)
  return [...named, ...onPath.map(file => ({ file, origin: 'PATH' }))]
}

/** @returns {Server | undefined} */
function describe(file) {
  const found = serverVersion(file)
  if (found === undefined) return undefined
  const cli = join(dirname(file), basename(file).replace('server', 'cli'))
  return {
    name: `${found.flavour}-${found.version}`,
    ...found,
    server: file,
    cli: existsSync(cli) ? cli : null,
  }
}

// ── unpacking ──

async function unpackWanted(wanted, { refresh, say }) {
  const reasons = new Map(wanted.map(want => [nameOf(want), []]))
  const servers = []
  const finish = why => ({
    servers,
    missing: wanted
      .filter(want => !servers.some(server => fits(server, want)))
      .map(want => ({
        name: nameOf(want),
        reason: [...(why ? [why] : []), ...reasons.get(nameOf(want))].join('; '),
      })),
  })
  const lacking = ['apt-get', 'apt-cache', 'dpkg'].filter(tool => findOnPath(tool) === undefined)
  if (lacking.length > 0)
    return finish(`no ${lacking.join(', ')} here: install it, or name it in SLOTWISE_SERVERS`)

  const notes = join(CACHE, 'missing.json')
  const last = readJson(notes)
  if (
    !refresh &&
    last !== undefined &&
    Date.now() - last.at < RETRY_AFTER_MS &&
    wanted.every(w => nameOf(w) in last.reasons)
  ) {
    return {
      servers,
      missing: wanted.map(w => ({
        name: nameOf(w),
        reason: `${last.reasons[nameOf(w)]} (asked today; --refresh asks again)`,
      })),
    }
  }
  const release = osRelease()
  const family = [release.ID, ...(release.ID_LIKE ?? '').split(' ')].find(id => id in SUITES)
  if (family === undefined) return finish(`no list of newer suites for ${release.ID ?? 'this system'}`)
  const source = distributionSource(release.VERSION_CODENAME)
  if (source === undefined) return finish("no entry for the distribution itself in apt's configuration")

  const deadline = Date.now() + TOTAL_MS
  const tried = new Set()
  for (const { suite, base } of SUITES[family].suites) {
    const open = wanted.filter(want => !servers.some(server => fits(server, want)))
    if (open.length === 0) break
    if (Date.now() > deadline) return finish('out of time')
    const apt = new PrivateApt(join(CACHE, 'apt', suite), {
      suite,
      base,
      source,
      components: SUITES[family].components,
    })
    say(`reading the package lists of ${suite}`)
    const failure = apt.update()
    for (const want of open) {
      const because = reasons.get(nameOf(want))
      if (failure !== undefined) {
        because.push(`${suite}: ${failure}`)
        continue
      }
      const pkg = `${want.flavour}-server`
      const version = apt.candidate(pkg)
      if (version === undefined || version.split('.')[0] !== want.major) {
        because.push(`${suite} has ${version === undefined ? `no ${pkg}` : version}`)
        continue
      }
      if (tried.has(`${pkg} ${version}`)) continue
      tried.add(`${pkg} ${version}`)
      say(`unpacking ${want.flavour} ${version} from ${suite}`)
      try {
        const server = await unpack(apt, want.flavour, version)
        servers.push(server)
      } catch (error) {
        because.push(`${suite}: ${error.message}`)
      }
    }
  }
  // Lists age, and with what apt makes of them they take more room than the servers.
  rmSync(join(CACHE, 'apt'), { recursive: true, force: true })
  const result = finish()
  if (result.missing.length === 0) rmSync(notes, { force: true })
  else
    writeFileSync(
      notes,
      JSON.stringify({
        at: Date.now(),
        reasons: Object.fromEntries(result.missing.map(m => [m.name, m.reason])),
      }),
    )
  return result
}

async function unpack(apt, flavour, version) {
  const staging = join(CACHE, `.unpacking-${flavour}-${version}`)
  const debs = join(staging, 'debs')
  const root = join(staging, 'root')
  rmSync(staging, { recursive: true, force: true })
  mkdirSync(debs, { recursive: true })
  mkdirSync(root)
  try {
    apt.download(apt.closure([`${flavour}-server`, `${flavour}-tools`]), debs)
    for (const deb of readdirSync(debs)) must(run('dpkg', ['-x', join(debs, deb), root]), `unpacking ${deb}`)
    rmSync(debs, { recursive: true })
    writeWrappers(staging, flavour)
    const server = join(staging, `${flavour}-server`)
    checkLibraries(staging, server)
    await checkRuns(server)
    const place = join(CACHE, `${flavour}-${version}`)
    rmSync(place, { recursive: true, force: true })
    renameSync(staging, place)
    const found = describe(join(place, `${flavour}-server`))
    if (found === undefined) throw new Error('does not answer --version after the move')
    return found
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

// The package's program, run by the loader unpacked with it; libraries are looked for in the unpacked folders alone.
function writeWrappers(place, flavour) {
  const files = walk(join(place, 'root'))
  const loader = files.find(file => /\/ld-(linux[^/]*|musl[^/]*)\.so\.\d+$/.test(file))
  if (loader === undefined) throw new Error('the unpacked C library has no loader')
  // …/lib, …/lib64 and …/lib/<triplet>; folders below those hold plug-ins.
  const libraries = files.filter(file => /\/lib(64|\/[^/]+-linux-[^/]+)?\/[^/]+\.so(\.\d+)*$/.test(file))
  const folders = [...new Set(libraries.map(file => dirname(file)))]
  const inside = file => `$here${file.slice(place.length)}`
  for (const name of [`${flavour}-server`, `${flavour}-cli`]) {
    const program = files.find(file => file.endsWith(`/bin/${name}`))
    if (program === undefined) throw new Error(`the packages have no ${name}`)
    const path = folders.map(inside).join(':')
    writeFileSync(
      join(place, name),
      `#!/bin/sh
# Made by scripts/server-matrix.mjs. With SLOTWISE_LIST_LIBRARIES set, lists the libraries instead.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec "${inside(loader)}" --inhibit-cache \${SLOTWISE_LIST_LIBRARIES:+--list} --library-path "${path}" "${inside(program)}" "$@"
`,
    )
    chmodSync(join(place, name), 0o755)
  }
}

function walk(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(name => join(folder, name))
    .filter(file => !lstatSync(file).isDirectory())
}

// Each library must come from the unpacked folder: one of the host's could hide that a package was missed.
function checkLibraries(place, server) {
  const { stdout, stderr, status } = run(server, [], {
    env: { ...process.env, SLOTWISE_LIST_LIBRARIES: '1' },
  })
  if (status !== 0) throw new Error(`its loader fails: ${lastLine(stderr)}`)
  const here = realpathSync(place)
  const foreign = stdout
    .split('\n')
    .filter(line => line.includes('=>') && !line.split('=>')[1].trim().startsWith(here))
    .map(line => line.trim().split(' ')[0])
  if (foreign.length > 0) throw new Error(`libraries missing beside it: ${foreign.join(', ')}`)
}

function osRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return Object.fromEntries(
    [...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, key, value]) => [key, value]),
  )
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // Missing or cut short: the caller treats both as not there.
    return undefined
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { servers, missing } = await findServers({
    refresh: process.argv.includes('--refresh'),
    say: line => process.stdout.write(`${line}\n`),
  })
  const width = Math.max(...[...servers, ...missing].map(({ name }) => name.length), 8)
  for (const { name, server } of servers) process.stdout.write(`found    ${name.padEnd(width)}  ${server}\n`)
  for (const { name, reason } of missing) process.stdout.write(`missing  ${name.padEnd(width)}  ${reason}\n`)
  if (servers.length === 0) process.exitCode = 1
}
