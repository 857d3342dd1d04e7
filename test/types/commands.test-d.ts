// What methods return through views: the brands become text or bytes, numbers or bigints; all else stays.
import { describe, expectTypeOf, it } from 'vitest'
import type { Client } from '../../src/client/client.js'
import type { Builders, catalogue } from '../../src/commands/catalogue.js'
import type { As, Bulk, Catalogue, Fields, Int, Methods } from '../../src/commands/types.js'
import type { Command } from '../../src/protocol/command.js'

type Text = Methods<typeof catalogue, { bulk: string; int: number }>
type Bytes = Methods<typeof catalogue, { bulk: Buffer; int: number }>
type Big = Methods<typeof catalogue, { bulk: string; int: bigint }>

describe('the catalogue', () => {
  it('is one that attach takes', () => {
    expectTypeOf<Builders>().toExtend<Catalogue>()
    expectTypeOf<Builders['get']>().returns.toEqualTypeOf<Command<Bulk | null>>()
  })

  it('keeps the parameters of builders', () => {
    expectTypeOf<Text['set']>().parameters.toEqualTypeOf<Parameters<Builders['set']>>()
    expectTypeOf<Text['get']>().parameter(0).toEqualTypeOf<string | Uint8Array>()
    expectTypeOf<Text['set']>().toBeCallableWith('k', 'v', { ex: 60 })
    expectTypeOf<Text['mset']>().toBeCallableWith({ a: '1', b: 2 })
    expectTypeOf<Text['mset']>().toBeCallableWith([['a', Buffer.from('1')]])
    expectTypeOf<Text['mset']>().toBeCallableWith(new Map([['a', 1n]]))
    expectTypeOf<Text['zadd']>().toBeCallableWith('z', { a: 1 })
    expectTypeOf<Text['zadd']>().toBeCallableWith('z', [{ member: 'a', score: 1 }])
    expectTypeOf<Text['del']>().toBeCallableWith(['a', new Uint8Array(1)])
    // @ts-expect-error a key is no number
    expectTypeOf<Text['get']>().toBeCallableWith(1)
    // @ts-expect-error NX answers in another shape, and has a method of its own
    expectTypeOf<Text['set']>().toBeCallableWith('k', 'v', { nx: true })
    // @ts-expect-error an option that may be missing may not be undefined
    expectTypeOf<Text['set']>().toBeCallableWith('k', 'v', { ex: undefined })
  })
})

describe('the text view', () => {
  it('gives strings and numbers', () => {
    expectTypeOf<Text['get']>().returns.resolves.toEqualTypeOf<string | null>()
    expectTypeOf<Text['set']>().returns.resolves.toEqualTypeOf<'OK'>()
    expectTypeOf<Text['setIf']>().returns.resolves.toEqualTypeOf<boolean>()
    expectTypeOf<Text['setAndGet']>().returns.resolves.toEqualTypeOf<string | null>()
    expectTypeOf<Text['incr']>().returns.resolves.toEqualTypeOf<number>()
    expectTypeOf<Text['mget']>().returns.resolves.toEqualTypeOf<(string | null)[]>()
    expectTypeOf<Text['hgetall']>().returns.resolves.toEqualTypeOf<Record<string, string>>()
    expectTypeOf<Text['hrandfieldWithValues']>().returns.resolves.toEqualTypeOf<[string, string][]>()
    expectTypeOf<Text['zscore']>().returns.resolves.toEqualTypeOf<number | null>()
    expectTypeOf<Text['zrangeWithScores']>().returns.resolves.toEqualTypeOf<
      { member: string; score: number }[]
    >()
    expectTypeOf<Text['scan']>().returns.resolves.toEqualTypeOf<{ cursor: string; items: string[] }>()
    expectTypeOf<Text['lmpop']>().returns.resolves.toEqualTypeOf<{
      key: string
      elements: string[]
    } | null>()
    expectTypeOf<Text['lastsave']>().returns.resolves.toEqualTypeOf<Date>()
    expectTypeOf<Text['dump']>().returns.resolves.toEqualTypeOf<Buffer | null>()
  })
})

