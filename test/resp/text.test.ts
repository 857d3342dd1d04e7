import { describe, expect, it } from 'vitest'
import { TextTooLongError } from '../../src/core/errors.js'
import { decodeLongText, decodeText } from '../../src/resp/text.js'

const SAMPLES = [
  ['ASCII', Buffer.from('plain text, '.repeat(1000))],
  ['Cyrillic', Buffer.from('Привет мир, '.repeat(1000))],
  ['astral', Buffer.from('a𝄞🎉'.repeat(1000))],
  ['latin letters', Buffer.from('élève à Noël '.repeat(1000))],
  ['lone bytes', Buffer.from([...Buffer.alloc(3000, 'x'), 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x9f])],
  ['a byte order mark', Buffer.from('\ufefftext '.repeat(1000))],
] as const

describe('decodeText', () => {
  it.each(SAMPLES)('decodes %s as Buffer.toString does, at every length', (_, bytes) => {
    for (const length of [0, 1, 2, 3, 20, 1000, 2047, 2048, 2049, 2050, 2051, bytes.length - 1]) {
      expect(decodeText(bytes, 1, length + 1)).toBe(bytes.toString('utf8', 1, length + 1))
    }
  })
})

describe('decodeLongText', () => {
  it('decodes what is longer in bytes than a string may be in units, if it is not in units', () => {
    const bytes = Buffer.from('日本語'.repeat(100))
    expect(decodeLongText(bytes, 0, bytes.length, 300)).toBe('日本語'.repeat(100))
  })

  it('answers what cannot be as an error that tells the size', () => {
    const bytes = Buffer.from('日本語'.repeat(100))
    const error = decodeLongText(bytes, 0, bytes.length, 299)
    expect(error).toBeInstanceOf(TextTooLongError)
    expect((error as TextTooLongError).bytes).toBe(900)
    expect(decodeLongText(Buffer.alloc(11, 'x'), 0, 11, 10)).toBeInstanceOf(TextTooLongError)
    expect(decodeLongText(Buffer.alloc(11, 'x'), 0, 10, 10)).toBe('x'.repeat(10))
  })
})
