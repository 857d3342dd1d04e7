// One node of a cluster: a server that has an identity and an opinion about the others.
import { type NodeLine, type NodeView, readNodeLines } from './cluster-view.js'
import { askAll } from './probe.js'
import { LocalServer } from './server.js'
import type { Deadline } from './until.js'

// Not less when the waiting is about to end: the last look is the one that an error reports.
const LOOK_TIMEOUT_MS = 2_000

/** One node of a {@link LocalCluster}. */
export class LocalClusterNode extends LocalServer {
  #nodeId = ''

  /** The name by which the cluster knows it: 40 hexadecimal digits, the same over restarts. */
  get nodeId(): string {
    return this.#nodeId
  }

  /** @internal */
  override async begin(port: number | undefined, deadline: Deadline): Promise<void> {
    await super.begin(port, deadline)
    this.#nodeId = String(await this.ask('CLUSTER', 'MYID'))
  }

  /** @internal Every node it knows, as it sees them. */
  async lines(): Promise<NodeLine[]> {
    return readNodeLines(String(await this.ask('CLUSTER', 'NODES')))
  }

  /** @internal Itself, as it sees itself. */
  async myself(): Promise<NodeLine> {
    return (await this.lines()).find(({ flags }) => flags.includes('myself'))!
  }

  /** @internal All that decides whether the cluster is stable, at one look. */
  async look(): Promise<NodeView> {
    const questions = [
      ['CLUSTER', 'INFO'],
      ['CLUSTER', 'NODES'],
      ['INFO', 'replication'],
    ]
    const [info, nodes, replication] = await askAll(this.target, questions, {
      timeoutMs: LOOK_TIMEOUT_MS,
    })
    return {
      id: this.nodeId,
      address: this.address,
      state: /^cluster_state:(\w+)/m.exec(String(info))?.[1] ?? 'unknown',
      lines: readNodeLines(String(nodes)),
      linkStatus: /^master_link_status:(\w+)/m.exec(String(replication))?.[1],
    }
  }
}
