import iovalkey from 'iovalkey'
import { connectWith } from './ioredis.mjs'

export const connect = nodes => connectWith(new iovalkey.Cluster(nodes))
