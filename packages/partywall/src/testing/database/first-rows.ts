/** The rows that a tenant has when it is made, and the way back to them: its history stays, and what a test has written goes. */
import { historyTable } from '../../migrations/history/history-sql.ts'
import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'
import type { Tenant } from '../../types.ts'
import type { TestableTenancy } from './testable.ts'

export interface FirstRows {
  /** All tables but that of the history. */
  readonly tables: readonly string[]
  /** A trigger may write or refuse when rows are deleted. */
  readonly hasTriggers: boolean
  readonly filled: readonly Filled[]
  readonly sequences: readonly Sequence[]
}

interface Filled {
  readonly table: string
  /** Without those that are computed. */
  readonly columns: readonly string[]
  /** As a JSON array. */
  readonly rows: string
}

interface Sequence {
  readonly name: string
  readonly value: string
  readonly isCalled: boolean
}

export async function firstRowsOf(tenancy: TestableTenancy, tenant: Tenant<any>): Promise<FirstRows> {
  return tenancy.run(tenant, async () => {
    const { rows: found } = await tenancy.pool.query<{ name: string; columns: string[]; triggers: boolean }>(tablesSql, [
      historyTable,
    ])
    const filled: Filled[] = []
    for (const { name, columns } of found) {
      const { rows } = await tenancy.pool.query<{ rows: string | null }>(
        `select json_agg(to_json(one))::text as rows from (select ${list(columns)} from ${identifier(name)}) as one`,
      )
      if (typeof rows[0]?.rows === 'string') filled.push({ table: name, columns, rows: rows[0].rows })
    }
    return {
      tables: found.map(({ name }) => name),
      hasTriggers: found.some(({ triggers }) => triggers),
      filled,
      sequences: await sequencesOf(tenancy),
    }
  })
}

/**
 * Empties the tables that hold other rows than at first, and puts the first rows back. Costs one query where a test has written nothing.
 * A table that a test has made stays as it is.
 */
export async function restoreRows(tenancy: TestableTenancy, tenant: Tenant<any>, first: FirstRows): Promise<void> {
  await tenancy.run(
    tenant,
    async () => {
      if (first.tables.length === 0) return
      const { rows } = await tenancy.pool.query<{ touched: boolean }>(`select ${touchedSql(first)} as touched`)
      if (rows[0]?.touched !== true) return
      // One text is one transaction.
      await tenancy.pool.query([emptySql(first), ...insertSql(first.filled), ...first.sequences.map(sequenceSql)].join(';\n'))
    },
    { allowInactive: true },
  )
}

/**
 * For tables with few rows DELETE is many times faster than TRUNCATE. In one statement, after which references are checked. Without CASCADE: a table outside that
 * refers to these must not be emptied with them.
 */
function emptySql({ tables, hasTriggers }: FirstRows): string {
  if (hasTriggers) return `truncate ${list(tables)} restart identity`
  const deletes = tables.map((table, index) => `emptied_${index} as (delete from ${identifier(table)})`)
  return `with ${deletes.join(', ')} select 1`
}

/** Whether rows or numbers are not those of the beginning. */
function touchedSql({ tables, filled, sequences }: FirstRows): string {
  const had = new Map(filled.map((one) => [one.table, one]))
  const tests = tables.map((table) => {
    const one = had.get(table)
    if (one === undefined) return `exists (select from ${identifier(table)})`
    const now = `(select json_agg(to_json(one))::text from (select ${list(one.columns)} from ${identifier(table)}) as one)`
    return `${now} is distinct from ${literal(one.rows)}`
  })
  const numbers = sequences.map(
    ({ name, value, isCalled }) =>
      `(select (last_value, is_called) is distinct from (${literal(value)}::bigint, ${isCalled}) from ${identifier(name)})`,
  )
  return [...tests, ...numbers].join(' or ')
}

/** One statement: a reference from one table to another is checked when all of it is there. */
function insertSql(filled: readonly Filled[]): string[] {
  if (filled.length === 0) return []
  const inserts = filled.map(
    ({ table, columns, rows }, index) =>
      `filled_${index} as (insert into ${identifier(table)} (${list(columns)}) overriding system value ` +
      `select ${list(columns)} from json_populate_recordset(null::${identifier(table)}, ${literal(rows)}::json))`,
  )
  return [`with ${inserts.join(', ')} select 1`]
}

function sequenceSql({ name, value, isCalled }: Sequence): string {
  return `select setval(${literal(identifier(name))}, ${literal(value)}::bigint, ${isCalled})`
}

async function sequencesOf(tenancy: TestableTenancy): Promise<readonly Sequence[]> {
  const { rows: names } = await tenancy.pool.query<{ name: string }>(
    `select relname::text as name from pg_class where relkind = 'S' and relnamespace = current_schema()::regnamespace order by 1`,
  )
  if (names.length === 0) return []
  const { rows } = await tenancy.pool.query<Sequence>(
    names
      .map(
        ({ name }) =>
          `select ${literal(name)} as name, last_value::text as value, is_called as "isCalled" from ${identifier(name)}`,
      )
      .join(' union all '),
  )
  return rows
}

function list(names: readonly string[]): string {
  return names.map(identifier).join(', ')
}

const tablesSql = `
  select
    relation.relname::text as name,
    array_agg(attribute.attname::text order by attribute.attnum) filter (where attribute.attgenerated = '') as columns,
    exists (select from pg_trigger as trigger where trigger.tgrelid = relation.oid and not trigger.tgisinternal) as triggers
  from pg_class as relation
  join pg_attribute as attribute on attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
  where relation.relkind in ('r', 'p') and not relation.relispartition
    and relation.relnamespace = current_schema()::regnamespace
    and relation.relname <> $1
  group by relation.oid, relation.relname
  order by 1`
