/**
 * A server of the version that the installed pg_dump can read, for comparing two structures by its texts. pg_dump refuses servers that are
 * newer than itself, so the server is that of its own Debian package. It refuses to run as root, so it runs as another user.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../../src/embedded/free-port.ts'

export interface PgDumpServer {
  readonly major: number
  connect(database: string): Promise<Client>
  /** The structure of a database, as pg_dump writes it. */
  dump(database: string): string
  stop(): Promise<void>
}

/** Why the test is skipped. In CI it is never skipped: there its absence is a failure. */
export const withoutPgDump = 'pg_dump and the server of its version are not installed: apt-get install postgresql'

export function hasPgDump(): boolean {
  if (installed() !== undefined) return true
  if (!['', 'false', '0', undefined].includes(process.env['CI'])) {
    throw new Error(`${withoutPgDump}. In CI (the variable CI is set) no test may be skipped for that.`)
  }
  return false
}

export async function startPgDumpServer(): Promise<PgDumpServer> {
  const { major, programs } = installed()!
  const folder = await mkdtemp(join(tmpdir(), 'partywall-pg-dump-'))
  const runAs = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (runAs.uid !== undefined) await chown(folder, runAs.uid, runAs.gid)
  const options = { ...runAs, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  const init = ['-D', 'data', '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync', '--no-instructions']
  execFileSync(join(programs, 'initdb'), init, { ...options, stdio: 'ignore' })
  const port = await freePort()
  const child = spawn('/bin/sh', ['-c', untilInputEnds, join(programs, 'postgres'), String(port)], {
    ...options,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const connect = async (database: string): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database })
    await client.connect()
    return client
  }
  await untilItAnswers(connect)
  return {
    major,
    connect,
    dump: (database) =>
      execFileSync('pg_dump', ['--schema-only', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', database], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 100_000_000,
      })
        // psql's protection against commands in a dump has a random key.
        .replaceAll(/^\\(?:un)?restrict .*$/gm, ''),
    async stop() {
      const ended = once(child, 'exit')
      child.stdin.end()
      if (child.exitCode === null) await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function installed(): { readonly major: number; readonly programs: string } | undefined {
  try {
    const version = execFileSync('pg_dump', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const major = Number(/\s(\d+)[.\s]/.exec(version)?.[1])
    const programs = `/usr/lib/postgresql/${major}/bin`
    return existsSync(join(programs, 'postgres')) ? { major, programs } : undefined
  } catch {
    return undefined
  }
}

/** Stops the server when this input ends: the kernel closes our end of the pipe however this process ends. */
const untilInputEnds =
  '"$0" -D data -c port="$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off & read -r _; kill -QUIT $!; wait'

async function untilItAnswers(connect: (database: string) => Promise<Client>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      return await (await connect('postgres')).end()
    } catch {
      await sleep(50)
    }
  }
  throw new Error('The server for pg_dump does not answer.')
}
