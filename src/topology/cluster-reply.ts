// CLUSTER NODES and CLUSTER SLOTS replies → Snapshot. Pure; nothing in a reply is trusted.
//
// CLUSTER NODES knows every node, its id, its epoch; CLUSTER SLOTS knows which endpoint the cluster prefers that clients
// use (address, hostname, or "the one you asked"). Either alone is enough, where a server refuses the other.
//
//   07c3… 127.0.0.1:30004@31004,host-4,shard-id=… slave e7d1… 0 1426238317239 4 connected
//   e7d1… 127.0.0.1:30001@31001,host-1 myself,master - 0 0 1 connected 0-5460 [5461->-292f…]
//   https://redis.io/docs/latest/commands/cluster-nodes/
//
//   [[0, 5460, ['127.0.0.1', 30001, 'e7d1…', ['hostname', 'host-1']], [replica…]], …]
//   https://redis.io/docs/latest/commands/cluster-slots/
import { UnexpectedReplyError } from '../core/errors.js'
import { type Reply, RespMap } from '../resp/types.js'
import { type NodeRecord, SLOTS, type Snapshot } from './snapshot.js'

/** Who was asked: unnamed endpoints mean the same host. */
export interface Asked {
  readonly host: string
  readonly address: string
}

// More nodes than any cluster has (the bus stops at about 1,000): a longer list is not a topology.
const MAX_NODES = 10_000
// Some 200 characters a node, and room for slots in many small ranges.
const MAX_TEXT = 4 * 1024 * 1024
const MAX_PORT = 65_535

// The protocol's own word for an endpoint of which no name is known.
const UNKNOWN = '?'

interface Claim {
  id: string
  /** `undefined`: the host that was asked. */
  host: string | undefined
  port: number
  hostname: string | undefined
  role: 'primary' | 'replica'
  primaryId: string | undefined
  epoch: number
  failing: boolean
  ranges: [number, number][]
}

/** Combines the two replies; `undefined` stands for one that was refused. Throws UnexpectedReplyError. */
export function readTopology(nodes: Reply | undefined, slots: Reply | undefined, asked: Asked): Snapshot {
  const claims = nodes === undefined ? new Map<string, Claim>() : readNodes(nodes)
  if (slots !== undefined) addSlots(claims, slots, nodes === undefined)
  const records: NodeRecord[] = []
  for (const claim of claims.values()) {
    const record = toRecord(claim, asked)
    if (record !== undefined) records.push(record)
  }
  // A node that was reset, or has met nobody yet, knows itself alone. Believed, it would be all we know from then on.
  if (!records.some(record => record.ranges.length > 0))
    throw malformed('no reachable node in it owns a slot')
  return { nodes: records, source: asked.address }
}

function readNodes(reply: Reply): Map<string, Claim> {
  if (typeof reply !== 'string') throw malformed('CLUSTER NODES is not text')
  if (reply.length > MAX_TEXT) throw malformed('CLUSTER NODES is longer than any cluster is large')
  const claims = new Map<string, Claim>()
  for (const line of reply.split('\n')) {
    if (line.trim() === '') continue
    const claim = readNodeLine(line.trim())
    if (claim !== undefined) claims.set(claim.id, claim)
    if (claims.size > MAX_NODES) throw malformed('it lists too many nodes')
  }
  return claims
}

function readNodeLine(line: string): Claim | undefined {
  const [id, place, flagWord, primary, , , epochWord, , ...slotWords] = line.split(' ')
  if (id === undefined || place === undefined || flagWord === undefined || epochWord === undefined) {
    throw malformed('a line of CLUSTER NODES is too short')
  }
  const flags = new Set(flagWord.split(','))
  // Nodes still being introduced, or whose address is lost, cannot be asked anything.
  if (flags.has('handshake') || flags.has('noaddr')) return undefined
  const { host, port, hostname } = readPlace(place)
  const isReplica = flags.has('slave') || flags.has('replica')
  const epoch = Number(epochWord)
  // A replica is listed without slots; ranges in brackets are slots on the move, still owned as before.
  const owned = isReplica ? [] : slotWords.filter(word => word !== '' && !word.startsWith('['))
  const ranges = owned.map(readRange)
  // The map is filled range by range: a line that names slots over and over would keep us busy.
  if (sizeOf(ranges) > SLOTS) throw malformed('a node claims more slots than there are')
  return {
    id,
    host: host === '' ? undefined : host,
    port,
    hostname,
    role: isReplica ? 'replica' : 'primary',
    primaryId: isReplica && primary !== '-' ? primary : undefined,
    epoch: Number.isFinite(epoch) ? epoch : 0,
    failing: flags.has('fail'),
    ranges,
  }
}

/** `ip:port@busport[,hostname[,name=value]…]`; the ip may be IPv6, or empty; no bus port before 4.0. */
function readPlace(place: string): { host: string; port: number; hostname: string | undefined } {
  const [endpoint = '', name = ''] = place.split(',')
  const match = PLACE.exec(endpoint)
  const port = Number(match?.[2])
  if (match === null || port > MAX_PORT) {
    throw malformed('CLUSTER NODES holds an address without a valid port')
  }
  const hostname = name === '' || name.includes('=') ? undefined : checkedHost(name)
  return { host: checkedHost(match[1] as string), port, hostname }
}

