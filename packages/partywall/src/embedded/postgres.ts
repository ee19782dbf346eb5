/** One run of the server program, as a child of the supervisor: started, ready, stopped. */
import { spawn } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { embeddedFailure } from './failure.ts'
import { freePort, isFree } from './free-port.ts'
import { note } from './log.ts'
import type { EmbeddedPaths } from './paths.ts'
import type { RunAs } from './run-as.ts'
import { serverEnvironment } from './run-to-end.ts'

export interface Postgres {
  readonly pid: number
  readonly port: number
  /** Resolves when the server is gone, for whatever reason. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

const attempts = 5
/** Recovery after a crash may take long, and PostgreSQL reports nothing meanwhile. */
const readyMs = 60_000
const fastShutdownMs = 30_000

export async function startPostgres(
  paths: EmbeddedPaths,
  binaries: Binaries,
  runAs: RunAs,
  settings: Record<string, string>,
): Promise<Postgres> {
  let port = await rememberedPort(paths.portFile)
  for (let attempt = 1; ; attempt++) {
    const logStart = await sizeOf(paths.log)
    const server = launch(port, paths, binaries, runAs, settings)
    if (await becomesReady(server, paths)) {
      await writeFile(paths.portFile, `${port}\n`)
      return server
    }
    await server.stop()
    const said = (await readFile(paths.log)).subarray(logStart).toString()
    const isPortTaken = said.includes('could not bind')
    // Backends of a killed postmaster may take a moment to notice that it is gone.
    const isMemoryTaken = said.includes('pre-existing shared memory block')
    if (attempt === attempts || !(isPortTaken || isMemoryTaken)) {
      throw await embeddedFailure('PostgreSQL ended before it was ready', paths)
    }
    if (isPortTaken) port = await freePort()
    else await sleep(500)
  }
}

function launch(
  port: number,
  paths: EmbeddedPaths,
  binaries: Binaries,
  runAs: RunAs,
  settings: Record<string, string>,
): Postgres {
  const fixed = {
    listen_addresses: '127.0.0.1',
    // The path of a socket has at most 107 bytes, and many project directories are longer.
    unix_socket_directories: '',
    logging_collector: 'off',
    log_checkpoints: 'off',
  }
  const flags = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { file, args, ...user } = runAs.command(binaries.postgres, ['-D', paths.data, '-p', `${port}`, ...flags])
  const child = spawn(file, args, { ...user, cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', (error) => {
      note(error.message)
      resolve()
    })
  })
  return {
    pid: child.pid ?? 0,
    port,
    ended,
    async stop() {
      child.kill('SIGINT')
      const immediate = setTimeout(() => child.kill('SIGQUIT'), fastShutdownMs)
      await ended
      clearTimeout(immediate)
    },
  }
}

/** PostgreSQL writes its state into the last line of postmaster.pid, for pg_ctl and for us. */
async function becomesReady(server: Postgres, paths: EmbeddedPaths): Promise<boolean> {
  const gone = server.ended.then(() => 'gone')
  const deadline = Date.now() + readyMs
  while (Date.now() < deadline) {
    const lines = (await readFile(join(paths.data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true
    if ((await Promise.race([gone, sleep(10)])) === 'gone') return false
  }
  return false
}

async function rememberedPort(portFile: string): Promise<number> {
  const port = Number.parseInt(await readFile(portFile, 'utf8').catch(() => ''), 10)
  return port > 1023 && port < 65_536 && (await isFree(port)) ? port : freePort()
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