describe('the buffer view', () => {
  it('gives bytes for what comes from users', () => {
    expectTypeOf<Bytes['get']>().returns.resolves.toEqualTypeOf<Buffer | null>()
    expectTypeOf<Bytes['mget']>().returns.resolves.toEqualTypeOf<(Buffer | null)[]>()
    expectTypeOf<Bytes['hgetall']>().returns.resolves.toEqualTypeOf<Map<Buffer, Buffer>>()
    expectTypeOf<Bytes['zpopmin']>().returns.resolves.toEqualTypeOf<{
      member: Buffer
      score: number
    } | null>()
    expectTypeOf<Bytes['hscan']>().returns.resolves.toEqualTypeOf<{
      cursor: string
      items: [Buffer, Buffer][]
    }>()
  })

  it('leaves the words of the server text', () => {
    expectTypeOf<Bytes['set']>().returns.resolves.toEqualTypeOf<'OK'>()
    expectTypeOf<Bytes['type']>().returns.resolves.toEqualTypeOf<string>()
    expectTypeOf<Bytes['info']>().returns.resolves.toEqualTypeOf<string>()
    expectTypeOf<Bytes['configGet']>().returns.resolves.toEqualTypeOf<{ [x: string]: string }>()
    expectTypeOf<Bytes['incr']>().returns.resolves.toEqualTypeOf<number>()
  })
})

describe('the bigint view', () => {
  it('gives bigints for integers that may pass 2^53, and numbers for counts', () => {
    expectTypeOf<Big['incr']>().returns.resolves.toEqualTypeOf<bigint>()
    expectTypeOf<Big['hincrby']>().returns.resolves.toEqualTypeOf<bigint>()
    expectTypeOf<Big['clientId']>().returns.resolves.toEqualTypeOf<bigint>()
    expectTypeOf<Big['del']>().returns.resolves.toEqualTypeOf<number>()
    expectTypeOf<Big['ttl']>().returns.resolves.toEqualTypeOf<number>()
    expectTypeOf<Big['get']>().returns.resolves.toEqualTypeOf<string | null>()
  })
})

describe('As', () => {
  it('reaches into arrays, tuples, maps and records, and leaves the rest', () => {
    interface V {
      bulk: Buffer
      int: bigint
    }
    expectTypeOf<As<Bulk[], V>>().toEqualTypeOf<Buffer[]>()
    expectTypeOf<As<[Bulk, Int, 'OK'], V>>().toEqualTypeOf<[Buffer, bigint, 'OK']>()
    expectTypeOf<As<Map<Bulk, Int>, V>>().toEqualTypeOf<Map<Buffer, bigint>>()
    expectTypeOf<As<{ a: Bulk | null; b?: Int }, V>>().toEqualTypeOf<{ a: Buffer | null; b?: bigint }>()
    expectTypeOf<As<Fields | null, V>>().toEqualTypeOf<Map<Buffer, Buffer> | null>()
    expectTypeOf<As<Date, V>>().toEqualTypeOf<Date>()
    expectTypeOf<As<unknown, V>>().toEqualTypeOf<unknown>()
  })
})

describe('a view whose options are known only at run time', () => {
  it('gives results that may be either', async () => {
    const client = {} as Client
    const mode = 'text' as 'text' | 'buffer'
    const either = client.with({ replies: mode, integers: 'number' as 'number' | 'bigint' })
    expectTypeOf(either.get).returns.resolves.toEqualTypeOf<string | Buffer | null>()
    expectTypeOf(either.incr).returns.resolves.toEqualTypeOf<number | bigint>()
    expectTypeOf(either.hgetall).returns.resolves.toEqualTypeOf<
      Record<string, string> | Map<Buffer, Buffer>
    >()
    const kept = client.with({ replies: 'buffer' }).with({ timeoutMs: 100 })
    expectTypeOf(kept.get).returns.resolves.toEqualTypeOf<Buffer | null>()
  })
})
