/** Under the boundary `role`, what a test needs for schemas that it has made by hand. Under `path` there is nothing to do. */
import type { Client } from 'pg'
import { readRoleNames, type RoleNames } from '../../../src/catalog/roles/role-names.ts'
import { giveRights } from '../../../src/catalog/roles/rights.ts'
import { createTakenRoleSql, joinSql } from '../../../src/catalog/roles/rights-sql.ts'
import { identifier } from '../../../src/names/identifier.ts'
import { tenantRole } from '../../../src/names/role-name.ts'
import type { Tenant } from '../../../src/types.ts'
import { isByRole } from '../servers/boundary.ts'

/** Gives each tenant a role with rights on what is in its schema. */
export async function adopt(admin: Client, tenants: readonly Tenant[], login?: Promise<string>): Promise<void> {
  if (!isByRole) return
  const names = await readRoleNames({ loginRole: () => login ?? loginOf(admin) }, admin)
  for (const { id, schema } of tenants) {
    const role = tenantRole(id)
    const { rows } = await admin.query('select from pg_roles where rolname = $1', [role])
    if (rows.length === 0) await admin.query(`${createTakenRoleSql(role, names)} ${joinSql(role, [names.tenants], names)}`)
    await giveRights(admin, schema, [role], 'read and write')
  }
}

/** Lets the role of the tenant create tables. */
export async function letCreate(admin: Client, { id, schema }: Tenant): Promise<void> {
  if (isByRole) await admin.query(`grant create on schema ${identifier(schema)} to ${identifier(tenantRole(id))}`)
}

/** Lets the role of the tenant change its schema, as the owner of all that is in it. */
export async function letChange(admin: Client, tenant: Tenant): Promise<void> {
  if (!isByRole) return
  const { id, schema } = tenant
  const [role, name] = [identifier(tenantRole(id)), identifier(schema)]
  const { rows } = await admin.query<{ relation: string }>(
    `select oid::regclass::text as relation from pg_class where relnamespace = $1::regnamespace and relkind = 'r'`,
    [name],
  )
  await admin.query(rows.map(({ relation }) => `alter table ${relation} owner to ${role};`).join(' '))
  await letCreate(admin, tenant)
}

/** The application is the one login that may take the role of the shared pool. */
async function loginOf(admin: Client): Promise<RoleNames['login']> {
  const { shared } = await readRoleNames({ loginRole: async () => '' }, admin)
  const { rows } = await admin.query<{ login: string }>(
    `select member.rolname as login
     from pg_auth_members as membership
     join pg_roles as member on member.oid = membership.member
     join pg_roles as role on role.oid = membership.roleid
     where role.rolname = $1 and member.rolcanlogin and not member.rolsuper and not member.rolcreaterole`,
    [shared],
  )
  return rows[0]!.login
}
