const CHUNK = 64 * 1024
const shared = Buffer.allocUnsafeSlow(CHUNK)

// Reads as a connection does, the kernel's copy included: into the shared buffer, or where the parser wants it.
export function drive(parser, INCOMPLETE, bytes, mode) {
  let at = 0
  while (at < bytes.length) {
    const direct = parser.nextBuffer()
    if (direct === undefined) {
      const size = bytes.copy(shared, 0, at, at + CHUNK)
      parser.push(shared, 0, size)
      at += size
    } else {
      // A socket's read gives some 200 KB at most.
      const size = bytes.copy(direct, 0, at, at + 200_000)
      parser.filled(size)
      at += size
    }
    while (parser.read(mode) !== INCOMPLETE) {}
  }
}
