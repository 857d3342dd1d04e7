// Aggregates under way: a stack of frames, so that a reply may stop at any byte and no depth exhausts the call stack.
//
//   *2 ( :1  %1 ( +key  *3 ( :5 ...        frames: ARRAY left 1 │ MAP left 1 │ ARRAY left 2  ← top
//
// A value goes into the frame on top. A frame that is full becomes a value itself, and goes into the one below.
import type { UnrepresentableReplyError } from '../core/errors.js'
import type { Limits } from './limits.js'
import { malformed } from './malformed.js'
import { Push, type Reply, RespMap } from './types.js'

/** Something was read that is no value in itself: the head of an aggregate, an attribute, a part of a streamed string. */
export const NOTHING: unique symbol = Symbol('slotwise.resp.nothing')
export type Value = Reply | Push | typeof NOTHING

export const FrameKind = { ARRAY: 0, MAP: 1, PUSH: 2, ATTRIBUTE: 3, TEXT: 4 } as const
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind]

/** In place of a count: until a '.' (or, of a string, an empty part). */
export const STREAMED = -1

// Slots reserved because a count was claimed: 8 KB. Beyond, an array grows with what comes.
const MAX_PREALLOCATED = 1024

export class Frame {
  kind: FrameKind = FrameKind.ARRAY
  items: Reply[] = []
  /** Elements in `items`; its length may run ahead. */
  filled = 0
  /** Elements still to come; if streamed it counts down from -1 and never comes to 0. */
  left = 0
  /** Of an attribute: the flaw found before it, since nothing in it is handed out. */
  outerFlaw: UnrepresentableReplyError | undefined = undefined
  /** Of a streamed string: its bytes so far. */
  bytes = 0
}

export class Nesting {
  /** Aggregates open. */
  depth = 0
  /** The innermost of them. Of no meaning when `depth` is 0. */
  top = new Frame()

  readonly #maxDepth: number
  readonly #maxElements: number
  // Frames are used again; their items are not.
  readonly #frames: Frame[] = []
  #elements = 0
  #flaw: UnrepresentableReplyError | undefined = undefined

  constructor(limits: Limits) {
    this.#maxDepth = limits.maxDepth
    this.#maxElements = limits.maxElements
  }

  /** A reply begins. */
  begin(): void {
    this.#elements = 0
  }

  /** `count` of a map or an attribute is in pairs. */
  open(kind: FrameKind, count: number): typeof NOTHING {
    const depth = this.depth
    if (depth === this.#maxDepth) malformed(`aggregates nested deeper than maxDepth = ${this.#maxDepth}`)
    const isPairs = kind === FrameKind.MAP || kind === FrameKind.ATTRIBUTE
    const elements = isPairs && count > 0 ? count * 2 : count
    if (elements > 0) this.#count(elements)
    let frame = this.#frames[depth]
    if (frame === undefined) {
      frame = new Frame()
      this.#frames.push(frame)
    }
    frame.kind = kind
    frame.items = elements > 0 ? new Array<Reply>(Math.min(elements, MAX_PREALLOCATED)) : []
    frame.filled = 0
    frame.left = elements
    frame.outerFlaw = this.#flaw
    frame.bytes = 0
    this.depth = depth + 1
    this.top = frame
    return NOTHING
  }

  /** Puts a value where it belongs, and closes what it fills. Answers the reply once that is whole. */
  place(value: Value): Value {
    let placed = value
    while (this.depth > 0) {
      const frame = this.top
      if (placed !== NOTHING) {
        // A push is never an element: it is refused there.
        frame.items[frame.filled++] = placed as Reply
        frame.left--
        if (frame.left < 0) this.#count(1)
      }
      if (frame.left !== 0) return NOTHING
      placed = this.close()
    }
    return placed === NOTHING ? NOTHING : this.#finish(placed)
  }

  /** Closes the frame on top, and answers what it makes. */
  close(): Value {
    const { kind, items, outerFlaw } = this.top
    this.top.items = []
    this.depth--
    if (this.depth > 0) this.top = this.#frames[this.depth - 1]!
    if (kind === FrameKind.MAP) return new RespMap(items)
    if (kind === FrameKind.PUSH) return new Push(items)
    if (kind !== FrameKind.ATTRIBUTE) return items
    this.#flaw = outerFlaw
    return NOTHING
  }

  /** `.` */
  endStream(): Value {
    const frame = this.top
    if (this.depth === 0 || frame.left >= 0 || frame.kind === FrameKind.TEXT) {
      malformed("'.' where no streamed aggregate is open")
    }
    const isPairs = frame.kind === FrameKind.MAP || frame.kind === FrameKind.ATTRIBUTE
    if (isPairs && frame.filled % 2 !== 0) malformed("'.' after a key without its value")
    return this.close()
  }

  /** A value that cannot be shown makes the whole reply one: no part of a reply is silently wrong. */
  flaw(error: UnrepresentableReplyError): UnrepresentableReplyError {
    this.#flaw ??= error
    return error
  }

  /** Lets go of what is under way. */
  clear(): void {
    this.depth = 0
    this.#frames.length = 0
    this.top = new Frame()
  }

  #finish(value: Reply | Push): Reply | Push {
    const flaw = this.#flaw
    if (flaw === undefined) return value
    this.#flaw = undefined
    // Whoever waits for a reply must not be settled by a push.
    return value instanceof Push ? value : flaw
  }

  #count(elements: number): void {
    this.#elements += elements
    if (this.#elements > this.#maxElements) {
      malformed(`more elements than maxElements = ${this.#maxElements}`)
    }
  }
}
