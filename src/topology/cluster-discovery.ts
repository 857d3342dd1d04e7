// Asks one node of a cluster who owns what: CLUSTER NODES (identity, epochs) and CLUSTER SLOTS (preferred endpoints), in
// one write. Either may be refused by an access list; the other then serves.
import { ConnectError, ReplyError } from '../core/errors.js'
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

  async discover(contact: Node, signal: AbortSignal): Promise<Snapshot> {
    const [nodes, slots] = await Promise.all([
      refusable(ask(contact, CLUSTER_NODES, this.#timeoutMs, signal)),
      refusable(ask(contact, CLUSTER_SLOTS, this.#timeoutMs, signal)),
    ])
    if (nodes instanceof ReplyError && slots instanceof ReplyError) throw refusal(contact, nodes)
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

/** What asking again would not mend is told as such. */
function refusal(contact: Node, cause: ReplyError): Error {
  const message = /cluster support disabled/i.test(cause.message)
    ? 'it is not part of a cluster, its cluster mode is off; use createClient() for a single server'
    : cause.prefix === 'NOPERM'
      ? 'the user may ask neither CLUSTER NODES nor CLUSTER SLOTS'
      : undefined
  if (message === undefined) return cause
  const error = new ConnectError(contact.address, 'reply', { cause, message })
  error.retryable = false
  return error
}
