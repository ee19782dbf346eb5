/**
 * A PgBouncer for the tests, usually in transaction mode, with one server connection for each pair of database and user: what one client
 * leaves on the server session, the next client finds there. It refuses to run as root, so it runs as another user.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../../src/embedded/free-port.ts'

export interface PgBouncer {
  /** Returns the address of the same database and user through the pooler. */
  through(url: string): string
  /** Changes the number of server connections for each pair of database and user. */
  resize(serverConnections: number): Promise<void>
  /** Resolves when no client has a server connection to this database. */
  untilReleased(database: string): Promise<void>
  /** Kills it, as a crash would, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** For how long the pooler gives a server session to one client. */
export type PoolMode = 'transaction' | 'session' | 'statement'

/** Why the tests that need PgBouncer are skipped. In CI they are never skipped: there its absence is a failure. */
export const withoutPgBouncer = 'PgBouncer is not installed: apt-get install pgbouncer'

export function hasPgBouncer(): boolean {
  if (isInstalled()) return true
  if (isCI()) throw new Error(`${withoutPgBouncer}. In CI (the variable CI is set) no test may be skipped for that.`)
  return false
}

/** `scram-sha-256`: the pooler asks each client for its password, and shows the server the client's own proof of it. */
export type AuthType = 'trust' | 'scram-sha-256'

export async function startPgBouncer(
  server: string,
  mode: PoolMode = 'transaction',
  authType: AuthType = 'trust',
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-pgbouncer-'))
  const port = await freePort()
  const runAs = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  for (const [name, text] of Object.entries(files(new URL(server), port, mode, authType))) {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o600)
    if (runAs.uid !== undefined) await chown(join(folder, name), runAs.uid, runAs.gid)
  }
  if (runAs.uid !== undefined) await chown(folder, runAs.uid, runAs.gid)
  const through = (url: string): string => {
    const pooled = new URL(url)
    pooled.host = `127.0.0.1:${port}`
    return pooled.href
  }
  const start = async (): Promise<ChildProcess> => {
    const child = spawn('/bin/sh', ['-c', untilInputEnds, program], { ...runAs, cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
    child.once('error', (error) => (log += error.message))
    await waitUntilItAnswers(through(server), () => log)
    return child
  }
  let child = await start()
  return {
    through,
    resize(serverConnections) {
      return onConsole(through(server), async (client) => {
        await client.query(`set default_pool_size = ${serverConnections}`)
        await untilPools(client, 'A server connection of PgBouncer has been logging in', ({ sv_login }) => Number(sv_login) === 0)
        // Closes each surplus server connection as soon as it is free.
        await client.query('reconnect')
      })
    },
    untilReleased(database) {
      return onConsole(through(server), (client) =>
        untilPools(
          client,
          `A client has had a server connection to ${database}`,
          (pool) => pool.database !== database || Number(pool.sv_active) === 0,
        ),
      )
    },
    async restart() {
      await kill(child)
      child = await start()
    },
    async stop() {
      await kill(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Runs `work` with a client of PgBouncer's own console. */
async function onConsole(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const console = new URL(url)
  console.pathname = '/pgbouncer'
  const client = new Client(console.href)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

interface PoolState {
  readonly database: string
  readonly sv_active: string
  readonly sv_login: string
}

/** RECONNECT, for one, closes a server connection that is logging in, counts that as a failed login, and refuses the clients that wait for it. */
async function untilPools(client: Client, otherwise: string, isReached: (pool: PoolState) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const { rows } = await client.query<PoolState & Record<string, unknown>>('show pools')
    if (rows.every(isReached)) return
    await sleep(2)
  }
  throw new Error(`${otherwise} for seconds.`)
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.stdin!.end()
  if (child.exitCode === null) await ended
}

/** Kills PgBouncer when this input ends: the kernel closes our end of the pipe however this process ends, so PgBouncer never outlives it. */
const untilInputEnds = '"$0" pgbouncer.ini & read -r _; kill -9 $!; wait'

/** The configuration. A role that users.txt does not list is looked up on the server, so roles that a test creates can log in, too. */
function files(server: URL, port: number, mode: PoolMode, authType: AuthType): Record<string, string> {
  const [user, password] = [server.username, server.password].map(decodeURIComponent) as [string, string]
  return {
    'users.txt': `"${user.replaceAll('"', '""')}" "${password.replaceAll('"', '""')}"\n`,
    'pgbouncer.ini': `
[databases]
* = host=${server.hostname} port=${server.port || 5432} auth_user=${user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${authType}
auth_file = users.txt
pool_mode = ${mode}
default_pool_size = ${mode === 'session' ? 10 : 1}
admin_users = ${user}
max_client_conn = 500
server_login_retry = 0.2
`,
  }
}

async function waitUntilItAnswers(url: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const client = new Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await sleep(20)
    }
  }
  throw new Error(`PgBouncer does not answer:\n${log()}`)
}

/** PGBOUNCER names another build. Debian installs it in a folder that only the PATH of root contains. */
const program = process.env['PGBOUNCER'] ?? (process.platform === 'linux' ? '/usr/sbin/pgbouncer' : 'pgbouncer')

function isInstalled(): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function isCI(): boolean {
  return !['', 'false', '0', undefined].includes(process.env['CI'])
}
