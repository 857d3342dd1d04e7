// All faults, in the order of the tables.
//
//   fault = { name, title, checks, run(stage), limitMs, runs? }
//
// `run` answers { servers, marks, clients: { id: facts } }; `limitMs` is how long one run may take before it is ended;
// `runs` the most there are of it, where more would only repeat.
import { death } from './death.mjs'
import { hostile } from './garbage.mjs'
import { idle } from './idle.mjs'
import { moves } from './moves.mjs'
import { replies } from './replies.mjs'
import { shards } from './shards.mjs'
import { silence } from './silence.mjs'

export const FAULTS = [...death, ...silence, ...moves, ...replies, ...shards, ...idle, ...hostile]
