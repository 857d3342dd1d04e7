// `npm ci` refuses a lock file that misses an optional dependency of a locked package, on any platform. npm itself
// writes such a lock where a registry lacks some platforms' packages, and the next clean install fails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

interface Locked {
  readonly optionalDependencies?: Record<string, string>
  readonly resolved?: string
  readonly extraneous?: boolean
}

const lock: { packages: Record<string, Locked> } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'),
)
const packages = Object.entries(lock.packages)

/** Is `name` found from the package at `path`, in its own node_modules or in one further up? */
function isLocked(path: string, name: string): boolean {
  if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in lock.packages) return true
  if (path === '') return false
  return isLocked(path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name)
}

it('the lock file holds the packages of every platform', () => {
  const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(name => !isLocked(path, name)),
  )
  expect(missing).toEqual([])
})

it('the lock file names no registry and nothing that npm would remove', () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
  expect(packages.filter(([, { extraneous }]) => extraneous).map(([path]) => path)).toEqual([])
})
