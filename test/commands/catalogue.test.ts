import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROWS } from '../../scripts/command-rows.js'
import { catalogue } from '../../src/commands/catalogue.js'
import type { Catalogue } from '../../src/commands/types.js'
import { WIRE } from './wire.js'

const GROUPS = ['string', 'generic', 'hash', 'list', 'set', 'sorted-set', 'connection', 'server']

// Commands of these groups that Redis 7.0 has and that deliberately have no builder; each with its reason.
const BLOCKING = 'blocks: comes together with the rule about deadlines of blocking commands'
const SHARED = 'changes a connection that others share: the options of the connection do it'
const ONE_NODE =
  'administers one particular server, which a routed call cannot aim at: `call` on a client of that server'
const INTERNAL = 'servers say it to each other'
const HELP = 'help for humans, and the documentation has it: `call`'
const ACL = 'comes with the rest of the groups'

const WITHOUT_BUILDER: Readonly<Record<string, string>> = {
  WAIT: 'on a shared connection it would wait for the writes of other callers',
  BLMOVE: BLOCKING,
  BLMPOP: BLOCKING,
  BLPOP: BLOCKING,
  BRPOP: BLOCKING,
  BRPOPLPUSH: BLOCKING,
  BZMPOP: BLOCKING,
  BZPOPMAX: BLOCKING,
  BZPOPMIN: BLOCKING,
  AUTH: SHARED,
  HELLO: SHARED,
  QUIT: 'ends a connection that others share: `close` does it',
  RESET: SHARED,
  SELECT: SHARED,
  'CLIENT CACHING': SHARED,
  'CLIENT GETREDIR': 'about the tracking of one connection, which is not the caller’s',
  'CLIENT NO-EVICT': SHARED,
  'CLIENT REPLY': SHARED,
  'CLIENT SETNAME': SHARED,
  'CLIENT TRACKING': SHARED,
  'CLIENT TRACKINGINFO': 'about the tracking of one connection, which is not the caller’s',
  'ACL CAT': ACL,
  'ACL DELUSER': ACL,
  'ACL DRYRUN': ACL,
  'ACL GENPASS': ACL,
  'ACL GETUSER': ACL,
  'ACL LIST': ACL,
  'ACL LOAD': ACL,
  'ACL LOG': ACL,
  'ACL SAVE': ACL,
  'ACL SETUSER': ACL,
  'ACL USERS': ACL,
  'ACL WHOAMI': ACL,
  DEBUG: ONE_NODE,
  FAILOVER: ONE_NODE,
  'MODULE LIST': ONE_NODE,
  'MODULE LOAD': ONE_NODE,
  'MODULE LOADEX': ONE_NODE,
  'MODULE UNLOAD': ONE_NODE,
  MONITOR: 'turns its connection into a stream: needs one of its own',
  REPLICAOF: ONE_NODE,
  SHUTDOWN: ONE_NODE,
  SLAVEOF: ONE_NODE,
  PSYNC: INTERNAL,
  REPLCONF: INTERNAL,
  'RESTORE-ASKING': INTERNAL,
  SYNC: INTERNAL,
  'ACL HELP': HELP,
  'CLIENT HELP': HELP,
  'COMMAND HELP': HELP,
  'CONFIG HELP': HELP,
  'LATENCY HELP': HELP,
  'MEMORY HELP': HELP,
  'MODULE HELP': HELP,
  'OBJECT HELP': HELP,
  'SLOWLOG HELP': HELP,
}

const rows = ROWS.trim()
  .split('\n')
  .map(line => {
    const [name = '', , flags = '', group = '', since = ''] = line.split(' ')
    return { name: name.replace('|', ' '), flags, group, since }
  })

const sinceOf = new Map(rows.map(({ name, since }) => [name, since]))

/** What Redis 7.0 has in these groups; COMMAND alone, and not the containers. */
const wanted = new Set(
  rows
    .filter(({ flags, group }) => !flags.includes('C') && GROUPS.includes(group))
    .filter(({ since }) => Number.parseInt(since, 10) < 7 || since.startsWith('7.0'))
    .map(({ name }) => name),
)

const built = new Set(
  Object.values(WIRE)
    .flat()
    .map(([command]) => command.spec.name),
)

describe('the catalogue', () => {
  it('has a builder or a written reason for every command of its groups that Redis 7.0 has', () => {
    const missing = [...wanted].filter(name => !built.has(name) && !(name in WITHOUT_BUILDER))
    expect(missing).toEqual([])
  })

  it('has no reason for a command that has a builder, or that is not in the table', () => {
    const stale = Object.keys(WITHOUT_BUILDER).filter(name => built.has(name) || !wanted.has(name))
    expect(stale).toEqual([])
  })

  it('has every builder that a group file exports, once', () => {
    const exported = sources.flatMap(source => source.builders.map(builder => builder.name))
    expect(exported.sort()).toEqual(Object.keys(catalogue).sort())
  })

  it('holds functions only, with a row of words for each', () => {
    const builders: Catalogue = catalogue
    for (const [name, builder] of Object.entries(builders)) {
      expect(typeof builder, name).toBe('function')
      expect(WIRE[name as keyof typeof WIRE]?.length, name).toBeGreaterThan(0)
    }
  })
})

describe('every builder', () => {
  // A mapped type keeps the last overload only, and loses type parameters; `attach` passes six arguments on.
  it('has neither overloads, type parameters nor rest parameters, and at most six parameters', () => {
    for (const { name, signature } of sources.flatMap(source => source.builders)) {
      expect(signature, name).toMatch(/^\(/)
      expect(signature, name).not.toContain('...')
      expect(catalogue[name as keyof typeof catalogue].length, name).toBeLessThanOrEqual(6)
    }
  })

  it('says which command it is, since when, and where the manual is', () => {
    for (const { name, doc } of sources.flatMap(source => source.builders)) {
      const spec = WIRE[name as keyof typeof WIRE][0]![0].spec
      const text = doc.replace(/\n \*/g, '').replace(/\s+/g, ' ')
      const since = new RegExp(`\\b${spec.name}( with [\\w ]+)?, since (\\d+\\.\\d+\\.\\d+)`).exec(text)
      expect(since, `${name} says "${spec.name}, since …"`).not.toBeNull()
      if (since?.[1] === undefined) expect(since?.[2], name).toBe(sinceOf.get(spec.name))
      expect(doc, name).toContain(
        `@see https://redis.io/docs/latest/commands/${spec.name.toLowerCase().replace(' ', '-')}/`,
      )
    }
  })
})

interface Source {
  readonly builders: readonly { readonly name: string; readonly doc: string; readonly signature: string }[]
}

const FOLDER = new URL('../../src/commands/', import.meta.url)
const NO_GROUP = [
  'arguments.ts',
  'attach.ts',
  'catalogue.ts',
  'replies.ts',
  'server-replies.ts',
  'shapes.ts',
  'types.ts',
]

const sources: readonly Source[] = readdirSync(FOLDER)
  .filter(file => file.endsWith('.ts') && !NO_GROUP.includes(file))
  .map(file => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8')
    const functions = text.matchAll(
      /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)?\nexport function (\w+)([\s\S]*?)\): Command</g,
    )
    return {
      builders: [...functions].map(([, doc = '', name = '', signature = '']) => ({ name, doc, signature })),
    }
  })
