// Address → Node: the nodes a client knows, one each. Nodes the cluster no longer lists are retired: they finish what
// they have, for a while, then close.
import type { ConnectionTarget } from '../connection/connection.js'
import { formatAddress } from '../core/address.js'
import type { Lifecycle } from '../protocol/executor.js'
import { Node, type NodeContext, type NodeHooks } from './node.js'

// So long a retired node may take to finish: blocking commands may take for ever.
const RETIREMENT_MS = 4000

export class NodeRegistry implements Lifecycle {
  readonly #nodes = new Map<string, Node>()
  /** Retired, and not yet empty. */
  readonly #leaving = new Set<Node>()
  readonly #context: NodeContext
  readonly #hooks: NodeHooks

  constructor(context: NodeContext, hooks: NodeHooks) {
    this.#context = context
    this.#hooks = hooks
  }

  get(address: string): Node | undefined {
    return this.#nodes.get(address)
  }

  get all(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  /** The node at this address, made if it is new. */
  adopt(target: ConnectionTarget): Node {
    const address = formatAddress(target.endpoint)
    const known = this.#nodes.get(address)
    if (known !== undefined) {
      // The name to prove by TLS may be learned only after the address.
      if (known.target.serverName === target.serverName || target.serverName === undefined) return known
      this.retire(known)
    }
    const node = new Node(target, this.#context, this.#hooks)
    this.#nodes.set(address, node)
    return node
  }

  /** Lets the node finish and close, in the background; what it has not finished in four seconds is ended. */
  retire(node: Node): void {
    if (this.#nodes.get(node.address) === node) this.#nodes.delete(node.address)
    this.#leaving.add(node)
    const timer = setTimeout(
      () => node.destroy(new Error(`${node.address} is no longer of the cluster`)),
      RETIREMENT_MS,
    )
    timer.unref()
    void finish(node).then(() => {
      clearTimeout(timer)
      this.#leaving.delete(node)
    })
  }

  /** Call once no call is under way: connections that are still being made are given up. */
  async close(): Promise<void> {
    const all = [...this.#nodes.values(), ...this.#leaving]
    for (const node of all) {
      for (const connection of node.connections) if (!connection.ready) connection.destroy()
    }
    await Promise.all(all.map(finish))
  }

  destroy(reason?: Error): void {
    for (const node of this.#leaving) node.destroy(reason)
    for (const node of this.#nodes.values()) node.destroy(reason)
  }
}

async function finish(node: Node): Promise<void> {
  const closed = node.close()
  // Questions that were taken back do not keep it: the sweeper, which would find that out, rests when no call is under way.
  const now = performance.now()
  for (const connection of node.connections) connection.sweep(now)
  await closed
}
