// What one node believes about its cluster, and what is wrong with several such beliefs together. Pure.

/** One line of CLUSTER NODES. */
export interface NodeLine {
  readonly id: string
  /** Where it is to be reached, as it announced itself; undefined while that is unknown. */
  readonly address: BusAddress | undefined
  readonly flags: readonly string[]
  /** The node whose replica it is. */
  readonly primaryId: string | undefined
  readonly epoch: number
  readonly isLinked: boolean
  /** Ranges, both ends included. */
  readonly slots: readonly SlotRange[]
}

/** Where a node serves clients, and where other nodes. */
export interface BusAddress {
  readonly host: string
  readonly port: number
  readonly busPort: number
}

export type SlotRange = readonly [first: number, last: number]

/** What one running node said. */
export interface NodeView {
  readonly id: string
  readonly address: string
  /** `cluster_state` of CLUSTER INFO. */
  readonly state: string
  readonly lines: readonly NodeLine[]
  /** `master_link_status` of INFO, for a replica. */
  readonly linkStatus: string | undefined
}

export const SLOT_COUNT = 16_384

// <id> <ip:port@cport[,hostname]> <flags> <primary id or -> <ping sent> <pong received> <epoch> <link state> <slot>…
// where <slot> is 5, 0-5460, or (for oneself only) [7->-<id>] and [7-<-<id>] for slots on the move.
export function readNodeLines(text: string): NodeLine[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [id = '', address = '', flags = '', primary = '-', , , epoch = '0', link = '', ...slots] =
        line.split(' ')
      return {
        id,
        address: readAddress(address),
        flags: flags.split(','),
        primaryId: primary === '-' ? undefined : primary,
        epoch: Number(epoch),
        isLinked: link === 'connected',
        slots: slots.filter(slot => !slot.startsWith('[')).map(readRange),
      }
    })
}

// 127.0.0.1:7000@17000 and, since 7.0, ,<host name> and further ,<name>=<value>. Before anybody has met it, a node does
// not know its own host: :7000@17000.
function readAddress(text: string): BusAddress | undefined {
  const [, host = '', port, busPort] = /^(.*):(\d+)@(\d+)/.exec(text) ?? []
  return host === '' ? undefined : { host, port: Number(port), busPort: Number(busPort) }
}

export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

export function holdsSlot(ranges: readonly SlotRange[], slot: number): boolean {
  return ranges.some(([first, last]) => first <= slot && slot <= last)
}

/** Why these running nodes are not yet one complete cluster that agrees; empty when they are. */
export function findProblems(views: readonly NodeView[]): string[] {
  const problems: string[] = []
  for (const view of views) {
    const complain = (what: string) => problems.push(`${view.address} ${what}`)
    if (view.state !== 'ok') complain(`says cluster_state:${view.state}`)
    if (view.linkStatus !== undefined && view.linkStatus !== 'up') complain(`has no link to its primary yet`)
    for (const other of views) {
      const line = view.lines.find(({ id }) => id === other.id)
      if (line === undefined) complain(`does not know ${other.address}`)
      else if (!line.isLinked) complain(`is not linked to ${other.address}`)
      else {
        const bad = line.flags.find(flag => ['fail', 'fail?', 'handshake', 'noaddr'].includes(flag))
        if (bad !== undefined) complain(`has marked ${other.address} as ${bad}`)
      }
    }
    const running = view.lines.filter(({ id }) => views.some(other => other.id === id))
    const covered = countSlots(running.flatMap(line => line.slots))
    if (covered !== SLOT_COUNT) complain(`sees ${covered} of ${SLOT_COUNT} slots on running nodes`)
  }
  if (problems.length === 0) problems.push(...findDisagreements(views))
  return problems
}

function findDisagreements(views: readonly NodeView[]): string[] {
  const running = new Set(views.map(({ id }) => id))
  const [first, ...others] = views.map(view => ({ address: view.address, belief: beliefOf(view, running) }))
  return others
    .filter(({ belief }) => belief !== first?.belief)
    .map(({ address }) => `${address} and ${first?.address} differ about owners or roles`)
}

/** Who owns and who follows, written the same by all who believe the same. The dead are left out: nobody repairs them. */
function beliefOf({ lines }: NodeView, running: ReadonlySet<string>): string {
  return lines
    .filter(({ id }) => running.has(id))
    .map(({ id, primaryId, slots }) => `${id} ${primaryId ?? 'primary'} ${slots.join(' ')}`)
    .sort()
    .join('\n')
}

function readRange(text: string): SlotRange {
  const [first, last = first] = text.split('-').map(Number)
  return [first!, last!]
}
