/**
 * The role of a tenant, made in the transaction that makes its schema. What migrations create later in the schema gets its rights by default privileges, so
 * migrations need not know of roles.
 */
import { boundaryOf } from '../../config/boundary-option.ts'
import type { Boundary } from '../../config/config.ts'
import type { Options } from '../../config/options.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { TenancyError } from '../../errors.ts'
import type { Tenant } from '../../types.ts'
import type { Access } from './access.ts'
import { letTakeGranterSql } from './admin-option.ts'
import {
  createTakenRoleSql,
  futureRightsSql,
  joinSql,
  onlyReadSql,
  ownedInSql,
  presentRightsSql,
  usageSql,
  type Ownable,
} from './rights-sql.ts'
import type { RoleNames } from './role-names.ts'
import { newLoginSql } from './tenant-login.ts'

/**
 * Gives the new schema to those who may use it; under the boundary `path` that is the application's login itself. One round trip, and one more where the schema
 * is not empty.
 */
export async function giveNewSchema(
  transaction: Transaction,
  access: Access,
  { boundary }: Pick<Options, 'boundary'>,
  tenant: Tenant<any>,
  isEmpty = true,
): Promise<void> {
  const user = await userOf(transaction, access, boundary, tenant)
  if (user === undefined) return
  const { role, names, kind } = user
  const present = isEmpty ? [] : (await transaction.query<Ownable & Record<string, unknown>>(ownedInSql(tenant.schema))).rows
  const texts = [
    kind === 'path'
      ? ''
      : kind === 'role'
        ? createTakenRoleSql(role, names)
        : await newLoginSql(transaction, access, names, role),
    usageSql(tenant.schema, role),
    futureRightsSql(tenant.schema, role, 'read and write'),
    presentRightsSql(present, role, 'read and write'),
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
 * @param table absent in a schema that partywall keeps no history for
 */
export async function completeNewSchema(
  transaction: Transaction,
  access: Access,
  { boundary }: Pick<Options, 'boundary'>,
  tenant: Tenant<any>,
  table?: string,
): Promise<void> {
  const user = await userOf(transaction, access, boundary, tenant)
  if (user === undefined) return
  const { role, names, kind } = user
  const groups = { path: [], role: [names.tenants], login: [names.tenants, names.logins] }[kind]
  const texts = [table === undefined ? '' : onlyReadSql(tenant.schema, table, role), joinSql(role, groups, names)]
  try {
    await transaction.query({ text: texts.join('\n') })
  } catch (error) {
    throw explainPrivilege(
      error,
      `make the role of the tenant ${JSON.stringify(tenant.schema)} a member of its group`,
      `Where another deploy role made the roles of this database, run as a superuser, or as that role: ${letTakeGranterSql(names)} ` +
        'docs/boundaries.md#another-deploy-role says what else it needs.',
    )
  }
}

/** The role that uses the schema; undefined where it owns the schema. */
async function userOf(
  transaction: Transaction,
  access: Access,
  boundary: Options['boundary'],
  tenant: Tenant<any>,
): Promise<{ readonly role: string; readonly names: RoleNames; readonly kind: Boundary } | undefined> {
  if (!access.isNeeded) return undefined
  const names = await access.names(transaction)
  const kind = boundaryOf(boundary, tenant)
  if (kind === 'path' && names.login === names.deploy) return undefined
  return { role: kind === 'path' ? names.login : tenantRole(tenant.id), names, kind }
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
