/** The least that a role of an application needs: the catalog's tables to read, and its tenants' schemas. Nothing of the shared schema. */
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

const { url, name } = await testDatabase()
const admin = new Client(url)
await admin.connect()
const role = `pwt_least_${crypto.randomUUID().slice(0, 8)}`
const roleUrl = new URL(url)
roleUrl.username = role
roleUrl.password = 'secret'
await prepare()
afterAll(async () => {
  await admin.query(`drop owned by ${role}; drop role ${role}`)
  await admin.end()
})

async function prepare(): Promise<void> {
  const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false } })
  await tenancy.tenants.create({ schema: 'acme', domains: ['www.acme.org'] })
  await tenancy.close()
  await admin.query(`
    create table acme.notes (text text);
    create role ${role} login password 'secret';
    grant connect on database "${name}" to ${role};
    revoke all on schema public from public;
    grant usage on schema partywall, acme to ${role};
    grant select on all tables in schema partywall to ${role};
    grant select, insert, update, delete on all tables in schema acme to ${role}`)
}

test('a role without usage on the shared schema finds and lists tenants, and works in them', async () => {
  await using tenancy = createTenancy({ database: roleUrl.href, includeShared: false })
  await tenancy.ready()
  for (const ref of ['acme', 'www.acme.org']) expect(await tenancy.tenants.get(ref)).toMatchObject({ schema: 'acme' })
  expect(await tenancy.tenants.list()).toHaveLength(1)
  expect(await tenancy.domains.list('acme')).toHaveLength(1)
  await tenancy.run('acme', () => tenancy.pool.query(`insert into notes values ('mine')`))
  const report = await tenancy.forEach(() => tenancy.pool.query('select text from notes'))
  expect(report.entries.map(({ state }) => state)).toEqual(['done'])
})

test('a role without usage on the shared schema is refused there, and only there', async () => {
  await using tenancy = createTenancy({ database: roleUrl.href, includeShared: false })
  await expect(tenancy.sharedPool.query('select 1')).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  expect(await tenancy.tenants.get('acme')).toMatchObject({ schema: 'acme' })
})

test('a role that may change tenants works without the shared schema, too', async () => {
  await admin.query(
    `grant insert, update, delete on all tables in schema partywall to ${role}; grant create on database "${name}" to ${role}`,
  )
  const { create, tenants, domains } = registryForTest(roleUrl.href, { includeShared: false, migrations: { tenant: false } })
  await create({ schema: 'globex', domains: ['globex.example.com'] })
  await tenants.update('globex', { name: 'Globex' })
  await tenants.setStatus('globex', 'suspended')
  await domains.add('globex', 'www.globex.example.com')
  await domains.remove('globex', 'www.globex.example.com')
  expect(await tenants.get('globex')).toMatchObject({ name: 'Globex', status: 'suspended' })
})
