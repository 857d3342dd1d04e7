// A cluster of scripted servers, for answers that a real one gives only by accident: redirect loops, a MOVED to itself,
// nonsense. Each node greets, describes the cluster, and answers everything else as it is told.
import { type Peer, type ScriptedServer, scriptedServer } from './scripted-server.js'

export const HELLO =
  '%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$4\r\nmode\r\n$7\r\ncluster\r\n'

/** What a node answers, as RESP; undefined for no answer at all. */
export type Answer = (words: readonly string[], node: FakeNode, peer: Peer) => string | undefined

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

export class FakeNode {
  /** What it was asked, without handshakes and questions about the cluster. */
  readonly asked: string[][] = []
  /** How often it was asked for CLUSTER NODES. */
  described = 0
  server!: ScriptedServer
  readonly index: number

  constructor(index: number) {
    this.index = index
  }

  get id(): string {
    return String(this.index).padStart(40, '0')
  }
  get port(): number {
    return this.server.port
  }
  get address(): string {
    return `127.0.0.1:${this.port}`
  }
  get dials(): number {
    return this.server.dials
  }
}

export class FakeCluster {
  readonly nodes: FakeNode[]
  /** The text of CLUSTER NODES, by whom it is asked of; all slots evenly spread unless changed. */
  describe: (node: FakeNode) => string | undefined
  answer: Answer

  constructor(count: number, answer: Answer) {
    this.nodes = Array.from({ length: count }, (_, i) => new FakeNode(i))
    this.answer = answer
    this.describe = () => this.lines(this.nodes.map((_, i) => this.share(i)))
  }

  async listen(): Promise<this> {
    for (const node of this.nodes) node.server = await scriptedServer(peer => this.#serve(node, peer))
    return this
  }

  get urls(): string[] {
    return this.nodes.map(node => `redis://${node.address}`)
  }
  /** How often any node was asked for the topology. */
  get described(): number {
    return this.nodes.reduce((sum, node) => sum + node.described, 0)
  }
  node(index: number): FakeNode {
    return this.nodes[index] as FakeNode
  }

  /** The slots of a node where all are spread evenly. */
  share(index: number): string {
    const size = 16_384 / this.nodes.length
    return `${Math.ceil(index * size)}-${Math.ceil((index + 1) * size) - 1}`
  }

  /** One line per node, with these slots; undefined leaves the node out. */
  lines(slots: readonly (string | undefined)[]): string {
    const listed = this.nodes.filter(node => slots[node.index] !== undefined)
    return listed
      .map(node => `${node.id} ${node.address}@1 master - 0 0 ${node.index} connected ${slots[node.index]}`)
      .join('\n')
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.server.close()
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(node: FakeNode, peer: Peer): Promise<void> {
    let isMute = false
    for (let words = await peer.next(); words !== undefined; words = await peer.next()) {
      const reply = this.#reply(words, node, peer)
      // Answers come in the order of the questions: behind one that is owed nothing can be said any more.
      isMute ||= reply === undefined
      if (reply !== undefined && !isMute) peer.reply(reply)
    }
  }

  #reply(words: string[], node: FakeNode, peer: Peer): string | undefined {
    const name = `${words[0]} ${words[1]}`.toUpperCase()
    if (words[0] === 'HELLO') return HELLO
    if (name.startsWith('CLIENT SETINFO')) return '+OK\r\n'
    if (name === 'CLUSTER SLOTS') return "-NOPERM no permission to run 'cluster|slots'\r\n"
    if (name === 'CLUSTER NODES') {
      node.described++
      const text = this.describe(node)
      return text === undefined ? undefined : bulk(text)
    }
    node.asked.push(words)
    return this.answer(words, node, peer)
  }
}

export function fakeCluster(count: number, answer: Answer = () => '+OK\r\n'): Promise<FakeCluster> {
  return new FakeCluster(count, answer).listen()
}
