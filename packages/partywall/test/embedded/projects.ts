/** Temporary projects with real processes. At the end of a test file none of them may be running. */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect } from 'vitest'
import { embeddedPaths, type EmbeddedPaths } from '../../src/embedded/paths.ts'
import { serverProcesses } from '../../src/embedded/server-processes.ts'

export const holderFile = fileURLToPath(new URL('./holder.ts', import.meta.url))

export interface Report {
  port: number
  pid: number
  url: string
  supervisorPid: number
  progress: string[]
  error?: { code: string; message: string }
}

export interface Holder {
  child: ChildProcess
  report: Report
  /** Sends SIGTERM, on which it releases the server, and waits for its end. */
  end(): Promise<void>
}

const projects: EmbeddedPaths[] = []
const children = new Set<ChildProcess>()

/** A new directory that only this user can enter, like one in a private home. */
export async function temporaryProject(): Promise<EmbeddedPaths> {
  const paths = embeddedPaths(join(await realpath(await mkdtemp(join(tmpdir(), 'partywall-'))), '.partywall'))
  projects.push(paths)
  return paths
}

/** Starts a process that uses the server; resolves when it has the server, or failed to get it. */
export async function startHolder(
  paths: EmbeddedPaths,
  then: 'hold' | 'release' | 'leave' = 'hold',
  options: SpawnOptions & { file?: string; through?: string[] } = {},
): Promise<Holder> {
  const { file = holderFile, through = [], ...spawnOptions } = options
  const [program = '', ...args] = [...through, process.execPath, file, paths.directory, then]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...spawnOptions })
  children.add(child)
  const closed = once(child, 'close').then(() => children.delete(child))
  const lines = createInterface({ input: child.stdout! })
  const [line] = (await Promise.race([once(lines, 'line'), closed.then(() => [])])) as string[]
  if (line === undefined) throw new Error(`the holder ended without a word, exit code ${child.exitCode}`)
  return {
    child,
    report: JSON.parse(line) as Report,
    async end() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** Starts a process, lets it release the server and end. Resolves when stdout is closed, which shows that no other process holds it. */
export async function runHolder(
  paths: EmbeddedPaths,
  then: 'release' | 'leave' = 'release',
  options: Parameters<typeof startHolder>[2] = {},
): Promise<Report> {
  const { child, report } = await startHolder(paths, then, options)
  if (children.has(child)) await once(child, 'close')
  return report
}

/** A zombie counts as dead. */
export function isAlive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' }).stdout.trim()
  return state !== '' && !state.startsWith('Z')
}

export async function eventually(what: string, isSo: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await isSo())) {
    if (Date.now() > deadline) expect.fail(`it did not happen within ${ms} ms: ${what}`)
    await sleep(25)
  }
}

export async function everythingStopped(paths: EmbeddedPaths): Promise<void> {
  await eventually(`no process works for ${paths.home}`, async () => (await processesOf(paths)).length === 0)
}

/** The server's processes, and supervisors of this directory. */
async function processesOf(paths: EmbeddedPaths): Promise<number[]> {
  return [...(await serverProcesses(paths.data)), ...(await supervisorsOf(paths))]
}

/** The processes that have the lock file open. */
export async function supervisorsOf(paths: EmbeddedPaths): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 1)
  const found: number[] = []
  for (const pid of pids) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const open = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
    if (open.includes(paths.lock)) found.push(pid)
  }
  return found
}

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const paths of projects) {
    await everythingStopped(paths)
    await rm(join(paths.directory, '..'), { recursive: true, force: true })
  }
})
