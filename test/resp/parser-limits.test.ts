// What a server may and may not make the parser do.
import { describe, expect, it, vi } from 'vitest'
import { IntegerRangeError, InvalidOptionError, ProtocolError, ReplyError } from '../../src/core/errors.js'
import type { Limits } from '../../src/resp/limits.js'
import { INCOMPLETE, Parser } from '../../src/resp/parser.js'
import { Push, type Reply, ReplyMode } from '../../src/resp/types.js'
import { feed, readAll } from './feed.js'

function refusal(wire: string, limits: Partial<Limits> = {}): ProtocolError {
  const parser = new Parser(limits)
  try {
    feed(parser, Buffer.from(wire, 'latin1'))
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    // A dead parser stays dead, and says why.
    expect(() => parser.read(0)).toThrow(error as Error)
    expect(() => parser.push(Buffer.from('+OK\r\n'), 0, 5)).toThrow(error as Error)
    expect(() => parser.filled(1)).toThrow(error as Error)
    expect(parser.nextBuffer()).toBeUndefined()
    return error as ProtocolError
  }
  throw new Error(`was not refused: ${JSON.stringify(wire.slice(0, 80))}`)
}

describe('Parser refuses', () => {
  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n', "expected the type of a reply, got 'H'"],
    ['another protocol by its first byte alone', 'S', "expected the type of a reply, got 'S'"],
    ['TLS', '\x15\x03\x01', 'got 0x15'],
    ['an empty line', '\r\n', 'got 0x0d'],
    ['a length that is none', '$abc\r\n', 'expected a length'],
    ['an empty length', '$\r\n', 'expected a length'],
    ['a negative length', '$-2\r\n', 'expected a length'],
    ['a length with a sign', '$+3\r\nfoo\r\n', 'expected a length'],
    ['a length with a space', '$3 \r\nfoo\r\n', 'expected a length'],
    ['a length of twenty digits', '$99999999999999999999\r\n', 'expected a length'],
    ['a count that is none', '*x\r\n', "expected a count after '*'"],
    ['a negative count', '*-2\r\n', "expected a count after '*'"],
    ['a null map', '%-1\r\n', "expected a count after '%'"],
    ['a null set', '~-1\r\n', "expected a count after '~'"],
    ['a streamed push', '>?\r\n', "expected a count after '>'"],
    ['a null blob error', '!-1\r\n', 'expected a length'],
    ['a streamed blob error', '!?\r\n', 'expected a length'],
    ['a null verbatim string', '=-1\r\n', 'expected a length'],
    ['a string longer than announced', '$3\r\nfooo\r\n', 'expected CR LF'],
    ['a string shorter than announced', '$5\r\nfoo\r\n+OK\r\n', 'expected CR LF'],
    ['a string longer than announced, in an array', '*2\r\n$3\r\nfooo\r\n', 'expected CR LF'],
    ['a long string longer than announced', `$70000\r\n${'x'.repeat(70_002)}`, 'expected CR LF'],
    ['a verbatim string without a format', '=3\r\nfoo\r\n', 'expected a format'],
    ['a verbatim string without a colon', '=8\r\ntxt.text\r\n', 'expected a format'],
    ['an integer that is none', ':1a\r\n', 'expected an integer'],
    ['an empty integer', ':\r\n', 'expected an integer'],
    ['a sign without digits', ':-\r\n', 'expected an integer'],
    ['a fraction as integer', ':1.5\r\n', 'expected an integer'],
    ['an integer of 65 bits', ':9223372036854775808\r\n', 'expected an integer'],
    ['a negative integer of 65 bits', ':-9223372036854775809\r\n', 'expected an integer'],
    ['an integer of a hundred digits', `:${'9'.repeat(100)}\r\n`, 'expected an integer'],
    ['an integer ended by LF alone', ':1\n+OK\r\n', 'expected an integer'],
    ['a double that is none', ',1,5\r\n', 'expected a double'],
    ['an empty double', ',\r\n', 'expected a double'],
    ['a hexadecimal double', ',0x10\r\n', 'expected a double'],
    ['a double of two points', ',1.2.3\r\n', 'expected a double'],
    ['a point alone', ',.\r\n', 'expected a double'],
    ['a boolean that is none', '#yes\r\n', "expected 't' or 'f'"],
    ['a null with content', '_x\r\n', "expected nothing after '_'"],
    ['a big number that is none', '(12e3\r\n', 'expected an integer'],
    ['a big number whose reading would take long', `(${'9'.repeat(5000)}\r\n`, '4,096 digits'],
    ['a push within a reply', '*2\r\n:1\r\n>1\r\n+x\r\n', 'a push within a reply'],
    ['a push within an attribute', '|1\r\n>0\r\n', 'a push within a reply'],
    ['the end of a stream where none is', '.\r\n', 'no streamed aggregate'],
    ['the end of a stream within a counted array', '*2\r\n:1\r\n.\r\n', 'no streamed aggregate'],
    ['the end of a stream with content', '*?\r\n.x\r\n', "expected nothing after '.'"],
    ['a streamed map that ends after a key', '%?\r\n+a\r\n.\r\n', 'a key without its value'],
    ['a streamed string ended like an aggregate', '$?\r\n.\r\n', "expected ';'"],
    ['another value within a streamed string', '$?\r\n:1\r\n', "expected ';'"],
    ['a part of a streamed string where none is', ';3\r\nfoo\r\n', "';' where no streamed string"],
    ['a part of a streamed string in an array', '*1\r\n;3\r\nfoo\r\n', "';' where no streamed string"],
    ['a part without a length', '$?\r\n;?\r\n', "expected a length after ';'"],
  ])('%s', (_, wire, what) => {
    expect(refusal(wire).message).toContain(what)
  })

  it('says where, and shows no payload', () => {
    const error = refusal('+OK\r\n:1\r\n*2\r\n$6\r\nsecret!!!\r\n')
    expect(error.offset).toBe(9)
    expect(error.message).toBe(
      'malformed reply at byte 9 of the connection: expected CR LF after a string of the length announced',
    )
  })

  it('names the place of the reply also when it began in an earlier chunk', () => {
    const parser = new Parser()
    expect(feed(parser, Buffer.from('+OK\r\n*2\r\n$3\r'))).toStrictEqual(['OK'])
    feed(parser, Buffer.from('\nfo'))
    expect(parser.offset).toBe(15)
    expect(() => feed(parser, Buffer.from('o\r\n?'))).toThrow('at byte 5')
  })
})

