/** The audit: each change of tenants and domains has its entry, in the transaction of the change, and the entries stay. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenancy } from '../../src/index.ts'
import { auditOf, lastEntry } from '../support/tenants/audit.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { folderForTest, registryForTest } from '../support/tenants/registry.ts'

const database = await testDatabase()
const { url } = database
const admin = new Client(url)
let tenancy: Tenancy
beforeAll(async () => {
  await admin.connect()
  tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  await tenancy.ready()
})
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

describe('entries', () => {
  test('each call that changes a tenant or a domain appends one, with actor, tenant, object, origin and details', async () => {
    const since = await lastEntry(admin)
    const { tenants, domains } = tenancy
    await tenancy.actingAs('user:42', async () => {
      await tenants.create({
        schema: 'acme',
        kind: 'default',
        domains: ['b.example.com', 'a.example.com'],
        attributes: { key: 'sesame' },
      })
      await tenants.update('acme', { name: 'Acme Inc.', attributes: { key: 'open', plan: 'pro' } })
      await tenants.update('acme', { attributes: { key: 'open', plan: undefined } })
      await tenants.suspend('acme')
      await tenants.setMaintenance('a.example.com')
      await tenants.activate('acme')
      await domains.add('acme', 'c.example.com')
      await domains.add('acme', 'd.example.com', { primary: true })
      await domains.setPrimary('acme', 'c.example.com')
      await domains.remove('acme', 'd.example.com')
    })
    const entries = await auditOf(admin, since)
    expect(entries.map(({ action, object, details }) => [action, object, details])).toEqual([
      ['tenant.created', 'acme', { kind: 'default', domains: ['b.example.com', 'a.example.com'] }],
      ['tenant.updated', 'acme', { changed: ['name', 'attributes.key', 'attributes.plan'] }],
      ['tenant.updated', 'acme', { changed: ['attributes.plan'] }],
      ['tenant.suspended', 'acme', {}],
      ['tenant.maintenance', 'acme', {}],
      ['tenant.activated', 'acme', {}],
      ['domain.added', 'c.example.com', { primary: false }],
      ['domain.added', 'd.example.com', { primary: true }],
      ['domain.primary', 'c.example.com', {}],
      ['domain.removed', 'd.example.com', {}],
    ])
    const { id } = await tenants.get('acme')
    for (const { actor, tenant_id, origin } of entries) {
      expect([actor, tenant_id]).toEqual(['user:42', id])
      expect(origin).toMatch(new RegExp(`^\\S+ ${process.pid} \\S+$`))
    }
    expect(JSON.stringify(entries)).not.toMatch(/sesame|open/)
  })

  test('the actor is the role that logged in where none is named, and a bound function keeps its own', async () => {
    await tenancy.tenants.create({ schema: 'actors' })
    const since = await lastEntry(admin)
    const suspend = await tenancy.actingAs('user:1', () => [tenancy.bind(() => tenancy.tenants.suspend('actors'))] as const)
    await tenancy.actingAs('user:2', () => suspend[0]())
    await tenancy.tenants.activate('actors')
    await tenancy.actingAs('user:3', () => tenancy.run('actors', () => tenancy.tenants.suspend('actors')))
    const login = (await admin.query('select session_user as name')).rows[0].name
    expect((await auditOf(admin, since)).map(({ actor }) => actor)).toEqual(['user:1', login, 'user:3'])
    await expect(tenancy.actingAs('a\nb', () => {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(tenancy.actingAs('a', Promise.resolve() as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('of a change that is one statement costs no further round trip, and of a change in a transaction neither', async () => {
    const { catalog, tenants, domains, create } = registryForTest(url)
    await create({ schema: 'costs', domains: ['costs.example.com'] })
    const queries = vi.spyOn(catalog, 'query')
    const transactions = vi.spyOn(catalog, 'transaction')
    await tenants.setStatus('costs', 'suspended')
    expect([queries.mock.calls.length, transactions.mock.calls.length]).toEqual([1, 0])
    queries.mockClear()
    await tenants.update('costs', { name: 'Costs' })
    await domains.remove('costs', 'costs.example.com')
    expect([queries.mock.calls.length, transactions.mock.calls.length]).toEqual([0, 2])
  })
})

describe('a change and its entry', () => {
  test('are refused together when the entry cannot be written', async () => {
    const { tenants, domains } = tenancy
    await tenants.create({ schema: 'whole', domains: ['whole.example.com', 'two.example.com'] })
    const before = await everything()
    await admin.query('alter table partywall.audit add constraint refused check (false) not valid')
    onTestFinished(async () => void (await admin.query('alter table partywall.audit drop constraint if exists refused')))
    for (const change of [
      () => tenants.create({ schema: 'half', domains: ['half.example.com'] }),
      () => tenants.update('whole', { name: 'Half' }),
      () => tenants.suspend('whole'),
      () => tenants.setMaintenance('whole'),
      () => domains.add('whole', 'three.example.com'),
      () => domains.add('whole', 'three.example.com', { primary: true }),
      () => domains.setPrimary('whole', 'two.example.com'),
      () => domains.remove('whole', 'two.example.com'),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: '23514' })
    }
    expect(await everything()).toEqual(before)
    expect((await admin.query(`select to_regnamespace('half') as half`)).rows).toEqual([{ half: null }])
  })

  test('are both absent when the change is refused, or changes nothing', async () => {
    const root = await folderForTest({ 'migrations/tenant/0001_broken.sql': 'select 1 / 0' })
    const broken = registryForTest(url, { root })
    const { tenants, domains } = tenancy
    await tenants.create({ schema: 'quiet', domains: ['quiet.example.com', 'loud.example.com'] })
    const since = await lastEntry(admin)
    const refusals: readonly (readonly [code: string, call: () => Promise<unknown>])[] = [
      ['MIGRATION_FAILED', () => broken.create({ schema: 'never' })],
      ['SCHEMA_EXISTS', () => tenants.create({ schema: 'quiet' })],
      ['DOMAIN_EXISTS', () => tenants.create({ schema: 'other', domains: ['quiet.example.com'] })],
      ['UNKNOWN_TENANT', () => tenants.suspend('unknown')],
      ['INVALID_TENANT_NAME', () => tenants.update('quiet', { name: '' })],
      ['DOMAIN_EXISTS', () => domains.add('quiet', 'loud.example.com')],
      ['PRIMARY_DOMAIN', () => domains.remove('quiet', 'quiet.example.com')],
      ['UNKNOWN_DOMAIN', () => domains.setPrimary('quiet', 'unknown.example.com')],
    ]
    for (const [code, call] of refusals) await expect(call()).rejects.toMatchObject({ code })
    await tenants.activate('quiet')
    await domains.setPrimary('quiet', 'quiet.example.com')
    expect(await auditOf(admin, since)).toEqual([])
  })
})

describe('the entries stay', () => {
  test('an update, a delete and a truncate are refused, also to the owner', async () => {
    await tenancy.tenants.create({ schema: 'kept' })
    const before = await auditOf(admin)
    for (const text of [
      `update partywall.audit set actor = 'x'`,
      'update partywall.audit set at = at where false',
      'delete from partywall.audit',
      'truncate partywall.audit',
      'truncate partywall.tenants, partywall.audit cascade',
      `insert into partywall.audit (id, action, origin) overriding system value
       select id, 'x.y', '' from partywall.audit limit 1 on conflict (id) do update set actor = 'x'`,
    ]) {
      await expect(admin.query(text)).rejects.toMatchObject({
        code: '42501',
        message: expect.stringContaining('partywall.audit'),
      })
    }
    expect(await auditOf(admin)).toEqual(before)
    await admin.query(`delete from partywall.tenants where schema = 'kept'; drop schema kept cascade`)
    expect(await auditOf(admin)).toEqual(before)
  })

  test('the role of the application adds entries, and neither reads them nor says when they were added', async () => {
    const { url: fresh, directUrl } = await testDatabase()
    const { app, deploy, appRole, deployRole } = await leastPrivilege(directUrl, fresh)
    const owner = new Client(directUrl)
    await owner.connect()
    const client = new Client(app)
    await client.connect()
    const migrations = { shared: false, tenant: false } as const
    const byRole = createTenancy({ database: { connectionString: app, deploy }, boundary: 'role', migrations })
    onTestFinished(async () => {
      await byRole.close()
      await client.end()
      await owner.end()
    })
    await byRole.tenants.create({ schema: 'roles' })
    await byRole.tenants.suspend('roles')
    expect((await auditOf(owner)).map(({ actor, action }) => [actor, action])).toEqual([
      [deployRole, 'tenant.created'],
      [appRole, 'tenant.suspended'],
    ])
    await client.query(`set role to "partywall_catalog_${new URL(fresh).pathname.slice(1)}"`)
    await client.query(`insert into partywall.audit (action, origin) values ('x.y', '')`)
    for (const refused of [
      'select * from partywall.audit',
      `insert into partywall.audit (action, origin, at) values ('x.y', '', '2000-01-01')`,
      `insert into partywall.audit (id, action, origin) overriding system value values (-1, 'x.y', '')`,
      `update partywall.audit set actor = 'x'`,
      'delete from partywall.audit',
      'truncate partywall.audit',
      'alter table partywall.audit disable trigger all',
    ]) {
      await expect(client.query(refused)).rejects.toMatchObject({ code: '42501' })
    }
  })
})

/** All that the changes of this file are about. */
async function everything(): Promise<unknown> {
  const { rows } = await admin.query(`
    select
      (select jsonb_agg(to_jsonb(tenant) order by tenant.id) from partywall.tenants as tenant) as tenants,
      (select jsonb_agg(to_jsonb(domain) order by domain.domain) from partywall.domains as domain) as domains,
      (select count(*) from partywall.audit) as entries`)
  return rows
}
