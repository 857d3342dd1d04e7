// Small checkers for options. Each names its field, fills in the default, and refuses what it does not understand.
import { InvalidOptionError } from './errors.js'

export interface Bounds {
  readonly min: number
  readonly max: number
}

/** A time in milliseconds. */
export function duration(field: string, value: unknown, fallback: number, { min, max }: Bounds): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value
  throw new InvalidOptionError(field, `must be a number of milliseconds from ${min} to ${max}`, show(value))
}

/** A whole number. */
export function count(field: string, value: unknown, fallback: number, { min, max }: Bounds): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new InvalidOptionError(field, `must be an integer from ${min} to ${max}`, show(value))
}

export function oneOf<T extends string | number>(
  field: string,
  value: unknown,
  fallback: T,
  choices: readonly T[],
): T {
  if (value === undefined) return fallback
  const chosen = choices.find(choice => choice === value)
  if (chosen !== undefined) return chosen
  throw new InvalidOptionError(
    field,
    `must be one of ${choices.map(c => JSON.stringify(c)).join(', ')}`,
    show(value),
  )
}

export function flag(field: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw new InvalidOptionError(field, 'must be true or false', show(value))
}

/** Text, or undefined where none is given. Its value is never shown: it may be a secret. */
export function text(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return value
  throw new InvalidOptionError(field, 'must be a string', typeOf(value))
}

export function func<F extends (...args: never) => unknown>(
  field: string,
  value: F | undefined,
): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new InvalidOptionError(field, 'must be a function', typeOf(value))
}

/** Refuses anything but an object with these fields; `field` is the path of the object, `''` at the top. */
export function knownFields(field: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionError(field === '' ? 'options' : field, 'must be an object', typeOf(value))
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue
    const near = names.find(known => isNear(known, name))
    throw new InvalidOptionError(
      pathOf(field, name),
      near === undefined ? 'is not a known option' : `is not a known option; did you mean ${near}?`,
    )
  }
}

/** `field.name`; at the top, `name`; after a call, `with() name`. */
export function pathOf(field: string, name: string): string {
  if (field === '') return name
  return field.endsWith(')') ? `${field} ${name}` : `${field}.${name}`
}

function show(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeOf(value)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The same but for case, or at most two letters changed, added, left out. */
function isNear(known: string, given: string): boolean {
  const a = known.toLowerCase()
  const b = given.toLowerCase()
  if (a === b || (b.length >= 4 && a.startsWith(b))) return true
  if (Math.abs(a.length - b.length) > 2) return false
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same))
    }
    row = next
  }
  return (row[b.length] as number) <= 2
}
