// An apt beside the system's: the machine's own configuration stays in force (mirror, proxies, credentials, keyrings),
// but sources, lists and the record of what is installed are ours, in one folder. Needs no root and changes nothing
// outside that folder.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const STEP_MS = 3 * 60_000

/** One suite of the distribution. The record of what is installed is empty, so that apt takes nothing for given. */
export class PrivateApt {
  constructor(folder, { suite, base, source, components }) {
    this.folder = folder
    for (const sub of ['lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(this.folder, sub), { recursive: true, mode: 0o700 })
    }
    const file = join(this.folder, `slotwise.${source.extension}`)
    // A source may carry credentials in its address.
    writeFileSync(file, source.render(base === undefined ? [suite] : [suite, base], components), {
      mode: 0o600,
    })
    writeFileSync(join(this.folder, 'status'), '')
    this.config = join(this.folder, 'apt.conf')
    writeFileSync(
      this.config,
      `#clear APT::Update;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
Dir::State "${this.folder}";
Dir::State::status "${join(this.folder, 'status')}";
Dir::Cache "${join(this.folder, 'cache')}";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "${file}";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Default-Release "${suite}";
APT::Install-Recommends "false";
${process.getuid?.() === 0 ? 'APT::Sandbox::User "root";' : ''}
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
`,
    )
  }

  #apt(tool, args, options) {
    return run(tool, ['-c', this.config, ...args], { env: { ...process.env, LC_ALL: 'C' }, ...options })
  }

  /** @returns {string | undefined} why it failed */
  update() {
    const { status, stdout, stderr, error } = this.#apt('apt-get', ['update', '-q'])
    if (status === 0 && !/^(E|Err|W: Failed)/m.test(`${stdout}\n${stderr}`)) return undefined
    if (error !== undefined) return error.message
    if (/NO_PUBKEY|not signed|signatures/i.test(stderr))
      return "signed by a key that this machine's keyring lacks"
    if (/does not have a Release file|404/.test(stderr)) return 'not on this mirror'
    return 'the mirror cannot be read'
  }

  /** The version that would be installed, without epoch and revision, e.g. `8.1.1`. */
  candidate(pkg) {
    const found = /^ {2}Candidate: (\S+)$/m.exec(this.#apt('apt-cache', ['policy', pkg]).stdout ?? '')
    return found === null || found[1] === '(none)' ? undefined : /^(?:\d+:)?([\d.]+)/.exec(found[1])?.[1]
  }

  /** The packages themselves and every library they need, however deep. Programs and set-up scripts are left out. */
  closure(packages) {
    const found = new Set(packages)
    for (let next = packages; next.length > 0; ) {
      const out = must(
        this.#apt('apt-cache', ['depends', '--important', ...next]),
        'apt-cache depends',
      ).stdout
      const names = [...out.matchAll(/^ [ |](?:Pre)?Depends: (z?lib[^\s<]+)$/gm)].map(match => match[1])
      next = [...new Set(names)].filter(name => !found.has(name))
      for (const name of next) found.add(name)
    }
    return [...found]
  }

  download(packages, folder) {
    const result = this.#apt('apt-get', ['download', '-q', ...packages], { cwd: folder })
    if (result.status !== 0 || readdirSync(folder).length < packages.length) {
      throw new Error(`download failed: ${lastLine(result.stderr)}`)
    }
  }
}

// Where this machine gets its own distribution from, as a template for other suites of the same mirror.
export function distributionSource(codename) {
  const { stdout } = run('apt-config', [
    'shell',
    'LIST',
    'Dir::Etc::sourcelist/f',
    'PARTS',
    'Dir::Etc::sourceparts/d',
  ])
  const place = name => new RegExp(`^${name}='(.*)'$`, 'm').exec(stdout ?? '')?.[1]
  const parts = place('PARTS')
  const files = [
    place('LIST'),
    ...(parts && statSync(parts, { throwIfNoEntry: false })?.isDirectory()
      ? readdirSync(parts).map(file => join(parts, file))
      : []),
  ].filter(file => file !== undefined && existsSync(file))
  const sources = files.flatMap(file => {
    if (file.endsWith('.sources')) return deb822Sources(readFileSync(file, 'utf8'))
    return file.endsWith('.list') ? listSources(readFileSync(file, 'utf8')) : []
  })
  const own = sources.filter(({ components }) => components.includes('main'))
  return (
    own.find(({ suites }) => suites.includes(codename)) ??
    own.find(({ suites }) => suites.some(s => /^[a-z]+$/.test(s)))
  )
}

// Types: deb / URIs: … / Suites: bookworm bookworm-updates / Components: main / Signed-By: … — stanzas, blank line between;
// a field goes on in lines that begin with a blank, # begins a comment line.
function deb822Sources(text) {
  return text
    .split(/\n\s*\n/)
    .map(stanza => stanza.replace(/^#.*\n?/gm, ''))
    .map(stanza => {
      const fields = stanza.split(/\n(?=\S)/).filter(field => field.includes(':'))
      const value = name =>
        (fields.find(field => field.toLowerCase().startsWith(`${name}:`)) ?? '').split(/\s+/).slice(1)
      const kept = fields.filter(field => !/^(types|suites|components|enabled)\s*:/i.test(field))
      return {
        usable:
          value('types').includes('deb') &&
          !value('enabled').includes('no') &&
          !value('uris').some(uri => uri.startsWith('cdrom:')),
        suites: value('suites'),
        components: value('components'),
        extension: 'sources',
        render: (suites, components) =>
          `Types: deb\nSuites: ${suites.join(' ')}\nComponents: ${components}\n${kept.map(field => field.trimEnd()).join('\n')}\n`,
      }
    })
    .filter(source => source.usable)
}

// deb [signed-by=… arch=…] uri suite component …
function listSources(text) {
  return [...text.matchAll(/^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#\n]+)/gm)]
    .filter(([, , uri]) => !uri.startsWith('cdrom:'))
    .map(([, options = '', uri, suite, components]) => ({
      suites: [suite],
      components: components.trim().split(/\s+/),
      extension: 'list',
      render: (suites, wanted) => suites.map(s => `deb ${options}${uri} ${s} ${wanted}\n`).join(''),
    }))
}

export function run(command, args, options = {}) {
  return spawnSync(command, args, {
    encoding: 'utf8',
    timeout: STEP_MS,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
}

/** @throws {Error} unless it ended well */
export function must(result, what) {
  if (result.status !== 0) throw new Error(`${what}: ${result.error?.message ?? lastLine(result.stderr)}`)
  return result
}

export function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? ''
}
