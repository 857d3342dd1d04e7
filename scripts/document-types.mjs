// Puts the documentation of each builder where an editor looks for it in the built declarations.
//
// The declaration bundler turns `export function get(…)` of a commands file into a member of a namespace, and leaves the
// comment at the function: `redis.get` would be without its documentation. Copied here onto the namespace's list:
//
//   /** … */                               declare namespace strings { export { /** … */ strings_get as get, … } }
//   declare function get(key: Key): …
//   declare const strings_get: typeof get;
// Part of `npm run build`, after tsup.
import { readFileSync, writeFileSync } from 'node:fs'

const COMMENTED_FUNCTION = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)declare function ([\w$]+)\(/g
const ALIAS = /^declare const ([\w$]+): typeof ([\w$]+);$/gm
const NAMESPACE_LIST = /^(declare namespace [\w$]+ \{\n {2}export \{)(.*)(\};)$/gm

for (const file of ['dist/index.d.ts', 'dist/index.d.cts']) {
  if (documentTypes(file) === 0)
    throw new Error(`${file}: no builder to document; has the bundler changed its form?`)
}

/** Rewrites one file; answers how many members it documented. */
function documentTypes(file) {
  const text = readFileSync(file, 'utf8')
  const comments = new Map([...text.matchAll(COMMENTED_FUNCTION)].map(([, comment, name]) => [name, comment]))
  const originals = new Map([...text.matchAll(ALIAS)].map(([, alias, name]) => [alias, name]))
  let documented = 0
  const result = text.replace(NAMESPACE_LIST, (_, head, list, tail) => {
    const members = list.split(',').map(member => {
      const name = member.trim().split(' ')[0]
      const comment = comments.get(originals.get(name) ?? name)
      if (comment === undefined) return member
      documented++
      return `\n${comment}${member.trim()}`
    })
    return head + members.join(',') + tail
  })
  writeFileSync(file, result)
  return documented
}
