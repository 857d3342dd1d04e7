import { describe, expect, test } from 'vitest'
import { changesBetween } from '../../src/client/changes.js'
import type { NodeRecord, Snapshot } from '../../src/topology/snapshot.js'

function node(id: string, ranges: NodeRecord['ranges'], other: Partial<NodeRecord> = {}): NodeRecord {
  return {
    id,
    endpoint: { host: '10.0.0.1', port: 7000 + id.charCodeAt(0) },
    serverName: undefined,
    role: 'primary',
    primaryId: undefined,
    epoch: 1,
    failing: false,
    ranges,
    ...other,
  }
}

function snapshot(...nodes: NodeRecord[]): Snapshot {
  return { nodes, source: '10.0.0.1:7000' }
}

const a = node('a', [[0, 99]])
const b = node('b', [[100, 16_383]])
const replica = node('c', [], { role: 'replica', primaryId: 'a' })
const NONE = { nodesAdded: 0, nodesRemoved: 0, nodesChanged: 0, slots: 0 }

describe('changesBetween', () => {
  test.each<[string, Snapshot | undefined, Snapshot, Partial<typeof NONE>]>([
    ['nothing before', undefined, snapshot(a, b), { nodesAdded: 2, slots: 16_384 }],
    ['nothing new, in another order', snapshot(a, b, replica), snapshot(replica, b, a), {}],
    ['a node more', snapshot(a, b), snapshot(a, b, replica), { nodesAdded: 1 }],
    ['a node less, its slots without an owner', snapshot(a, b), snapshot(b), { nodesRemoved: 1, slots: 100 }],
    [
      'a failover',
      snapshot(a, b, replica),
      snapshot(node('a', [], { failing: true }), b, node('c', [[0, 99]], { epoch: 2 })),
      { nodesChanged: 2, slots: 100 },
    ],
    [
      'another address',
      snapshot(a, b),
      snapshot({ ...a, endpoint: { host: '10.0.0.9', port: 1 } }, b),
      { nodesChanged: 1 },
    ],
    ['a slot moved', snapshot(a, b), snapshot(node('a', [[0, 98]]), node('b', [[99, 16_383]])), { slots: 1 }],
    [
      'a range told in two',
      snapshot(a, b),
      snapshot(
        node('a', [
          [0, 9],
          [10, 99],
        ]),
        b,
      ),
      {},
    ],
    [
      'a slot claimed by two: the newer claim holds, whoever comes first',
      snapshot(a, b),
      snapshot(node('b', [[50, 16_383]], { epoch: 2 }), a),
      { slots: 50 },
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changesBetween(before, after)).toEqual({ ...NONE, ...expected })
  })
})