describe('The ceilings of Parser', () => {
  it('hold for one string', () => {
    expect(refusal('$11\r\n', { maxBulkBytes: 10 }).message).toContain('maxBulkBytes = 10')
    expect(refusal('$11\r\nhello world\r\n', { maxBulkBytes: 10 }).message).toContain('maxBulkBytes = 10')
    expect(refusal('*2\r\n$11\r\nhello world\r\n:1\r\n', { maxBulkBytes: 10 }).message).toContain(
      'maxBulkBytes',
    )
    expect(refusal('=15\r\ntxt:hello world\r\n', { maxBulkBytes: 10 }).message).toContain('maxBulkBytes')
    expect(refusal(`$${512 * 1024 * 1024 + 1}\r\n`).message).toContain('maxBulkBytes = 536870912')
    expect(feed(new Parser({ maxBulkBytes: 10 }), Buffer.from('$10\r\nhelloworld\r\n'))).toStrictEqual([
      'helloworld',
    ])
  })

  it('hold for a streamed string in all', () => {
    expect(refusal('$?\r\n;6\r\nhello \r\n;5\r\n', { maxBulkBytes: 10 }).message).toContain(
      'maxBulkBytes = 10',
    )
    expect(refusal('$?\r\n;1\r\na\r\n;1\r\na\r\n;1\r\na\r\n', { maxElements: 2 }).message).toContain(
      'maxElements = 2',
    )
  })

  it('hold for the elements of one reply, nested ones included', () => {
    const limits = { maxElements: 4 }
    expect(refusal('*5\r\n', limits).message).toContain('maxElements = 4')
    expect(refusal('%3\r\n', limits).message).toContain('maxElements = 4')
    expect(refusal('*2\r\n*1\r\n:1\r\n*2\r\n', limits).message).toContain('maxElements = 4')
    expect(refusal('*?\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n', limits).message).toContain('maxElements = 4')
    expect(refusal('*99999999999\r\n').message).toContain('maxElements')
    const twice = feed(
      new Parser(limits),
      Buffer.from('*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n%2\r\n:1\r\n:1\r\n:1\r\n:1\r\n'),
    )
    expect(twice).toHaveLength(2)
  })

  it('hold for depth', () => {
    const limits = { maxDepth: 3 }
    expect(feed(new Parser(limits), Buffer.from('*1\r\n*1\r\n*1\r\n:1\r\n'))).toStrictEqual([[[[1]]]])
    expect(refusal('*1\r\n*1\r\n*1\r\n*1\r\n', limits).message).toContain('maxDepth = 3')
    expect(refusal('*1\r\n%1\r\n|1\r\n~1\r\n', limits).message).toContain('maxDepth = 3')
    expect(refusal('*1\r\n'.repeat(129)).message).toContain('maxDepth = 128')
    const deepest = new Parser({ maxDepth: 1024 })
    expect(feed(deepest, Buffer.from(`${'*1\r\n'.repeat(1024)}:1\r\n`))).toHaveLength(1)
    // A reply that was deep leaves nothing behind.
    expect(feed(deepest, Buffer.from('*1\r\n:1\r\n'))).toStrictEqual([[1]])
  })

  it('hold for a line, whether it came whole or not', () => {
    const limits = { maxLineBytes: 8 }
    expect(feed(new Parser(limits), Buffer.from('+12345678\r\n'))).toStrictEqual(['12345678'])
    expect(refusal('+123456789\r\n', limits).message).toContain('maxLineBytes = 8')
    expect(refusal('+1234567890123', limits).message).toContain('maxLineBytes = 8')
    expect(refusal(`+${'x'.repeat(70_000)}`).message).toContain('maxLineBytes = 65536')
    const parser = new Parser(limits)
    expect(() => feed(parser, Buffer.from('+12345678901\r\n'), 0, [3, 6, 9, 12])).toThrow('maxLineBytes = 8')
  })

  it.each([
    ['maxBulkBytes', 0],
    ['maxBulkBytes', -1],
    ['maxBulkBytes', 1.5],
    ['maxElements', 2 ** 26 + 1],
    ['maxDepth', 1025],
    ['maxLineBytes', Number.NaN],
  ])('are checked: %s = %s', (name, value) => {
    expect(() => new Parser({ [name]: value })).toThrow(InvalidOptionError)
    expect(() => new Parser({ [name]: value })).toThrow(`limits.${name}`)
  })

  it('have names that are checked', () => {
    expect(() => new Parser({ maxBulk: 1 } as Partial<Limits>)).toThrow('limits.maxBulk')
  })
})

