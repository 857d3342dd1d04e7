// What the generated command table says beyond, or against, the server that was asked.
//
// ADDITIONS are commands that server does not have. A server that has one is believed instead. COMMAND INFO at run
// time tells of the rest (modules, and what is newer than this file), at the price of one more round trip.
// CORRECTIONS hold whichever server was asked.
import type { Row } from './generate-command-table.js'

interface Addition {
  /** Where the rows are from. */
  readonly reason: string
  /** Lines as the header of command-rows.ts explains them. */
  readonly rows: readonly string[]
}

interface Correction {
  readonly reason: string
  /** As the server writes them, in upper case: `CONFIG|GET`. */
  readonly names: readonly string[]
  readonly change: Partial<Omit<Row, 'name'>>
}

export const ADDITIONS: readonly Addition[] = [
  {
    reason: 'Redis 7.2, as Redis 8.0.2 and Valkey 9.1.2 list them',
    rows: [
      'CLIENT|NO-TOUCH 3 LNS connection 7.2.0',
      'CLUSTER|MYSHARDID 2 LS cluster 7.2.0',
      'WAITAOF 4 BN generic 7.2.0 - all_shards/agg_min',
    ],
  },
  {
    reason:
      'Redis 7.2. Without its tip (all nodes): it describes the connection it is sent on, and connections introduce themselves',
    rows: ['CLIENT|SETINFO 4 LNS connection 7.2.0'],
  },
  {
    reason: 'Redis 7.4 and Valkey 9.0, expiry of hash fields, as Redis 8.0.2 and Valkey 9.1.2 list them',
    rows: [
      'HEXPIRE -6 FW hash 7.4.0 1',
      'HEXPIREAT -6 FW hash 7.4.0 1',
      'HEXPIRETIME -5 FR hash 7.4.0 1',
      'HPERSIST -5 FW hash 7.4.0 1',
      'HPEXPIRE -6 FW hash 7.4.0 1',
      'HPEXPIREAT -6 FW hash 7.4.0 1',
      'HPEXPIRETIME -5 FR hash 7.4.0 1',
      'HPTTL -5 FR hash 7.4.0 1',
      'HTTL -5 FR hash 7.4.0 1',
    ],
  },
  {
    reason: 'Redis 8.0; Valkey 9.0, HGETDEL 9.1; as Redis 8.0.2 and Valkey 9.1.2 list them',
    rows: ['HGETDEL -5 FW hash 8.0.0 1', 'HGETEX -5 FW hash 8.0.0 1', 'HSETEX -6 DFW hash 8.0.0 1'],
  },
  {
    reason: 'Redis 8.0, vector sets, as Redis 8.0.2 lists them (it gives every arity as -1)',
    rows: [
      'VADD -1 DW vector_set 8.0.0 1',
      'VCARD -1 FR vector_set 8.0.0 1',
      'VDIM -1 FR vector_set 8.0.0 1',
      'VEMB -1 FR vector_set 8.0.0 1',
      'VGETATTR -1 FR vector_set 8.0.0 1',
      'VINFO -1 FR vector_set 8.0.0 1',
      'VISMEMBER -1 R vector_set 8.0.0 1',
      'VLINKS -1 FR vector_set 8.0.0 1',
      'VRANDMEMBER -1 R vector_set 8.0.0 1',
      'VREM -1 W vector_set 8.0.0 1',
      'VSETATTR -1 FW vector_set 8.0.0 1',
      'VSIM -1 R vector_set 8.0.0 1',
    ],
  },
  {
    reason: 'Redis 8.2, from its documentation; no server was at hand',
    rows: ['XACKDEL -6 FW stream 8.2.0 1', 'XDELEX -5 FW stream 8.2.0 1'],
  },
  {
    reason: 'Redis 8.4, from its documentation; no server was at hand',
    rows: [
      'CLUSTER|MIGRATION -4 AS cluster 8.4.0',
      'DELEX -2 FW string 8.4.0 1',
      'DIGEST 2 FR string 8.4.0 1',
    ],
  },
  {
    reason:
      'Redis 8.4 and Valkey 9.1, as Valkey 9.1.2 lists it. Without its tip (multi_shard): it is atomic, and NX or XX over parts would not be',
    rows: ['MSETEX -4 DMW string 8.4.0 1#0,1,2'],
  },
  {
    reason: 'Redis 8.6, from its documentation; no server was at hand',
    rows: [
      'HOTKEYS -2 C server 8.6.0',
      'HOTKEYS|GET 2 AN server 8.6.0',
      'HOTKEYS|RESET 2 AN server 8.6.0',
      'HOTKEYS|START -2 AN server 8.6.0',
      'HOTKEYS|STOP 2 AN server 8.6.0',
      'XCFGSET -2 FW stream 8.6.0 1',
    ],
  },
  {
    reason: 'Valkey 8.0, as Valkey 8.1.1 lists them; SLOT-STATS also Redis 8.2',
    rows: [
      'CLIENT|CAPA -3 LNS connection 8.0.0',
      'CLUSTER|SLOT-STATS -4 LS cluster 8.0.0 - all_shards/',
      'SCRIPT|SHOW 3 NS scripting 8.0.0',
    ],
  },
  {
    reason: 'Valkey 8.1, as Valkey 8.1.1 lists them',
    rows: [
      'CLIENT|IMPORT-SOURCE 3 LNS connection 8.1.0',
      'COMMANDLOG -2 C server 8.1.0',
      'COMMANDLOG|GET 4 ALS server 8.1.0 - all_nodes/',
      'COMMANDLOG|HELP 2 LS server 8.1.0',
      'COMMANDLOG|LEN 3 ALS server 8.1.0 - all_nodes/agg_sum',
      'COMMANDLOG|RESET 3 ALS server 8.1.0 - all_nodes/all_succeeded',
    ],
  },
  {
    reason: 'Valkey 9.0, as Valkey 9.1.2 lists them',
    rows: [
      'CLUSTER|CANCELSLOTMIGRATIONS 2 AS cluster 9.0.0',
      'CLUSTER|FLUSHSLOT -3 AW cluster 9.0.0',
      'CLUSTER|GETSLOTMIGRATIONS 2 AS cluster 9.0.0',
      'CLUSTER|MIGRATESLOTS -4 AS cluster 9.0.0',
      'CLUSTER|SYNCSLOTS -3 AS cluster 9.0.0',
      'DELIFEQ 3 FW string 9.0.0 1',
    ],
  },
  {
    reason: 'Valkey 9.1, as Valkey 9.1.2 lists it; the cursor carries a hash tag and is routed by it',
    rows: ['CLUSTERSCAN -2 R cluster 9.1.0 !1 special/special'],
  },
  {
    reason: 'known to sentinels only, as a sentinel of Redis 7.0.15 lists them',
    rows: [
      'SENTINEL -2 AC sentinel 2.8.4',
      'SENTINEL|CKQUORUM 3 A sentinel 2.8.4',
      'SENTINEL|CONFIG -3 A sentinel 6.2.0',
      'SENTINEL|DEBUG -2 A sentinel 7.0.0',
      'SENTINEL|FAILOVER 3 A sentinel 2.8.4',
      'SENTINEL|FLUSHCONFIG 2 A sentinel 2.8.4',
      'SENTINEL|GET-MASTER-ADDR-BY-NAME 3 A sentinel 2.8.4',
      'SENTINEL|HELP 2 LS sentinel 6.2.0',
      'SENTINEL|INFO-CACHE -3 A sentinel 3.2.0',
      'SENTINEL|IS-MASTER-DOWN-BY-ADDR 6 A sentinel 2.8.4',
      'SENTINEL|MASTER 3 A sentinel 2.8.4',
      'SENTINEL|MASTERS 2 A sentinel 2.8.4',
      'SENTINEL|MONITOR 6 A sentinel 2.8.4',
      'SENTINEL|MYID 2 A sentinel 6.2.0',
      'SENTINEL|PENDING-SCRIPTS 2 A sentinel 2.8.4',
      'SENTINEL|REMOVE 3 A sentinel 2.8.4',
      'SENTINEL|REPLICAS 3 A sentinel 5.0.0',
      'SENTINEL|RESET 3 A sentinel 2.8.4',
      'SENTINEL|SENTINELS 3 A sentinel 2.8.4',
      'SENTINEL|SET -5 A sentinel 2.8.4',
      'SENTINEL|SIMULATE-FAILURE -3 A sentinel 3.2.0',
      'SENTINEL|SLAVES 3 A sentinel 2.8.0',
    ],
  },
]

