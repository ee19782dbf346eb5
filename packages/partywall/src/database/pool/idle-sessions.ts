/** What the sessions of idle connections have, for the alarm of tests: a function may have left something on one, which no statement of a tenant would use. */
import pg, { type Pool } from 'pg'
import { hasPoolInternals, type PoolInternals } from './pool-internals.ts'

export interface IdleSession {
  /** `none`: that of the login. */
  readonly role: string
  readonly searchPath: string
  /** As it was when the connection was opened. */
  readonly firstSearchPath: string
}

const settingsSql =
  'select pg_catalog.current_setting(\'role\') as role, setting as "searchPath", reset_val as "firstSearchPath" from pg_catalog.pg_settings where name = \'search_path\''

/** Asks each of them, without a binding. None for a pool of another kind. */
export async function idleSessions(pool: Pool): Promise<readonly IdleSession[]> {
  if (!hasPoolInternals(pool)) return []
  const clients = (pool as unknown as PoolInternals)._idle.map(({ client }) => client as unknown as pg.Client)
  const query = pg.Client.prototype.query as (sql: string) => Promise<{ rows: IdleSession[] }>
  const answers = await Promise.all(
    clients.map((client) => Reflect.apply(query, client, [settingsSql]).catch(() => ({ rows: [] }))),
  )
  return answers.flatMap(({ rows }) => rows)
}
