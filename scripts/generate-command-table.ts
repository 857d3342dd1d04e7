// Writes what is known of each command, from the COMMAND and COMMAND DOCS replies of a running server and from the
// overrides beside this file, twice:
//
//   scripts/command-rows.ts  one line per command with all that was learned, for people and tests
//   src/protocol/table.ts    what the client needs, commands that are alike on one line; it is a part of every bundle
//
//   npm run generate:commands                    starts a server for it: SLOTWISE_SERVER, or redis-server on PATH
//   npm run generate:commands -- 127.0.0.1:6379  asks that server (7.0 or newer: older ones know no key specs)
//
// The same server gives the same bytes: rows are sorted, and nothing of the run is written.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ADDITIONS, CORRECTIONS } from './command-table-overrides.js'

/** What one line of the rows says. Empty strings stand for nothing. */
export interface Row {
  /** As the server writes it, in upper case: `CONFIG|GET`. */
  name: string
  arity: number
  /** Letters, see {@link FLAG_LETTERS}. */
  flags: string
  group: string
  since: string
  /** Key specs, see {@link keySpecText}. */
  keys: string
  /** `request/response`. */
  policies: string
}

/** A reply of the tiny reader: RESP2 only, errors as values. */
export type RawReply = string | number | null | Error | RawReply[]

const SERVER = process.env.SLOTWISE_SERVER || 'redis-server'
const ROWS = fileURLToPath(new URL('./command-rows.ts', import.meta.url))
const TABLE = fileURLToPath(new URL('../src/protocol/table.ts', import.meta.url))

/** The server's flag → its letter. Flags not listed here do not concern a client. */
const FLAG_LETTERS: Readonly<Record<string, string>> = {
  write: 'W',
  readonly: 'R',
  blocking: 'B',
  admin: 'A',
  pubsub: 'P',
  noscript: 'N',
  fast: 'F',
  loading: 'L',
  stale: 'S',
  movablekeys: 'M',
  denyoom: 'D',
  no_auth: 'U',
  no_multi: 'X',
}

/** Asks a server and renders both files. */
export async function generate(host: string, port: number): Promise<{ rows: string; table: string }> {
  const [commands, docs] = await ask(host, port, [['COMMAND'], ['COMMAND', 'DOCS']])
  if (commands instanceof Error) throw commands
  if (docs instanceof Error) throw docs
  const rows = rowsOf(commands!, docs!)
  return { rows: renderRows(rows), table: renderTable(rows) }
}

/** Version of a server, e.g. `7.0.15`. */
export async function serverVersion(host: string, port: number): Promise<string> {
  const [info] = await ask(host, port, [['INFO', 'server']])
  return /^redis_version:(\S+)/m.exec(String(info))?.[1] ?? ''
}

/** Starts a server on a free port, in a folder of its own, for as long as `use` runs. */
export async function withServer<T>(
  use: (host: string, port: number) => Promise<T>,
  options: readonly string[] = [],
): Promise<T> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'command-table-'))
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...options]
  const child = spawn(SERVER, words, { stdio: 'ignore' })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', error => reject(new Error(`${SERVER} could not be started`, { cause: error })))
    child.once('exit', code => reject(new Error(`${SERVER} ended with ${code}`)))
  })
  ended.catch(() => undefined) // It does end, by our own hand, when nobody waits for it any more.
  try {
    await Promise.race([answering(port), ended])
    return await Promise.race([use('127.0.0.1', port), ended])
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => undefined)
    rmSync(dir, { recursive: true, force: true })
  }
}

