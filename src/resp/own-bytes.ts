// Copies of bytes that are handed out, in memory that outlives the chunk they came in.
//
// Three ways, by size. Memory of its own is dear (2 µs for 100 bytes, most of it the garbage collector's); Node's pool is
// cheap (0.2 µs) but lets ten bytes hold 8 KB for as long as somebody keeps them.

import { markAsUntransferable } from 'node:worker_threads'

/** Up to here V8 keeps the bytes inside the object itself: nothing is shared and nothing is to be freed. */
export const MAX_INLINE_BYTES = 64
// Up to here they share a slab, and may hold all of it; longer ones have their own memory.
const MAX_SHARED = 1024
const SLAB_BYTES = 4096
// A native copy begins to pay above this.
const SHORT_COPY = 24

let slab = sharedMemory(SLAB_BYTES)
let slabUsed = 0

/** Memory that several Buffers share. Like Node's own pool it cannot be transferred: the others would lose their bytes. */
export function sharedMemory(size: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(size)
  markAsUntransferable(memory.buffer)
  return memory
}

/** A copy of `bytes[start, end)`. */
export function ownBytes(bytes: Buffer, start: number, end: number): Buffer {
  const size = end - start
  const copy = size > MAX_INLINE_BYTES && size <= MAX_SHARED ? fromSlab(size) : Buffer.allocUnsafeSlow(size)
  if (size > SHORT_COPY) bytes.copy(copy, 0, start, end)
  else for (let i = 0; i < size; i++) copy[i] = bytes[start + i]!
  return copy
}

function fromSlab(size: number): Buffer {
  if (slabUsed + size > SLAB_BYTES) {
    slab = sharedMemory(SLAB_BYTES)
    slabUsed = 0
  }
  const part = slab.subarray(slabUsed, slabUsed + size)
  slabUsed += size
  return part
}
