/**
 * Statements about the history of one schema: a table in that schema, always named with its schema, so that the search path never leads to
 * another one. Functions that end in `Text` give statements that go out in one text with migrations. Such a text takes no parameters, so
 * names and checksums are literals in it.
 */
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Statement } from '../../sql/statement.ts'
import type { AppliedMigration } from './digest.ts'

export const historyTable = 'partywall_migrations'

/** Up to so many schemas are looked up by name; for more of them it is faster to read all schemas of the database. */
const mostLookUps = 300

/** Whether a schema has a history, and the digest in the history's comment: a part of a SELECT from `namespace`. */
export const digestColumns = `history.oid is not null as "hasHistory", description.description as digest`
export const withDigest = `
      left join pg_catalog.pg_class as history
        on history.relnamespace = namespace.oid
        and history.relname = '${historyTable}'
        and history.relkind = 'r'
      left join pg_catalog.pg_description as description
        on description.objoid = history.oid
        and description.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and description.objsubid = 0`

/**
 * A row for each of these schemas that exists, and perhaps for others: whether it has a history, and the digest in the history's comment.
 */
export function digestsSql(schemas: readonly string[]): Statement {
  const isForSome = schemas.length <= mostLookUps
  return {
    text: `
      select
        namespace.nspname::text as schema,
        ${digestColumns}
      from pg_catalog.pg_namespace as namespace
      ${withDigest}
      ${isForSome ? 'where namespace.nspname = any ($1::pg_catalog.name[])' : ''}`,
    values: isForSome ? [schemas] : [],
  }
}

/**
 * A row for each of these schemas that holds a relation: a table, a view, a sequence. It reads what depends on the schema, because there is
 * an index for that; pg_class has none by schema alone, and a large fleet has many relations.
 */
export function nonEmptySchemasSql(schemas: readonly string[]): Statement {
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
      from ${historyOf(schema)}
      order by position`,
  }
}

/** Two statements. */
export function createHistoryTexts(schema: string): readonly string[] {
  return [createTableText(schema), onlyReadText(schema)]
}

function createTableText(schema: string): string {
  return `create table ${historyOf(schema)} (
  position integer not null,
  name text collate "C" primary key,
  checksum text not null,
  statements integer,
  applied_at timestamptz not null default now()
)`
}

/** Default privileges have just let the role of the tenant write in the new table. Only its owner records what was applied. */
function onlyReadText(schema: string): string {
  return `do $partywall$
declare
  writer record;
begin
  for writer in
    select distinct case item.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(item.grantee)) end as name
    from pg_catalog.pg_class as history
    cross join lateral pg_catalog.aclexplode(history.relacl) as item
    where history.oid = ${literal(historyOf(schema))}::pg_catalog.regclass
      and item.grantee operator(pg_catalog.<>) history.relowner
      and item.privilege_type operator(pg_catalog.<>) 'SELECT'
  loop
    execute pg_catalog.format('revoke insert, update, delete, truncate, references, trigger on ${historyOf(schema).replaceAll('%', '%%').replaceAll("'", "''")} from %s', writer.name);
  end loop;
end
$partywall$`
}

/** @param position the position of the first of these migrations; a history starts with 1 */
export function recordText(schema: string, position: number, migrations: readonly AppliedMigration[]): string {
  const rows = migrations.map(({ name, checksum }, index) => `(${position + index}, ${literal(name)}, ${literal(checksum)})`)
  return `insert into ${historyOf(schema)} (position, name, checksum) values ${rows.join(', ')}`
}

/** @param statements of a migration outside of transactions: how many of its statements are done; null when all are */
export function recordStatementsText(
  schema: string,
  position: number,
  { name, checksum }: AppliedMigration,
  statements: number | null,
): string {
  return `
    insert into ${historyOf(schema)} as history (position, name, checksum, statements)
    values (${position}, ${literal(name)}, ${literal(checksum)}, ${statements ?? 'null'})
    on conflict (name) do update set statements = excluded.statements, checksum = excluded.checksum, applied_at = now()`
}

/** Those after them move up, so that the next migration gets a position of its own: a schema may have an order that is not that of the files. */
export function forgetText(schema: string, names: readonly string[]): string {
  const forgotten = names.map((name) => literal(name)).join(', ')
  return `with forgotten as (delete from ${historyOf(schema)} where name in (${forgotten}) returning position)
update ${historyOf(schema)} as history
set position = history.position - (select pg_catalog.count(*) from forgotten where forgotten.position < history.position)
where history.name not in (${forgotten})
  and history.position > (select pg_catalog.min(position) from forgotten)`
}

export function commentText(schema: string, digest: string | null): string {
  return `comment on table ${historyOf(schema)} is ${digest === null ? 'null' : literal(digest)}`
}

/** The history of a schema, named with its schema and quoted. */
export function historyOf(schema: string): string {
  return `${identifier(schema)}.${identifier(historyTable)}`
}
