/**
 * Statements about the history of one schema: its own table, always named with its schema, so that no other one is ever met. Those that
 * go out in one text with the migrations take no parameters: names and checksums stand in them as literals.
 */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'
import type { AppliedMigration } from './digest.ts'

const historyTable = 'partywall_migrations'

/** How many schemas are worth looking up one after another: for more of them it is faster to read all that there are. */
const mostLookUps = 300

/**
 * A row for each of these schemas that is there, and perhaps for others: whether it has a history, and the digest that its comment holds.
 */
export function headsSql(schemas: readonly string[]): Statement {
  const isForSome = schemas.length <= mostLookUps
  return {
    text: `
      select
        namespace.nspname::text as schema,
        history.oid is not null as "hasHistory",
        description.description as digest
      from pg_catalog.pg_namespace as namespace
      left join pg_catalog.pg_class as history
        on history.relnamespace = namespace.oid
        and history.relname = '${historyTable}'
        and history.relkind = 'r'
      left join pg_catalog.pg_description as description
        on description.objoid = history.oid
        and description.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and description.objsubid = 0
      ${isForSome ? 'where namespace.nspname = any ($1::pg_catalog.name[])' : ''}`,
    values: isForSome ? [schemas] : [],
  }
}

/**
 * A row for each of these schemas that holds a relation: a table, a view, a sequence. Asks what depends on the schema, for which there is
 * an index; among the relations of a big fleet it would have to look at each.
 */
export function inhabitedSql(schemas: readonly string[]): Statement {
  return {
    text: `
      select namespace.nspname::text as schema
      from pg_catalog.pg_namespace as namespace
      where namespace.nspname = any ($1::pg_catalog.name[])
        and exists (
          select
          from pg_catalog.pg_depend as dependency
          where dependency.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
            and dependency.refobjid = namespace.oid
            and dependency.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        )`,
    values: [schemas],
  }
}

export function readHistorySql(schema: string): Statement {
  return {
    text: `
      select
        name::text as name,
        checksum::text as checksum,
        statements::int as statements
      from ${qualified(schema)}
      order by position`,
  }
}

export function createHistoryText(schema: string): string {
  return `create table ${qualified(schema)} (
  position integer not null,
  name text collate "C" primary key,
  checksum text not null,
  statements integer,
  applied_at timestamptz not null default now()
)`
}

/** @param position of the first of them; 1 is the first of a history */
export function recordText(schema: string, position: number, migrations: readonly AppliedMigration[]): string {
  const rows = migrations.map(({ name, checksum }, index) => `(${position + index}, ${literal(name)}, ${literal(checksum)})`)
  return `insert into ${qualified(schema)} (position, name, checksum) values ${rows.join(', ')}`
}

/** Of a migration outside of transactions: how many of its statements are done; null when all are. */
export function recordStatementsText(
  schema: string,
  position: number,
  { name, checksum }: AppliedMigration,
  statements: number | null,
): string {
  return `
    insert into ${qualified(schema)} as history (position, name, checksum, statements)
    values (${position}, ${literal(name)}, ${literal(checksum)}, ${statements ?? 'null'})
    on conflict (name) do update set statements = excluded.statements, checksum = excluded.checksum, applied_at = now()`
}

export function forgetText(schema: string, names: readonly string[]): string {
  return `delete from ${qualified(schema)} where name in (${names.map((name) => literal(name)).join(', ')})`
}

export function commentText(schema: string, digest: string | null): string {
  return `comment on table ${qualified(schema)} is ${digest === null ? 'null' : literal(digest)}`
}

/**
 * The settings of a migration's transaction, and its lock. The lock is tried and not waited for: who waits in a transaction holds a
 * snapshot, and CREATE INDEX CONCURRENTLY in the schema of another deploy would wait for it in turn.
 */
export function beginText(schema: string, { lockTimeoutMs, statementTimeoutMs }: TransactionLimits): string {
  const settings = [
    ['lock_timeout', lockTimeoutMs],
    ['statement_timeout', statementTimeoutMs],
  ] as const
  const given = settings.flatMap(([name, millis]) =>
    millis === undefined ? [] : [`pg_catalog.set_config('${name}', '${Math.round(millis)}', true)`],
  )
  const lock = `not pg_catalog.pg_try_advisory_xact_lock(${lockKey(schema)})`
  return `select ${[`pg_catalog.set_config('synchronous_commit', 'off', true)`, ...given, raiseWhen(lock, lockedMark)].join(', ')}`
}

export interface TransactionLimits {
  readonly lockTimeoutMs?: number | undefined
  readonly statementTimeoutMs?: number | undefined
}

/** Fails when the digest is no longer the one that the plan was made from; null stands for a history without one, or none at all. */
export function assertDigestText(schema: string, digest: string | null): string {
  const now = `(
  select description
  from pg_catalog.pg_description
  where objoid = pg_catalog.to_regclass(${literal(qualified(schema))})
    and classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and objsubid = 0
)`
  const wanted = digest === null ? 'null' : literal(digest)
  return `select ${raiseWhen(`${now} is distinct from ${wanted}`, movedMark)}`
}

/** Session-level twins of the lock, for what runs outside of transactions. */
export function trySessionLockSql(schema: string): Statement {
  return { text: `select pg_catalog.pg_try_advisory_lock(${lockKey(schema)}) as "isHeld"` }
}

/** What the server says, in any language, when a check in a text fails: a relation of this name "does not exist". */
export const lockedMark = 'partywall: another deploy is migrating this schema'
export const movedMark = 'partywall: the history has moved on'

/** There is no RAISE outside of functions: a relation that cannot be there is asked for instead. The mark depends on the condition's query. */
function raiseWhen(condition: string, mark: string): string {
  return `case when ${condition} then ('"${mark}"' operator(pg_catalog.||) pg_catalog.left(pg_catalog.current_setting('search_path'), 0))::pg_catalog.regclass end`
}

function lockKey(schema: string): string {
  return `pg_catalog.hashtextextended(${literal(`partywall: migrate ${schema}`)}, 0)`
}

function qualified(schema: string): string {
  return `${identifier(schema)}.${identifier(historyTable)}`
}
