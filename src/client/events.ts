// What a client tells of itself. Nothing here needs to be listened to.
import type { FailedOver, NodeAvailable, TopologyChanged } from '../core/diagnostics.js'
import { InvalidArgumentError } from '../core/errors.js'

/** Event name → arguments of its listeners. */
export interface ClientEvents {
  /** The topology was learned, or is another than before. */
  topology: [change: TopologyChanged]
  /** A node was learned of. */
  'node:add': [node: { readonly address: string; readonly id: string | undefined }]
  /** A node is no longer part of the deployment; its connections finish and close. */
  'node:remove': [node: { readonly address: string; readonly id: string | undefined }]
  /** A node serves nobody at the moment: it keeps silent while answers are due, or cannot be dialled. Its commands wait. */
  'node:suspect': [
    node: {
      readonly address: string
      readonly id: string | undefined
      readonly why: 'silent' | 'dial failed'
    },
  ]
  /** A node that was suspect serves again. */
  'node:available': [node: NodeAvailable]
  /** Slots went to a replica that has become primary, before any topology told of it. */
  failover: [move: FailedOver]
  /** A failure in the background (discovery, credentials). Never thrown for want of a listener. */
  error: [error: Error]
}

// Of all, and of no others, says the type.
const NAMES: Readonly<Record<keyof ClientEvents, true>> = {
  topology: true,
  'node:add': true,
  'node:remove': true,
  'node:suspect': true,
  'node:available': true,
  failover: true,
  error: true,
}

/** Refuses an event that there is not, and a listener that is none: it would never be called, and nobody would know. */
export function checkListener(method: string, event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || !Object.hasOwn(NAMES, event)) {
    throw new InvalidArgumentError(method, 'event', `must be one of ${Object.keys(NAMES).join(', ')}`)
  }
  if (typeof listener !== 'function') throw new InvalidArgumentError(method, 'listener', 'must be a function')
}
