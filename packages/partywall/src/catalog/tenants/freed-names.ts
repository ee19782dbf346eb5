/**
 * A schema name that a tenant had may be taken by another tenant only when no transaction can mean the old tenant by it any more. A binding is checked
 * when a statement begins; a function that runs for long looks names up again later, and would find the tables of the new tenant, and a session is
 * bound once. Under the boundaries
 * `role` and `login` PostgreSQL refuses those, so nothing is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TenancyError } from '../../errors.ts'
import { isSessionLock } from '../../sql/session-lock.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'

const longestWaitMs = 5000
const pauseMs = 50

/** The name is free from the commit of this transaction on. */
export async function noteFreed(transaction: Queryable, schema: string): Promise<void> {
  await transaction.query(freedSql(schema))
}

/**
 * Waits for statements that began before the name was freed, and for sessions of the tenant that had it, in the transaction that takes it. Costs one statement for a name that no tenant has had.
 * @param others sees the sessions of the application, which a deploy role may not see
 * @throws TenancyError SCHEMA_EXISTS when they take longer than five seconds
 */
export async function takeName(transaction: Queryable, schema: string, others: Queryable): Promise<void> {
  const { rows } = await transaction.query<Freed>(takeFreedSql(schema))
  if (rows[0] === undefined) return
  const { freed_at: freedAt, pid } = rows[0]
  const until = performance.now() + longestWaitMs
  let running: readonly string[] | undefined
  for (;;) {
    // What one of the two may not see counts as running for it, and the other one knows better.
    for (const queryable of [transaction, others]) {
      const found = await queryable.query<{ running: string }>(runningSql(schema, freedAt, pid, running))
      running = found.rows.map((row) => row.running)
      if (running.length === 0) return
    }
    if (performance.now() > until) throw stillUsed(schema)
    await sleep(pauseMs)
  }
}

interface Freed extends Record<string, unknown> {
  readonly freed_at: string
  readonly pid: string
}

function stillUsed(schema: string): TenancyError {
  return new TenancyError(
    'SCHEMA_EXISTS',
    `The schema name ${JSON.stringify(schema)} belonged to another tenant until a short time ago, and statements or sessions that began before that are still running: ` +
      'they could reach the new tenant by this name. Try again when they have ended, or choose another name.',
    { details: { schema } },
  )
}

function freedSql(schema: string): Statement {
  return {
    text: `
      insert into partywall.freed_schemas as freed (schema, freed_at)
      values ($1::text, pg_catalog.clock_timestamp())
      on conflict (schema) do update set freed_at = pg_catalog.clock_timestamp()`,
    values: [schema],
  }
}

/** One row for a name that was freed; it is gone with the commit, because the name is in use. */
function takeFreedSql(schema: string): Statement {
  return {
    text: `
      delete from partywall.freed_schemas as freed
      where freed.schema = $1::text
      returning freed.freed_at::text as freed_at, pg_catalog.pg_backend_pid()::text as pid`,
    values: [schema],
  }
}

/**
 * Statements of other sessions of this database that began before the name was free for others. In a transaction that is idle the next statement is bound
 * again, so it is none. And sessions of the tenant that had the name. A minute is more than the commit takes that has freed the name.
 * @param schema the name
 * @param pid of the session that takes the name
 * @param among of these only
 */
function runningSql(schema: string, freedAt: string, pid: string, among: readonly string[] | undefined): Statement {
  return {
    text: `
      select pg_catalog.concat(held.pid, ' ', held.virtualxid) as running
      from pg_catalog.pg_locks as held
      join pg_catalog.pg_stat_activity as activity on activity.pid = held.pid
      where held.locktype = 'virtualxid'
        and held.granted
        and held.pid not in (pg_catalog.pg_backend_pid(), $2::int)
        and activity.datname = pg_catalog.current_database()
        and coalesce(activity.state not like 'idle%', true)
        and coalesce(activity.backend_type, '') <> 'autovacuum worker'
        and coalesce(activity.xact_start <= $1::timestamptz + interval '1 minute', true)
        and ($3::text[] is null or pg_catalog.concat(held.pid, ' ', held.virtualxid) = any ($3::text[]))
      union all
      select pg_catalog.concat(held.pid, ' session') as running
      from pg_catalog.pg_locks as held
      where ${isSessionLock('held', '$4::text')}
        and held.granted
        and ($3::text[] is null or pg_catalog.concat(held.pid, ' session') = any ($3::text[]))`,
    values: [freedAt, pid, among === undefined ? null : [...among], schema],
  }
}
