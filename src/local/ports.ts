// Free ports for servers.
//
// Asking the system by listening on port 0 would give ports of the range that it also uses for outgoing connections
// (Linux 32768–60999, others 49152–65535). There, a port whose server was killed can be taken by any connection
// before the restart; a client that redials the dead port can even be connected to itself. So a port is drawn at random below
// those ranges, together with its cluster bus port (port + 10000), and the system is asked whether both are free.
// Another process may still take it before our server does: the caller tries again with another.
import { createServer } from 'node:net'
import { ServerStartError } from './errors.js'

/** A cluster node also listens on its port plus this. */
export const BUS_OFFSET = 10_000
/** The highest port a cluster node can have. */
export const MAX_CLUSTER_PORT = 65_535 - BUS_OFFSET

const LOWEST = 11_000
const HIGHEST = 22_700
const DRAWS = 200

// Also those of servers that are down now: they want their port back when they are restarted.
const reserved = new Set<number>()

/** A port that is free now, together with port + 10000. Held until `releasePort`. */
export async function reserveFreePort(host: string): Promise<number> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (reserved.has(port)) continue
    reserved.add(port)
    if ((await isFree(host, port)) && (await isFree(host, port + BUS_OFFSET))) return port
    reserved.delete(port)
  }
  throw new ServerStartError(
    host,
    `found no free port between ${LOWEST} and ${HIGHEST} in ${DRAWS} draws`,
    '',
  )
}

/** Holds a port that was chosen by the user. */
export function reservePort(port: number): void {
  reserved.add(port)
}

export function releasePort(port: number): void {
  reserved.delete(port)
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const listener = createServer()
    listener.once('error', () => resolve(false))
    listener.listen({ host, port, exclusive: true }, () => listener.close(() => resolve(true)))
  })
}
