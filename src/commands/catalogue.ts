// The builders, gathered: one key per method of a client, a pipeline, a transaction.
//
// Names are Redis' own. A command of one word is written in lower case as one word, as ioredis has it: `hgetall`,
// `incrbyfloat`, `zrangebyscore`. Further words begin with a capital: `configGet`, `objectEncoding`, `sortRo`. A
// variant that answers in another shape has a name of its own, since builders have neither overloads nor generics:
// the name of the command, and what is different: `setIf`, `setAndGet`, `lpopCount`, `zrangeWithScores`, `zaddIncr`.
//
// A group file exports builders and types, and no other value: what it exports is a method. The type is spelled out
// as that of the namespaces, so that methods keep the builders' TSDoc: the type of a spread is written to the
// declaration files without it.
import * as connection from './connection.js'
import * as diagnostics from './diagnostics.js'
import * as expiry from './expiry.js'
import * as hashes from './hashes.js'
import * as keys from './keys.js'
import * as lists from './lists.js'
import * as server from './server.js'
import * as sets from './sets.js'
import * as sortedSetCombinations from './sorted-set-combinations.js'
import * as sortedSetRanges from './sorted-set-ranges.js'
import * as sortedSets from './sorted-sets.js'
import * as strings from './strings.js'

export type Builders = typeof strings &
  typeof keys &
  typeof expiry &
  typeof hashes &
  typeof lists &
  typeof sets &
  typeof sortedSets &
  typeof sortedSetRanges &
  typeof sortedSetCombinations &
  typeof connection &
  typeof server &
  typeof diagnostics

export const catalogue: Builders = {
  ...strings,
  ...keys,
  ...expiry,
  ...hashes,
  ...lists,
  ...sets,
  ...sortedSets,
  ...sortedSetRanges,
  ...sortedSetCombinations,
  ...connection,
  ...server,
  ...diagnostics,
}
