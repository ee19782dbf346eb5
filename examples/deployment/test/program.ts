/** Programs that the files of this folder are for: started for a test file, and ended with it. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'

/** Debian has servers where only root looks for programs. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

/** Whether it is installed. In CI its absence is a failure: there no test may be skipped for it. */
export function has(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env })
    return true
  } catch {
    if (!['', 'false', '0', undefined].includes(process.env['CI']))
      throw new Error(`${notInstalled(program)}. In CI (the variable CI is set) no test may be skipped for that.`)
    return false
  }
}

export function notInstalled(program: string): string {
  return `${program} is not installed: apt-get install ${program}`
}

/** A folder that is removed with the test file. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-deployment-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface Started {
  /** All that it has printed. */
  log(): string
}

/** Starts it, and waits until it listens on the port. The kernel closes our end of its input however this process ends, so it never outlives it. */
export async function start(command: string, port: number, more: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = spawn('/bin/sh', ['-c', `${command} & read -r _; kill -9 $!; wait`], {
    env: { ...env, ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = once(child, 'exit')
  afterAll(async () => {
    child.stdin.end()
    await ended
  })
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await listens(port)) return { log: () => log }
    await sleep(20)
  }
  throw new Error(`Nothing listens on port ${port}: ${log}`)
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
