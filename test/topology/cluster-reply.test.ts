import { describe, expect, test } from 'vitest'
import { UnexpectedReplyError } from '../../src/core/errors.js'
import { type Reply, RespMap } from '../../src/resp/types.js'
import { readTopology } from '../../src/topology/cluster-reply.js'
import type { NodeRecord } from '../../src/topology/snapshot.js'

const ASKED = { host: 'asked.test', address: 'asked.test:7000' }
const ID = 'e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca'
const OTHER = '07c37dfeb235213a872192d90877d0cd55635b91'

/** What became of one line of CLUSTER NODES, beside a primary that is sound. */
function ofLine(line: string): NodeRecord | undefined {
  const sound = `${'f'.repeat(40)} 10.9.9.9:9999@19999 master - 0 0 9 connected 16383`
  const { nodes } = readTopology(`${line}\n${sound}\n`, undefined, ASKED)
  return nodes.find(node => node.id !== 'f'.repeat(40))
}

function at(record: NodeRecord | undefined): string | undefined {
  return record !== undefined && 'host' in record.endpoint
    ? `${record.endpoint.host} ${record.endpoint.port}`
    : undefined
}

describe('CLUSTER NODES', () => {
  test.each([
    ['Redis 3', `${ID} 127.0.0.1:30001 myself,master - 0 0 1 connected 0-5460`, '127.0.0.1 30001'],
    ['Redis 4', `${ID} 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460`, '127.0.0.1 30001'],
    ['Redis 7', `${ID} 127.0.0.1:30001@31001,host-1 master - 0 14262 1 connected 0-5460`, '127.0.0.1 30001'],
    ['a hostname left empty', `${ID} 10.0.0.1:6379@16379, master - 0 0 1 connected 0-5460`, '10.0.0.1 6379'],
    [
      'Valkey 8, with auxiliary fields',
      `${ID} 10.0.0.1:6379@16379,,tls-port=0,shard-id=69bc080733d1355567173199cff4a6a039a2f024 master - 0 0 1 connected 0-5460`,
      '10.0.0.1 6379',
    ],
    ['IPv6', `${ID} 2001:db8::1:6379@16379 master - 0 0 1 connected 0-5460`, '2001:db8::1 6379'],
    ['IPv6 of loopback', `${ID} ::1:6379@16379 master - 0 0 1 connected 0-5460`, '::1 6379'],
    [
      'itself, not knowing its own address',
      `${ID} :6379@16379 myself,master - 0 0 1 connected 0-5460`,
      'asked.test 6379',
    ],
    ['a link that is down', `${ID} 10.0.0.1:6379@16379 master - 0 0 1 disconnected 0-5460`, '10.0.0.1 6379'],
  ])('a line of %s says where the node is', (_, line, where) => {
    const record = ofLine(line)
    expect(at(record)).toBe(where)
    expect(record).toMatchObject({ id: ID, role: 'primary', primaryId: undefined, epoch: 1, failing: false })
    expect(record?.ranges).toEqual([[0, 5460]])
  })

  test.each([
    ['a hostname', 'host-1', 'host-1'],
    ['a hostname before auxiliary fields', 'host-1,shard-id=69bc', 'host-1'],
    ['no hostname before auxiliary fields', ',shard-id=69bc', undefined],
    ['only an auxiliary field', 'shard-id=69bc', undefined],
  ])('%s is the name to prove, or none', (_, fields, name) => {
    const record = ofLine(`${ID} 10.0.0.1:6379@16379,${fields} master - 0 0 1 connected 0`)
    expect(record?.serverName).toBe(name)
  })

  test.each([
    ['slave', `${ID} 10.0.0.1:6379@16379 slave ${OTHER} 0 0 4 connected`, 'replica', OTHER, false],
    ['replica', `${ID} 10.0.0.1:6379@16379 replica ${OTHER} 0 0 4 connected`, 'replica', OTHER, false],
    [
      'a replica without its primary',
      `${ID} 10.0.0.1:1@2 slave - 0 0 4 connected`,
      'replica',
      undefined,
      false,
    ],
    ['master,fail', `${ID} 10.0.0.1:6379@16379 master,fail - 0 0 4 disconnected`, 'primary', undefined, true],
    ['master,fail?', `${ID} 10.0.0.1:6379@16379 master,fail? - 0 0 4 connected`, 'primary', undefined, false],
    ['slave,fail', `${ID} 10.0.0.1:1@2 slave,fail ${OTHER} 0 0 4 disconnected`, 'replica', OTHER, true],
    ['nofailover', `${ID} 10.0.0.1:1@2 slave,nofailover ${OTHER} 0 0 4 connected`, 'replica', OTHER, false],
  ])('%s: role, primary and health', (_, line, role, primaryId, failing) => {
    expect(ofLine(line)).toMatchObject({ role, primaryId, failing, epoch: 4, ranges: [] })
  })

  test.each([
    ['no address', `${ID} :0@0 master,noaddr - 0 0 1 disconnected 0-5460`],
    ['a handshake under way', `${ID} 10.0.0.1:6379@16379 handshake - 0 0 0 connected`],
    ['port 0, for it serves TLS only', `${ID} 10.0.0.1:0@16379 master - 0 0 1 connected 0-5460`],
  ])('a node with %s is left out', (_, line) => {
    expect(ofLine(line)).toBeUndefined()
  })

  test.each([
    ['one slot', '7', [[7, 7]]],
    [
      'single slots and ranges',
      '0-99 101 200-300',
      [
        [0, 99],
        [101, 101],
        [200, 300],
      ],
    ],
    ['slots leaving and coming', '0-5460 [5461->-292f8b] [77-<-e7d1ee]', [[0, 5460]]],
    ['the last slot', '16383', [[16383, 16383]]],
    ['all slots', '0-16383', [[0, 16383]]],
    [
      'two spaces between ranges',
      '0-1  3',
      [
        [0, 1],
        [3, 3],
      ],
    ],
  ])('%s', (_, slots, ranges) => {
    expect(ofLine(`${ID} 10.0.0.1:6379@16379 master - 0 0 1 connected ${slots}`)?.ranges).toEqual(ranges)
  })

  test('lines may end in carriage returns, and empty ones mean nothing', () => {
    const text = `\r\n${ID} 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-16383\r\n\r\n`
    expect(readTopology(text, undefined, ASKED).nodes).toHaveLength(1)
  })

  test('an epoch that is no number counts as none', () => {
    expect(ofLine(`${ID} 10.0.0.1:6379@16379 master - 0 0 x connected 0`)?.epoch).toBe(0)
  })

  test('the snapshot says who told it', () => {
    const text = `${ID} 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-16383`
    expect(readTopology(text, undefined, ASKED).source).toBe('asked.test:7000')
  })
})

