// A node that answers with garbage: a gate before one of three primaries lets everything pass until the moment, and says
// then what no server says. At the handshake that is the first word of any client; later, the first question about a
// certain key.
import { callsOf } from '../analyse.mjs'
import { Gate } from '../gate.mjs'
import { leave } from '../night.mjs'
import { shardOf } from '../shards.mjs'
import { HOST } from '../stage.mjs'

const BOUND_MS = 10_000
/** A deadline of 10 s may be 50 ms late, and this machine is busy. */
const SLACK_MS = 250
const RSS_LIMIT = 150e6
const MOST_SENT = 128e6
const AT_ONCE = 7
const POISONED_CALLS = 10

/** What is said, by name: first those said at the handshake, then those said later. Each speaks once per connection. */
const KINDS = [
  ...Object.entries({
    'random bytes': say(randomBytes(4096)),
    silence: () => {},
    'a length of 99999999999': say('$99999999999\r\n'),
    'nesting 2,000,000 deep': say('*1\r\n'.repeat(2_000_000)),
    'half a reply, then the end': sayAndEnd('%7\r\n$6\r\nserver\r\n$5\r\nre'),
  }).map(([name, speak]) => ({ name: `handshake: ${name}`, speak, isFirst: true })),
  ...Object.entries({
    'random bytes': say(randomBytes(4096)),
    silence: () => {},
    'a length of 99999999999': say(`$99999999999\r\n${'x'.repeat(100_000)}`),
    'an array of 99999999999': say(`*99999999999\r\n${':1\r\n'.repeat(1000)}`),
    'nesting 2,000,000 deep': say('*1\r\n'.repeat(2_000_000)),
    'half a reply, then the end': sayAndEnd('$1000\r\nhalf'),
    'a line without end': sayWithoutEnd(`+${'x'.repeat(65_535)}`),
    'a number that is none': say(':12x4\r\n'),
  }).map(([name, speak]) => ({ name: `later: ${name}`, speak, isFirst: false })),
]

const passed = {
  label: `kinds of garbage survived, of ${KINDS.length}`,
  target: String(KINDS.length),
  unit: 'count',
  of: ({ kinds }) => kinds.filter(isGood).length,
  met: count => count === KINDS.length,
  over: 'worst',
  worst: Math.min,
}

const part = (label, field) => ({
  label,
  unit: 'count',
  of: ({ kinds }) => kinds.filter(kind => kind[field]).length,
  over: 'worst',
  worst: Math.min,
})

const garbage = {
  name: 'garbage',
  title: `${KINDS.length} kinds of garbage from a server`,
  limitMs: 180_000,
  checks: [
    passed,
    part('of these: settled within 10 s', 'isBounded'),
    part('with a clear typed error', 'isClear'),
    part('the poisoned connection dropped', 'isDropped'),
    part('healthy nodes served', 'isHealthy'),
    {
      label: 'RSS at most',
      target: '≤ 150 MB',
      unit: 'MB',
      of: ({ kinds }) => Math.max(...kinds.map(({ peakRss }) => peakRss / 1e6)),
      met: figure => figure <= RSS_LIMIT / 1e6,
      over: 'median',
    },
    {
      label: 'unhandled rejections and exceptions',
      target: '0',
      unit: 'count',
      of: ({ unhandled }) => unhandled.length,
      met: count => count === 0,
      over: 'worst',
    },
  ],
  async run(stage) {
    const cluster = await stage.startCluster({ primaries: 3, replicas: 0 })
    const isBad = shardOf(0, 3)
    const groups = await stage.prepareTags({
      poisoned: { slots: isBad, count: 1 },
      healthy: { slots: slot => !isBad(slot), count: 6 },
    })
    const clients = Object.fromEntries(
      stage.clients.map(id => [id, { kinds: [], errors: [], unhandled: [] }]),
    )
    for (let at = 0; at < KINDS.length; at += AT_ONCE) {
      const some = KINDS.slice(at, at + AT_ONCE)
      const trials = some.flatMap(kind => stage.clients.map(id => tryOut(stage, cluster, groups, kind, id)))
      for (const { id, errors, unhandled, ...facts } of await Promise.all(trials)) {
        clients[id].kinds.push(facts)
        clients[id].errors.push(...errors)
        clients[id].unhandled.push(...unhandled)
      }
    }
    return { clients }
  },
}

