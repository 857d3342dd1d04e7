// A binary min-heap by time whose entries know their place, so that one can leave from the middle.
//
//          0            parent of i: (i − 1) >> 1
//        ┌─┴─┐          children:    2i + 1, 2i + 2
//        1   2
//       ┌┴┐ ┌┴┐
//       3 4 5 6

export interface HeapEntry {
  time: number
  /** Place in the heap; −1 while in none. */
  heapIndex: number
}

export class MinHeap<T extends HeapEntry> {
  readonly #entries: T[] = []

  get size(): number {
    return this.#entries.length
  }

  peek(): T | undefined {
    return this.#entries[0]
  }

  push(entry: T): void {
    if (entry.heapIndex !== -1) this.remove(entry)
    entry.heapIndex = this.#entries.length
    this.#entries.push(entry)
    this.#rise(entry)
  }

  pop(): T | undefined {
    const first = this.#entries[0]
    if (first !== undefined) this.remove(first)
    return first
  }

  /** True if the entry was in this heap. */
  remove(entry: T): boolean {
    const entries = this.#entries
    const index = entry.heapIndex
    if (entries[index] !== entry) return false
    const last = entries.pop() as T
    entry.heapIndex = -1
    if (last !== entry) {
      entries[index] = last
      last.heapIndex = index
      this.#rise(last)
      this.#sink(last)
    }
    return true
  }

  #rise(entry: T): void {
    const entries = this.#entries
    let index = entry.heapIndex
    while (index > 0) {
      const parent = entries[(index - 1) >> 1] as T
      if (parent.time <= entry.time) break
      entries[index] = parent
      const next = parent.heapIndex
      parent.heapIndex = index
      index = next
    }
    entries[index] = entry
    entry.heapIndex = index
  }

  #sink(entry: T): void {
    const entries = this.#entries
    let index = entry.heapIndex
    for (;;) {
      let child = entries[2 * index + 1]
      const right = entries[2 * index + 2]
      if (right !== undefined && right.time < (child as T).time) child = right
      if (child === undefined || child.time >= entry.time) break
      const next = child.heapIndex
      entries[index] = child
      child.heapIndex = index
      index = next
    }
    entries[index] = entry
    entry.heapIndex = index
  }
}
