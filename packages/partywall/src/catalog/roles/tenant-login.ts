/**
 * The login of a tenant, under the boundary `login`: its role logs in itself, and no other role may take it, so that no SQL of another tenant becomes it.
 * Its password is derived from a master key; the server stores a verifier, and the catalog a number.
 *
 * Its statements are bound by set_config. Where the execution of that function was revoked from PUBLIC, the group of these roles must be allowed it:
 * the group is no way to another role, because its members may take no role that has more rights.
 */
import { TenancyError } from '../../errors.ts'
import { identifier } from '../../names/identifier.ts'
import { tenantRole } from '../../names/role-name.ts'
import type { Transaction } from '../../ports/database.ts'
import { explainPrivilege } from '../../sql/privilege.ts'
import { transactionLockSql } from '../../sql/schema-sql.ts'
import { grantSetConfigSql, setConfigFunction } from '../../sql/set-config.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Queryable, Statement } from '../../sql/statement.ts'
import type { Tenant } from '../../types.ts'
import type { Access } from './access.ts'
import { adoptGroupSql, alterLoginSql, createLoginSql, createRoleSql, joinSql } from './rights-sql.ts'
import type { RoleNames } from './role-names.ts'

/** The password of a new tenant. */
export const firstGeneration = 1

/** The statement that makes the role of a new tenant. One round trip, and two more for the first tenant with a login. */
export async function newLoginSql(transaction: Queryable, access: Access, names: RoleNames, role: string): Promise<string> {
  await makeLoginsGroup(transaction, names)
  const verifier = await access.verifierOf(role, firstGeneration)
  return createLoginSql(role, verifier)
}

/**
 * Gives the login of an existing tenant its next password, or a role that could not log in its first one. Who may take the role stays as it is. Resolves to the generation; undefined when
 * the password is not older than `before`. Three round trips.
 * @throws TenancyError ROLE_MISSING, NOT_PERMITTED
 */
export async function giveNextPassword(
  transaction: Transaction,
  access: Access,
  tenant: Pick<Tenant<any>, 'id' | 'schema'>,
  before?: Date,
): Promise<number | undefined> {
  const names = await access.names(transaction)
  await makeLoginsGroup(transaction, names)
  const role = tenantRole(tenant.id)
  const { rows } = await transaction.query<NextGeneration>(nextGenerationSql(tenant.id, role, names.logins, before))
  if (rows[0] === undefined) return undefined
  const generation = Number(rows[0].generation)
  const texts = [alterLoginSql(role, await access.verifierOf(role, generation))]
  // The number outlives the role, which a downgrade drops.
  if (rows[0].is_member !== 'true') texts.push(joinSql(role, [names.logins], names))
  try {
    await transaction.query({ text: texts.join('\n') })
  } catch (error) {
    throw explained(error, role, tenant.schema)
  }
  return generation
}

/** A role that exists once in a database. Two transactions may find it missing at the same time. */
export async function makeLoginsGroup(transaction: Queryable, names: RoleNames): Promise<void> {
  if (await isReady(transaction, names)) return
  await transaction.query(transactionLockSql('partywall: the group of logins'))
  const { rows } = await transaction.query<{ usable: string | null }>(groupSql(names.logins))
  if (rows.length === 0)
    await transaction.query({ text: [createRoleSql(names.logins), adoptGroupSql(names.logins, names)].join('\n') })
  if (await isReady(transaction, names)) return
  try {
    await transaction.query({ text: grantSetConfigSql(names.logins) })
  } catch (error) {
    throw mayNotGrant(names, error)
  }
  // Without the grant option, the server only warns.
  if (!(await isReady(transaction, names))) throw mayNotGrant(names)
}

async function isReady(queryable: Queryable, { logins }: RoleNames): Promise<boolean> {
  return (await queryable.query<{ usable: string }>(groupSql(logins))).rows[0]?.usable === 'true'
}

/** One row when the group exists. */
function groupSql(group: string): Statement {
  return {
    text: `
      select pg_catalog.has_function_privilege(role.oid, '${setConfigFunction}'::pg_catalog.regprocedure, 'execute')::text as usable
      from pg_catalog.pg_roles as role
      where role.rolname = $1::name`,
    values: [group],
  }
}

interface NextGeneration extends Record<string, unknown> {
  readonly generation: string
  readonly is_member: string
}

function nextGenerationSql(id: string, role: string, group: string, before: Date | undefined): Statement {
  return {
    text: `
      update partywall.tenants as tenant
      set login_generation = coalesce(tenant.login_generation, 0) + 1,
          login_rotated_at = pg_catalog.now()
      where tenant.id = $1::uuid
        and ($2::timestamptz is null or tenant.login_rotated_at is null or tenant.login_rotated_at < $2::timestamptz)
      returning tenant.login_generation::text as generation,
        exists (
          select from pg_catalog.pg_auth_members as membership
          join pg_catalog.pg_roles as logins on logins.oid = membership.roleid
          join pg_catalog.pg_roles as member on member.oid = membership.member
          where logins.rolname = $4::name and member.rolname = $3::name
        )::text as is_member`,
    values: [id, before?.toISOString() ?? null, role, group],
  }
}

function mayNotGrant({ logins, deploy }: RoleNames, cause?: unknown): TenancyError {
  return new TenancyError(
    'NOT_PERMITTED',
    `The group ${logins} may not call set_config, with which statements are bound, and the role ${deploy} may not allow it. As a superuser, run ` +
      `once in this database: grant execute on function ${setConfigFunction} to ${identifier(deploy)} with grant option;`,
    cause === undefined ? {} : { cause },
  )
}

function explained(error: unknown, role: string, schema: string): unknown {
  if (sqlStateOf(error) === sqlState.undefinedObject) {
    return new TenancyError(
      'ROLE_MISSING',
      `The tenant ${JSON.stringify(schema)} has no role ${role} that could get a password. Make it with: npx partywall boundary upgrade.`,
      { details: { schema }, cause: error },
    )
  }
  return explainPrivilege(
    error,
    `change the password of the tenant ${JSON.stringify(schema)}`,
    'Give the role of the option "database.deploy" the right to change roles: alter role … createrole; from PostgreSQL 16 on it must have made ' +
      'the role itself, or be its member with the admin option.',
  )
}
