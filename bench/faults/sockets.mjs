// Sockets of another process, as the system lists them (Linux).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const CLOSED_STATES = new Set(['06', '07']) // TIME_WAIT, CLOSE: nobody holds them

/** How many sockets this process holds to that local port. */
export function countSocketsTo(pid, port) {
  const own = inodesOf(pid)
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  let count = 0
  for (const table of ['tcp', 'tcp6']) {
    //   sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    for (const line of read(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      const [, , remote, state, , , , , , inode] = line.trim().split(/\s+/)
      if (remote?.split(':')[1] === wanted && !CLOSED_STATES.has(state) && own.has(inode)) count++
    }
  }
  return count
}

function inodesOf(pid) {
  const inodes = new Set()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // Closed since it was listed.
    }
  }
  return inodes
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // no IPv6 on this machine
  }
}
