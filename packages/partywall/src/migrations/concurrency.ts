/** How many schemas are migrated at a time when nobody says it. */
import { availableParallelism } from 'node:os'
import type { Queryable, Statement } from '../database/statement.ts'

const most = 16

/**
 * Four times the cores: a migration mostly works on the server, but some of them wait for the network or for a lock, and more
 * connections than the server can serve cost it next to nothing. At most 16, and at most half of the connections that the server has
 * left. The server's cores cannot be asked for: those of this machine are taken. One query.
 */
export async function defaultConcurrency(queryable: Queryable): Promise<number> {
  const { rows } = await queryable.query<{ room: number | string }>(connectionsLeftSql())
  const room = Number(rows[0]?.room ?? 2)
  return Math.max(1, Math.min(most, 4 * availableParallelism(), Math.floor(room / 2)))
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
