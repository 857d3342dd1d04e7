// Asks one node of a cluster who owns what: CLUSTER NODES (identity, epochs) and CLUSTER SLOTS (preferred endpoints), in
// one write. Either may be refused by an access list; the other then serves.
import { ReplyError } from '../core/errors.js'
import { ask } from '../node/ask.js'
import type { Node } from '../node/node.js'
import { createCommand, NO_SLOT } from '../protocol/command.js'
import { specOf } from '../protocol/lookup.js'
import type { Reply } from '../resp/types.js'
import { readTopology } from './cluster-reply.js'
import type { Discovery } from './discovery.js'
import type { Snapshot } from './snapshot.js'

const CLUSTER_NODES = createCommand(specOf('CLUSTER NODES'), ['CLUSTER', 'NODES'], NO_SLOT, reply => reply)
const CLUSTER_SLOTS = createCommand(specOf('CLUSTER SLOTS'), ['CLUSTER', 'SLOTS'], NO_SLOT, reply => reply)

export class ClusterDiscovery implements Discovery {
  readonly slotted = true
  readonly #timeoutMs: number

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  async discover(contact: Node): Promise<Snapshot> {
    const [nodes, slots] = await Promise.all([
      refusable(ask(contact, CLUSTER_NODES, this.#timeoutMs)),
      refusable(ask(contact, CLUSTER_SLOTS, this.#timeoutMs)),
    ])
    if (nodes instanceof ReplyError && slots instanceof ReplyError) throw nodes
    const endpoint = contact.target.endpoint
    return readTopology(
      nodes instanceof ReplyError ? undefined : nodes,
      slots instanceof ReplyError ? undefined : slots,
      { host: 'host' in endpoint ? endpoint.host : 'localhost', address: contact.address },
    )
  }
}

function refusable(answer: Promise<Reply>): Promise<Reply> {
  return answer.catch((error: unknown) => {
    if (error instanceof ReplyError) return error
    throw error
  })
}
