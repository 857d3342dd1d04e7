// The reference's tables agree with the source: options by their resolved defaults and accepted ranges, errors by
// instances, events and channels by name.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import {
  type ResolvedClientOptions,
  resolveClusterOptions,
  resolveServerOptions,
} from '../../src/client/options.js'
import { channels } from '../../src/core/diagnostics.js'
import * as errors from '../../src/core/errors.js'
import * as slotwise from '../../src/index.js'
import * as local from '../../src/local/index.js'
import { createHints } from '../../src/protocol/command.js'
import { codeIn, pageAt, ROOT, sectionOf, tableOf } from './pages.js'

type Row = Record<string, string>

const optionsPage = pageAt('docs/reference/options.md')
const errorsPage = pageAt('docs/reference/errors.md')

// --- options

interface Group {
  readonly interface: string
  readonly file: string
  /** Path of a field's error, and how the field is given. */
  readonly parent: '' | 'node' | 'router' | 'topology' | 'limits'
  /** Where the resolved default is. */
  readonly resolved: (resolved: ResolvedClientOptions) => object
}

const GROUPS: readonly Group[] = [
  {
    interface: 'ClusterOptions',
    file: 'src/client/options.ts',
    parent: '',
    resolved: () => ({ topology: {} }),
  },
  {
    interface: 'ServerOptions',
    file: 'src/client/options.ts',
    parent: '',
    resolved: ({ seeds }) => ({ ...seeds[0] }),
  },
  {
    interface: 'ClientOptions',
    file: 'src/client/options.ts',
    parent: '',
    resolved: r => ({ ...r, node: {}, router: {} }),
  },
  {
    interface: 'ConnectionOptions',
    file: 'src/connection/options.ts',
    parent: '',
    resolved: ({ connection }) => ({ ...connection, limits: {}, tls: connection.tls ?? false }),
  },
  { interface: 'NodeOptions', file: 'src/node/options.ts', parent: 'node', resolved: r => r.node },
  { interface: 'RouterOptions', file: 'src/router/options.ts', parent: 'router', resolved: r => r.router },
  {
    interface: 'TopologyOptions',
    file: 'src/topology/options.ts',
    parent: 'topology',
    resolved: r => r.topology,
  },
  { interface: 'Limits', file: 'src/resp/limits.ts', parent: 'limits', resolved: r => r.connection.limits },
  { interface: 'ViewOptions', file: 'src/client/client.ts', parent: '', resolved: () => createHints({}) },
]

describe.each(GROUPS.map(group => [group.interface, group] as const))('the table of %s', (_, group) => {
  const rows = tableOf(sectionOf(optionsPage, group.interface))
  const fields = fieldsOf(group.file, group.interface)
  const defaults = group.resolved(resolveServerOptions()) as Record<string, unknown>

  it('lists its fields, in their order', () => {
    expect(rows.map(optionOf)).toEqual(fields.map(({ name }) => name))
  })

  it('tells the defaults that are filled in', () => {
    const said = rows.filter(row => isLiteral(row.Default)).map(row => [optionOf(row), literal(row.Default)])
    expect(said).toEqual(said.map(([name]) => [name, defaults[name as string]]))
    const none = rows.filter(row => row.Default === '*none*').map(optionOf)
    expect(none.filter(name => defaults[name] !== undefined)).toEqual([])
  })

  it('tells the defaults that the comments tell, and they tell them all', () => {
    for (const { name, documented, fallback } of fields) {
      expect(documented, `${name} has a comment`).toBe(true)
      const said = rows.find(row => optionOf(row) === name)?.Default
      if (fallback !== undefined)
        expect(fallback.replaceAll('`', ''), name).toMatch(startingWith(codeIn(said ?? '')[0]))
      else if (group.interface !== 'ViewOptions')
        expect(said, `@default of ${name}`).toMatch(/^\*|^`(\{\}|\[\])`$/)
    }
  })

  it('tells what is accepted', () => {
    for (const row of rows) {
      const bounds = /^(\S+) to (\d+)$/.exec(row.Range ?? '')
      if (bounds === null || group.interface === 'ViewOptions') continue
      const name = optionOf(row)
      const [, low = '', high = ''] = bounds
      const least = codeIn(low).length > 0 ? Number(defaults[codeIn(low)[0] as string]) : Number(low)
      const path = group.parent === '' ? name : `${group.parent}.${name}`
      expect(refusalOf(group, name, least), `${path}: ${least}`).toBeUndefined()
      expect(refusalOf(group, name, Number(high)), `${path}: ${high}`).toBeUndefined()
      expect(refusalOf(group, name, least - 1), `${path}: ${least - 1}`).toBe(path)
      expect(refusalOf(group, name, Number(high) + 1), `${path}: ${Number(high) + 1}`).toBe(path)
    }
  })
})

