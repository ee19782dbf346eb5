/** The rights of a tenant that is released: its role goes, and those who use the schema that its tables come to get what they have there. */
import type { Access } from '../../catalog/roles/access.ts'
import { ownedInSql, roleExistsSql, type Ownable } from '../../catalog/roles/rights-sql.ts'
import { dropRoleSql, takePresentSql, takeSchemaSql } from '../../catalog/roles/take-rights-sql.ts'
import type { Options } from '../../config/options.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import type { Tenant } from '../../types.ts'
import { usedByOthers, usedElsewhere } from '../boundary/used-elsewhere.ts'

/** @throws TenancyError ROLE_EXISTS where another database uses the role, too */
export async function dropTenantRole(transaction: Transaction, access: Access, { id, schema }: Tenant<any>): Promise<void> {
  if (!access.isNeeded) return
  const names = await access.names(transaction)
  const role = tenantRole(id)
  const present = (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(schema))).rows
  // Under the boundary `path` the login has the rights itself.
  if (names.login !== names.deploy)
    await transaction.query({ text: [takeSchemaSql(schema, names.login), takePresentSql(present, names.login)].join('\n') })
  if ((await transaction.query(roleExistsSql(role))).rows.length === 0) return
  const others = await usedElsewhere(transaction, role)
  if (others.length > 0) throw usedByOthers(role, schema, others)
  await transaction.query({ text: [takeSchemaSql(schema, role), takePresentSql(present, role), dropRoleSql(role)].join('\n') })
}

/** What comes into the shared schema is read by all tenants, and written by the shared pool, as everything there. */
export async function giveReleased(
  transaction: Transaction,
  access: Access,
  { sharedSchema, extraSearchPath }: Pick<Options, 'sharedSchema' | 'extraSearchPath'>,
  to: string | undefined,
): Promise<void> {
  if (to !== undefined && [sharedSchema, ...extraSearchPath].includes(to)) await access.give(transaction)
}
