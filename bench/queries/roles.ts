/** Gives the tenants of the fleet roles, and the application a login that has no rights of its own. Made once and kept. */
import { Client } from 'pg'
import { Access } from '../../packages/partywall/src/catalog/roles/access.ts'
import { giveRights } from '../../packages/partywall/src/catalog/roles/rights.ts'
import { createTakenRoleSql, joinSql } from '../../packages/partywall/src/catalog/roles/rights-sql.ts'
import { tenantRole } from '../../packages/partywall/src/names/role-name.ts'

const login = 'partywall_bench_app'

/** @returns how the application connects */
export async function giveRoles(url: string): Promise<string> {
  const admin = new Client(url)
  await admin.connect()
  const { rows: logins } = await admin.query('select from pg_roles where rolname = $1', [login])
  if (logins.length === 0) await admin.query(`create role ${login} login noinherit password 'bench'`)
  const boundary = { default: 'role', kinds: {}, tenants: {} } as const
  const access = new Access(
    { loginRole: async () => login },
    { boundary, sharedSchema: 'public', extraSearchPath: [], shared: { grants: {} } },
    false,
  )
  await access.give(admin)
  const names = await access.names(admin)
  const { rows } = await admin.query<{ id: string; schema: string }>(
    `select tenant.id::text as id, tenant.schema
     from partywall.tenants as tenant
     where not exists (select from pg_roles where rolname = 'partywall_' || replace(tenant.id::text, '-', ''))`,
  )
  for (const { id, schema } of rows) {
    const role = tenantRole(id)
    await admin.query(`${createTakenRoleSql(role, names)} ${joinSql(role, [names.tenants], names)}`)
    await giveRights(admin, schema, [role], 'read and write')
  }
  await admin.end()
  const app = new URL(url)
  app.username = login
  app.password = 'bench'
  return app.href
}
