// node-redis arms an AbortSignal.timeout per command by default; without it, it is the fastest rival at single keys.
import { connectWith } from './node-redis.mjs'

export const connect = nodes => connectWith(nodes, { commandOptions: { timeout: 0 } })
