// Encodes and takes one batch, and copies its text out as a socket's write would.
export function batch(encoder, commands, space) {
  for (let i = 0; i < commands.length; i++) encoder.append(commands[i])
  const pieces = encoder.take()
  let at = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') at += space.utf8Write(piece, at)
  }
  return at
}
