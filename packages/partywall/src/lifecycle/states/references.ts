/** Refuses to drop what something outside of the tenant needs. */
import { TenancyError } from '../../errors.ts'
import type { Queryable } from '../../sql/statement.ts'
import { outsideReferencesSql } from './references-sql.ts'
import type { SharedRows } from './shared-rows.ts'

/** The most references that are named. */
const mostNamed = 20

/** Descriptions of up to twenty objects. */
export async function outsideReferences(queryable: Queryable, schema: string): Promise<string[]> {
  const { rows } = await queryable.query<{ reference: string }>(outsideReferencesSql(schema, mostNamed))
  return rows.map(({ reference }) => reference)
}

/** @throws TenancyError TENANT_REFERENCED */
export async function assertNotReferenced(queryable: Queryable, schema: string, name = schema): Promise<void> {
  const references = await outsideReferences(queryable, schema)
  if (references.length > 0) throw tenantReferenced(name, references)
}

export function tenantReferenced(schema: string, references: readonly string[]): TenancyError {
  return new TenancyError(
    'TENANT_REFERENCED',
    `The tenant ${JSON.stringify(schema)} is not deleted: objects outside of its schema depend on what is in it, e.g. ${references.slice(0, 3).join('; ')}. ` +
      'Drop these objects, or change them, in a migration of the shared schema.',
    { details: { schema, references, tables: [] } },
  )
}

/** @param isKept the caller asked to keep them */
export function rowsLeft(schema: string, found: readonly SharedRows[], isKept: boolean): TenancyError {
  const tables = found.map(({ table, rows }) => ({ table, rows }))
  const shown = tables.slice(0, 5).map(({ table, rows }) => `${table} (${rows})`)
  return new TenancyError(
    'TENANT_REFERENCED',
    `The tenant ${JSON.stringify(schema)} is not deleted: shared tables have rows of it: ${shown.join(', ')}. ` +
      (isKept
        ? "These tables have a foreign key to the register of tenants, so their rows cannot stay. Use { sharedRows: 'delete' }, or drop the key."
        : "Say what becomes of them: { sharedRows: 'delete' } or { sharedRows: 'keep' }."),
    { details: { schema, references: [], tables } },
  )
}
