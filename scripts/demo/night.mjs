// The second half of the demo: a bad night. Under steady traffic a primary is killed, another is frozen, slots are moved;
// and what the application sees of it is set beside what a bare socket sees.
import { fork } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from './clock.mjs'
import { longestGap } from './gaps.mjs'
import { bold, dim, green, heading, number, red } from './paint.mjs'
import { reshard } from './reshard.mjs'
import { Timeline } from './timeline.mjs'
import { DEADLINE_MS, SLOW_MS, Traffic } from './traffic.mjs'

const CALM_MS = 2000
const FROZEN_MS = 6000
const SLOTS_MOVED = 2000
/** Longest wait for servers to replace a primary, which take 3 to 5 s here. */
const PATIENCE_MS = 25_000

/** Answers whether every call was answered as it should be. */
export async function badNight({ redis, cluster, keySlot, signal }) {
  heading(`A bad night: 2,000 calls/s on all slots, each with a deadline of ${DEADLINE_MS / 1000} s`)
  const shards = await shardsOf(cluster, keySlot)
  const probed = shards.map(() => [])
  const prober = startProber(shards, probed)
  const news = new News(redis)
  const traffic = new Traffic(redis, shards.length, key => shardOf(shards, keySlot(key)))
  const timeline = new Timeline(traffic, probed, () => redis.inspect().waiting.count)
  const stage = { cluster, shards, probed, traffic, timeline, signal }
  try {
    await traffic.start()
    timeline.start()
    await calm(stage)
    const episodes = [await killed(stage), await frozen(stage), await resharded(stage)]
    timeline.mark('all is well')
    await calm(stage)
    await traffic.finish()
    timeline.finish()
    summarize(episodes, stage, news, redis)
    return traffic.failed === 0 && traffic.wrong === 0
  } finally {
    traffic.end()
    timeline.end()
    prober.kill()
    news.stop()
  }
}

async function killed(stage) {
  const { primary, index } = await victim(stage, 0)
  const from = now()
  stage.timeline.mark(`kill -9 of ${primary.address}, the primary of shard ${index + 1}`)
  await primary.kill()
  await servedAgain(stage, index)
  await calm(stage)
  const until = now()
  stage.timeline.mark(`${primary.address} is started again, as a replica`)
  await primary.restart()
  await stage.cluster.waitUntilStable()
  return { what: `kill -9 of ${primary.address}`, index, from, until }
}

async function frozen(stage) {
  const { primary, index } = await victim(stage, 1)
  const from = now()
  stage.timeline.mark(`${primary.address}, the primary of shard ${index + 1}, is frozen (SIGSTOP)`)
  await primary.pause()
  await Promise.all([servedAgain(stage, index), sleep(FROZEN_MS, undefined, { signal: stage.signal })])
  stage.timeline.mark(`${primary.address} wakes up, and believes that it is a primary`)
  await primary.resume()
  await stage.cluster.waitUntilStable()
  const until = now()
  return { what: `${primary.address} frozen for ${Math.round((until - from) / 1000)} s`, index, from, until }
}

async function resharded(stage) {
  const { primary, index } = await victim(stage, 2)
  const { primary: to } = await victim(stage, 0)
  const from = now()
  stage.timeline.mark(`${SLOTS_MOVED} slots of shard ${index + 1} move to ${to.address}, with their keys`)
  const means = await reshard(stage.cluster, primary, to, SLOTS_MOVED, stage.signal)
  await calm(stage)
  return { what: `${SLOTS_MOVED} slots moved by ${means}`, from, until: now() }
}

/** Whoever is the primary of a shard by now. */
async function victim({ cluster, shards }, index) {
  return { primary: await cluster.nodeFor(shards[index].key), index }
}

/** Until a bare socket is answered again, after it had not been. */
async function servedAgain({ probed, signal }, index) {
  const from = now()
  let last = probed[index].at(-1) ?? from
  for (;;) {
    await sleep(10, undefined, { signal })
    const hit = probed[index].at(-1) ?? from
    if (hit - last > 500) return
    last = hit
    if (now() - from > PATIENCE_MS) throw new Error('no replica has become primary; the night is too bad')
  }
}

function calm({ signal }) {
  return sleep(CALM_MS, undefined, { signal })
}

