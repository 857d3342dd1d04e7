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
    expect(encoder.bytes).toBe(expectedBytes)
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

  it('sends a text as bytes when its UTF-8 could be longer than a string', () => {
    const value = 'é'.repeat(70 * 1024 * 1024)
    const encoder = new Encoder()
    encoder.append(['SET', 'k', value])
    const pieces = encoder.take()
    expect(pieces[0]).toBe(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${2 * value.length}\r\n`)
    expect((pieces[1] as Buffer).length).toBe(2 * value.length)
    expect(pieces[2]).toBe('\r\n')
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
