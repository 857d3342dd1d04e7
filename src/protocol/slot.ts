// Key → slot: CRC16 (XMODEM) of the key, or of its hash tag, modulo 16384.
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
//
//   user:{42}:name    the tag is what stands between the first `{` and the first `}` after it
//         ~~
//   {}a} · a{}b}c     that is empty: there is no tag, the whole key is hashed, whatever follows
//   foo{{bar}}zap     the tag is `{bar`
//
// Every command passes here, so ASCII strings, which nearly all keys are, take a loop over char codes: half the time
// of cluster-key-slot for 16 characters (75 ns against 160), a third with a tag. Everything else is hashed by
// cluster-key-slot, as the bytes that are sent: it would encode lone surrogates itself, as CESU-8, where the socket
// sends U+FFFD. It looks for the tag again and, in 1.1.2, errs where the first tag is empty; so we find the tag, and
// it only ever hashes.
import { isUint8Array } from 'node:util/types'
import crc16Slot from 'cluster-key-slot'
import { InvalidArgumentError } from '../core/errors.js'
import { MIXED_SLOTS, NO_SLOT } from './command.js'

const OPEN = 0x7b
const CLOSE = 0x7d

/**
 * The slot of a key, 0…16383.
 *
 * @example
 * ```ts
 * keySlot('user:{42}:name') === keySlot('user:{42}:mail') // true: both are hashed as 42
 * ```
 */
export function keySlot(key: string | Uint8Array): number {
  if (typeof key !== 'string') return bytesSlot(checked(key))
  const slot = asciiSlot(key)
  return slot === NOT_ASCII ? bytesSlot(Buffer.from(key)) : slot
}

/** The slot all keys share: {@link NO_SLOT} where there are none, {@link MIXED_SLOTS} where they differ. */
export function keysSlot(keys: readonly (string | Uint8Array)[]): number {
  const first = keys[0]
  if (first === undefined) return NO_SLOT
  const slot = keySlot(first)
  for (let i = 1; i < keys.length; i++) {
    if (keySlot(keys[i]!) !== slot) return MIXED_SLOTS
  }
  return slot
}

/** The slots met, each once, in the order of the keys. */
export function distinctSlots(keys: readonly (string | Uint8Array)[]): number[] {
  const slots = new Set<number>()
  for (const key of keys) slots.add(keySlot(key))
  return [...slots]
}

function checked(key: unknown): Uint8Array {
  if (isUint8Array(key)) return key
  throw new InvalidArgumentError('keySlot()', 'key', 'must be a string or a Uint8Array')
}

const NOT_ASCII = -1

/** The slot of an ASCII key, or {@link NOT_ASCII}. */
function asciiSlot(key: string): number {
  let crc = 0
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    if (code > 0x7f) return NOT_ASCII
    if (code === OPEN) return taggedSlot(key, i)
    crc = (crc << 8) ^ CRC16[((crc >> 8) ^ code) & 0xff]!
  }
  return crc & 0x3fff
}

/** The same for a key whose first brace stands at `open`: its tag alone need be ASCII. */
function taggedSlot(key: string, open: number): number {
  const close = key.indexOf('}', open + 1)
  const hasTag = close > open + 1
  const end = hasTag ? close : key.length
  let crc = 0
  for (let i = hasTag ? open + 1 : 0; i < end; i++) {
    const code = key.charCodeAt(i)
    if (code > 0x7f) return NOT_ASCII
    crc = (crc << 8) ^ CRC16[((crc >> 8) ^ code) & 0xff]!
  }
  return crc & 0x3fff
}

function bytesSlot(key: Uint8Array): number {
  const open = key.indexOf(OPEN)
  if (open === -1) return hashBytes(key)
  const close = key.indexOf(CLOSE, open + 1)
  if (close === -1) return hashBytes(key)
  if (close > open + 1) return hashBytes(key.subarray(open + 1, close))
  // An empty tag: all of it is hashed, and cluster-key-slot must not see the braces. It compares a byte with 0x7b
  // and 0x7d before it masks with 0xff, so with a ninth bit set no byte is a brace and each hashes as before.
  return hashBytes(Uint16Array.from(key, byte => byte | 0x100))
}

function hashBytes(bytes: Uint8Array | Uint16Array): number {
  // Declared for Buffer only; it reads `length` and elements, which any typed array has.
  return crc16Slot(bytes as Buffer)
}

// CRC-16/XMODEM, polynomial 0x1021, one entry per byte.
const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})
