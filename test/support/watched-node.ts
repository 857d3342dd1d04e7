// A node by itself, what it tells of itself, and somebody who wants it back.
import { afterEach } from 'vitest'
import { Node, type NodeHooks } from '../../src/node/node.js'
import type { TestContext } from './calls.js'

const watched: WatchedNode[] = []
afterEach(() => {
  for (const each of watched.splice(0)) each.end()
})

export class WatchedNode {
  readonly node: Node
  readonly context: TestContext
  /** `unavailable: <why>` and `available`, as they were told. */
  readonly news: string[] = []
  #reviver: NodeJS.Timeout | undefined

  constructor(server: { host: string; port: number }, context: TestContext, hooks: NodeHooks = {}) {
    this.context = context
    this.node = new Node({ endpoint: { host: server.host, port: server.port } }, context, {
      ...hooks,
      onUnavailable: (node, why) => {
        this.news.push(`unavailable: ${why}${node.available ? ', it says' : ''}`)
        hooks.onUnavailable?.(node, why)
      },
      onAvailable: node => {
        this.news.push(`available${node.available ? '' : ', it denies'}`)
        hooks.onAvailable?.(node)
      },
    })
    watched.push(this)
  }

  /** Revives it at short intervals from now on, as the topology's watch does. */
  want(): void {
    this.#reviver ??= setInterval(() => this.node.revive(), 25)
  }
  unwant(): void {
    clearInterval(this.#reviver)
    this.#reviver = undefined
  }

  end(): void {
    this.unwant()
    this.node.destroy()
  }
}
