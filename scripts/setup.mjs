// Installs what a fresh machine lacks before `npm test` or `npm run demo` can run: the dependencies, a Redis or
// Valkey server, openssl. Says what it does, one line each; says nothing and takes no time when all is there.
// Plain Node without dependencies, since it runs before `npm ci`.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const MINUTE = 60_000
const SERVERS = ['redis-server', 'valkey-server']

/** Something is missing and could not be installed; `message` says what was tried and what to do by hand. */
export class SetupError extends Error {
  name = 'SetupError'
}

/**
 * Brings the project's folder and the machine to the state that tests and demo need. May be called again at any
 * time; heals what an interrupted call left half done.
 *
 * @param {{ build?: boolean, server?: boolean, openssl?: boolean }} [wanted] `build`: also dist (default false);
 *   `server`: a Redis or Valkey server (default true); `openssl`: the command that TLS tests make certificates with
 *   (default true).
 * @throws {SetupError} where it cannot
 */
export async function setup({ build = false, server = true, openssl = true } = {}) {
  checkNode()
  installDependencies()
  if (server) provide('a Redis or Valkey server', findServer, SERVER_PACKAGES)
  if (openssl) provide('openssl', () => findOnPath('openssl'), OPENSSL_PACKAGES)
  if (build) buildDist()
}

function say(line) {
  process.stdout.write(`set-up: ${line}\n`)
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20)
    throw new SetupError(`Node.js 20 or newer is needed; this is ${process.version} (${process.execPath})`)
}

// ── dependencies ──

function installDependencies() {
  const reason = staleModules()
  if (reason === undefined) return
  say(`installing dependencies with npm ci (${reason})`)
  // Both are needed whatever the caller's NODE_ENV or npm_config_omit says: tests and build are dev dependencies.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  let result = npm(args)
  if (result.status !== 0 && /\b(ENOTEMPTY|EEXIST|EBUSY|EPERM)\b/.test(result.stderr)) {
    // An interrupted npm ci can leave folders that the next one cannot replace; without them it starts clean.
    rmSync(join(ROOT, 'node_modules'), { recursive: true, force: true })
    result = npm(args)
  }
  if (result.status !== 0) throw new SetupError(`npm ci failed\n${head(result)}`)
}

// npm writes node_modules/.package-lock.json last, so it tells what was installed completely. Contents are compared
// and not times: a checkout touches package-lock.json without changing it.
function staleModules() {
  const installed = readJson(join(ROOT, 'node_modules/.package-lock.json'))
  if (installed === undefined) return existsSync(join(ROOT, 'node_modules')) ? 'incomplete' : 'none yet'
  const locked = readJson(join(ROOT, 'package-lock.json'))
  if (locked === undefined) throw new SetupError('package-lock.json is missing or unreadable')
  for (const [path, { version, optional }] of Object.entries(locked.packages)) {
    if (path === '' || optional) continue // optional ones are for other platforms, as a rule
    if (installed.packages[path]?.version !== version) return `${path} is not at ${version}`
    if (!existsSync(join(ROOT, path, 'package.json'))) return `${path} is gone`
  }
  return undefined
}

function npm(args) {
  // Inside `npm test` the very npm that runs us; elsewhere the one on PATH, which on Windows is a command file.
  const inside = process.env.npm_execpath
  return inside?.endsWith('npm-cli.js') && existsSync(inside)
    ? run(process.execPath, [inside, ...args])
    : run('npm', args, { shell: process.platform === 'win32' })
}

// ── build ──

function buildDist() {
  const outputs = exportedFiles()
  const made = Math.min(...outputs.map(file => modified(join(ROOT, file))))
  const inputs = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsup.config.ts', ...sources()]
  if (made > 0 && inputs.every(file => modified(join(ROOT, file)) <= made)) return
  say('building dist')
  const result = npm(['run', 'build'])
  if (result.status !== 0) throw new SetupError(`npm run build failed\n${tail(result)}`)
}