/** The field an InvalidOptionError names when the option has this value. */
function refusalOf({ parent, interface: name }: Group, field: string, value: number): string | undefined {
  const given = parent === '' ? { [field]: value } : { [parent]: { [field]: value } }
  try {
    if (name === 'TopologyOptions') resolveClusterOptions({ nodes: ['localhost'], ...given })
    else resolveServerOptions(given)
    return undefined
  } catch (error) {
    if (error instanceof slotwise.InvalidOptionError) return error.field
    throw error
  }
}

interface Field {
  readonly name: string
  readonly documented: boolean
  /** Text of its @default tag. */
  readonly fallback: string | undefined
}

function fieldsOf(file: string, name: string): Field[] {
  const found = sourceOf(file).statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )
  if (found === undefined) throw new Error(`${file} has no interface ${name}`)
  return found.members.map(member => ({
    name: member.name?.getText() ?? '',
    documented: ts.getJSDocCommentsAndTags(member).length > 0,
    fallback: ts
      .getJSDocTags(member)
      .flatMap(tag =>
        tag.tagName.text === 'default' ? [ts.getTextOfJSDocComment(tag.comment) ?? ''] : [],
      )[0],
  }))
}

function optionOf(row: Row): string {
  return codeIn(row.Option ?? '')[0] ?? ''
}
function isLiteral(cell = ''): boolean {
  return /^`.*`$/.test(cell)
}
function literal(cell = ''): unknown {
  // Quoted text is the only literal that JSON writes otherwise.
  return JSON.parse((codeIn(cell)[0] ?? '').replaceAll("'", '"'))
}
function startingWith(text = '?'): RegExp {
  return new RegExp(
    `^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\b|^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`,
  )
}

// --- errors

// How each class is made, in all the ways that differ in outcome or retryable.
const cause = new Error('cause')
const MADE: Record<string, readonly errors.SlotwiseError[]> = {
  SlotwiseError: [new errors.SlotwiseError('')],
  InvalidOptionError: [new errors.InvalidOptionError('field', 'is bad')],
  InvalidArgumentError: [new errors.InvalidArgumentError('GET', 'key', 'is bad')],
  CrossSlotError: [new errors.CrossSlotError('MGET', [1, 2])],
  UnsupportedCommandError: [new errors.UnsupportedCommandError('MULTI', 'no')],
  ReplyError: [new errors.ReplyError('ERR no')],
  ProtocolError: [new errors.ProtocolError('bad', 1)],
  UnrepresentableReplyError: [new errors.UnrepresentableReplyError('no')],
  IntegerRangeError: [new errors.IntegerRangeError()],
  TextTooLongError: [new errors.TextTooLongError(1)],
  UnexpectedReplyError: [new errors.UnexpectedReplyError('no')],
  ConnectError: [new errors.ConnectError('a:1', 'dns', { cause })],
  AuthenticationError: [new errors.AuthenticationError('a:1', { cause })],
  ConnectionLostError: [
    new errors.ConnectionLostError('a:1', 'not-sent'),
    new errors.ConnectionLostError('a:1', 'unknown'),
  ],
  DeadlineExceededError: [
    new errors.DeadlineExceededError('a reply', 'not-sent'),
    new errors.DeadlineExceededError('a reply', 'unknown'),
  ],
  AbortedError: [new errors.AbortedError('not-sent', cause), new errors.AbortedError('unknown', cause)],
  ClosedError: [new errors.ClosedError('it'), new errors.ClosedError('it', 'unknown')],
  OverloadedError: [new errors.OverloadedError('full', 'maxQueued')],
  DiscoveryError: [new errors.DiscoveryError('none', [])],
  UncoveredSlotError: [new errors.UncoveredSlotError(1)],
  TooManyRedirectsError: [new errors.TooManyRedirectsError([])],
}
// Of every error, and of every error of a call.
const COMMON = ['name', 'code', 'message', 'cause', 'outcome', 'retryable']
const OF_CALLS = ['command', 'slot', 'address', 'attempts', 'trail', 'elapsedMs']

