// Bytes to text. Decoding is UTF-8, with U+FFFD for what is none; ASCII, the usual case, has shorter ways.
import { constants, isAscii } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import { TextTooLongError } from '../core/errors.js'

// `toString(encoding, start, end)` without its checks of arguments: in Node since 0.x, used by undici and others.
interface NativeSlices {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & NativeSlices).latin1Slice(start, end)
}

export function utf8Text(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & NativeSlices).utf8Slice(start, end)
}

// From here on it pays to ask whether all is ASCII and to copy as latin1: 4 KB 0.50 against 0.54 µs, 64 KB 5.8 against 8.6.
const LONG_TEXT = 4096
// What is longer in bytes than a string can be in units is decoded in pieces of this size.
const PIECE = 32 * 1024 * 1024

/** `bytes[start, end)` as text, or the error that says why it cannot be. */
export function decodeText(
  bytes: Buffer,
  start: number,
  end: number,
  maxUnits: number = constants.MAX_STRING_LENGTH,
): string | TextTooLongError {
  const size = end - start
  if (size < LONG_TEXT) return utf8Text(bytes, start, end)
  if (size > maxUnits) return decodeInPieces(bytes, start, end, maxUnits)
  return isAscii(bytes.subarray(start, end)) ? latin1Text(bytes, start, end) : utf8Text(bytes, start, end)
}

// V8 refuses by bytes what it could hold in units: three bytes of UTF-8 may be one unit.
function decodeInPieces(
  bytes: Buffer,
  start: number,
  end: number,
  maxUnits: number,
): string | TextTooLongError {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for (let at = start; at < end; at += PIECE) {
    const piece = decoder.write(bytes.subarray(at, Math.min(at + PIECE, end)))
    if (text.length + piece.length > maxUnits) return new TextTooLongError(end - start)
    text += piece
  }
  const rest = decoder.end()
  return text.length + rest.length > maxUnits ? new TextTooLongError(end - start) : text + rest
}