function exportedFiles() {
  const leaves = entry => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(leaves))
  return leaves(readJson(join(ROOT, 'package.json')).exports).filter(file => file.startsWith('./dist/'))
}

function sources() {
  return readdirSync(join(ROOT, 'src'), { recursive: true }).map(file => join('src', file))
}

/** Milliseconds; 0 where there is no such file. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

// ── programs ──

/** The server that tests and demo will use, or undefined. One that is there but does not run counts as missing. */
export function findServer() {
  const chosen = process.env.SLOTWISE_SERVER
  if (!chosen)
    return SERVERS.map(findOnPath).find(file => file !== undefined && serverVersion(file) !== undefined)
  const file = chosen.includes('/') || chosen.includes('\\') ? resolve(chosen) : findOnPath(chosen)
  if (file === undefined || !isExecutable(file)) {
    throw new SetupError(`SLOTWISE_SERVER is '${chosen}', and that is no program here; correct or unset it`)
  }
  if (serverVersion(file) === undefined) {
    throw new SetupError(
      `SLOTWISE_SERVER is '${chosen}', and that does not answer --version as a Redis or Valkey server does`,
    )
  }
  return file
}

/**
 * What `--version` says, e.g. `{ flavour: 'valkey', version: '8.1.1' }`; undefined where it does not run.
 *
 * @param {string} file
 */
export function serverVersion(file) {
  // Redis server v=7.0.15 sha=00000000:0 … · Valkey server v=8.1.1 sha=… ·  Server v=7.2.5 … (Valkey 7.2)
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  const found = /^(Redis |Valkey )?server v=(\S+)/i.exec(stdout ?? '')
  if (!found) return undefined
  return { flavour: found[1]?.trim().toLowerCase() === 'redis' ? 'redis' : 'valkey', version: found[2] }
}

/**
 * @param {string} name
 * @returns {string | undefined}
 */
export function findOnPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(isExecutable)
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(realpathSync(file)).isFile()
  } catch {
    // Not there, or not for us: either way no program.
    return false
  }
}

// ── the system's package manager ──

// Per manager: `refresh` runs once before the first package, `install` with a package's name at the end.
// Homebrew refuses root, all others need it.
const MANAGERS = [
  { name: 'apt-get', install: aptInstall },
  { name: 'dnf', install: pkg => asRoot(['dnf', 'install', '-y', '-q', pkg]) },
  { name: 'yum', install: pkg => asRoot(['yum', 'install', '-y', '-q', pkg]) },
  { name: 'apk', install: pkg => asRoot(['apk', 'add', '--no-cache', pkg]) },
  { name: 'pacman', install: pkg => asRoot(['pacman', '-Sy', '--noconfirm', '--needed', pkg]) },
  { name: 'zypper', install: pkg => asRoot(['zypper', '--non-interactive', 'install', pkg]) },
  { name: 'brew', install: pkg => run('brew', ['install', '--quiet', pkg], { timeout: 15 * MINUTE }) },
]
// Tried in this order; which of the two a distribution has changed over the years.
const SERVER_PACKAGES = {
  'apt-get': ['redis-server', 'valkey-server'],
  zypper: ['redis', 'valkey'],
  default: ['redis', 'valkey'],
}
const OPENSSL_PACKAGES = { default: ['openssl'] }

function provide(what, find, packages) {
  if (find() !== undefined) return
  const manager = MANAGERS.find(({ name }) => findOnPath(name) !== undefined)
  if (manager === undefined) {
    const looked = MANAGERS.map(({ name }) => name).join(', ')
    throw new SetupError(
      `${what} is missing, and no package manager was found to install it (looked for ${looked}).\n${byHand()}`,
    )
  }
  const names = packages[manager.name] ?? packages.default
  const failures = []
  for (const name of names) {
    say(`installing ${what}: ${manager.name} install ${name}`)
    const result = manager.install(name)
    if (find() !== undefined) return
    failures.push(
      `${manager.name} install ${name}: ${result.refused ?? (result.status === 0 ? 'installed, but not on PATH' : `exit code ${result.status ?? result.signal}`)}\n${tail(result)}`,
    )
    if (result.refused !== undefined) break
  }
  throw new SetupError(`${what} is missing and could not be installed.\n${failures.join('\n')}\n${byHand()}`)
}

