// The clients, each with its documented defaults, behind the same few methods. Unlike the adapters of the speed bench
// these take an address map and a deadline, and listen to `error`, because faults are what they are made for.
//
//   open({ nodes, natMap, timeoutMs, refreshMs, onEvent }) → { ready, get, set, incr, mget, mset, getBuffer, close }
//
// `set` and `mset` may be repeated by the client (slotwise is told so by `idempotent`), `incr` may not.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** How `close` is said politely, and what each client has of the options that single faults ask for. */
export const ADAPTERS = new Map([
  ['slotwise', { label: 'slotwise', open: openSlotwise }],
  ['ioredis', { label: 'ioredis', open: openIoredis }],
  ['node-redis', { label: 'node-redis', open: openNodeRedis }],
])

/** All that can be opened: the bare socket loop of the speed bench serves for comparison. */
export const openers = new Map([...[...ADAPTERS].map(([id, { open }]) => [id, open]), ['bare', openBare]])

/** An option that this client (or this build of it) does not have. */
export class NoSuchOption extends Error {}

async function openSlotwise({ nodes, natMap, timeoutMs, refreshMs }) {
  const { createCluster } = await import(pathToFileURL(join(process.env.SLOTWISE_BUILD, 'index.js')))
  const options = {
    nodes,
    ...(natMap === undefined ? {} : { natMap }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  const client = createWith(createCluster, options, refreshMs)
  // No listener for `error`: that none is needed is part of what is measured.
  const repeatable = client.with({ idempotent: true })
  const buffers = client.with({ replies: 'buffer' })
  return {
    ready: client.connect(),
    get: key => client.get(key),
    set: (key, value) => repeatable.set(key, value),
    incr: key => client.incr(key),
    mget: keys => client.mget(keys),
    mset: pairs => repeatable.mset(pairs),
    getBuffer: key => buffers.get(key),
    close: () => client.close(),
  }
}

function createWith(createCluster, options, refreshMs) {
  if (refreshMs === undefined) return createCluster(options)
  try {
    const topology = { refreshPeriodMs: refreshMs, minRefreshGapMs: Math.min(10, refreshMs) }
    return createCluster({ ...options, topology })
  } catch (error) {
    if (error.code === 'INVALID_OPTION') throw new NoSuchOption(error.message)
    throw error
  }
}

async function openIoredis({ nodes, natMap, refreshMs, onEvent }) {
  const { Cluster } = await import('ioredis')
  const client = new Cluster(nodes, {
    ...(natMap === undefined ? {} : { natMap }),
    ...(refreshMs === undefined ? {} : { slotsRefreshInterval: refreshMs }),
  })
  client.on('error', error => onEvent('error', error))
  return {
    ready: new Promise(resolve => client.once('ready', resolve)),
    get: key => client.get(key),
    set: (key, value) => client.set(key, value),
    incr: key => client.incr(key),
    mget: keys => client.mget(keys),
    mset: pairs => client.mset(pairs.flat()),
    getBuffer: key => client.getBuffer(key),
    close: () => client.quit(),
  }
}

async function openNodeRedis({ nodes, natMap, refreshMs, onEvent }) {
  if (refreshMs !== undefined) throw new NoSuchOption('node-redis has no periodic refresh')
  const { createCluster, RESP_TYPES } = await import('redis')
  const client = createCluster({
    rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    ...(natMap === undefined ? {} : { nodeAddressMap: natMap }),
  })
  client.on('error', error => onEvent('error', error))
  const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  return {
    ready: client.connect(),
    get: key => client.get(key),
    set: (key, value) => client.set(key, value),
    incr: key => client.incr(key),
    mget: keys => client.mGet(keys),
    mset: pairs => client.mSet(pairs),
    getBuffer: key => buffers.get(key),
    close: () => client.close(),
  }
}

async function openBare({ nodes }) {
  const { connect } = await import('../clients/bare.mjs')
  const client = await connect(nodes)
  return { ready: undefined, getBuffer: key => client.getBuffer(key), close: async () => client.close() }
}