describe('Parser and memory', () => {
  const MIB = 1024 * 1024

  it.each([
    ['a string', '$500000000\r\n', 2],
    ['a string in an array in an array', '*1\r\n*67000000\r\n$500000000\r\n', 2],
    ['a large array', '*67000000\r\n', 1],
    ['large arrays, nested to the ceiling of depth', '*500000\r\n'.repeat(128), 4],
    ['a large map', '%33000000\r\n', 1],
  ])('takes almost none because %s was announced', (_, wire, mib) => {
    const parsers: Parser[] = []
    const before = memory()
    for (let i = 0; i < 8; i++) {
      const parser = new Parser()
      feed(parser, Buffer.from(wire), ReplyMode.BUFFER)
      parsers.push(parser)
    }
    expect((memory() - before) / 8 / MIB).toBeLessThan(mib)
    expect(parsers).toHaveLength(8)
  })

  function memory(): number {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }

  it('gathers a long string in memory that grows with what came', () => {
    const alloc = vi.spyOn(Buffer, 'allocUnsafeSlow')
    try {
      const parser = new Parser()
      const wanted = 20 * MIB
      feed(parser, Buffer.from(`$${wanted}\r\n`), ReplyMode.BUFFER)
      let sent = 0
      const chunk = Buffer.alloc(64 * 1024, 'x')
      while (sent + chunk.length <= wanted) {
        parser.push(chunk, 0, chunk.length)
        expect(parser.read(ReplyMode.BUFFER)).toBe(INCOMPLETE)
        sent += chunk.length
        const largest = Math.max(...alloc.mock.calls.map(([size]) => size))
        expect(largest).toBeLessThanOrEqual(Math.max(4 * sent, MIB) + 8)
      }
      const [reply] = feed(parser, Buffer.from('\r\n'), ReplyMode.BUFFER)
      expect(reply).toHaveLength(wanted)
    } finally {
      alloc.mockRestore()
    }
  })

  it('reads each byte once: at INCOMPLETE nothing of the chunk is needed any more', () => {
    const element = '$4\r\nabcd\r\n'
    const count = MIB
    const wire = Buffer.from(`*${count}\r\n${element.repeat(count)}`)
    const parser = new Parser()
    const copy = vi.spyOn(Buffer.prototype, 'copy')
    try {
      let reply: unknown = INCOMPLETE
      for (let at = 0; at < wire.length; at += 65_536) {
        const chunk = wire.subarray(at, at + 65_536)
        const own = Buffer.alloc(chunk.length)
        own.set(chunk)
        parser.push(own, 0, own.length)
        reply = parser.read(0)
        expect(parser.offset).toBe(Math.min(at + 65_536, wire.length))
        own.fill(0)
      }
      expect(reply).toHaveLength(count)
      expect(new Set(reply as string[])).toStrictEqual(new Set(['abcd']))
      // Only what the ends of chunks cut through is ever put together.
      expect(copy.mock.calls.length).toBeLessThan((3 * wire.length) / 65_536)
    } finally {
      copy.mockRestore()
    }
  })

  it('copies each byte of a string that comes byte by byte a few times at most', () => {
    const wire = Buffer.from(`*1\r\n$200000\r\n${'x'.repeat(200_000)}\r\n`)
    const parser = new Parser()
    let copied = 0
    const original = Buffer.prototype.copy
    const copy = vi.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, ...args) {
      const size = original.apply(this, args)
      copied += size
      return size
    })
    try {
      let reply: unknown
      for (let at = 0; at < wire.length; at++) {
        parser.push(wire, at, at + 1)
        reply = parser.read(0)
      }
      expect(reply).toStrictEqual(['x'.repeat(200_000)])
      expect(copied).toBeLessThan(3 * wire.length)
    } finally {
      copy.mockRestore()
    }
  })

  it('copies each byte of a line that comes byte by byte a few times at most', () => {
    const wire = Buffer.from(`+${'x'.repeat(60_000)}\r\n`)
    const parser = new Parser()
    let grown = 0
    const alloc = vi.spyOn(Buffer, 'allocUnsafeSlow')
    for (let at = 0; at < wire.length; at++) {
      parser.push(wire, at, at + 1)
      if (at === wire.length - 1) expect(parser.read(0)).toHaveLength(60_000)
      else expect(parser.read(0)).toBe(INCOMPLETE)
    }
    for (const [size] of alloc.mock.calls) grown += size
    alloc.mockRestore()
    expect(grown).toBeLessThan(4 * wire.length)
  })
})

