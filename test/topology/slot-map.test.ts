import { expect, test } from 'vitest'
import { SlotMap } from '../../src/topology/slot-map.js'

test('a new map has no owners', () => {
  const map = new SlotMap<string>()
  expect(map.get(0)).toBeUndefined()
  expect(map.covered).toBe(0)
})

test('replace gives ranges with both ends, and takes away what they do not name', () => {
  const map = new SlotMap<string>()
  map.replace([
    { owner: 'a', ranges: [[0, 5460]] },
    {
      owner: 'b',
      ranges: [
        [5461, 10_922],
        [16_383, 16_383],
      ],
    },
  ])
  expect([0, 5460, 5461, 10_922, 10_923, 16_382, 16_383].map(slot => map.get(slot))).toEqual([
    'a',
    'a',
    'b',
    'b',
    undefined,
    undefined,
    'b',
  ])
  expect(map.covered).toBe(10_924)
  map.replace([{ owner: 'c', ranges: [[1, 1]] }])
  expect([0, 1, 2].map(slot => map.get(slot))).toEqual([undefined, 'c', undefined])
  expect(map.covered).toBe(1)
})

test('of two that claim a slot the later one has it', () => {
  const map = new SlotMap<string>()
  map.replace([
    { owner: 'a', ranges: [[0, 10]] },
    { owner: 'b', ranges: [[5, 5]] },
  ])
  expect([4, 5, 6].map(slot => map.get(slot))).toEqual(['a', 'b', 'a'])
})

test('move changes one slot', () => {
  const map = new SlotMap<string>()
  map.replace([{ owner: 'a', ranges: [[0, 16_383]] }])
  map.move(7, 'b')
  expect([6, 7, 8].map(slot => map.get(slot))).toEqual(['a', 'b', 'a'])
  expect(map.covered).toBe(16_384)
})

test('a slot out of bounds has no owner', () => {
  const map = new SlotMap<string>()
  map.replace([{ owner: 'a', ranges: [[0, 16_383]] }])
  expect([-1, 16_384, Number.NaN].map(slot => map.get(slot))).toEqual([undefined, undefined, undefined])
})
