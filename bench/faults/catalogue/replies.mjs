// Replies that do not come, and replies that are large.
import { always, failedIncrs, longestOn, noErrors, nothingLost, onlyInFlightIncrs } from '../checks.mjs'
import { Gate } from '../gate.mjs'
import { readKey, slotOf } from '../keys.mjs'
import { leave, night } from '../night.mjs'
import { HOST } from '../stage.mjs'

const CUTS = 60
const CUT_EVERY_MS = 100
/** So long a reply is held back before the connection is cut: the server has then done its work. */
const HELD_BACK_MS = 15

const cut = {
  name: 'cut',
  title: `${CUTS} replies cut off after execution, under INCRs`,
  limitMs: 90_000,
  checks: [
    noErrors('errors on GET and marked SET', { kinds: ['get', 'set'] }),
    onlyInFlightIncrs,
    failedIncrs,
    {
      label: 'replies cut off',
      unit: 'count',
      of: ({ cuts }) => cuts,
      over: 'median',
    },
    longestOn('longest call'),
    nothingLost,
    ...always,
  ],
  run: stage => {
    const cutters = new Map()
    return night(stage, {
      cluster: { primaries: 3, replicas: 1 },
      groups: { all: { slots: () => true, count: 12 } },
      streams: ({ all }) => [
        { group: 'all', tags: all, kinds: ['incr', 'get', 'incr', 'set'], perSecond: 400 },
      ],
      probes: () => [],
      async optionsOf(id) {
        const cutter = new Cutter()
        cutters.set(id, cutter)
        return gated(stage, () => cutter.rules)
      },
      async break() {
        const from = stage.mark('cutting')
        const all = [...cutters.values()]
        for (let i = 0; i < CUTS * 2 && all.some(({ done }) => done < CUTS); i++) {
          for (const cutter of all) cutter.isArmed = cutter.done < CUTS
          await stage.wait(CUT_EVERY_MS)
        }
        const until = stage.mark('done')
        await stage.wait(2000)
        const perClient = Object.fromEntries([...cutters].map(([id, { done }]) => [id, { cuts: done }]))
        return { windows: [{ group: 'all', from, until }], perClient }
      },
    })
  },
}

/** Once armed, lets the next INCR pass, holds back what the server says from then on, and cuts. */
class Cutter {
  isArmed = false
  done = 0

  get rules() {
    return {
      heard: (link, chunk) => {
        if (this.isArmed && !link.isMute && /\r\nincr\r\n/i.test(chunk.latin1Slice())) {
          this.isArmed = false
          this.done++
          link.isMute = true
          setTimeout(() => link.cut(), HELD_BACK_MS)
        }
        return true
      },
      said: link => !link.isMute,
    }
  }
}

/** A gate before every node, and the addresses by which a client knows them. */
async function gated(stage, rulesOf) {
  const natMap = {}
  const nodes = []
  for (const node of stage.cluster.nodes) {
    const gate = await new Gate(node.port, rulesOf(node)).listen()
    stage.atEnd(() => gate.close())
    nodes.push({ host: HOST, port: gate.port })
    natMap[node.address] = { host: HOST, port: gate.port }
  }
  return { nodes, natMap }
}

const GETS = 200
const VALUE_BYTES = 5_000_000
const VALUES = 12

const large = {
  name: 'large',
  title: `${GETS} concurrent GETs of 5 MB, each dropped on arrival`,
  limitMs: 120_000,
  checks: [
    {
      label: 'MB/s',
      target: '≥ 600',
      unit: 'MB/s',
      of: ({ burst }) => burst.megabytesPerSecond,
      met: figure => figure >= 600,
      over: 'median',
    },
    {
      label: 'MB/s of the bare socket loop in the same run',
      unit: 'MB/s',
      of: (_, { bare }) => bare.megabytesPerSecond,
      over: 'median',
    },
    {
      label: 'RSS at most',
      target: '≤ 250 MB',
      unit: 'MB',
      of: ({ burst }) => burst.peakRss / 1e6,
      met: figure => figure <= 250,
      over: 'median',
    },
    {
      label: 'RSS at most, bare socket loop',
      unit: 'MB',
      of: (_, { bare }) => bare.peakRss / 1e6,
      over: 'median',
    },
    {
      label: 'errors',
      target: '0',
      unit: 'count',
      of: ({ burst }) => burst.errors.length,
      met: count => count === 0,
      over: 'worst',
    },
  ],
  // One client after the other: what is measured is how much they can take.
  async run(stage) {
    const cluster = await stage.startCluster({ primaries: 3, replicas: 0 })
    const { all } = await stage.prepareTags({ all: { slots: () => true, count: VALUES } })
    const value = Buffer.alloc(VALUE_BYTES, 'x')
    for (const tag of all) await (await cluster.nodeFor(slotOf(tag))).ask('SET', readKey(tag), value)
    const keys = Array.from({ length: GETS }, (_, i) => readKey(all[i % all.length]))

    const clients = {}
    for (const id of stage.clients) clients[id] = await burstOf(stage, id, keys)
    const { burst: bare } = await burstOf(stage, 'bare', keys)
    if (bare === undefined) throw new Error('the bare socket loop did not finish')
    return { clients, bare }
  },
}

async function burstOf(stage, id, keys) {
  const hand = stage.hand(id, ['--expose-gc'])
  await hand.ask('connect', { nodes: stage.seeds() })
  await hand.ask('burst', { keys: keys.slice(0, 20), bytes: VALUE_BYTES }, 30_000)
  const burst = await hand.ask('burst', { keys, bytes: VALUE_BYTES }, 30_000)
  const end = await leave(hand)
  return { burst, ...end, errors: burst?.errors.map(error => ({ ...error, count: 1 })) ?? [] }
}

export const replies = [cut, large]