describe('the tables of errors', () => {
  const rows = tableOf(sectionOf(errorsPage, 'Classes'))

  it('list every class once, as the source orders them', () => {
    const classes = Object.keys(MADE)
    expect(rows.map(classOf)).toEqual(classes)
    expect(classes.sort()).toEqual(classesOf(errors))
    expect(classesOf(errors)).toEqual(classesOf(slotwise))
  })

  it.each(rows.map(row => [classOf(row), row] as const))(
    'tell base, code, outcome, retryable, fields: %s',
    (_, row) => {
      const made = MADE[classOf(row)] ?? []
      const base = Object.getPrototypeOf(made[0]?.constructor) as { name: string }
      expect(codeIn(row.Extends ?? '')).toEqual([base.name])
      expect(codeIn(row['Fields of its own'] ?? '')).toEqual(ownFields(made[0] as object))
      expect(facts(row)).toEqual(factsOf(made))
    },
  )

  it('are the same in the guide, which leaves out base classes', () => {
    const guide = tableOf(sectionOf(pageAt('docs/guides/errors.md'), 'All of them'))
    const thrown = rows.filter(row => !row.When?.startsWith('*base*'))
    expect(guide.map(classOf)).toEqual(thrown.map(classOf))
    for (const row of guide) {
      const { retryable, ...rest } = factsOf(MADE[classOf(row)] ?? [])
      // A database that is not there makes a ConnectError that is not worth a retry.
      const also = classOf(row) === 'ConnectError' ? [...retryable, 'false'] : retryable
      expect(facts(row), classOf(row)).toEqual({ ...rest, retryable: also })
    }
  })

  it('list the fields that all errors have, and those of calls', () => {
    const section = sectionOf(errorsPage, 'Every error')
    const [every = '', ofCalls = ''] = section.split('An error of a call also has')
    expect(tableOf(every).map(row => codeIn(row.Field ?? '')[0])).toEqual(COMMON)
    expect(tableOf(ofCalls).map(row => codeIn(row.Field ?? '')[0])).toEqual(OF_CALLS)
  })

  it('list the errors of slotwise/local', () => {
    const made = [
      new local.ServerNotFoundError([]),
      new local.ServerStartError('a:1', 'ended', ''),
      new local.ClusterNotReadyError([], '', 1),
      new local.ServerNotRunningError('a:1', 'pause'),
    ]
    const table = tableOf(sectionOf(errorsPage, 'Of `slotwise/local`'))
    expect(
      table.map(row => [classOf(row), codeIn(row.Code ?? '')[0], codeIn(row['Fields of its own'] ?? '')]),
    ).toEqual(made.map(error => [error.name, error.code, ownFields(error)]))
    expect(table.map(classOf).sort()).toEqual(classesOf(local))
  })
})

function classOf(row: Row): string {
  return codeIn(row.Class ?? '')[0] ?? ''
}
function classesOf(module: object): string[] {
  return Object.entries(module)
    .filter(
      ([, value]) => typeof value === 'function' && /^class /.test(Function.prototype.toString.call(value)),
    )
    .map(([name]) => name)
    .filter(name => name.endsWith('Error'))
    .sort()
}
function facts(row: Row): { code: string | undefined; outcome: string[]; retryable: string[] } {
  const { Code = '', Outcome = '', Retryable = '' } = row
  return { code: codeIn(Code)[0], outcome: codeIn(Outcome), retryable: codeIn(Retryable) }
}
function factsOf(made: readonly errors.SlotwiseError[]): ReturnType<typeof facts> {
  return {
    code: made[0]?.code,
    outcome: [...new Set(made.map(({ outcome }) => outcome))],
    retryable: [...new Set(made.map(({ retryable }) => String(retryable)))],
  }
}
function ownFields(error: object): string[] {
  return Object.keys(error).filter(name => !COMMON.includes(name) && !OF_CALLS.includes(name))
}

// --- events, channels, members, exports

describe('the reference', () => {
  it('lists the events of a client', () => {
    const rows = tableOf(pageAt('docs/reference/events.md').text)
    const fields = fieldsOf('src/client/events.ts', 'ClientEvents')
    expect(rows.map(row => codeIn(row.Event ?? '')[0])).toEqual(
      fields.map(({ name }) => name.replaceAll("'", '')),
    )
  })

  it('lists the reasons for which the topology is asked for', () => {
    const type = sourceOf('src/topology/refresher.ts').statements.find(
      (statement): statement is ts.TypeAliasDeclaration =>
        ts.isTypeAliasDeclaration(statement) && statement.name.text === 'RefreshReason',
    )
    const reasons = [...(type?.type.getText() ?? '').matchAll(/'([^']+)'/g)].map(([, reason]) => reason)
    const [, after = ''] = pageAt('docs/reference/events.md').text.split('`reason` says')
    expect(tableOf(after).map(row => codeIn(row.Reason ?? '')[0])).toEqual(reasons)
  })

  it('lists the diagnostics channels', () => {
    const rows = tableOf(pageAt('docs/reference/diagnostics-channels.md').text)
    expect(rows.map(row => codeIn(row.Channel ?? '')[0])).toEqual(
      Object.values(channels).map(({ name }) => name),
    )
  })

  it('has a heading for every member of a client that is no command', () => {
    const prototype = slotwise.Client.prototype
    const members = Object.getOwnPropertyNames(prototype).filter(
      name => name !== 'constructor' && !Object.hasOwn(slotwise.commands, name),
    )
    const headings = [...sectionOf(pageAt('docs/reference/client.md'), 'Members').matchAll(/^### (\w+)/gm)]
    expect(headings.map(([, name]) => name).sort()).toEqual(members.sort())
  })

  it('mentions everything that is exported', () => {
    const text = ['client', 'errors'].map(name => pageAt(`docs/reference/${name}.md`).text).join('\n')
    const words = new Set(text.match(/\w+/g))
    expect(Object.keys(slotwise).filter(name => !words.has(name))).toEqual([])
  })
})

function sourceOf(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022, true)
}