export const CORRECTIONS: readonly Correction[] = [
  {
    reason: '7.0 calls it multi_shard; it sets all keys or none, which parts cannot. 7.2 took the tip back',
    names: ['MSETNX'],
    change: { policies: '' },
  },
  {
    reason: '7.0 has no response policy; one key of several is to be picked. As Redis 8.0.2 says',
    names: ['RANDOMKEY'],
    change: { policies: 'all_shards/special' },
  },
  {
    reason: '7.0 has no response policy; the cursors of several shards do not add up. As Redis 8.0.2 says',
    names: ['SCAN'],
    change: { policies: 'special/special' },
  },
  {
    reason: '7.0 says all_succeeded; it answers with a number of resets. As Redis 8.0.2 says',
    names: ['LATENCY|RESET'],
    change: { policies: 'all_nodes/agg_sum' },
  },
  {
    reason: '7.0 has no tips; each node has users, settings and statistics of its own. As Redis 8.0.2 says',
    names: ['ACL|DELUSER', 'ACL|SAVE', 'ACL|SETUSER', 'CONFIG|RESETSTAT', 'CONFIG|REWRITE'],
    change: { policies: 'all_nodes/all_succeeded' },
  },
  {
    reason:
      '7.2 gave it a tip (all nodes); it names the connection it is sent on, and connections name themselves',
    names: ['CLIENT|SETNAME'],
    change: { policies: '' },
  },
  {
    reason:
      '7.0 does not flag it, and it blocks: on a shared connection all calls behind it would wait as long',
    names: ['WAIT'],
    change: { flags: 'BN' },
  },
  {
    reason: 'refused within MULTI, which only Valkey 8 says with a flag',
    names: ['MULTI', 'WATCH'],
    change: { flags: 'FLNSX' },
  },
  {
    reason: 'within MULTI it would leave EXEC without an answer, as Valkey 9 says with a flag',
    names: ['CLIENT|REPLY'],
    change: { flags: 'LNSX' },
  },
  {
    reason: 'newer servers take more words: WITHSCORE since 7.2',
    names: ['ZRANK', 'ZREVRANK'],
    change: { arity: -3 },
  },
  {
    reason: 'newer servers take fewer words: a command without arguments since 7.2',
    names: ['COMMAND|GETKEYS', 'COMMAND|GETKEYSANDFLAGS'],
    change: { arity: -3 },
  },
  {
    reason: 'newer servers take more words: CLUSTER REPLICATE NO ONE since Valkey 9.0',
    names: ['CLUSTER|REPLICATE'],
    change: { arity: -3 },
  },
]
