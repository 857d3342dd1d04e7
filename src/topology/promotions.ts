// Slots that were given to a node on its own word (ROLE), before any snapshot told of it. The next snapshot that is asked
// for afterwards confirms or contradicts; a word that was contradicted does not count again until something has changed.
import type { Node } from '../node/node.js'

interface Promotion {
  readonly failed: Node
  readonly slots: readonly number[]
  /** The cluster has been asked since. */
  isAsked: boolean
}

/** What a snapshot says of it. */
export interface Verdict {
  ownerOf(slot: number): Node | undefined
  epochOf(node: Node): number | undefined
  /** It differs from the one before. */
  readonly changed: boolean
}

export class Promotions {
  /** By the node that was promoted. */
  readonly #open = new Map<Node, Promotion>()
  /** Those who were contradicted, and their epochs then. */
  readonly #disproved = new Map<Node, number | undefined>()

  /** Of whom no snapshot has told yet. */
  get heirs(): readonly Node[] {
    return [...this.#open.keys()]
  }

  mayPromote(heir: Node): boolean {
    return !this.#open.has(heir) && !this.#disproved.has(heir)
  }

  add(heir: Node, failed: Node, slots: readonly number[]): void {
    this.#open.set(heir, { failed, slots, isAsked: false })
  }

  /** The cluster is asked now: what it answers will be about these. */
  asking(): void {
    for (const promotion of this.#open.values()) promotion.isAsked = true
  }

  judge({ ownerOf, epochOf, changed }: Verdict): void {
    for (const [heir, epoch] of this.#disproved) {
      if (changed || heir.closed || epochOf(heir) !== epoch) this.#disproved.delete(heir)
    }
    for (const [heir, { failed, slots, isAsked }] of this.#open) {
      if (!isAsked) continue
      this.#open.delete(heir)
      if (slots.some(slot => ownerOf(slot) === failed)) this.#disproved.set(heir, epochOf(heir))
    }
  }
}
