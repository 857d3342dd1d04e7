// Slot → owner. The single mutable holder of ownership; only `replace` (a new snapshot) and `move` (a MOVED) write it.
import { SLOTS } from './snapshot.js'

export interface Ownership<T> {
  readonly owner: T
  readonly ranges: readonly (readonly [start: number, end: number])[]
}

export class SlotMap<T> {
  #owners: (T | undefined)[] = new Array<T | undefined>(SLOTS).fill(undefined)

  get(slot: number): T | undefined {
    return this.#owners[slot]
  }

  /** By slot. Not changed by a `replace` to come. */
  get owners(): readonly (T | undefined)[] {
    return this.#owners
  }

  /** What this one owns. */
  slotsOf(owner: T): readonly number[] {
    return this.#owners.flatMap((other, slot) => (other === owner ? slot : []))
  }

  /** Everything anew; slots no range names have no owner. */
  replace(ownerships: Iterable<Ownership<T>>): void {
    const owners = new Array<T | undefined>(SLOTS).fill(undefined)
    for (const { owner, ranges } of ownerships) {
      for (const [start, end] of ranges) owners.fill(owner, start, end + 1)
    }
    this.#owners = owners
  }

  move(slot: number, owner: T): void {
    this.#owners[slot] = owner
  }

  /** Number of slots with an owner. */
  get covered(): number {
    let covered = 0
    for (const owner of this.#owners) if (owner !== undefined) covered++
    return covered
  }
}
