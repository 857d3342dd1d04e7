// Loads the built package the ways users do (import and require, every entry of package.json's exports) and proves
// that its errors are recognised across both module systems. Needs dist; needs no server.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// Through the package's own name, so that the exports map is what is tested.
const require = createRequire(import.meta.url)
const { name, exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const esm = await import(name)
const cjs = require(name)
assert.notEqual(
  esm.SlotwiseError,
  cjs.SlotwiseError,
  'two builds are expected: otherwise this test proves nothing',
)

for (const [entry, conditions] of Object.entries(exports)) {
  if (conditions.import === undefined) continue
  const path = `${name}${entry.slice(1)}`
  const imported = Object.keys(await import(path)).filter(
    key => key !== 'default' && key !== 'module.exports',
  )
  const required = Object.keys(require(path))
  assert.deepEqual(imported.sort(), required.sort(), `${path}: import and require give different names`)
  assert.ok(imported.length > 0, `${path} exports nothing`)
}
for (const wanted of ['createCluster', 'createClient', 'keySlot', 'SlotwiseError', 'InvalidOptionError']) {
  assert.equal(typeof esm[wanted], 'function', `${wanted} is not exported`)
}

for (const [from, to] of [
  [esm, cjs],
  [cjs, esm],
]) {
  assert.equal(from.keySlot('123456789'), 12739)
  assert.ok(new from.SlotwiseError('x') instanceof to.SlotwiseError)
  assert.ok(!(new from.SlotwiseError('x') instanceof to.InvalidOptionError), 'a base is no subclass')
  assert.ok(!(new Error('x') instanceof to.SlotwiseError))
  const error = thrown(() => from.createClient({ noSuchOption: true }))
  for (const { InvalidOptionError, SlotwiseError } of [from, to]) {
    assert.ok(
      error instanceof InvalidOptionError,
      `an unknown option throws InvalidOptionError, not ${error}`,
    )
    assert.ok(error instanceof SlotwiseError)
  }
}
process.stdout.write('dist: import and require agree, errors are recognised across both\n')

function thrown(act) {
  try {
    act()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}
