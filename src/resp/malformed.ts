// What the pieces of the parser throw; the parser makes a ProtocolError of it, with the place.

export class Malformed extends Error {}

export function malformed(what: string): never {
  throw new Malformed(what)
}

/** One byte as it may stand in a message: `'x'` or `0x0d`. Never more than one, lest payload shows. */
export function showByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `0x${byte.toString(16).padStart(2, '0')}`
}