function byHand() {
  const windows = process.platform === 'win32' ? 'Redis does not run on Windows itself; use WSL.\n' : ''
  return `${windows}To do it by hand: install redis-server (or valkey-server) and openssl so that both are on PATH, for example
  Debian, Ubuntu: sudo apt-get install redis-server openssl     Fedora: sudo dnf install valkey openssl
  Alpine: sudo apk add redis openssl     Arch: sudo pacman -S valkey openssl     macOS: brew install redis openssl
or set SLOTWISE_SERVER to the path of a redis-server or valkey-server program.`
}

// Debian's packages start a service on port 6379 and enable it for the next boot; we want the program only. While
// policy-rc.d says 101, nothing is started; a policy of the machine's own is left alone, a leftover of ours (killed
// half-way) is recognised by its mark and removed. `dpkg --configure -a` finishes what an interrupted apt left.
const APT = `
set -u
export DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] || grep -q 'slotwise set-up' "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\n# slotwise set-up: removed as soon as it is done\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
wait='-o DPkg::Lock::Timeout=120'
dpkg --configure -a
[ "$2" = again ] || apt-get $wait update -q
apt-get $wait install -y -q --no-install-recommends "$1" || {
  apt-get $wait install -y -q --no-install-recommends --fix-broken &&
  apt-get $wait install -y -q --no-install-recommends "$1"
} || exit 1
case "$1" in
  *-server) [ -d /run/systemd/system ] && systemctl disable --quiet "$1" 2>/dev/null ;;
esac
exit 0
`
let aptUpdated = false

function aptInstall(pkg) {
  const result = asRoot(['sh', '-c', APT, 'set-up', pkg, aptUpdated ? 'again' : 'first'])
  aptUpdated = true
  return result
}

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

function asRoot(command) {
  if (process.getuid?.() === 0) return run(command[0], command.slice(1), { timeout: 10 * MINUTE })
  if (findOnPath('sudo') === undefined) return { status: 1, refused: 'not root, and there is no sudo' }
  if (run('sudo', ['-n', 'true']).status !== 0)
    return { status: 1, refused: 'not root, and sudo asks for a password' }
  const keep = PROXIES.filter(name => process.env[name] !== undefined)
  const preserve = keep.length > 0 ? [`--preserve-env=${keep.join(',')}`] : []
  return run('sudo', ['-n', ...preserve, ...command], { timeout: 10 * MINUTE })
}

// ── running things ──

function run(command, args, { timeout = 10 * MINUTE, shell = false } = {}) {
  return spawnSync(command, args, {
    cwd: ROOT,
    timeout,
    shell,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** npm says first what is wrong, and then at length how to use it. */
function head({ stderr, error }) {
  const lines = `${stderr ?? ''}\n${error?.message ?? ''}`.split('\n')
  return indent(lines.filter(line => /\w/.test(line.replace(/^npm (error|warn)/, ''))).slice(0, 12))
}

/** The last lines of what a failed command said. */
function tail({ stdout, stderr, error }) {
  const lines = `${stdout ?? ''}\n${stderr ?? ''}\n${error?.message ?? ''}`.split('\n')
  return indent(lines.filter(line => line.trim() !== '').slice(-15))
}

function indent(lines) {
  return lines.map(line => `  ${line}`).join('\n')
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
  try {
    await setup({ build: process.argv.includes('--build') })
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`set-up: ${error.message}\n`)
    process.exitCode = 1
  }
}
