/**
 * Removes what a killed supervisor or a killed postmaster leaves behind: a server without a supervisor, backends without a postmaster, or
 * a postmaster.pid whose number another process may have by now. Only for the owner of the lock, as no other supervisor runs then.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { note } from './log.ts'
import type { EmbeddedPaths } from './paths.ts'
import { postmasterPid, serverProcesses } from './server-processes.ts'

/** Fast shutdown (it writes a checkpoint), immediate shutdown, and kill, each with how long it may take. */
const escalation = [
  { signal: 'SIGINT', ms: 15_000 },
  { signal: 'SIGQUIT', ms: 5_000 },
  { signal: 'SIGKILL', ms: 2_000 },
] as const

/** Returns when no process works in the data directory any more. */
export async function stopOrphan(paths: EmbeddedPaths): Promise<void> {
  for (const { signal, ms } of escalation) {
    const [postmaster, ...children] = await serverProcesses(paths.data)
    if (postmaster === undefined) break
    note(`stopping the PostgreSQL that an earlier run left behind (pid ${postmaster}) with ${signal}`)
    const isHeaded = postmaster === (await postmasterPid(paths.data))
    // A postmaster stops its own children; without one they get the signal themselves, and only one that they handle.
    for (const pid of isHeaded && signal !== 'SIGKILL' ? [postmaster] : [postmaster, ...children]) {
      signalIfAlive(pid, isHeaded || signal === 'SIGKILL' ? signal : 'SIGQUIT')
    }
    const until = Date.now() + ms
    while (Date.now() < until && (await serverProcesses(paths.data)).length > 0) await sleep(50)
  }
  // PostgreSQL would refuse to start for a pid that another process has by now.
  if ((await serverProcesses(paths.data)).length === 0) await rm(join(paths.data, 'postmaster.pid'), { force: true })
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
