/**
 * Which processes are the PostgreSQL of a data directory. A pid from a file proves nothing: another process may have the number by
 * now, so no signal is ever sent because of a file. The kernel gives the proof: the program is called postgres, and its working
 * directory is this data directory (which is so for the postmaster and all its children).
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { platform } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

/** The running processes of this data directory, the postmaster first. */
export async function serverProcesses(data: string): Promise<number[]> {
  const place = await realpath(data).catch(() => undefined)
  if (place === undefined) return []
  const found = platform() === 'linux' ? await fromProc(place) : await fromPs(place)
  const postmaster = await postmasterPid(data)
  return found.toSorted((a, b) => Number(b === postmaster) - Number(a === postmaster) || a - b)
}

/** The pid in postmaster.pid, whether it is still right or not. */
export async function postmasterPid(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return pid > 0 ? pid : undefined
}

async function fromProc(place: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 1)
  const isOurs = async (pid: number) => {
    try {
      const [cwd, exe] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)])
      // After an `npm ci` under a running server the program is "…/postgres (deleted)".
      return cwd === place && basename(exe.replace(/ \(deleted\)$/, '')) === 'postgres'
    } catch {
      // gone meanwhile, a kernel thread, or a process of another user
      return false
    }
  }
  const answers = await Promise.all(pids.map(isOurs))
  return pids.filter((_, index) => answers[index])
}

/** macOS has no /proc; there the postmaster is known by its command line, and its children by their parent. */
async function fromPs(place: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,command='])
  const rows = stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }]
  })
  const isPostmaster = ({ command }: { command: string }) => /\/postgres -D /.test(command) && command.includes(` -D ${place} `)
  const postmasters = new Set(rows.filter(isPostmaster).map((row) => row.pid))
  return rows.filter((row) => postmasters.has(row.pid) || postmasters.has(row.parent)).map((row) => row.pid)
}