describe('Parser.nextBuffer', () => {
  const value = Buffer.from('0123456789abcdef'.repeat(200_000 / 16))
  const wire = Buffer.concat([
    Buffer.from(`*3\r\n:1\r\n$${value.length}\r\n`),
    value,
    Buffer.from('\r\n:2\r\n+OK\r\n'),
  ])

  function drive(
    parser: Parser,
    bytes: Buffer,
    mode: ReplyMode,
    most: number,
  ): { replies: unknown[]; direct: number } {
    const shared = Buffer.alloc(10_000)
    const replies: (Reply | Push)[] = []
    let direct = 0
    for (let at = 0; at < bytes.length; ) {
      const own = parser.nextBuffer()
      const size = bytes.copy(own ?? shared, 0, at, at + most)
      if (own === undefined) parser.push(shared, 0, size)
      else {
        parser.filled(size)
        direct += size
      }
      readAll(parser, mode, replies)
      at += size
      expect(parser.offset).toBe(at)
    }
    return { replies, direct }
  }

  // Matchers compare and print long values slowly.
  function same(value: unknown, wanted: string | Buffer): boolean {
    return Buffer.isBuffer(wanted) ? Buffer.isBuffer(value) && wanted.equals(value) : value === wanted
  }

  it.each([
    ['text', 0, value.toString()],
    ['Buffer', ReplyMode.BUFFER, value],
  ])('lets a long string be read into place, as %s', (_, mode, wanted) => {
    for (const most of [100, 9_999, 65_536, 1_000_000]) {
      const { replies, direct } = drive(new Parser(), wire, mode, most)
      const [[first, text, last], ok] = replies as [[number, string | Buffer, number], string | Buffer]
      expect([first, last, `${ok}`]).toStrictEqual([1, 2, 'OK'])
      expect(same(text, wanted)).toBe(true)
      expect(direct).toBeGreaterThan(150_000)
    }
  })

  it('is for the midst of a long string only', () => {
    const parser = new Parser()
    expect(parser.nextBuffer()).toBeUndefined()
    feed(parser, Buffer.from('*2\r\n$20\r\nhalf'))
    expect(parser.nextBuffer()).toBeUndefined()
    const other = new Parser()
    feed(other, Buffer.from('$100000\r\nhalf'))
    expect(other.nextBuffer()).toBeInstanceOf(Buffer)
    expect(other.nextBuffer()!.length).toBeLessThanOrEqual(100_000)
    other.filled(99_000)
    expect(other.read(0)).toBe(INCOMPLETE)
    expect(other.nextBuffer()).toBeUndefined()
  })

  it('gives two parsers different memory', () => {
    const parsers = [new Parser(), new Parser(), new Parser()]
    for (const [i, parser] of parsers.entries()) {
      feed(parser, Buffer.from('$100000\r\n'))
      parser.nextBuffer()!.fill(`${i}`)
    }
    for (const parser of parsers) {
      parser.filled(100_000)
      parser.filled(0)
    }
    const replies = parsers.flatMap(parser => feed(parser, Buffer.from('\r\n')))
    expect(replies).toStrictEqual([0, 1, 2].map(i => `${i}`.repeat(100_000)))
  })

  it('grows its memory when a string is longer than what was reserved', () => {
    const long = Buffer.alloc(6 * 1024 * 1024, 'abcdefghijk')
    const bytes = Buffer.concat([Buffer.from(`$${long.length}\r\n`), long, Buffer.from('\r\n')])
    expect(same(drive(new Parser(), bytes, ReplyMode.BUFFER, 300_000).replies[0], long)).toBe(true)
    expect(same(drive(new Parser(), bytes, 0, 300_000).replies[0], long.toString())).toBe(true)
  })
})

