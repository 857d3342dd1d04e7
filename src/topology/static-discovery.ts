// One server, given by its address: it owns everything. Asking it only proves that it is there.
import type { Endpoint } from '../core/address.js'
import { formatAddress } from '../core/address.js'
import { ask } from '../node/ask.js'
import type { Node } from '../node/node.js'
import { createCommand, NO_SLOT } from '../protocol/command.js'
import { specOf } from '../protocol/lookup.js'
import type { Discovery } from './discovery.js'
import { SLOTS, type Snapshot } from './snapshot.js'

const PING = createCommand(specOf('PING'), ['PING'], NO_SLOT, reply => reply)

export class StaticDiscovery implements Discovery {
  readonly slotted = false
  readonly initial: Snapshot
  readonly #timeoutMs: number

  constructor(endpoint: Endpoint, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    const address = formatAddress(endpoint)
    this.initial = {
      source: address,
      nodes: [
        {
          id: address,
          endpoint,
          serverName: undefined,
          role: 'primary',
          primaryId: undefined,
          epoch: 0,
          failing: false,
          ranges: [[0, SLOTS - 1]],
        },
      ],
    }
  }

  async discover(contact: Node, signal: AbortSignal): Promise<Snapshot> {
    await ask(contact, PING, this.#timeoutMs, signal)
    return this.initial
  }
}
