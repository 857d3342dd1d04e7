// Black holes on loopback by iptables: packets are dropped without a word, those that open a connection too. Needs root.
//
// The rules stand in a chain of this process's own, which ends with it; those of a process that was killed are removed
// by the next.
import { execFileSync } from 'node:child_process'

const PREFIX = 'SLOTWISE-FAULTS-'
const CHAIN = `${PREFIX}${process.pid}`
let isReady

/** Whether packets can be dropped here; makes the chain. */
export function hasFirewall() {
  isReady ??= prepare()
  return isReady
}

/** Drops every packet that one of these matches, e.g. ['-d', '127.0.1.1']; replaces what was dropped before. */
export function drop(matches) {
  const rules = matches.map(match => `-A ${CHAIN} ${match.join(' ')} -j DROP`)
  // All rules at one moment, so that there is no half of a hole.
  const text = ['*filter', `-F ${CHAIN}`, ...rules, 'COMMIT', ''].join('\n')
  execFileSync('iptables-restore', ['-w', '--noflush'], { input: text, stdio: ['pipe', 'ignore', 'pipe'] })
}

export function dropNothing() {
  drop([])
}

function prepare() {
  try {
    removeStale()
    iptables('-N', CHAIN)
    iptables('-I', 'INPUT', '-i', 'lo', '-j', CHAIN)
  } catch {
    return false // no iptables, or not allowed: gates have to do
  }
  process.once('exit', () => removeChain(CHAIN))
  return true
}

function removeStale() {
  for (const [, chain, pid] of iptables('-S').matchAll(/^-N (SLOTWISE-FAULTS-(\d+))$/gm)) {
    if (!isAlive(Number(pid))) removeChain(chain)
  }
}

function removeChain(chain) {
  for (const rule of [
    ['-D', 'INPUT', '-i', 'lo', '-j', chain],
    ['-F', chain],
    ['-X', chain],
  ]) {
    try {
      iptables(...rule)
    } catch {
      // Not there: the same in the end.
    }
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function iptables(...args) {
  return execFileSync('iptables', ['-w', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
