// Copies of bytes that are handed out, in memory that outlives the chunk they came in.

// Up to here V8 keeps the bytes inside the object itself: nothing is shared and nothing is to be freed.
const MAX_INLINE = 64
const MAX_SHARED = 512
const SLAB = 2048

let slab = Buffer.allocUnsafeSlow(SLAB)
let slabUsed = 0

/** A copy of `bytes[start, end)`. */
export function ownBytes(bytes: Buffer, start: number, end: number): Buffer {
  const size = end - start
  if (size <= MAX_INLINE) {
    const copy = Buffer.allocUnsafeSlow(size)
    for (let i = 0; i < size; i++) copy[i] = bytes[start + i]!
    return copy
  }
  const copy = size <= MAX_SHARED ? fromSlab(size) : Buffer.allocUnsafeSlow(size)
  bytes.copy(copy, 0, start, end)
  return copy
}

function fromSlab(size: number): Buffer {
  if (slabUsed + size > SLAB) {
    slab = Buffer.allocUnsafeSlow(SLAB)
    slabUsed = 0
  }
  const copy = slab.subarray(slabUsed, slabUsed + size)
  slabUsed += size
  return copy
}
