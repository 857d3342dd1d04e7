import { describe, expect, it } from 'vitest'
import { ROWS } from '../../scripts/command-rows.js'
import { CORRECTIONS } from '../../scripts/command-table-overrides.js'
import { serverVersion, withServer } from '../../scripts/generate-command-table.js'
import { UnexpectedReplyError } from '../../src/core/errors.js'
import { findSpec, specFromInfo, specOf } from '../../src/protocol/lookup.js'
import { type CommandSpec, Flag } from '../../src/protocol/spec.js'
import { ReplyMode } from '../../src/resp/types.js'
import { askLive } from './live.js'

const NAMES = ROWS.trim()
  .split('\n')
  .map(line => line.slice(0, line.indexOf(' ')).replace('|', ' '))

describe('specOf', () => {
  it('knows every command of the rows', () => {
    for (const name of NAMES) {
      const spec = specOf(name)
      expect(spec.name).toBe(name)
      expect(Number.isInteger(spec.arity) && spec.arity !== 0, name).toBe(true)
    }
  })

  it('says what is known of a command', () => {
    expect(specOf('GET')).toEqual({
      name: 'GET',
      arity: 2,
      flags: Flag.READONLY | Flag.FAST,
      keySpecs: [
        {
          begin: { kind: 'index', pos: 1 },
          find: { kind: 'range', lastKey: 0, step: 1, limit: 0 },
          notKey: false,
        },
      ],
      requestPolicy: undefined,
      responsePolicy: undefined,
      container: false,
    })
    expect(specOf('DEL')).toMatchObject({ requestPolicy: 'multi_shard', responsePolicy: 'agg_sum' })
    expect(specOf('XREAD').keySpecs[0]?.begin).toEqual({ kind: 'keyword', keyword: 'STREAMS', startFrom: 1 })
    expect(specOf('SPUBLISH').keySpecs[0]?.notKey).toBe(true)
    expect(specOf('CONFIG')).toMatchObject({ container: true })
    expect(specOf('CONFIG GET')).toMatchObject({ container: false, arity: -3 })
    expect(specOf('BLPOP').flags & Flag.BLOCKING).not.toBe(0)
  })

  it('knows commands newer than the server asked, from the overrides', () => {
    expect(specOf('HEXPIRE')).toMatchObject({ arity: -6, flags: Flag.WRITE | Flag.FAST })
    expect(specOf('SENTINEL GET-MASTER-ADDR-BY-NAME').arity).toBe(3)
  })

  it('gives the same object each time, so that specs can be compared', () => {
    expect(specOf('GET')).toBe(specOf('GET'))
    expect(findSpec(['get', 'k'])?.spec).toBe(specOf('GET'))
  })

  it('throws for a name that the table lacks, which is a mistake in the program', () => {
    for (const name of ['NOPE', 'get', 'CONFIG|GET', 'constructor', '']) {
      expect(() => specOf(name), name).toThrow(/no row for/)
    }
  })
})

describe('findSpec', () => {
  const find = (...args: (string | Buffer)[]) => {
    const found = findSpec(args)
    return found === undefined ? undefined : `${found.spec.name}/${found.words}`
  }

  it('finds commands in any case, as text or bytes', () => {
    expect(find('GET', 'k')).toBe('GET/1')
    expect(find('gEt')).toBe('GET/1')
    expect(find(Buffer.from('get'))).toBe('GET/1')
  })

  it('finds subcommands', () => {
    expect(find('config', 'get', 'x')).toBe('CONFIG GET/2')
    expect(find('Object', Buffer.from('Encoding'), 'k')).toBe('OBJECT ENCODING/2')
  })

  it('falls back to the command itself for a subcommand it does not know, and the server answers', () => {
    expect(find('CONFIG', 'NOPE')).toBe('CONFIG/1')
    expect(find('CONFIG')).toBe('CONFIG/1')
    expect(find('COMMAND')).toBe('COMMAND/1')
  })

  it('never takes an argument for a subcommand', () => {
    expect(find('GET', 'GET')).toBe('GET/1')
    expect(find('DEBUG', 'OBJECT', 'k')).toBe('DEBUG/1')
  })

  it('finds nothing for what no server would take for the name', () => {
    for (const name of [
      'NOPE',
      '',
      'CONFIG GET',
      'CONFIG|GET',
      'ſet',
      ' get',
      'get\n',
      '__proto__',
      'x'.repeat(1e6),
    ]) {
      expect(find(name), name.slice(0, 20)).toBeUndefined()
    }
    expect(find(Buffer.from([0xdf, 0x55]))).toBeUndefined()
    expect(find()).toBeUndefined()
  })
})

