/** What a deletion would do, and what stands in its way. Changes nothing. */
import type { Database } from '../../ports/database.ts'
import type { Statement } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import { outsideReferences } from './references.ts'
import { sharedRowsOf, type SharedRows } from './shared-rows.ts'
import { rolesOf } from './tenant-roles.ts'

export interface DeletePlan {
  /** What `confirm` must be. */
  readonly schema: string
  readonly tenantId: string
  readonly tables: number
  /** Rows of the tenant in shared tables, which need `sharedRows`. */
  readonly sharedRows: readonly Omit<SharedRows, 'isBound'>[]
  /** Objects outside of the schema that depend on it: they must be dropped or changed before. At most 20. */
  readonly references: readonly string[]
  /** The roles that would be dropped: that of the tenant, and logins of its customer. */
  readonly roles: readonly string[]
}

/** The name by which a tenant is confirmed: the one that people know. */
export function confirmedName({ schema, archivedSchema }: Tenant<any>): string {
  return archivedSchema ?? schema
}

export function planDelete(
  deploy: Database,
  tenant: Tenant<any>,
): Promise<DeletePlan & { readonly rows: readonly SharedRows[] }> {
  return deploy.transaction(async (transaction) => {
    const { rows } = await transaction.query<{ tables: string }>(tablesSql(tenant.schema))
    const references = await outsideReferences(transaction, tenant.schema)
    const roles = (await rolesOf(transaction, tenant.id)).map(({ role }) => role)
    const found = await sharedRowsOf(transaction, tenant.id)
    return {
      schema: confirmedName(tenant),
      tenantId: tenant.id,
      tables: Number(rows[0]!.tables),
      sharedRows: found.map(({ table, column, rows: count }) => ({ table, column, rows: count })),
      references,
      roles,
      rows: found,
    }
  })
}

function tablesSql(schema: string): Statement {
  return {
    text: `
      select count(*)::text as tables
      from pg_catalog.pg_class as relation
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      where namespace.nspname::text = $1::text
        and relation.relkind in ('r', 'p', 'f')`,
    values: [schema],
  }
}
