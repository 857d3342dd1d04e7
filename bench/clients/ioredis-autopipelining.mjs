import { Cluster } from 'ioredis'
import { connectWith } from './ioredis.mjs'

export const connect = nodes => connectWith(new Cluster(nodes, { enableAutoPipelining: true }))