describe('CLUSTER SLOTS alone', () => {
  test('the first of a row is the primary, the others are its replicas', () => {
    const { nodes } = readTopology(
      undefined,
      [
        [0, 100, ['10.0.0.1', 6379, ID], ['10.0.0.2', 6379, OTHER]],
        [200, 300, ['10.0.0.1', 6379, ID], ['10.0.0.2', 6379, OTHER]],
      ],
      ASKED,
    )
    expect(nodes).toMatchObject([
      {
        id: ID,
        role: 'primary',
        ranges: [
          [0, 100],
          [200, 300],
        ],
      },
      { id: OTHER, role: 'replica', primaryId: ID, ranges: [] },
    ])
  })

  test.each<[string, Reply[], string, string | undefined]>([
    ['an address', ['10.0.0.1', 6379, ID, []], '10.0.0.1 6379', undefined],
    [
      'an address, with the hostname beside it',
      ['10.0.0.1', 6379, ID, ['hostname', 'h.test']],
      '10.0.0.1 6379',
      'h.test',
    ],
    [
      'the same as a map',
      ['10.0.0.1', 6379, ID, new RespMap(['hostname', 'h.test'])],
      '10.0.0.1 6379',
      'h.test',
    ],
    [
      'a preferred hostname, with the address beside it',
      ['h.test', 6379, ID, ['ip', '10.0.0.1']],
      'h.test 6379',
      undefined,
    ],
    ['null: the one that was asked', [null, 6379, ID, ['ip', '10.0.0.1']], 'asked.test 6379', undefined],
    ['empty: the one that was asked', ['', 6379, ID], 'asked.test 6379', undefined],
    ['?, with the address beside it', ['?', 6379, ID, ['ip', '10.0.0.1']], '10.0.0.1 6379', undefined],
    ['an IPv6 address', ['2001:db8::1', 6379, ID], '2001:db8::1 6379', undefined],
    [
      'facts that are no texts',
      ['10.0.0.1', 6379, ID, ['hostname', null, 5, 'x', 'odd']],
      '10.0.0.1 6379',
      undefined,
    ],
  ])('an endpoint that is %s', (_, member, where, name) => {
    const [record] = readTopology(undefined, [[0, 16383, member]], ASKED).nodes
    expect(at(record)).toBe(where)
    expect(record?.serverName).toBe(name)
  })

  test('an endpoint of which nothing is known is left out', () => {
    const slots = [
      [0, 99, ['10.0.0.1', 6379, ID]],
      [100, 199, ['?', 6379, OTHER]],
      [200, 299, ['10.0.0.3', 0, 'x']],
    ]
    expect(readTopology(undefined, slots, ASKED).nodes.map(node => node.id)).toEqual([ID])
  })

  test('without ids, as before Redis 4, the address is the identity', () => {
    const { nodes } = readTopology(
      undefined,
      [
        [0, 99, ['10.0.0.1', 6379]],
        [200, 299, ['10.0.0.1', 6379]],
        [100, 199, ['10.0.0.2', 6379]],
      ],
      ASKED,
    )
    expect(nodes.map(node => node.id)).toEqual(['10.0.0.1:6379', '10.0.0.2:6379'])
    expect(nodes[0]?.ranges).toEqual([
      [0, 99],
      [200, 299],
    ])
  })
})

