import { describe, expect, test } from 'vitest'
import { formatAddress } from '../../src/core/address.js'
import { agree, isFamiliar } from '../../src/topology/agreement.js'
import type { NodeRecord, SlotRange, Snapshot } from '../../src/topology/snapshot.js'

// Nodes are named by letters: a is at 10.0.0.1:7001, b at 10.0.0.1:7002 …
const portOf = (id: string): number => 7000 + id.charCodeAt(0) - 96

/** `a 0-99 200 @5 failing`: a primary; `b of a @5`: a replica. */
function node(line: string): NodeRecord {
  const words = line.split(' ')
  const primary = words.indexOf('of')
  const place = words.find(word => word.startsWith('at='))?.slice(3)
  const [host, port] = place?.split(':') ?? []
  const name = words.find(word => word.startsWith('name='))?.slice(5)
  return {
    id: words[0] as string,
    endpoint: { host: host ?? '10.0.0.1', port: Number(port ?? portOf(words[0] as string)) },
    serverName: name,
    role: primary === -1 ? 'primary' : 'replica',
    primaryId: primary === -1 ? undefined : words[primary + 1],
    epoch: Number(words.find(word => word.startsWith('@'))?.slice(1) ?? 0),
    failing: words.includes('failing'),
    ranges: words
      .filter(word => /^\d+(-\d+)?$/.test(word))
      .map((word): SlotRange => {
        const [start, end = start] = word.split('-').map(Number)
        return [start as number, end as number]
      }),
  }
}

/** What the node `source` says. */
function says(source: string, ...lines: string[]): Snapshot {
  return { source: `10.0.0.1:${portOf(source)}`, nodes: lines.map(node) }
}

function line(record: NodeRecord): string {
  const words = [record.id]
  if (record.role === 'replica') words.push('of', String(record.primaryId))
  for (const [start, end] of record.ranges) words.push(start === end ? `${start}` : `${start}-${end}`)
  if (record.epoch > 0) words.push(`@${record.epoch}`)
  if (record.failing) words.push('failing')
  return words.join(' ')
}

function believed(answers: readonly Snapshot[], present?: Snapshot): string[] {
  return agree(answers, present).nodes.map(line)
}

const HEALTHY = ['a 0-99 @1', 'b 100-199 @2', 'c 200-299 @3', 'd of a @1']
const NOW = says('a', ...HEALTHY)

interface Case {
  readonly answers: readonly Snapshot[]
  readonly present?: Snapshot
  readonly believed: readonly string[]
}

