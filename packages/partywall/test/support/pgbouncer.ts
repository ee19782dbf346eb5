/**
 * A PgBouncer in transaction mode with one server connection per database: whatever one client leaves on the session, the next one
 * meets. Started by the test file that asks for it, as an ordinary user (it refuses root), and ended with it.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll } from 'vitest'

/** In CI it may not be absent: .ci/run installs it. */
export const hasPgBouncer = isInstalled() || process.env['CI'] === 'true'

/** The connection string of the same database through the pooler. */
export async function throughPgBouncer(
  url: string,
  mode: 'transaction' | 'session' | 'statement' = 'transaction',
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-pgbouncer-'))
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o755)
  const port = await freePort()
  const ini = join(folder, 'pgbouncer.ini')
  await writeFile(ini, settings(new URL(url), port, mode))
  const child = spawn(pathOfPgBouncer(), [ini], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  afterAll(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  })
  const pooled = new URL(url)
  pooled.host = `127.0.0.1:${port}`
  await answers(pooled.href, () => log)
  return pooled.href
}

function settings(server: URL, port: number, mode: string): string {
  const login = `user=${decodeURIComponent(server.username)}${server.password ? ` password=${decodeURIComponent(server.password)}` : ''}`
  return `
[databases]
* = host=${server.hostname} port=${server.port || 5432} ${login}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${mode === 'session' ? 10 : 1}
max_client_conn = 300
`
}

async function answers(url: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const client = new Client(url)
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`PgBouncer does not answer:\n${log()}`)
}

function isInstalled(): boolean {
  try {
    execFileSync(pathOfPgBouncer(), ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Debian puts it where only root looks. */
function pathOfPgBouncer(): string {
  return process.platform === 'linux' ? '/usr/sbin/pgbouncer' : 'pgbouncer'
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
