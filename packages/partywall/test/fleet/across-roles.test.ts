/** Under the boundaries `role` and `login`: each part has the rights of its tenant, or the tenant's path alone where no role of it can be had. */
import { Client } from 'pg'
import { createTenancy, sql } from 'partywall'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tenantRole } from '../../src/names/role-name.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { migrations } from './fleet.ts'

const { url } = await testDatabase()
const { app, deploy, appRole, deployRole } = await leastPrivilege(url, url)
const tenancy = createTenancy({
  database: { connectionString: app, deploy, loginKey: 'k'.repeat(40) },
  boundary: { default: 'role', tenants: { logged: 'login', plain: 'path' } },
  migrations,
})
const admin = new Client(url)
await admin.connect()
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})
const schemas = ['acme', 'globex', 'logged', 'plain']
const ids = new Map<string, string>()
beforeAll(async () => {
  await tenancy.migrations.run()
  for (const schema of schemas) {
    ids.set(schema, (await tenancy.tenants.create({ schema })).id)
    await admin.query(`insert into ${schema}.projects (title) values ('${schema}')`)
  }
})

test('each part runs as the role of its tenant, also between others', async () => {
  const { rows } = await tenancy
    .across(sql`select title, current_user::text as who, current_setting('partywall.tenant_id') as id from projects`)
    .all()
  const seen = Object.fromEntries(rows.map(({ tenant, row }) => [tenant.schema, row]))
  expect(seen).toEqual({
    acme: { title: 'acme', who: tenantRole(ids.get('acme')!), id: ids.get('acme') },
    globex: { title: 'globex', who: tenantRole(ids.get('globex')!), id: ids.get('globex') },
    logged: { title: 'logged', who: deployRole, id: ids.get('logged') },
    plain: { title: 'plain', who: appRole, id: ids.get('plain') },
  })
})

test('a function of the shared schema reads in the part of a tenant what that tenant may read, and no other', async () => {
  const owner = new Client(deploy)
  await owner.connect()
  await owner.query(`create function public.peek(other text) returns bigint language plpgsql as $$
    declare n bigint; begin execute format('select count(*) from %I.projects', other) into n; return n; end $$`)
  await owner.end()
  const statement = sql`select peek(${'globex'}) as n`
  const { failed, rows } = await tenancy.across(statement, { tenants: ['acme', 'globex'], onFailure: 'skip' }).all()
  expect(failed).toMatchObject([{ tenant: { schema: 'acme' }, error: { code: '42501' } }])
  expect(rows.map(({ tenant, row }) => [tenant.schema, row['n']])).toEqual([['globex', '1']])
  // A report by the owner of all schemas, as a naive one is written, reads it in the place of acme.
  await admin.query('set search_path to acme, public')
  expect((await admin.query("select peek('globex') as n")).rows).toEqual([{ n: '1' }])
  await admin.query('reset search_path')
})

test('a tenant whose role is missing is refused, and nothing runs as another role in its place', async () => {
  const { id } = await tenancy.tenants.create({ schema: 'roleless' })
  await admin.query(`alter role ${tenantRole(id)} rename to ${appRole}_away`)
  const { failed, rows } = await tenancy.across(sql`select current_user::text as who`, { onFailure: 'skip' }).all()
  expect(failed).toMatchObject([{ tenant: { schema: 'roleless' }, error: { code: 'ROLE_MISSING' } }])
  expect(rows).toHaveLength(schemas.length)
})