describe('specFromInfo', () => {
  // The overrides correct these.
  const CORRECTED = new Set(CORRECTIONS.flatMap(({ names }) => names.map(name => name.replace('|', ' '))))
  const ROUTING_FLAGS = Flag.WRITE | Flag.READONLY | Flag.BLOCKING
  const whole = (spec: CommandSpec) => spec
  /** What no server may see otherwise than the table. */
  const routing = ({ flags, keySpecs, container }: CommandSpec) => ({
    flags: flags & ROUTING_FLAGS,
    keySpecs,
    container,
  })

  it('reads what a live server says under RESP2 and RESP3, as text or bytes, as the table has it', async () => {
    await withServer(async (host, port) => {
      // The table is that of 7.0; elsewhere details differ.
      const view = (await serverVersion(host, port)).startsWith('7.0.') ? whole : routing
      const names = NAMES.map(name => name.toLowerCase().replace(' ', '|'))
      const call = ['COMMAND', 'INFO', ...names]
      const modes = [0, ReplyMode.BUFFER, ReplyMode.BUFFER | ReplyMode.BIGINT]
      for (const protocol of [2, 3] as const) {
        for (const mode of modes) {
          const [reply] = await askLive({ port, protocol, mode }, [call])
          const specs = (reply as readonly never[]).map(specFromInfo)
          expect(specs.filter(spec => spec !== undefined).length).toBeGreaterThan(300)
          for (const [i, spec] of specs.entries()) {
            const name = NAMES[i]!
            // A server without it says null.
            if (spec === undefined || CORRECTED.has(name)) continue
            expect(view(spec), name).toEqual(view(specOf(name)))
          }
        }
      }
    })
  })

  it('reads the shorter entries of servers before 7.0', () => {
    const mset = ['mset', -3, ['write', 'denyoom'], 1, -1, 2, ['@write']]
    expect(specFromInfo(mset)).toMatchObject({
      name: 'MSET',
      flags: Flag.WRITE | Flag.DENYOOM,
      keySpecs: [
        { begin: { kind: 'index', pos: 1 }, find: { kind: 'range', lastKey: -1, step: 2, limit: 0 } },
      ],
    })
    expect(specFromInfo(['lcs', -3, [], 1, 2, 1])?.keySpecs[0]?.find).toMatchObject({ lastKey: 1 })
    expect(specFromInfo(['ping', -1, [], 0, 0, 0])?.keySpecs).toEqual([])
  })

  it('is undefined for a command the server does not know', () => {
    expect(specFromInfo(null)).toBeUndefined()
  })

  it('refuses what is no entry, without repeating it', () => {
    for (const reply of ['secret', 5, [], [1, 2], ['secret'], ['secret', 'x']]) {
      expect(() => specFromInfo(reply)).toThrow(UnexpectedReplyError)
      expect(() => specFromInfo(reply)).not.toThrow(/secret/)
    }
  })

  it('makes something harmless of an entry that is half there', () => {
    const spec = specFromInfo([
      'x.y',
      2,
      ['constructor', 5],
      null,
      null,
      null,
      null,
      ['request_policy:toString'],
      [[], 5],
    ])
    expect(spec).toMatchObject({ name: 'X.Y', flags: 0, requestPolicy: undefined })
    expect(spec?.keySpecs.every(({ find }) => find.kind === 'unknown')).toBe(true)
  })
})
