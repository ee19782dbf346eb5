/**
 * The role of a tenant, made in the transaction that makes its schema. What migrations create later in the schema gets its rights by default privileges, so
 * migrations need not know of roles.
 */
import { boundaryOf } from '../../config/boundary-option.ts'
import type { Options } from '../../config/options.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { TenancyError } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import type { Access } from './access.ts'
import { createTakenRoleSql, futureRightsSql, joinTenantsSql, onlyReadSql, usageSql } from './rights-sql.ts'
import type { RoleNames } from './role-names.ts'

/** Gives the new, empty schema to those who may use it; under the boundary `path` that is the application's login itself. One round trip. */
export async function giveNewSchema(
  transaction: Transaction,
  access: Access,
  { boundary }: Pick<Options, 'boundary'>,
  tenant: Tenant<any>,
): Promise<void> {
  const user = await userOf(transaction, access, boundary, tenant)
  if (user === undefined) return
  const { role, names, isPath } = user
  const texts = [
    isPath ? '' : createTakenRoleSql(role, names),
    usageSql(tenant.schema, role),
    futureRightsSql(tenant.schema, role, 'read and write'),
  ]
  try {
    await transaction.query({ text: texts.join('\n') })
  } catch (error) {
    throw explained(error, role, tenant.schema)
  }
}

/**
 * What comes last in the transaction: takes back the right to change a table of the schema that partywall itself writes, and lets the role read the
 * shared schema. One round trip.
 */
export async function completeNewSchema(
  transaction: Transaction,
  access: Access,
  { boundary }: Pick<Options, 'boundary'>,
  tenant: Tenant<any>,
  table: string,
): Promise<void> {
  const user = await userOf(transaction, access, boundary, tenant)
  if (user === undefined) return
  const { role, names, isPath } = user
  const texts = [onlyReadSql(tenant.schema, table, role), isPath ? '' : joinTenantsSql(role, names)]
  await transaction.query({ text: texts.join('\n') })
}

/** The role that uses the schema; undefined where it owns the schema. */
async function userOf(
  transaction: Transaction,
  access: Access,
  boundary: Options['boundary'],
  tenant: Tenant<any>,
): Promise<{ readonly role: string; readonly names: RoleNames; readonly isPath: boolean } | undefined> {
  if (!access.isNeeded) return undefined
  const names = await access.names(transaction)
  const isPath = boundaryOf(boundary, tenant) === 'path'
  if (isPath && names.login === names.deploy) return undefined
  return { role: isPath ? names.login : tenantRole(tenant.id), names, isPath }
}

function explained(error: unknown, role: string, schema: string): unknown {
  if (sqlStateOf(error) === sqlState.duplicateObject) {
    return new TenancyError(
      'ROLE_EXISTS',
      `The role ${role} of the new tenant ${JSON.stringify(schema)} exists already in this cluster of databases; it may have rights elsewhere. Create the ` +
        'tenant once more: it gets another id.',
      { details: { schema, role }, cause: error },
    )
  }
  return explainPrivilege(
    error,
    `create the role of the tenant ${JSON.stringify(schema)}`,
    'Give the role of the option "database.deploy" the right to create roles: alter role … createrole;',
  )
}