const CASES: Record<string, Case> = {
  'one voice is believed': { answers: [says('b', ...HEALTHY)], present: NOW, believed: HEALTHY },
  'voices that agree are one': {
    answers: [says('a', ...HEALTHY), says('b', ...[...HEALTHY].reverse()), says('c', ...HEALTHY)],
    believed: HEALTHY,
  },

  // A node that was reset.
  'a node that was reset, and knows itself alone, takes nothing from anybody': {
    answers: [says('c', 'c @3'), says('a', ...HEALTHY), says('b', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  '… also where there is one other voice': {
    answers: [says('c', 'c @3'), says('a', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  'a node that was reset hard has a new name, and is a stranger': {
    answers: [says('c', 'z'), says('a', ...HEALTHY), says('b', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  'a node that was reset and claims everything at a high epoch is a stranger to the others': {
    answers: [says('c', 'z 0-16383 @99'), says('a', ...HEALTHY), says('b', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },

  // The minority of a partition.
  'the minority of a partition speaks of old epochs': {
    answers: [
      says('a', 'a 0-99 @1', 'b 100-199 @2 failing', 'c 200-299 @3 failing', 'd of a @1 failing'),
      says('b', 'a @1 failing', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @4'),
      says('c', 'a @1 failing', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @4'),
    ],
    present: NOW,
    believed: ['a @1 failing', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @4'],
  },
  '… also where it is one of two voices, and the first': {
    answers: [
      says('a', 'a 0-99 @1', 'b 100-199 @2', 'd of a @1'),
      says('b', 'a of d @4', 'b 100-199 @2', 'd 0-99 @4'),
    ],
    present: NOW,
    believed: ['a of d @4', 'b 100-199 @2', 'd 0-99 @4'],
  },
  '… and where most voices are of it: the highest epoch holds': {
    answers: [
      says('a', ...HEALTHY),
      says('c', ...HEALTHY),
      says('d', 'a of d @4', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @4'),
    ],
    present: NOW,
    believed: ['a of d @4', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @4'],
  },

  // Another cluster.
  'a node of another cluster, at an address of ours, is not listened to': {
    answers: [says('c', 'x 0-99 @7', 'y 100-299 @8'), says('a', ...HEALTHY), says('b', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  '… also where it is one of two: what is known decides': {
    answers: [says('c', 'x 0-99 @7', 'y 100-299 @8'), says('a', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  '… and where all three voices are of different ones': {
    answers: [says('c', 'x 0-299 @7'), says('b', 'y 0-299 @8'), says('a', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  'of two clusters among the seeds the one with more voices is taken, whole': {
    answers: [says('a', 'x 0-299 @7'), says('b', ...HEALTHY), says('c', ...HEALTHY), says('d', 'z 0 @9')],
    believed: HEALTHY,
  },
  '… and of as many voices the first': {
    answers: [says('a', ...HEALTHY), says('b', 'x 0-299 @7')],
    believed: HEALTHY,
  },
  'where everybody is new, everything has been replaced': {
    answers: [says('a', 'x 0-99 @1', 'y 100-299 @2'), says('b', 'x 0-99 @1', 'y 100-299 @2')],
    present: NOW,
    believed: ['x 0-99 @1', 'y 100-299 @2'],
  },
  'voices that know each other by way of a third are of one cluster': {
    answers: [
      says('a', 'a 0-99 @1', 'b @2'),
      says('c', 'c 200-299 @3', 'e @9'),
      says('b', 'b 100-199 @2', 'c @3'),
    ],
    believed: ['b 100-199 @2', 'c 200-299 @3'],
  },

  // Owners.
  'the highest epoch has the slot, whoever is asked first': {
    answers: [says('a', 'a 0-99 @1', 'b 100-199 @2'), says('b', 'a 0-49 @1', 'b 50-199 @3')],
    present: says('a', 'a 0-99 @1', 'b 100-199 @2'),
    believed: ['a 0-49 @1', 'b 50-199 @3'],
  },
  'a new primary that only itself knows of has its slots already': {
    answers: [
      says('b', ...HEALTHY),
      says('c', ...HEALTHY),
      says('d', 'a of d @9 failing', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @9'),
    ],
    present: NOW,
    believed: ['a of d @9', 'b 100-199 @2', 'c 200-299 @3', 'd 0-99 @9'],
  },
  'an owner that most do not list does not count, whatever its epoch': {
    answers: [says('a', ...HEALTHY), says('b', ...HEALTHY), says('c', 'x 0-299 @9', ...HEALTHY)],
    present: NOW,
    believed: HEALTHY,
  },
  'an owner that most list as failed without slots does not count, whatever its epoch': {
    answers: [
      says('a', 'a 0-99 @9'),
      says('b', 'a @1 failing', 'd 0-99 @4'),
      says('c', 'a @1 failing', 'd 0-99 @4'),
    ],
    present: NOW,
    believed: ['a @9 failing', 'd 0-99 @4'],
  },
  'an owner that failed and has no heir yet is still the owner': {
    answers: [says('b', 'a 0-99 @1 failing', 'b 100-199 @2'), says('c', 'a 0-99 @1 failing', 'b 100-199 @2')],
    present: NOW,
    believed: ['a 0-99 @1 failing', 'b 100-199 @2'],
  },
  'at equal epochs the more voices have it': {
    answers: [says('a', 'a 0-99 @2', 'b @2'), says('b', 'a @2', 'b 0-99 @2'), says('c', 'a @2', 'b 0-99 @2')],
    present: says('a', 'a 0-99 @2', 'b @2'),
    believed: ['a @2', 'b 0-99 @2'],
  },
  'at equal epochs and voices the slot stays where it is': {
    answers: [says('a', 'a 0-99 @2', 'b @2'), says('b', 'a @2', 'b 0-99 @2')],
    present: says('b', 'a @2', 'b 0-99 @2'),
    believed: ['a @2', 'b 0-99 @2'],
  },
  '… each by itself': {
    answers: [says('a', 'a 0-99 @2', 'b @2'), says('b', 'a @2', 'b 0-99 @2')],
    present: says('b', 'a 0-9 90-99 @2', 'b 10-89 @2'),
    believed: ['a 0-9 90-99 @2', 'b 10-89 @2'],
  },
  'a voice that contradicts itself is taken at its highest epoch': {
    answers: [says('a', 'b 5 @4', 'a 0-9 @3')],
    believed: ['a 0-4 6-9 @3', 'b 5 @4'],
  },
  '… and at equal epochs the node that serves has it': {
    answers: [says('a', 'a 0-9 @3', 'b 0-9 @3 failing')],
    believed: ['a 0-9 @3', 'b @3 failing'],
  },
  'a slot that one voice knows an owner of has one; a slot nobody has is nobody’s': {
    answers: [says('a', 'a 0-9 @1', 'b @2'), says('b', 'a 0-4 @1', 'b 11 @2')],
    believed: ['a 0-9 @1', 'b 11 @2'],
  },
  'the first slot and the last': {
    answers: [says('a', 'a 0 16383 @1', 'b 1-16382 @2')],
    believed: ['a 0 16383 @1', 'b 1-16382 @2'],
  },
  '… and of the epochs that are told of an owner the highest': {
    answers: [says('a', 'a 0-9 @1', 'b @3'), says('b', 'a 0-9 @5', 'b @3'), says('c', 'a @1', 'b 0-9 @3')],
    believed: ['a 0-9 @5', 'b @3'],
  },
  'voices without epochs are counted': {
    answers: [says('a', 'a 0-99', 'b'), says('b', 'a 0-99', 'b'), says('c', 'b 0-99', 'a')],
    believed: ['a 0-99', 'b'],
  },
  'a voice with epochs is stronger than voices without': {
    answers: [says('a', 'a 0-99', 'b'), says('b', 'a @2', 'b 0-99 @3'), says('c', 'a 0-99', 'b')],
    believed: ['a @2', 'b 0-99 @3'],
  },

  // What else is said of nodes.
  'a node that most do not list is none': {
    answers: [says('a', ...HEALTHY), says('b', ...HEALTHY, 'e'), says('c', ...HEALTHY)],
    present: says('a', ...HEALTHY, 'e'),
    believed: HEALTHY,
  },
  'a node is failing when most of those who list it say so': {
    answers: [
      says('a', 'a 0-99 @1', 'b 100-199 @2 failing', 'c 200-299 @3'),
      says('b', 'a 0-99 @1 failing', 'b 100-199 @2', 'c 200-299 @3'),
      says('c', 'a 0-99 @1', 'b 100-199 @2 failing', 'c 200-299 @3'),
    ],
    believed: ['a 0-99 @1', 'b 100-199 @2 failing', 'c 200-299 @3'],
  },
  'a primary that has become a replica is one by the highest epoch': {
    answers: [says('b', 'a @1', 'd 0-99 @4'), says('a', 'a of d @4', 'd 0-99 @4')],
    believed: ['a of d @4', 'd 0-99 @4'],
  },
}

describe('agree', () => {
  test.each(Object.entries(CASES))('%s', (_, { answers, present, believed: expected }) => {
    expect(believed(answers, present)).toEqual(expected)
  })

  test('names everybody who was believed, and nobody else', () => {
    const { source } = agree([says('a', ...HEALTHY), says('b', 'x 0 @9'), says('c', ...HEALTHY)], NOW)
    expect(source).toBe('10.0.0.1:7001,10.0.0.1:7003')
  })
})

describe('a node is', () => {
  const placeOf = (answers: readonly Snapshot[], present?: Snapshot): string => {
    const [first] = agree(answers, present).nodes
    return formatAddress((first as NodeRecord).endpoint)
  }

  test.each<[string, readonly Snapshot[], Snapshot | undefined, string]>([
    [
      'where it has just answered, if it says so itself',
      [says('b', 'a 0-9 at=old:1'), says('c', 'a 0-9 at=old:1'), says('a', 'a 0-9')],
      says('a', 'a 0-9 at=old:1'),
      '10.0.0.1:7001',
    ],
    [
      'where most say, if it calls itself otherwise than it was called',
      [says('a', 'a 0-9 at=inner:1'), says('b', 'a 0-9 at=outer:1'), says('c', 'a 0-9 at=outer:1')],
      says('a', 'a 0-9 at=inner:1'),
      'outer:1',
    ],
    [
      'where it was, if as many say that',
      [says('b', 'a 0-9 at=one:1'), says('c', 'a 0-9 at=other:1')],
      says('a', 'a 0-9 at=other:1'),
      'other:1',
    ],
    [
      'where the first says, else',
      [says('b', 'a 0-9 at=one:1'), says('c', 'a 0-9 at=other:1')],
      undefined,
      'one:1',
    ],
  ])('%s', (_, answers, present, expected) => {
    expect(placeOf(answers, present)).toBe(expected)
  })

  test('called by the name that anybody knows', () => {
    const { nodes } = agree([says('a', 'a 0-9'), says('b', 'a 0-9 name=one.test')], undefined)
    expect(nodes[0]?.serverName).toBe('one.test')
  })
})

describe('isFamiliar', () => {
  test.each<[string, readonly Snapshot[], Snapshot | undefined, boolean]>([
    ['anything, at first', [says('a', 'x 0 @1')], undefined, true],
    ['who knows somebody we know', [says('a', 'a 0 @1', 'x')], NOW, true],
    ['a stranger alone', [says('a', 'x 0 @1')], NOW, false],
    ['strangers in the majority', [says('a', 'x 0'), says('b', 'x 0'), says('c', ...HEALTHY)], NOW, false],
    ['a stranger and one of ours', [says('a', 'x 0'), says('c', ...HEALTHY)], NOW, true],
  ])('%s', (_, answers, present, expected) => {
    expect(isFamiliar(answers, present)).toBe(expected)
  })
})
