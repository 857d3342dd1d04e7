import { expect, test } from 'vitest'
import { findProblems, type NodeView, readNodeLines } from '../../src/local/cluster-view.js'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const R = 'c'.repeat(40)

/** CLUSTER NODES as one of the three would answer, with `myself` in its own line. */
function nodes(me: string, changes: Readonly<Record<string, string>> = {}): string {
  const lines: Record<string, string> = {
    [A]: `${A} 127.0.0.1:7000@17000 FLAGS - 0 0 1 connected 0-8191`,
    [B]: `${B} 127.0.0.1:7001@17001 FLAGS - 0 1700000000000 2 connected 8192-16383`,
    [R]: `${R} 127.0.0.1:7002@17002,host FLAGS ${A} 0 1700000000000 1 connected`,
    ...changes,
  }
  return Object.entries(lines)
    .filter(([, line]) => line !== '')
    .map(([id, line]) =>
      line.replace('FLAGS', `${id === me ? 'myself,' : ''}${id === R ? 'slave' : 'master'}`),
    )
    .join('\n')
}

function view(id: string, text = nodes(id), more: Partial<NodeView> = {}): NodeView {
  return {
    id,
    address: id.slice(0, 1),
    state: 'ok',
    lines: readNodeLines(text),
    linkStatus: undefined,
    ...more,
  }
}

test('readNodeLines reads ranges, single slots and slots on the move', () => {
  const text = `${A} 127.0.0.1:7000@17000,name,shard-id=1 myself,master - 0 0 7 connected 5 7-9 [6->-${B}] [10-<-${B}]\n`
  expect(readNodeLines(text)).toEqual([
    {
      id: A,
      address: { host: '127.0.0.1', port: 7000, busPort: 17_000 },
      flags: ['myself', 'master'],
      primaryId: undefined,
      epoch: 7,
      isLinked: true,
      slots: [
        [5, 5],
        [7, 9],
      ],
    },
  ])
})

test('readNodeLines reads addresses, also of a node that nobody has met', () => {
  const addressIn = (text: string) =>
    readNodeLines(`${A} ${text} myself,master - 0 0 0 connected`)[0]?.address
  expect(addressIn('::1:7000@17000,name')).toEqual({ host: '::1', port: 7000, busPort: 17_000 })
  expect(addressIn(':7000@17000')).toBeUndefined()
})

test('findProblems finds none where all is well', () => {
  expect(findProblems([view(A), view(B), view(R, nodes(R), { linkStatus: 'up' })])).toEqual([])
})

test('findProblems does not mind the dead, as long as they own nothing', () => {
  const text = (me: string) =>
    nodes(me, {
      [A]: `${A} 127.0.0.1:7000@17000 FLAGS,fail - 0 0 1 disconnected`,
      [R]: `${R} 127.0.0.1:7002@17002 FLAGS - 0 0 3 connected 0-8191`,
    })
  expect(findProblems([view(B, text(B)), view(R, text(R))])).toEqual([])
})

test.each<[string, NodeView[], string]>([
  ['a node that is not ok', [view(A, nodes(A), { state: 'fail' }), view(B)], 'a says cluster_state:fail'],
  [
    'a replica without its link',
    [view(A), view(R, nodes(R), { linkStatus: 'down' })],
    'c has no link to its primary yet',
  ],
  ['a node that is not known', [view(A, nodes(A, { [B]: '' })), view(B)], 'a does not know b'],
  [
    'a node that is not linked',
    [view(A, nodes(A, { [B]: `${B} x FLAGS - 0 0 2 disconnected 8192-16383` })), view(B)],
    'a is not linked to b',
  ],
  [
    'a node thought failed',
    [view(A, nodes(A, { [B]: `${B} x FLAGS,fail? - 0 0 2 connected 8192-16383` })), view(B)],
    'a has marked b as fail?',
  ],
  ['slots of the dead', [view(A)], 'a sees 8192 of 16384 slots on running nodes'],
  [
    'owners that differ',
    [
      view(A),
      view(
        B,
        nodes(B, {
          [A]: `${A} x FLAGS - 0 0 1 connected 0-8190`,
          [B]: `${B} x FLAGS - 0 0 2 connected 8191-16383`,
        }),
      ),
    ],
    'b and a differ about owners or roles',
  ],
])('findProblems names %s', (_, views, problem) => {
  expect(findProblems(views)).toContain(problem)
})
