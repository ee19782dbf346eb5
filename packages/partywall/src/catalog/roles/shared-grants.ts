/** The option `shared.grants`: what it lists is granted to the group of all tenants, and what it does not list is revoked. */
import type { SharedGrants } from '../../config/boundary-option.ts'
import { TenancyError } from '../../errors.ts'
import { readJson } from '../../sql/json-rows.ts'
import type { Queryable } from '../../sql/statement.ts'
import { grantSql, ownerOfTableSql, revokeSql, sharedTablesSql, type SharedTable } from './shared-grants-sql.ts'

/**
 * One statement, and a second one if there is something to change.
 * @throws TenancyError INVALID_OPTION for a table that the shared schema lacks, NOT_PERMITTED for one that another role owns; before anything is changed
 */
export async function giveSharedGrants(queryable: Queryable, schema: string, group: string, grants: SharedGrants): Promise<void> {
  const rows = await readJson<SharedTable>(queryable, sharedTablesSql(schema, group))
  await assertTables(queryable, rows, schema, grants)
  const text = rows.flatMap((table) => changesOf(table, grants[table.name] ?? [], group)).join('\n')
  if (text !== '') await queryable.query({ text })
}

async function assertTables(
  queryable: Queryable,
  tables: readonly SharedTable[],
  schema: string,
  grants: SharedGrants,
): Promise<void> {
  const names = new Set(tables.map(({ name }) => name))
  const missing = Object.keys(grants).find((name) => !names.has(name))
  if (missing === undefined) return
  const option = `shared.grants.${missing}`
  const [found] = await readJson<{ owner: string; own: string }>(queryable, ownerOfTableSql(schema, missing))
  if (found !== undefined) {
    throw new TenancyError(
      'NOT_PERMITTED',
      `The option "${option}" lists rights that only the owner of the table can give: ${JSON.stringify(found.owner)}. This connection has the role ` +
        `${JSON.stringify(found.own)}. Set the option "database.deploy" to a role that owns the shared tables.`,
    )
  }
  throw new TenancyError(
    'INVALID_OPTION',
    `The option "${option}" names a table that the shared schema ${JSON.stringify(schema)} does not have. ` +
      'Correct the name, or create the table in a shared migration.',
    { details: { option } },
  )
}

/** Only what differs: each change makes every session plan its statements again. */
function changesOf({ quoted, granted, sequences, usable }: SharedTable, listed: readonly string[], group: string): string[] {
  const missing = listed.filter((privilege) => !granted.includes(privilege))
  const excess = granted.filter((privilege) => !listed.includes(privilege))
  const mayInsert = listed.includes('insert')
  const toOpen = mayInsert ? sequences.filter((name) => !usable.includes(name)) : []
  const toClose = mayInsert ? [] : usable
  return [
    excess.length > 0 ? revokeSql(excess, `table ${quoted}`, group) : '',
    missing.length > 0 ? grantSql([...new Set(missing)], `table ${quoted}`, group) : '',
    toOpen.length > 0 ? grantSql(['usage'], `sequence ${toOpen.join(', ')}`, group) : '',
    toClose.length > 0 ? revokeSql(['usage', 'update'], `sequence ${toClose.join(', ')}`, group) : '',
  ].filter((text) => text !== '')
}
