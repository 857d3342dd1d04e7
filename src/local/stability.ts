// Waiting until the running nodes are one complete cluster that agrees.
import type { LocalClusterNode } from './cluster-node.js'
import { findProblems } from './cluster-view.js'
import { ClusterNotReadyError } from './errors.js'
import { type Deadline, until } from './until.js'

/** Looks at the nodes again and again; those that are dead or paused at a look are left out of it. */
export async function untilStable(
  nodes: readonly LocalClusterNode[],
  deadline: Deadline,
  timeoutMs: number,
): Promise<void> {
  let problems: readonly string[] = []
  await until(
    deadline,
    async () => {
      problems = await problemsNow(nodes)
      return problems.length === 0 ? true : undefined
    },
    async () => {
      const accused = nodes.find(node => problems[0]?.startsWith(node.address)) ?? nodes[0]
      return new ClusterNotReadyError(problems, (await accused?.logTail()) ?? '', timeoutMs)
    },
  )
}

async function problemsNow(nodes: readonly LocalClusterNode[]): Promise<string[]> {
  const running = nodes.filter(node => node.state === 'running')
  if (running.length === 0) return ['no node is running']
  const looks = await Promise.allSettled(running.map(node => node.look()))
  const silent = looks.flatMap((look, i) =>
    look.status === 'rejected' ? [`${running[i]!.address} does not answer: ${look.reason.message}`] : [],
  )
  if (silent.length > 0) return silent
  return findProblems(looks.flatMap(look => (look.status === 'fulfilled' ? [look.value] : [])))
}
