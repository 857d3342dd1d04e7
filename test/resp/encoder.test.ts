import { describe, expect, it } from 'vitest'
import { Encoder } from '../../src/resp/encoder.js'

/** What the server would receive: the pieces as a socket writes them. */
function wire(pieces: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(pieces.map(piece => (typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)))
}

function encode(...commands: (string | Buffer)[][]): Buffer {
  const encoder = new Encoder()
  for (const command of commands) encoder.append(command)
  return wire(encoder.take())
}

/** The plain definition, to compare with. */
function reference(...commands: (string | Buffer)[][]): Buffer {
  const parts: Buffer[] = []
  for (const command of commands) {
    parts.push(Buffer.from(`*${command.length}\r\n`))
    for (const arg of command) {
      const bytes = Buffer.from(arg)
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
    }
  }
  return Buffer.concat(parts)
}

describe('Encoder', () => {
  it('writes a command as an array of blob strings', () => {
    expect(encode(['GET', 'key:1']).toString()).toBe('*2\r\n$3\r\nGET\r\n$5\r\nkey:1\r\n')
  })

  it('writes the commands of a batch as one string', () => {
    const encoder = new Encoder()
    encoder.append(['SET', 'k', 'v', 'EX', '60'])
    encoder.append(['GET', Buffer.from('k')])
    const pieces = encoder.take()
    expect(pieces).toHaveLength(1)
    expect(wire(pieces)).toStrictEqual(reference(['SET', 'k', 'v', 'EX', '60'], ['GET', 'k']))
  })

  it.each([
    ['empty strings', ['SET', '', '']],
    ['two-byte characters', ['SET', 'é', 'ÿ']],
    ['three-byte characters', ['SET', '☃', '日本語']],
    ['astral characters', ['SET', '𝄞', 'a𝄞']],
    ['lone surrogates, sent as U+FFFD', ['SET', '\ud834', 'a\udd1e', '\udd1e\ud834']],
    ['CR LF in arguments', ['SET', 'a\r\nb', '\r\n']],
    ['a surrogate pair at the end of a long text', ['SET', 'k', `${'x'.repeat(70)}𝄞`]],
    ['binary Buffers', ['SET', Buffer.from([0, 0x80, 0xff, 13, 10]), Buffer.alloc(0)]],
    ['a long ASCII Buffer', ['SET', 'k', Buffer.alloc(5000, 'x')]],
    [
      'Buffers between texts',
      ['MSET', 'a', Buffer.from([255]), 'é', Buffer.from('é'), 'c', Buffer.from('ascii')],
    ],
    [
      'texts about the cached lengths',
      ['X', 'a'.repeat(1023), 'b'.repeat(1024), 'c'.repeat(1025), 'é'.repeat(512)],
    ],
    ['a long text', ['SET', 'k', 'x'.repeat(200_000), 'EX', '1']],
    ['a long text that is not ASCII', ['SET', 'k', '☃'.repeat(100_000), 'EX', '1']],
    [
      'more arguments than there are cached heads',
      ['MGET', ...Array.from({ length: 3000 }, (_, i) => `key:${i}`)],
    ],
  ])('encodes %s', (_, command) => {
    expect(encode(command).equals(reference(command))).toBe(true)
  })

  it('cuts a large batch into pieces, none of which is long', () => {
    const encoder = new Encoder()
    const command = ['SET', 'key', 'v'.repeat(1000)]
    for (let i = 0; i < 5000; i++) encoder.append(command)
    const expectedBytes = reference(command).length * 5000
    expect(encoder.bytes / expectedBytes).toBeCloseTo(1, 3)
    const pieces = encoder.take()
    expect(pieces.length).toBeGreaterThan(4)
    for (const piece of pieces) expect(piece.length).toBeLessThan(1024 * 1024)
    expect(wire(pieces).length).toBe(expectedBytes)
  })

  it('cuts within one command of many arguments', () => {
    const command = ['MSET', ...Array.from({ length: 2000 }, () => 'v'.repeat(1000))]
    const encoder = new Encoder()
    encoder.append(command)
    const pieces = encoder.take()
    for (const piece of pieces) expect(piece.length).toBeLessThan(1024 * 1024)
    expect(wire(pieces).equals(reference(command))).toBe(true)
  })

  it('does not copy a long Buffer', () => {
    const value = Buffer.alloc(100_000, 'x')
    const encoder = new Encoder()
    encoder.append(['SET', 'k', value])
    expect(encoder.take()).toContain(value)
  })

  it.each([
    ['ASCII, as it is', 'x'.repeat(100_000), 'string'],
    ['no ASCII, as bytes, whose size is known', 'é'.repeat(100_000), 'object'],
  ])('makes a long string a piece of its own: %s', (_, value, type) => {
    const encoder = new Encoder()
    encoder.append(['SET', 'k', value])
    const pieces = encoder.take()
    expect(pieces).toHaveLength(3)
    expect(typeof pieces[1]).toBe(type)
    expect(wire(pieces).equals(reference(['SET', 'k', value]))).toBe(true)
  })

  it('makes text of ASCII only, so that any encoding will do', () => {
    const words = ['a', 'é', '☃', Buffer.from([200]), Buffer.from('b'), 'x'.repeat(5000), 'é'.repeat(5000)]
    const encoder = new Encoder()
    // The same encoder meets batches with and without such words, in turn.
    for (const batch of [[words], [['PING']], [['PING'], words], [words, ['PING']], [['PING']], [['PING']]]) {
      for (const command of batch) encoder.append(['ECHO', ...command])
      const pieces = encoder.take()
      for (const piece of pieces) {
        if (typeof piece === 'string') expect(Buffer.from(piece, 'latin1').toString('utf8')).toBe(piece)
      }
      expect(wire(pieces)).toStrictEqual(reference(...batch.map(command => ['ECHO', ...command])))
    }
  })

  it('finds what is not ASCII wherever in a batch it comes, after pieces were cut off', () => {
    const long = Buffer.alloc(20_000, 'y')
    const ascii = ['SET', 'k', 'x'.repeat(1000)]
    const commands = [
      ...Array.from({ length: 400 }, () => ascii),
      ['SET', 'k', long],
      ['SET', 'é', 'x'.repeat(20_000)],
      ['SET', 'k', 'v'],
      ['SET', 'k', '☃'.repeat(20_000), 'é'],
      ...Array.from({ length: 400 }, () => ascii),
    ]
    for (let from = 0; from < commands.length; from += 100) {
      const batch = commands.slice(from, from + 410)
      expect(encode(...batch).equals(reference(...batch))).toBe(true)
    }
  })

  it('takes names it does not know, of any bytes', () => {
    const commands = [
      ['É', 'x'],
      ['É', 'x'],
      [Buffer.from('PING')],
      [Buffer.from([1, 200])],
      ['ping'],
      ['ping'],
      [''],
    ]
    expect(encode(...commands)).toStrictEqual(reference(...commands))
    for (let i = 0; i < 3000; i++) expect(encode([`N${i}`, 'a'])).toStrictEqual(reference([`N${i}`, 'a']))
  })

  it('is empty after take, and can be used again', () => {
    const encoder = new Encoder()
    expect(encoder.take()).toStrictEqual([])
    encoder.append(['SET', 'k', Buffer.alloc(5000)])
    expect(encoder.bytes).toBeGreaterThan(5000)
    encoder.take()
    expect(encoder.bytes).toBe(0)
    encoder.append(['PING'])
    expect(encoder.take()).toStrictEqual(['*1\r\n$4\r\nPING\r\n'])
  })
})