/** No name in the DNS is longer, nor is an address; a longer one would stand in every error about it. */
function checkedHost(host: string): string {
  if (host.length > 253) throw malformed('it holds a host name of more than 253 characters')
  return host
}

const PLACE = /^(.*):(\d{1,5})(?:@\d*)?$/

// 0-5460, or 7 alone
function readRange(word: string): [number, number] {
  const match = RANGE.exec(word)
  if (match === null) throw malformed('CLUSTER NODES holds a slot range that cannot be read')
  const start = Number(match[1])
  return checkedRange(start, match[2] === undefined ? start : Number(match[2]))
}

const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/

function checkedRange(start: unknown, end: unknown): [number, number] {
  if (!isWhole(start, 0, SLOTS - 1) || !isWhole(end, start, SLOTS - 1)) {
    throw malformed('it holds a slot range out of bounds')
  }
  return [start, end]
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

function sizeOf(ranges: readonly (readonly [number, number])[]): number {
  return ranges.reduce((size, [start, end]) => size + end - start + 1, 0)
}

function addSlots(claims: Map<string, Claim>, reply: Reply, alone: boolean): void {
  if (!Array.isArray(reply)) throw malformed('CLUSTER SLOTS is not an array')
  let slots = 0
  for (const row of reply as readonly Reply[]) {
    if (!Array.isArray(row)) throw malformed('CLUSTER SLOTS holds a row that is no array')
    const [start, end, ...members] = row as readonly Reply[]
    const range = checkedRange(start, end)
    slots += sizeOf([range])
    // Its ranges do not overlap: each slot is listed once.
    if (slots > SLOTS) throw malformed('CLUSTER SLOTS holds more slots than there are')
    let primary: Claim | undefined
    for (const member of members) {
      const claim = readMember(member)
      const known = claims.get(claim.id)
      if (known !== undefined) {
        // What clients are meant to use, over what nodes use among themselves.
        if (claim.host !== UNKNOWN) known.host = claim.host
        if (claim.port !== 0) known.port = claim.port
        known.hostname ??= claim.hostname
      } else if (alone) {
        claim.role = primary === undefined ? 'primary' : 'replica'
        claim.primaryId = primary?.id
        claims.set(claim.id, claim)
      }
      primary ??= claims.get(claim.id)
      if (claims.size > MAX_NODES) throw malformed('it lists too many nodes')
    }
    if (alone) primary?.ranges.push(range)
  }
}

function readMember(member: Reply): Claim {
  if (!Array.isArray(member)) throw malformed('CLUSTER SLOTS holds a node that is no array')
  const [endpoint, port, id, metadata] = member as readonly Reply[]
  if (!isWhole(port, 0, MAX_PORT)) throw malformed('CLUSTER SLOTS holds a port out of range')
  if (endpoint !== null && typeof endpoint !== 'string') {
    throw malformed('CLUSTER SLOTS holds an endpoint that is no text')
  }
  const facts = readMetadata(metadata)
  for (const host of [endpoint ?? '', facts.get('ip') ?? '', facts.get('hostname') ?? '']) checkedHost(host)
  // null and '' mean: the host you asked. '?' means: no name is known; then the address among the facts serves.
  return {
    // Servers before 4.0 give no id; there the address is the identity.
    id: typeof id === 'string' && id !== '' ? id : `${endpoint ?? ''}:${port}`,
    host: endpoint === UNKNOWN ? (facts.get('ip') ?? UNKNOWN) : endpoint || undefined,
    port,
    hostname: facts.get('hostname'),
    role: 'primary',
    primaryId: undefined,
    epoch: 0,
    failing: false,
    ranges: [],
  }
}

function readMetadata(metadata: Reply | undefined): Map<string, string> {
  const facts = new Map<string, string>()
  const entries = metadata instanceof RespMap ? metadata.entries : Array.isArray(metadata) ? metadata : []
  for (let i = 0; i + 1 < entries.length; i += 2) {
    const [name, value]: readonly unknown[] = entries.slice(i, i + 2)
    if (typeof name === 'string' && typeof value === 'string' && value !== '') facts.set(name, value)
  }
  return facts
}

function toRecord(claim: Claim, asked: Asked): NodeRecord | undefined {
  const host = claim.host ?? asked.host
  // Port 0: it does not serve this kind of connection (TLS or plain).
  if (host === UNKNOWN || claim.port === 0) return undefined
  return {
    id: claim.id,
    endpoint: { host, port: claim.port },
    serverName: claim.hostname,
    role: claim.role,
    primaryId: claim.primaryId,
    epoch: claim.epoch,
    failing: claim.failing,
    ranges: claim.ranges,
  }
}

function malformed(why: string): UnexpectedReplyError {
  return new UnexpectedReplyError(`the cluster's description of itself cannot be used: ${why}`)
}
