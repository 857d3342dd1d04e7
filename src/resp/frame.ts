// One aggregate under way. The parser keeps a stack of these instead of recursing: a reply may stop at any byte.
import type { UnrepresentableReplyError } from '../core/errors.js'
import type { Reply } from './types.js'

export const FrameKind = {
  ARRAY: 0,
  MAP: 1,
  PUSH: 2,
  ATTRIBUTE: 3,
  TEXT: 4,
} as const
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind]

export class Frame {
  kind: FrameKind = FrameKind.ARRAY
  items: Reply[] = []
  /** Elements still to come. Streamed aggregates count down from -1 and never come to 0. */
  left = 0
  /** Of an attribute: what held before it, since nothing in it is handed out. */
  outerFlaw: UnrepresentableReplyError | undefined = undefined
  /** Of a streamed string: bytes so far. */
  bytes = 0
}
