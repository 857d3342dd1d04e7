// A real cluster whose nodes reach each other, and are reached, only through gates: a test without root can then take
// any node off the network, for everybody or for clients alone, and the servers' own failover really happens.
//
//                     announced: door, bus
//   client ──────────► door gate ──► client port ┐
//   other nodes ─────► door gate (replication)   ├─ node 2, dials from 127.0.0.13
//   other nodes ─────► bus gate ───► bus port    ┘
//
// A node that is off the network also hears nothing of what it asks itself: at the others' gates its lines are known by
// the address they come from. All of 127/8 is loopback on Linux; elsewhere these addresses want an alias.
import {
  type Directives,
  findServer,
  type LocalCluster,
  type LocalClusterNode,
  startCluster,
} from '../../src/local/index.js'
import { type Gate, gate, type Whom } from './gate.js'

export interface GatedClusterOptions {
  readonly primaries?: number
  readonly replicas?: number
  /** Further directives; `cluster-node-timeout` is 1,000 otherwise. */
  readonly config?: Directives
}

export async function gatedCluster(options: GatedClusterOptions = {}): Promise<GatedCluster> {
  const { primaries = 3, replicas = 1, config } = options
  const { version } = await findServer()
  const gates: NodeGate[] = []
  for (let i = 0; i < primaries * (1 + replicas); i++) {
    gates.push(new NodeGate(sourceOf(i), await gate(), await gate(), gates))
  }
  try {
    const local = await startCluster({
      primaries,
      replicas,
      config: { 'cluster-node-timeout': 1_000, ...config },
      nodeConfig: ({ index, port }) => gates[index]!.leadTo(port, version),
    })
    return new GatedCluster(local, gates)
  } catch (error) {
    await Promise.all(gates.map(one => one.close()))
    throw error
  }
}

export class GatedCluster {
  /** The servers themselves, asked past the gates. Its `addNode` would make one without. */
  readonly local: LocalCluster
  /** Those that began as primaries come first. */
  readonly nodes: readonly GatedNode[]

  constructor(local: LocalCluster, gates: readonly NodeGate[]) {
    this.local = local
    this.nodes = local.nodes.map((server, i) => new GatedNode(server, gates[i]!))
  }

  get urls(): string[] {
    return this.nodes.map(node => node.url)
  }

  async nodeFor(slotOrKey: number | string | Buffer): Promise<GatedNode> {
    return this.#of(await this.local.nodeFor(slotOrKey))
  }
  async primaries(): Promise<GatedNode[]> {
    return (await this.local.primaries()).map(server => this.#of(server))
  }
  async replicas(of?: GatedNode): Promise<GatedNode[]> {
    return (await this.local.replicas(of?.server)).map(server => this.#of(server))
  }

  async close(): Promise<void> {
    await this.local.stop()
    await Promise.all(this.nodes.map(node => node.gate.close()))
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #of(server: LocalClusterNode): GatedNode {
    return this.nodes.find(node => node.server === server)!
  }
}

export class GatedNode {
  /** The server itself, asked past its gates: its `address` is not the one that clients know. */
  readonly server: LocalClusterNode
  readonly gate: NodeGate

  constructor(server: LocalClusterNode, ownGate: NodeGate) {
    this.server = server
    this.gate = ownGate
  }

  get nodeId(): string {
    return this.server.nodeId
  }
  /** As it is announced. */
  get address(): string {
    return this.gate.door.address
  }
  get url(): string {
    return this.gate.door.url
  }
  /** Its own answer, past the gates: the first word of ROLE. */
  async role(): Promise<string> {
    return String(((await this.server.ask('ROLE')) as string[])[0])
  }
}

/** What stands between one node and everybody else. */
export class NodeGate {
  /** For clients and replication. What it can do beside holes (mute, deaf, delay, cut) concerns clients alone. */
  readonly door: Gate
  readonly bus: Gate
  /** Where its own connections come from. */
  readonly source: string
  readonly #all: readonly NodeGate[]
  #fills: (() => void)[] = []

  /** `all`: of the cluster, this one included once it is complete. */
  constructor(source: string, door: Gate, bus: Gate, all: readonly NodeGate[]) {
    this.source = source
    this.door = door
    this.bus = bus
    this.#all = all
    door.concerns = from => !this.#isNode(from)
  }

  /**
   * Takes the node off the network: `everybody`, or for `clients` alone (its cluster sees nothing of it), or for the other
   * `nodes` alone (its cluster replaces it, and clients still reach it).
   */
  blackHole(whom: 'everybody' | 'clients' | 'nodes' = 'everybody'): void {
    const isNode: Whom = from => this.#isNode(from)
    if (whom !== 'nodes') this.#fills.push(this.door.dig(from => !isNode(from)))
    if (whom === 'clients') return
    this.#fills.push(this.door.dig(isNode), this.bus.dig())
    for (const other of this.#all) {
      if (other === this) continue
      for (const gate of [other.door, other.bus]) this.#fills.push(gate.dig(from => from === this.source))
    }
  }

  /**
   * Beside a black hole: dials are not even taken, but wait, as behind a network that swallows the first packet. Without
   * this, they are taken into silence.
   */
  async dropDials(): Promise<void> {
    await Promise.all([this.door.dropDials(), this.bus.dropDials()])
  }

  /** Ends every black hole, and lets clients' bytes pass again, at once; dials, where dropped, when this resolves. */
  async heal(): Promise<void> {
    for (const fill of this.#fills) fill()
    this.#fills = []
    this.mute = false
    this.delayMs = 0
    await Promise.all([this.door.takeDials(), this.bus.takeDials()])
  }

  /** Cuts the clients' connections (RST). */
  cut(): void {
    this.door.cut()
  }

  /** Answers to clients are dropped. */
  get mute(): boolean {
    return this.door.mute
  }
  set mute(isMute: boolean) {
    this.door.mute = isMute
  }

  /** How long clients' bytes and the answers are on the way. */
  get delayMs(): number {
    return this.door.delayMs
  }
  set delayMs(delayMs: number) {
    this.door.delayMs = delayMs
  }

  /** Connections of clients that are open. */
  get clients(): number {
    return this.door.openFrom(from => !this.#isNode(from))
  }

  /** The gates lead to the port the node is about to listen on, and the node announces them. */
  leadTo(port: number, version: string): Directives {
    this.door.port = port
    this.bus.port = port + 10_000
    const isSeven = Number.parseInt(version, 10) >= 7
    return {
      'cluster-announce-ip': '127.0.0.1',
      'cluster-announce-port': this.door.ownPort,
      'cluster-announce-bus-port': this.bus.ownPort,
      // Older servers dial from the first address they listen on.
      ...(isSeven ? { 'bind-source-addr': this.source } : { bind: `${this.source} 127.0.0.1` }),
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.door.close(), this.bus.close()])
  }

  #isNode(from: string): boolean {
    return this.#all.some(({ source }) => source === from)
  }
}

function sourceOf(index: number): string {
  return `127.0.0.${11 + index}`
}
