/** How many schemas are migrated at a time when nobody says it. */
import { availableParallelism } from 'node:os'
import type { Queryable, Statement } from '../database/statement.ts'

const most = 16

/**
 * Twice the cores, for a migration mostly works on the server and waits for the network a little; at most 16, and at most half of the
 * connections that the server has left. The server's cores cannot be asked for: those of this machine are taken. One query.
 */
export async function defaultConcurrency(queryable: Queryable): Promise<number> {
  const { rows } = await queryable.query<{ room: number | string }>(connectionsLeftSql())
  const room = Number(rows[0]?.room ?? 2)
  return Math.max(1, Math.min(most, 2 * availableParallelism(), Math.floor(room / 2)))
}

function connectionsLeftSql(): Statement {
  return {
    text: `
      select
        pg_catalog.current_setting('max_connections')::int
          - pg_catalog.current_setting('superuser_reserved_connections')::int
          - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend')::int as room`,
  }
}
