/**
 * What is between partywall and the server. A pooler is recognised by the number of the server process: it invents one when a client
 * connects, and another process answers. Its mode is recognised by the processes that answer two clients: if one process answers both,
 * sessions are lent for each transaction.
 */
import pg, { type ClientConfig, type PoolClient } from 'pg'
import { TenancyError } from '../../errors.ts'
import { isDirect } from '../pool/checked-out-client.ts'
import type { ProbeParts } from './probe-parts.ts'

export type Route =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'pooler'
      /** How long it lends a server session: for a transaction, or as long as a client is connected. */
      readonly mode: 'transaction' | 'session'
      /** The name that the pooler reports, e.g. `PgBouncer 1.25.1`; absent when it does not report one to this user. */
      readonly product?: string
    }

/** How often two clients must get different processes before that counts as proof. */
const comparisons = 20

export async function learnRoute({ pool, scope, config }: ProbeParts): Promise<Route> {
  return scope.runShared(async () => {
    const first = await pool.connect()
    try {
      if (isDirect(first)) return { kind: 'direct' } as const
      const product = await askConsole(config)
      await assertTransactions(first)
      const mode = (await sharesSessions(first, await pool.connect())) ? 'transaction' : 'session'
      return { kind: 'pooler', mode, ...(product !== undefined && { product }) } as const
    } finally {
      first.release()
    }
  })
}

/** PgBouncer answers on a database of its own, to the users that it lists as admins or for statistics. */
async function askConsole(config: ClientConfig): Promise<string | undefined> {
  const consoleConfig = onConsole(config)
  if (consoleConfig === undefined) return undefined
  const client = new pg.Client({ ...consoleConfig, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version?: unknown }>('show version')
    return typeof rows[0]?.version === 'string' ? rows[0].version.slice(0, 100) : undefined
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => {})
  }
}

/** The same server with another database; undefined for a connection string that is no URL. In one, the database takes precedence. */
function onConsole(config: ClientConfig): ClientConfig | undefined {
  const database = 'pgbouncer'
  if (config.connectionString === undefined) return { ...config, database }
  if (!URL.canParse(config.connectionString)) return undefined
  const url = new URL(config.connectionString)
  url.pathname = `/${database}`
  return { ...config, connectionString: url.href }
}

async function assertTransactions(client: PoolClient): Promise<void> {
  try {
    await client.query('begin')
    await client.query('rollback')
  } catch (error) {
    throw new TenancyError(
      'UNSAFE_SETUP',
      'The pooler in front of the server refuses transactions: it lends a session for each statement, so the statements of one ' +
        'transaction would reach different sessions. Set pool_mode = transaction, or connect to the server itself.',
      { details: { mode: 'statement' }, cause: error },
    )
  }
}

async function sharesSessions(first: PoolClient, second: PoolClient): Promise<boolean> {
  try {
    const seen = new Set<number>()
    for (let comparison = 0; comparison < comparisons; comparison++) {
      const pids = [await serverProcess(first), await serverProcess(second)]
      if (pids[0] === pids[1]) return true
      for (const pid of pids) seen.add(pid)
    }
    return seen.size > 2
  } finally {
    second.release()
  }
}

async function serverProcess(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid')
  return rows[0]!.pid
}