describe('both replies', () => {
  const line = `${ID} 10.0.0.1:6379@16379 myself,master - 0 0 3 connected 0-16383 [5->-${OTHER}]`

  test.each<[string, Reply[], string, string | undefined]>([
    ['a hostname', ['h.test', 7001, ID, ['ip', '10.0.0.1']], 'h.test 7001', undefined],
    ['another address', ['192.0.2.1', 7001, ID, ['hostname', 'h.test']], '192.0.2.1 7001', 'h.test'],
    ['the one that was asked', [null, 7001, ID], 'asked.test 7001', undefined],
    ['not known, so that of the nodes stands', ['?', 6379, ID], '10.0.0.1 6379', undefined],
  ])('the endpoint that clients shall use is %s', (_, member, where, name) => {
    const { nodes } = readTopology(line, [[0, 16383, member]], ASKED)
    expect(nodes).toHaveLength(1)
    expect(at(nodes[0])).toBe(where)
    expect(nodes[0]).toMatchObject({ serverName: name, epoch: 3, ranges: [[0, 16383]] })
  })

  test('ids that only CLUSTER SLOTS names are of no account', () => {
    const { nodes } = readTopology(line, [[0, 16383, ['10.0.0.7', 6379, OTHER]]], ASKED)
    expect(nodes.map(node => node.id)).toEqual([ID])
  })
})

