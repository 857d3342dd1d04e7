// Every diagnostics channel, in one place. https://nodejs.org/api/diagnostics_channel.html
// Publishing costs one property read while nobody subscribes. No payload holds arguments, values or credentials.
import { type Channel, channel } from 'node:diagnostics_channel'

/** A channel whose messages have this type. */
export interface TypedChannel<T> extends Channel {
  readonly payload?: T
}

export interface ConnectionOpened {
  readonly address: string
}
export interface ConnectionClosed {
  readonly address: string
  /** Undefined after a polite close. */
  readonly error: Error | undefined
}
export interface DialFailed {
  readonly address: string
  readonly error: Error
  /** Dials failed in a row. */
  readonly failures: number
}
export interface NodeSuspected {
  readonly address: string
  /** The cluster's id of the node, where it is known. */
  readonly id: string | undefined
  /** It answers nothing while answers are due, or cannot be dialled. */
  readonly why: 'silent' | 'dial failed'
  readonly error: Error | undefined
}
export interface NodeAvailable {
  readonly address: string
  readonly id: string | undefined
  /** How long it was not, in milliseconds. */
  readonly afterMs: number
}
export interface FailedOver {
  /** Address of the node whose slots went. */
  readonly from: string
  readonly to: string
  /** How many. */
  readonly slots: number
}
export interface TopologyChanged {
  /** Address of the node that told it; of several, with commas between. */
  readonly source: string
  /** Why the topology was asked for. */
  readonly reason: string
  /** Primaries and replicas. */
  readonly nodes: number
  /** Against the topology before. */
  readonly changed: {
    readonly nodesAdded: number
    readonly nodesRemoved: number
    /** Nodes at another address or name, with another role or primary, or failing where they were not. */
    readonly nodesChanged: number
    /** Slots with another owner than before, or with one for the first time, or with none any more. */
    readonly slots: number
  }
}
export interface Refreshed {
  /** Why the topology was asked for. */
  readonly reason: string
  readonly ok: boolean
  /** How long it took. */
  readonly ms: number
  /** Who told it; empty where nobody could. */
  readonly sources: readonly string[]
  readonly error: Error | undefined
}
export interface Redirected {
  readonly kind: 'MOVED' | 'ASK'
  readonly slot: number
  readonly from: string
  readonly to: string | undefined
}
export interface CommandSettled {
  readonly command: string
  readonly slot: number
  readonly elapsedMs: number
  readonly error: Error | undefined
}
export interface BackgroundError {
  readonly error: unknown
}

export const channels = {
  connectionOpen: channel('slotwise:connection:open') as TypedChannel<ConnectionOpened>,
  connectionClose: channel('slotwise:connection:close') as TypedChannel<ConnectionClosed>,
  dialFailed: channel('slotwise:node:dial-failed') as TypedChannel<DialFailed>,
  nodeSuspect: channel('slotwise:node:suspect') as TypedChannel<NodeSuspected>,
  nodeAvailable: channel('slotwise:node:available') as TypedChannel<NodeAvailable>,
  failover: channel('slotwise:failover') as TypedChannel<FailedOver>,
  topology: channel('slotwise:topology') as TypedChannel<TopologyChanged>,
  refresh: channel('slotwise:refresh') as TypedChannel<Refreshed>,
  redirect: channel('slotwise:redirect') as TypedChannel<Redirected>,
  command: channel('slotwise:command') as TypedChannel<CommandSettled>,
  error: channel('slotwise:error') as TypedChannel<BackgroundError>,
} as const

export function publish<T>(to: TypedChannel<T>, message: T): void {
  if (to.hasSubscribers) to.publish(message)
}
