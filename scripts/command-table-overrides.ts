// What the generated command table says beyond, or against, the server that was asked.

interface Addition {
  readonly reason: string
  readonly rows: readonly string[]
}
interface Correction {
  readonly name: string
  readonly reason: string
  readonly change: { arity?: number; flags?: string; keys?: string; policies?: string; group?: string }
}

export const ADDITIONS: readonly Addition[] = []
export const CORRECTIONS: readonly Correction[] = []