describe('a reply that cannot be used is an UnexpectedReplyError', () => {
  const good = `${ID} 10.0.0.1:6379@16379 master - 0 0 1 connected 0-16383`

  test.each<[string, Reply]>([
    ['no text', 5],
    ['null', null],
    ['an array', [good]],
    ['bytes', Buffer.from(good)],
    ['a map', new RespMap([])],
    ['empty', ''],
    ['one word', 'x'],
    ['too few words', `${ID} 10.0.0.1:6379@16379 master`],
    ['an address without a port', `${ID} 10.0.0.1 master - 0 0 1 connected 0-16383`],
    ['an empty port', `${ID} 10.0.0.1:@1 master - 0 0 1 connected 0-16383`],
    ['a port out of range', `${ID} 10.0.0.1:65536@1 master - 0 0 1 connected 0-16383`],
    ['a negative port', `${ID} 10.0.0.1:-1@1 master - 0 0 1 connected 0-16383`],
    ['a port that is no number', `${ID} 10.0.0.1:http@1 master - 0 0 1 connected 0-16383`],
    ['a hexadecimal port', `${ID} 10.0.0.1:0x1F@1 master - 0 0 1 connected 0-16383`],
    ['a slot beyond the last', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected 0-16384`],
    ['a negative slot', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected -1`],
    ['a range that runs backwards', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected 10-1`],
    ['a range without an end', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected 0-`],
    ['slots in hexadecimal', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected 0x1-0x2`],
    ['slots in exponents', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected 1e3`],
    ['NaN', `${ID} 10.0.0.1:1@2 master - 0 0 1 connected NaN`],
    ['a slot named over and over', `${good} ${'0-16383 '.repeat(1000)}`],
    ['a node that knows only itself', `${ID} :1@2 myself,master - 0 0 0 connected`],
    ['no primary', `${ID} 10.0.0.1:1@2 slave ${OTHER} 0 0 1 connected`],
    ['only nodes without address', `${ID} :0@0 master,noaddr - 0 0 1 connected 0-16383`],
    [
      '100,000 nodes',
      Array.from({ length: 100_000 }, (_, i) => `${i} 10.0.0.1:1@2 master - 0 0 1 connected`).join('\n'),
    ],
  ])('CLUSTER NODES: %s', (_, reply) => {
    expect(() => readTopology(reply, undefined, ASKED)).toThrow(UnexpectedReplyError)
  })

  const member = ['10.0.0.1', 6379, ID]
  test.each<[string, Reply]>([
    ['null', null],
    ['text', 'OK'],
    ['a map', new RespMap([])],
    ['empty', []],
    ['rows that are no arrays', ['x']],
    ['an empty row', [[]]],
    ['a row without nodes', [[0, 16383]]],
    ['nodes that are no arrays', [[0, 1, '10.0.0.1']]],
    ['a node without a port', [[0, 1, ['10.0.0.1']]]],
    ['a port as text', [[0, 1, ['10.0.0.1', '6379', ID]]]],
    ['a port out of range', [[0, 1, ['10.0.0.1', 65536, ID]]]],
    ['a port of NaN', [[0, 1, ['10.0.0.1', Number.NaN, ID]]]],
    ['an endpoint that is a number', [[0, 1, [5, 6379, ID]]]],
    ['an endpoint that is a list', [[0, 1, [['10.0.0.1'], 6379, ID]]]],
    ['a slot out of range', [[0, 16384, member]]],
    ['a negative slot', [[-1, 5, member]]],
    ['a range that runs backwards', [[5, 1, member]]],
    ['a slot of null', [[null, 5, member]]],
    ['a slot as text', [['0', '5', member]]],
    ['a slot that is half', [[0.5, 5, member]]],
    ['the same range over and over', Array.from({ length: 50_000 }, () => [0, 16383, member])],
    ['100,000 nodes', [[0, 1, ...Array.from({ length: 100_000 }, (_, i) => ['10.0.0.1', 6379, `${i}`])]]],
  ])('CLUSTER SLOTS: %s', (_, reply) => {
    expect(() => readTopology(undefined, reply, ASKED)).toThrow(UnexpectedReplyError)
  })

  test('a malformed CLUSTER SLOTS spoils a sound CLUSTER NODES', () => {
    expect(() => readTopology(good, [[0, 16384, member]], ASKED)).toThrow(UnexpectedReplyError)
    expect(() => readTopology(good, 'OK', ASKED)).toThrow(UnexpectedReplyError)
  })
})
