import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findLineEnd, scanDouble, scanInteger } from '../../src/resp/scan.js'

const double = (text: string) => scanDouble(Buffer.from(text), 0, text.length)
const integer = (text: string) => scanInteger(Buffer.from(text), 0, text.length)

describe('scanDouble', () => {
  it('reads every double as it was written', () => {
    fc.assert(
      fc.property(fc.double(), value => {
        const text = Number.isFinite(value)
          ? `${value}`
          : Number.isNaN(value)
            ? 'nan'
            : value < 0
              ? '-inf'
              : 'inf'
        // A server writes 0 for both zeroes, or -0.
        expect(double(text)).toBe(Object.is(value, -0) ? 0 : value)
      }),
    )
  })

  it('rounds short decimals as Number does', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }),
        fc.nat({ max: 15 }),
        fc.boolean(),
        (digits, places, negative) => {
          const all = `${digits}`.padStart(places + 1, '0')
          const text = `${negative ? '-' : ''}${all.slice(0, all.length - places)}${places === 0 ? '' : '.'}${all.slice(all.length - places)}`
          expect(double(text)).toBe(Number(text))
        },
      ),
    )
  })

  it.each([
    '',
    '-',
    '.',
    '-.',
    '1..',
    '1e',
    'e5',
    '1e5.5',
    ' 1',
    '1 ',
    '0x1',
    'Infinity',
    'NaN()',
    '--1',
    '1_000',
  ])('refuses %j', text => {
    expect(double(text)).toBeUndefined()
  })

  it.each([
    ['.5', 0.5],
    ['5.', 5],
    ['-0', -0],
    ['+1.5', 1.5],
    ['1E5', 1e5],
    ['INF', Number.POSITIVE_INFINITY],
    ['+inf', Number.POSITIVE_INFINITY],
  ])('reads %s', (text, value) => {
    expect(double(text)).toBe(value)
  })
})

describe('scanInteger', () => {
  it('reads every integer of 64 bits exactly, as a bigint where a number would not be safe', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), value => {
        const read = integer(`${value}`)
        expect(BigInt(read!)).toBe(value)
        expect(typeof read).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint')
      }),
    )
  })
})

describe('findLineEnd', () => {
  it('finds the first CR LF before the end, wherever it lies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '\r', '\n', '\r\n', 'x'.repeat(60)), { maxLength: 20 }),
        fc.nat(100),
        (parts, cut) => {
          const text = parts.join('')
          const end = Math.min(cut, text.length)
          // Beyond the end there is always a pair, to be left alone.
          const bytes = Buffer.from(`${text.slice(0, end)}\n\r\n`)
          expect(findLineEnd(bytes, 0, end)).toBe(text.slice(0, end).indexOf('\r\n'))
        },
      ),
    )
  })
})
