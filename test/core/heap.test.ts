import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HeapEntry, MinHeap } from '../../src/core/heap.js'

const entry = (time: number): HeapEntry => ({ time, heapIndex: -1 })

test('a heap of random pushes, pops and removals agrees with a sorted array', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), at: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('pop' as const), at: fc.constant(0) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(1000) }),
    fc.record({ kind: fc.constant('move' as const), at: fc.nat(1000) }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), operations => {
      const heap = new MinHeap<HeapEntry>()
      const model: HeapEntry[] = []
      for (const { kind, at } of operations) {
        const chosen = model[at % Math.max(1, model.length)]
        if (kind === 'push') {
          const added = entry(at)
          heap.push(added)
          model.push(added)
        } else if (kind === 'pop') {
          model.sort((a, b) => a.time - b.time)
          const popped = heap.pop()
          expect(popped?.time).toBe(model[0]?.time)
          expect(popped?.heapIndex ?? -1).toBe(-1)
          if (popped !== undefined) model.splice(model.indexOf(popped), 1)
        } else if (chosen !== undefined && kind === 'remove') {
          expect(heap.remove(chosen)).toBe(true)
          expect(heap.remove(chosen)).toBe(false)
          model.splice(model.indexOf(chosen), 1)
        } else if (chosen !== undefined) {
          // Pushed again, it moves.
          heap.remove(chosen)
          chosen.time = at
          heap.push(chosen)
          heap.push(chosen)
        }
        expect(heap.size).toBe(model.length)
        expect(heap.peek()?.time).toBe(model.length === 0 ? undefined : Math.min(...model.map(e => e.time)))
      }
      const rest = Array.from({ length: model.length }, () => heap.pop()?.time)
      expect(rest).toEqual(model.map(e => e.time).sort((a, b) => a - b))
      expect(heap.pop()).toBeUndefined()
    }),
    { numRuns: 200 },
  )
})

test('an entry that fills the gap of one removed finds its place, above or below', () => {
  // Large enough that the last of one branch is often earlier than those above the gap in another.
  const heap = new MinHeap<HeapEntry>()
  const entries = Array.from({ length: 1000 }, (_, i) => entry((i * 7919) % 1009))
  for (const each of entries) heap.push(each)
  const rest = entries.filter((each, i) => i % 3 !== 0 || !heap.remove(each))
  expect(Array.from(rest, () => heap.pop()?.time)).toEqual(rest.map(e => e.time).sort((a, b) => a - b))
})

test('an entry of another heap is left where it is', () => {
  const [one, other] = [new MinHeap<HeapEntry>(), new MinHeap<HeapEntry>()]
  const stranger = entry(1)
  one.push(entry(2))
  other.push(stranger)
  expect(one.remove(stranger)).toBe(false)
  expect(other.size).toBe(1)
  expect(one.remove(entry(5))).toBe(false)
})
