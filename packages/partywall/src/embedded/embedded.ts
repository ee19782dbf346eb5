/**
 * A real PostgreSQL for development and tests, for projects that have none: binaries from npm, data in the project's folder.
 *
 * All processes of one project share one server. It is a child of a small supervisor process (supervisor.ts). Each process that uses the
 * server keeps one loopback connection to the supervisor open: its hold. The kernel closes a hold however its process ends, so the
 * supervisor notices when the last one is gone, stops the server and ends. Nothing is left running, not even after a kill -9.
 */
import '../node-version.ts'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../errors.ts'
import { locateBinaries } from './binaries.ts'
import { embeddedFailure } from './failure.ts'
import { tryHold, type Hold } from './hold.ts'
import { launchSupervisor, type Launch } from './launch.ts'
import { embeddedPaths, type EmbeddedPaths } from './paths.ts'

export interface EmbeddedOptions {
  /** Where data, log and state are, e.g. `<project>/.partywall`. Created when missing. One directory, one server. */
  directory: string
  /** Receives a line of progress for people; only the first start in a directory has any. */
  onProgress?: (line: string) => void
  /**
   * Additional server settings, e.g. `{ fsync: 'off' }` for tests. They apply when this call starts the server; a running server
   * keeps its own.
   */
  settings?: Record<string, string>
}

export interface EmbeddedServer {
  /** `postgres://postgres@127.0.0.1:PORT/postgres`: the superuser, no password, loopback only. */
  readonly url: string
  readonly port: number
  /** The process id of the postmaster. */
  readonly pid: number
  /** Ends the use of the server. For the last process, it resolves when the server is stopped. May be called twice. */
  release(): Promise<void>
}

/** Enough for a first start with initdb on a slow disk, and for a server that another process is starting or stopping. */
const patienceMs = 90_000

/**
 * The running server of this directory, started if necessary. It runs as long as a process holds it; the hold of a process ends with
 * the process, also without `release()`.
 * @example const server = await acquireEmbedded({ directory: '.partywall' })
 * @throws TenancyError EMBEDDED_FAILED
 */
export async function acquireEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const paths = embeddedPaths(resolve(options.directory))
  const deadline = Date.now() + patienceMs
  const onProgress = options.onProgress ?? (() => {})

  while (Date.now() < deadline) {
    // An address that did not answer like a supervisor is not tried again in this round.
    const foreignIds = new Set<string>()
    const running = await tryHold(paths, foreignIds, onProgress, deadline)
    if (running !== undefined) return serverOf(running)

    const launch = await launchIn(paths, options.settings ?? {})
    try {
      // The supervisor writes server.json, or ends at once because another one was faster.
      while (Date.now() < deadline) {
        const started = await tryHold(paths, foreignIds, onProgress, deadline)
        if (started !== undefined) return serverOf(started)
        const end = launch.ended()
        if (end === 'failed') throw await embeddedFailure('its supervisor ended before it was ready', paths)
        if (end === 'gone') break
        await sleep(20)
      }
    } finally {
      launch.forget()
    }
    await sleep(50)
  }
  throw await embeddedFailure(`no answer within ${patienceMs / 1000} s`, paths)
}

function serverOf(hold: Hold): EmbeddedServer {
  return {
    url: `postgres://postgres@127.0.0.1:${hold.port}/postgres`,
    port: hold.port,
    pid: hold.pid,
    release: () => hold.release(),
  }
}

async function launchIn(paths: EmbeddedPaths, settings: Record<string, string>): Promise<Launch> {
  const nativeDirectory = locateBinaries(paths.directory)
  try {
    await mkdir(paths.home, { recursive: true })
    return launchSupervisor(paths, nativeDirectory, settings)
  } catch (cause) {
    const user = process.getuid?.() ?? 'your user'
    throw new TenancyError(
      'EMBEDDED_FAILED',
      `The embedded PostgreSQL cannot write in ${paths.home}: ${(cause as Error).message}. If root or another user created it, run ` +
        `sudo chown -R ${user} ${paths.home} ; otherwise make its parent writable, or set \`database\` (DATABASE_URL) to a server of your own.`,
      { details: { directory: paths.home }, cause },
    )
  }
}
