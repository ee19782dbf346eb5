/**
 * The rows of a tenant in tables that all tenants share: protected tables (`partywall.protect`), and tables with a foreign key to the register of
 * tenants. No drop of a schema finds them.
 */
import { literal } from '../../sql/literal.ts'
import { identifier } from '../../names/identifier.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import { explainPrivilege } from '../../sql/privilege.ts'

export interface SharedRows {
  /** The table with its schema, quoted where it needs quotes. */
  readonly table: string
  /** The column with the id of the tenant. */
  readonly column: string
  readonly rows: number
  /** Its foreign key leads to the register of tenants, so its rows cannot stay. */
  readonly isBound: boolean
}

/** Tables with rows of the tenant. In a transaction: it sets the tenant for the policies of protected tables. Two statements, and one for each table. */
export async function sharedRowsOf(transaction: Queryable, id: string): Promise<SharedRows[]> {
  await transaction.query(asTenantSql(id))
  const found: SharedRows[] = []
  for (const table of await readJson<SharedTable>(transaction, sharedTablesSql)) {
    const rows = await countRows(transaction, table, id)
    if (rows > 0) found.push({ table: table.table, column: table.column, rows, isBound: table.isBound })
  }
  return found
}

/** Deletes the rows of the tenant in one shared table. In a transaction. */
export async function deleteSharedRows(transaction: Queryable, id: string, { table, column }: SharedRows): Promise<void> {
  await transaction.query(asTenantSql(id))
  const known = (await readJson<SharedTable>(transaction, sharedTablesSql)).find(
    (one) => one.table === table && one.column === column,
  )
  if (known !== undefined)
    await explained(transaction, { text: `delete from ${known.table} as shared where ${isOf(known, id)}` }, known.table)
}

async function countRows(transaction: Queryable, table: SharedTable, id: string): Promise<number> {
  const count = { text: `select count(*)::text as rows from ${table.table} as shared where ${isOf(table, id)}` }
  return Number((await explained<{ rows: string }>(transaction, count, table.table))[0]!.rows)
}

async function explained<R extends Record<string, unknown>>(
  transaction: Queryable,
  statement: Statement,
  table: string,
): Promise<R[]> {
  try {
    return (await transaction.query<R>(statement)).rows
  } catch (error) {
    throw explainPrivilege(
      error,
      `look for rows of the tenant in ${table}`,
      `Give the role of the option "database.deploy" the rows of that table: grant select, delete on ${table} to …;`,
    )
  }
}

function isOf({ column, type }: SharedTable, id: string): string {
  return `shared.${identifier(column)} = ${literal(id)}::${type === 'uuid' ? 'pg_catalog.uuid' : 'pg_catalog.text'}`
}

interface SharedTable {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly isBound: boolean
}

/** The policies of protected tables read this setting. */
function asTenantSql(id: string): Statement {
  return { text: `select pg_catalog.set_config('partywall.tenant_id', $1::text, true)`, values: [id] }
}

/** A partition is counted with its parent. */
const sharedTablesSql: Statement = {
  text: `
    with found as (
      select policy.polrelid as relation, dependency.refobjsubid as place, false as bound
      from pg_catalog.pg_policy as policy
      join pg_catalog.pg_depend as dependency
        on dependency.classid = 'pg_catalog.pg_policy'::regclass
        and dependency.objid = policy.oid
        and dependency.refobjid = policy.polrelid
        and dependency.refobjsubid > 0
      where policy.polname = 'partywall_tenant'
      union all
      select key.conrelid, key.conkey[1], true
      from pg_catalog.pg_constraint as key
      join pg_catalog.pg_class as class on class.oid = key.conrelid
      where key.contype = 'f'
        and key.confrelid = 'partywall.tenants'::regclass
        and class.relnamespace <> 'partywall'::regnamespace
    )
    select pg_catalog.format('%I.%I', space.nspname, class.relname) as table, attribute.attname::text as column,
      attribute.atttypid::regtype::text as type, bool_or(found.bound) as "isBound"
    from found
    join pg_catalog.pg_class as class on class.oid = found.relation
    join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
    join pg_catalog.pg_attribute as attribute on attribute.attrelid = found.relation and attribute.attnum = found.place
    where not exists (
      select from pg_catalog.pg_inherits as child
      join found as parent on parent.relation = child.inhparent
      where child.inhrelid = found.relation
    )
    group by 1, 2, 3
    order by 1, 2`,
}
