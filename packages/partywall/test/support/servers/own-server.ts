/** A server that a test may stop, crash and start again: an embedded one with its own data directory, which keeps its port. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { acquireEmbedded } from '../../../src/embedded/embedded.ts'

export interface OwnServer {
  readonly url: string
  /** `fast` tells every client, then stops; `immediate` stops at once, as in a crash. Resolves when the server has ended. */
  stop(how: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
}

/** Starts the server. Call it at the top of a test file. */
export async function ownServer(settings: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'partywall-server-')))
  const start = () => acquireEmbedded({ directory, settings: { fsync: 'off', max_connections: '60', ...settings } })
  let running = await start()
  const { url } = running
  afterAll(async () => {
    await running.release()
    await rm(directory, { recursive: true, force: true })
  })
  return {
    url,
    async stop(how) {
      process.kill(running.pid, how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      while (isAlive(running.pid)) await sleep(10)
    },
    async start() {
      running = await start()
      if (running.url !== url) throw new Error(`the server came back as ${running.url}, it was ${url}`)
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