function rowsOf(commands: RawReply, docs: RawReply): Row[] {
  const documented = new Map<string, Record<string, RawReply>>()
  collectDocs(docs, documented)
  const rows = new Map<string, Row>()
  for (const entry of list(commands)) collectRows(list(entry), documented, rows)
  for (const { rows: lines } of ADDITIONS) {
    for (const line of lines) {
      const row = parseAddition(line)
      // A server that knows the command is believed.
      if (!rows.has(row.name)) rows.set(row.name, row)
    }
  }
  for (const { names, change } of CORRECTIONS) {
    for (const name of names) {
      const row = rows.get(name)
      if (row === undefined) throw new Error(`a correction names ${name}, which is in no row`)
      rows.set(name, { ...row, ...change })
    }
  }
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Docs come as a flat list: name, facts; subcommands as such a list among the facts. */
function collectDocs(docs: RawReply, into: Map<string, Record<string, RawReply>>): void {
  for (const [name, facts] of Object.entries(record(docs))) {
    const known = record(facts)
    into.set(name.toUpperCase(), known)
    if (known.subcommands !== undefined) collectDocs(known.subcommands, into)
  }
}

/** An entry: name, arity, flags, first key, last key, step, ACL categories, tips, key specs, subcommands. */
function collectRows(
  entry: RawReply[],
  documented: Map<string, Record<string, RawReply>>,
  into: Map<string, Row>,
): void {
  const name = String(entry[0]).toUpperCase()
  const flags = list(entry[2]).map(flag => FLAG_LETTERS[String(flag)] ?? '')
  const tips = list(entry[7]).map(String)
  const subcommands = list(entry[9])
  const facts = documented.get(name)
  if (facts === undefined) throw new Error(`COMMAND DOCS does not mention ${name}`)
  const policy = (kind: string) => tips.find(tip => tip.startsWith(`${kind}:`))?.slice(kind.length + 1) ?? ''
  const policies = `${policy('request_policy')}/${policy('response_policy')}`
  into.set(name, {
    name,
    arity: Number(entry[1]),
    flags: [...flags, subcommands.length > 0 ? 'C' : ''].sort().join(''),
    // Modules that document nothing have neither.
    group: String(facts.group ?? 'module'),
    since: String(facts.since ?? '-'),
    keys: list(entry[8])
      .map(spec => keySpecText(record(spec)))
      .join(';'),
    policies: policies === '/' ? '' : policies,
  })
  for (const subcommand of subcommands) collectRows(list(subcommand), documented, into)
}

// One key spec:   begin [find]    a leading ! where the argument is no key but is routed like one
//   begin   1            index            STREAMS@1    keyword, searched from 1        ?   unknown
//   find    (none)       range 0,1,0      :-1,2,0      range lastKey,step,limit
//           #0,1,1       keyNumIdx,firstKey,step
function keySpecText(spec: Record<string, RawReply>): string {
  const begin = record(spec.begin_search!)
  const find = record(spec.find_keys!)
  const at = record(begin.spec!)
  const how = record(find.spec!)
  const notKey = list(spec.flags).includes('not_key') ? '!' : ''
  if (begin.type === 'unknown' || find.type === 'unknown') return `${notKey}?`
  const start =
    begin.type === 'index' ? String(at.index) : `${String(at.keyword).toUpperCase()}@${at.startfrom}`
  const keys =
    find.type === 'range'
      ? `:${how.lastkey},${how.keystep},${how.limit}`
      : `#${how.keynumidx},${how.firstkey},${how.keystep}`
  return `${notKey}${start}${keys === ':0,1,0' ? '' : keys}`
}

/** An addition has the form of a line of the rows; the star says that the server asked lacks it. */
function parseAddition(line: string): Row {
  const [name = '', arity, flags = '', group = '', since = '', keys = '', policies = ''] = line.split(' ')
  if (group === '' || since === '') throw new Error(`an addition lacks its group or version: ${line}`)
  return {
    name,
    arity: Number(arity),
    flags: `${[...flags.replace('-', '')].sort().join('')}*`,
    group,
    since,
    keys: keys === '-' ? '' : keys,
    policies,
  }
}

function renderRows(rows: readonly Row[]): string {
  const lines = rows.map(row => {
    const { name, arity, flags, group, since, keys, policies } = row
    return [name, arity, flags || '-', group, since, keys || '-', policies || '-']
      .join(' ')
      .replace(/( -)+$/, '')
  })
  return `// GENERATED by scripts/generate-command-table.ts (npm run generate:commands) from the COMMAND and COMMAND DOCS replies
// of a server and scripts/command-table-overrides.ts. Change those, not this.
//
//   name arity flags group since keys request/response        - stands for nothing, and is left out at the end
//
${LEGEND}
//        * from the overrides: the server asked lacks the command
export const ROWS = \`
${lines.join('\n')}
\`
`
}

/** Commands that are alike in all but name and arity make one line. */
function renderTable(rows: readonly Row[]): string {
  const lines = new Map<string, string[]>()
  for (const { name, arity, flags, keys, policies } of rows) {
    const alike = `${flags.replace('*', '') || '-'} ${keys || '-'} ${policies || '-'}`
    const line = lines.get(alike)
    if (line === undefined) lines.set(alike, [`${name}${arity}`])
    else line.push(`${name}${arity}`)
  }
  return `// GENERATED by scripts/generate-command-table.ts (npm run generate:commands) from the COMMAND and COMMAND DOCS replies
// of a server and scripts/command-table-overrides.ts. Change those, not this. All that was learned of a command is in
// scripts/command-rows.ts; here is what the client needs of it, in few bytes.
//
//   flags keys request/response name-and-arity …        - stands for nothing; a line goes on where the next is indented
//                                                       |GET after CONFIG|SET-4 is CONFIG|GET
${LEGEND}
export const TABLE = \`
${[...lines].map(([alike, names]) => wrap(`${alike} ${shorten(names).join(' ')}`)).join('\n')}
\`
`
}

/** A subcommand behind another one of the same command leaves the command out. */
function shorten(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const bar = name.indexOf('|')
    return bar !== -1 && names[i - 1]?.startsWith(name.slice(0, bar + 1)) ? name.slice(bar) : name
  })
}

