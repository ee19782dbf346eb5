/** How many schemas are migrated at the same time when the option `concurrency` is not given. */
import { availableParallelism } from 'node:os'
import type { Queryable, Statement } from '../../sql/statement.ts'

const most = 16

/** How often the round trip to the server is timed. The shortest time counts, because other work on the machine can only make it longer. */
const timings = 3

/**
 * Twice the cores: a migration mostly works on the server, and more connections than keep the server busy only cost it memory and caches.
 * Half as many again for each millisecond of a round trip, in which a connection does nothing. At most 16, and at most half of the
 * connections that the server has left. All schemas together leave half of the server's table of locks to others. PostgreSQL does not say how
 * many cores it has, so those of this machine count. Costs four queries.
 * @param locks about how many locks one schema takes
 */
export async function defaultConcurrency(queryable: Queryable, locks = 0): Promise<number> {
  const { rows } = await queryable.query<{ room: number | string; locks?: number | string }>(roomLeftSql())
  const room = Number(rows[0]?.room ?? 2)
  const wanted = concurrencyFor(availableParallelism(), await timeRoundTrip(queryable))
  const byLocks = locks === 0 ? Infinity : Math.floor(Number(rows[0]?.locks ?? Infinity) / 2 / locks)
  return Math.max(1, Math.min(wanted, Math.floor(room / 2), byLocks))
}

/** The same without the limit of the server's connections. */
export function concurrencyFor(cores: number, roundTripMs: number): number {
  return Math.min(most, Math.floor(cores * (2 + roundTripMs)))
}

/** In milliseconds. */
async function timeRoundTrip(queryable: Queryable): Promise<number> {
  let least = Infinity
  for (let timing = 0; timing < timings; timing++) {
    const started = performance.now()
    await queryable.query(nothingSql())
    least = Math.min(least, performance.now() - started)
  }
  return least
}

function nothingSql(): Statement {
  return { text: 'select' }
}

function roomLeftSql(): Statement {
  return {
    text: `
      select
        pg_catalog.current_setting('max_connections')::int
          - pg_catalog.current_setting('superuser_reserved_connections')::int
          - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend')::int as room,
        pg_catalog.current_setting('max_locks_per_transaction')::int
          * (pg_catalog.current_setting('max_connections')::int
            + pg_catalog.current_setting('max_prepared_transactions')::int) as locks`,
  }
}