/** One client and one kind, in a process of their own. */
async function tryOut(stage, cluster, groups, kind, id) {
  const [bad, ...good] = cluster.nodes
  const links = []
  const gate = await poisonedGate(bad.port, kind, `{${groups.poisoned[0]}}`, links)
  stage.atEnd(() => gate.close())
  const hand = stage.hand(id)
  const connected = await hand.ask(
    'connect',
    {
      nodes: good.map(({ port }) => ({ host: HOST, port })),
      natMap: { [bad.address]: { host: HOST, port: gate.port } },
    },
    BOUND_MS,
  )
  const streams = [
    { group: 'healthy', tags: groups.healthy, kinds: ['get'], perSecond: 50 },
    { group: 'poisoned', tags: groups.poisoned, kinds: ['get'], perSecond: 50, count: POISONED_CALLS },
  ]
  await hand.ask('load', { streams })
  await stage.wait(BOUND_MS + SLACK_MS)
  const poisonedLinks = links.filter(link => link.isPoisoned)
  const isDropped = poisonedLinks.length > 0 && poisonedLinks.every(isLeftInTime)
  const memory = await hand.ask('rss')
  const record = await hand.ask('stop', { limitMs: 1000 })
  const end = await leave(hand)
  const facts = {
    id,
    kind: kind.name,
    connectMs: connected?.connectMs,
    isDropped,
    peakRss: memory?.peakRss ?? 0,
  }
  if (record === undefined) {
    const error = { name: 'lost', message: `${kind.name}: ${hand.lost}`, count: 1 }
    return { ...facts, isBounded: false, isClear: false, isHealthy: false, errors: [error], unhandled: [] }
  }
  return { ...facts, ...judge(record), errors: errorsOf(record, kind), unhandled: end.unhandled ?? [] }
}

function judge(record) {
  const calls = callsOf(record, Number.POSITIVE_INFINITY)
  const poisoned = calls.filter(({ group }) => group === 'poisoned')
  const healthy = calls.filter(({ group }) => group === 'healthy')
  return {
    isBounded: poisoned.every(({ start, end }) => end - start <= BOUND_MS + SLACK_MS),
    isClear: poisoned.every(({ error }) => error !== undefined && isClear(error)),
    isHealthy: healthy.length > 0 && healthy.every(({ isOk }) => isOk),
  }
}

/** An error of a class or code of its own, and not one that fell out of the client's own works. */
function isClear({ name, code, message }) {
  const isInternal = /^(Type|Range|Syntax|Reference)Error$/.test(name)
  return !isInternal && message !== '' && (name !== 'Error' || code !== undefined)
}

function isGood({ isBounded, isClear, isDropped, isHealthy, peakRss }) {
  return isBounded && isClear && isDropped && isHealthy && peakRss <= RSS_LIMIT
}

function isLeftInTime({ poisonedAt, closedAt }) {
  const age = (closedAt ?? performance.now()) - poisonedAt
  // One that was made a moment ago still has its time.
  return closedAt !== undefined || age < BOUND_MS / 2
}

function errorsOf(record, kind) {
  return record.errors.map((error, i) => ({
    ...error,
    message: `${error.message} (${kind.name})`,
    count: record.status.filter(status => status === i + 2).length,
  }))
}

// ── the gate ────────────────────────────────────────────────────────────────────────────────────────────────────

function poisonedGate(port, { speak, isFirst }, marker, links) {
  const gate = new Gate(port, {
    admit(link) {
      links.push(link)
      return true
    },
    heard(link, chunk) {
      if (link.isPoisoned) return false
      if (!isFirst && !chunk.includes(marker)) return true
      link.isPoisoned = true
      link.poisonedAt = performance.now()
      speak(link.client)
      return false
    },
    said: link => !link.isPoisoned,
  })
  return gate.listen()
}

function say(bytes) {
  return socket => socket.write(bytes)
}

function sayAndEnd(bytes) {
  return socket => socket.end(bytes)
}

function sayWithoutEnd(chunk) {
  return socket => {
    let sent = 0
    const more = () => {
      while (!socket.destroyed && sent < MOST_SENT) {
        sent += chunk.length
        if (!socket.write(chunk.replace('+', sent > chunk.length ? 'x' : '+'))) return
      }
    }
    socket.on('drain', more)
    more()
  }
}

/** The same in every run, and never by chance a valid beginning. */
function randomBytes(count) {
  const bytes = Buffer.alloc(count)
  let seed = 42
  for (let i = 0; i < count; i++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    bytes[i] = seed >> 16
  }
  bytes[0] = 0xff
  return bytes
}

export const hostile = [garbage]