function wrap(line: string): string {
  return line.replace(/(.{1,118})(?: |$)/g, (_, part, at) => (at === 0 ? part : `\n ${part}`))
}

const LEGEND = `// flags  W write  R readonly  B blocking  A admin  P pubsub  N noscript  F fast  L loading  S stale  M movable keys
//        D denyoom  U no_auth  X no_multi  C container
// keys   separated by ;  each: where they begin and which they are  ! routed like a key without being one
//        1 index   STREAMS@1 keyword searched from 1   ? unknown
//        nothing: one key   :-1,2,0 lastKey,step,limit   #0,1,1 keyNumIdx,firstKey,step`

function list(reply: RawReply | undefined): RawReply[] {
  return Array.isArray(reply) ? reply : []
}

/** A map, which RESP2 sends as a flat list. */
function record(reply: RawReply | undefined): Record<string, RawReply> {
  const pairs = list(reply)
  const result: Record<string, RawReply> = Object.create(null)
  for (let i = 0; i + 1 < pairs.length; i += 2) result[String(pairs[i])] = pairs[i + 1]!
  return result
}

/** Sends commands over a socket of their own and reads as many replies. */
export function ask(
  host: string,
  port: number,
  commands: readonly (readonly (string | Buffer)[])[],
  silenceMs = 30_000,
): Promise<RawReply[]> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port })
    const chunks: Buffer[] = []
    socket.setTimeout(silenceMs, () => socket.destroy(new Error(`${host}:${port} does not answer`)))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`${host}:${port} closed the connection`)))
    socket.on('data', chunk => {
      chunks.push(chunk)
      // The end of the last reply is known only by reading; a chunk that ends elsewhere cannot be it.
      if (chunk[chunk.length - 1] !== 0x0a) return
      try {
        const replies = readReplies(Buffer.concat(chunks), commands.length)
        if (replies === undefined) return
        resolve(replies)
      } catch (error) {
        reject(error)
      }
      socket.destroy()
    })
    socket.write(Buffer.concat(commands.flatMap(encode)))
  })
}

function encode(words: readonly (string | Buffer)[]): Buffer[] {
  const parts = [Buffer.from(`*${words.length}\r\n`)]
  for (const word of words) {
    const bytes = Buffer.from(word)
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return parts
}

/** `count` RESP2 replies, or undefined where the bytes end before them. */
function readReplies(bytes: Buffer, count: number): RawReply[] | undefined {
  let at = 0
  const read = (): RawReply | undefined => {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return undefined
    const line = bytes.toString('utf8', at + 1, end)
    const type = String.fromCharCode(bytes[at]!)
    at = end + 2
    switch (type) {
      case '+':
        return line
      case ':':
        return Number(line)
      case '$': {
        if (line === '-1') return null
        const from = at
        at += Number(line) + 2
        return at > bytes.length ? undefined : bytes.toString('utf8', from, at - 2)
      }
      case '*':
        return line === '-1' ? null : readMany(Number(line))
      case '-':
        return new Error(line)
      default:
        throw new Error(`the server sent what is no RESP2: ${type}`)
    }
  }
  const readMany = (wanted: number): RawReply[] | undefined => {
    const items: RawReply[] = []
    while (items.length < wanted) {
      const item = read()
      if (item === undefined) return undefined
      items.push(item)
    }
    return items
  }
  return readMany(count)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

async function answering(port: number): Promise<void> {
  const until = Date.now() + 10_000
  for (;;) {
    try {
      await ask('127.0.0.1', port, [['PING']], 1000)
      return
    } catch (cause) {
      // Not listening yet, which is what is being waited for.
      if (Date.now() > until) throw new Error(`${SERVER} did not answer within ten seconds`, { cause })
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const address = process.argv[2]
  const colon = address?.lastIndexOf(':') ?? -1
  const { rows, table } = await (address === undefined
    ? withServer(generate)
    : generate(address.slice(0, colon), Number(address.slice(colon + 1))))
  writeFileSync(ROWS, rows)
  writeFileSync(TABLE, table)
}
