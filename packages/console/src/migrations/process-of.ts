/** Whether the process of a run still lives. The catalog knows it as `host pid program`; only processes of this host can be looked for. */
import { hostname } from 'node:os'

export type Life = 'here' | 'alive' | 'gone' | 'unknown'

/** @param since when the run began: a process of today may have the number of one that is gone */
export function lifeOf(origin: string | undefined, since: Date): Life {
  const [host, number] = origin?.split(' ') ?? []
  const pid = Number(number)
  if (host !== hostname() || !Number.isSafeInteger(pid) || pid <= 0) return 'unknown'
  if (pid === process.pid) return since.getTime() < performance.timeOrigin ? 'gone' : 'here'
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : 'gone'
  }
}