describe('What Parser hands out', () => {
  it('is a flaw as a whole when one part cannot be shown, and the next reply is not', () => {
    const wire = Buffer.from('%1\r\n+a\r\n*2\r\n:9007199254740992\r\n$1\r\nx\r\n:5\r\n')
    const [flawed, next] = feed(new Parser(), wire)
    expect(flawed).toBeInstanceOf(IntegerRangeError)
    expect(next).toBe(5)
  })

  it('keeps a push apart from the reply in whose midst it does not come', () => {
    const wire = Buffer.from('>2\r\n+invalidate\r\n_\r\n$1\r\na\r\n>1\r\n+x\r\n$1\r\nb\r\n')
    expect(feed(new Parser(), wire, ReplyMode.BUFFER)).toStrictEqual([
      new Push(['invalidate', null]),
      Buffer.from('a'),
      new Push(['x']),
      Buffer.from('b'),
    ])
  })

  it('reads replies of different modes from one chunk', () => {
    const parser = new Parser()
    const wire = Buffer.from('$1\r\na\r\n$1\r\nb\r\n:1\r\n:2\r\n*1\r\n$1\r\nc\r\n*2\r\n$1\r\nd\r\n:3\r\n')
    parser.push(wire, 0, wire.length)
    const modes = [0, 1, 0, 2, 1, 3]
    expect(modes.map(mode => parser.read(mode))).toStrictEqual([
      'a',
      Buffer.from('b'),
      1,
      2n,
      [Buffer.from('c')],
      [Buffer.from('d'), 3n],
    ])
    expect(parser.read(0)).toBe(INCOMPLETE)
  })

  it('refuses a chunk while the one before is not read', () => {
    const parser = new Parser()
    parser.push(Buffer.from('+OK\r\n+OK\r\n'), 0, 10)
    parser.read(0)
    expect(() => parser.push(Buffer.from('+OK\r\n'), 0, 5)).toThrow('before read() had answered INCOMPLETE')
  })

  it.each([20, 64, 65, 100, 512, 513, 1024, 1025, 5000])(
    'does not tie a Buffer of %i bytes to much more memory',
    size => {
      const one = `$${size}\r\n${'x'.repeat(size)}\r\n`
      const [alone, list] = feed(
        new Parser(),
        Buffer.from(`${one}*30\r\n${one.repeat(30)}`),
        ReplyMode.BUFFER,
      )
      for (const buffer of [alone, ...(list as Buffer[])] as Buffer[]) {
        expect(buffer.equals(Buffer.alloc(size, 'x'))).toBe(true)
        expect(buffer.buffer.byteLength).toBeLessThanOrEqual(size <= 64 ? size : Math.max(4096, size + 2))
      }
    },
  )

  it('are Buffers that do not share bytes', () => {
    const wire = Buffer.from(
      `*3\r\n${'$100\r\n'.concat('y'.repeat(100), '\r\n').repeat(3)}$2\r\nab\r\n$2\r\nab\r\n`,
    )
    const [list, one, two] = feed(new Parser(), wire, ReplyMode.BUFFER) as [Buffer[], Buffer, Buffer]
    one.fill(0)
    for (const buffer of list.slice(0, 2)) buffer.fill(0)
    expect(list[2]).toStrictEqual(Buffer.alloc(100, 'y'))
    expect(two).toStrictEqual(Buffer.from('ab'))
  })

  it('is an error of the server as a value, with its prefix', () => {
    const [error] = feed(new Parser(), Buffer.from('-WRONGTYPE Operation against a key\r\n'))
    expect(error).toBeInstanceOf(ReplyError)
    expect((error as ReplyError).prefix).toBe('WRONGTYPE')
  })
})