/** A shard is the slots of one primary, as they are now. */
async function shardsOf(cluster, keySlot) {
  const primaries = await cluster.primaries()
  const shards = await Promise.all(
    primaries.map(async primary => {
      const replicas = await cluster.replicas(primary)
      return { ports: [primary, ...replicas].map(({ port }) => port), slots: new Set() }
    }),
  )
  for (const [start, end, [, port]] of await primaries[0].ask('CLUSTER', 'SLOTS')) {
    const shard = shards.find(({ ports }) => ports[0] === Number(port))
    for (let slot = Number(start); slot <= Number(end); slot++) shard.slots.add(slot)
  }
  // One whose slot is not among the lowest, which are those that move.
  for (const shard of shards) {
    const middle = [...shard.slots].sort((a, b) => a - b)[shard.slots.size >> 1]
    for (let i = 0; shard.key === undefined; i++) {
      const slot = keySlot(`probe:${i}`)
      if (slot >= middle && shard.slots.has(slot)) shard.key = `probe:${i}`
    }
  }
  return shards
}

function shardOf(shards, slot) {
  return shards.findIndex(({ slots }) => slots.has(slot))
}

function startProber(shards, probed) {
  const prober = fork(new URL('prober.mjs', import.meta.url))
  prober.on('message', ({ hits }) => {
    for (const [i, list] of hits.entries()) {
      // Of several nodes; as good as in order, and a gap is what is in no list.
      probed[i].push(...list)
      probed[i].sort((a, b) => a - b)
    }
  })
  prober.send({ shards: shards.map(({ key, ports }) => ({ key, ports })) })
  return prober
}

/** What the client tells of itself meanwhile. */
class News {
  counts = { 'node:suspect': 0, failover: 0, topology: 0, MOVED: 0, ASK: 0 }
  #redis
  #listeners = []
  #onRedirect = ({ kind }) => {
    this.counts[kind]++
  }

  constructor(redis) {
    this.#redis = redis
    for (const event of ['node:suspect', 'failover', 'topology']) {
      const listener = () => {
        this.counts[event]++
      }
      redis.on(event, listener)
      this.#listeners.push([event, listener])
    }
    subscribe('slotwise:redirect', this.#onRedirect)
  }

  stop() {
    for (const [event, listener] of this.#listeners) this.#redis.off(event, listener)
    unsubscribe('slotwise:redirect', this.#onRedirect)
  }
}

function summarize(episodes, { shards, probed, traffic }, news, redis) {
  console.log(
    `\n  ${''.padEnd(46)}${"servers' own gap".padStart(18)}${'gap of the application'.padStart(24)}`,
  )
  const row = (what, servers, application) =>
    console.log(
      `  ${what.padEnd(46)}${`${number(servers)} ms`.padStart(18)}${bold(`${number(application)} ms`.padStart(24))}`,
    )
  const worst = (lists, { from, until }) => Math.max(...lists.map(hits => longestGap(hits, from, until)))
  for (const episode of episodes) {
    const { what, index, from, until } = episode
    if (index === undefined) {
      const calls = traffic.slow.filter(({ at }) => at > from && at < until).map(({ tookMs }) => tookMs)
      console.log(`  ${what}: longest call ${bold(`${number(Math.max(SLOW_MS, ...calls))} ms`)}`)
      continue
    }
    const others = [...shards.keys()].filter(i => i !== index)
    const of = (lists, indices) =>
      worst(
        indices.map(i => lists[i]),
        episode,
      )
    row(what, of(probed, [index]), of(traffic.hits, [index]))
    row('  … the other shards', of(probed, others), of(traffic.hits, others))
  }
  console.log(
    dim(
      "\n  The servers' gap is what a bare socket saw that writes to every node of the shard each 5 ms. While a slot has no\n" +
        '  owner, a cluster with cluster-require-full-coverage (the stock setting) refuses all slots, those of the other shards too.',
    ),
  )
  const { counts } = news
  console.log(
    `\n  ${number(traffic.calls)} calls, ${verdict(traffic.failed, 'errors')}, ${verdict(traffic.wrong, 'wrong values')}; ` +
      `${redis.inspect().pending.count} still under way`,
  )
  for (const [message, count] of traffic.errors) console.log(`    ${red(`${count} ×`)} ${message}`)
  console.log(
    `  the client tells of ${counts['node:suspect']} suspect nodes, ${counts.failover} failovers, ${counts.topology} changes of the topology; ` +
      `it followed ${number(counts.MOVED)} MOVED and ${number(counts.ASK)} ASK`,
  )
}

function verdict(count, what) {
  return count === 0 ? green(`0 ${what}`) : red(`${number(count)} ${what}`)
}
