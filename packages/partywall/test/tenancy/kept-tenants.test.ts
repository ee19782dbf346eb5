/** A Tenant object that an application has kept: it enters its tenant only as far as this process knows that it still may. */
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenant } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const admin = new Client(url)
await admin.connect()
const config = { database: url, migrations: { tenant: false, shared: false } as const, tenantCacheMs: 60_000 }
const tenancy = createTenancy(config)
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

const entered = (tenant: Tenant): Promise<string> => tenancy.run(tenant, () => 'entered')

test('a tenant that this process has suspended is refused without a query, and enters again when it is activated', async () => {
  const kept = await tenancy.tenants.create({ schema: 'suspended' })
  await tenancy.tenants.suspend('suspended')
  const query = vi.spyOn(tenancy.sharedPool, 'query')
  const connect = vi.spyOn(tenancy.sharedPool, 'connect')
  onTestFinished(() => void (query.mockRestore(), connect.mockRestore()))
  await expect(entered(kept)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED', details: { status: 'suspended' } })
  expect(await tenancy.run(kept, () => 1, { allowInactive: true })).toBe(1)
  expect([query.mock.calls.length, connect.mock.calls.length]).toEqual([0, 0])
  await tenancy.tenants.setMaintenance('suspended')
  await expect(entered(kept)).rejects.toMatchObject({ code: 'TENANT_MAINTENANCE' })
  await tenancy.tenants.activate('suspended')
  expect(await entered(kept)).toBe('entered')
})

test('an older state that arrives late does not hide a newer one', async () => {
  const kept = await tenancy.tenants.create({ schema: 'late' })
  const [old] = await tenancy.tenants.list({ search: 'late' })
  await tenancy.tenants.suspend('late')
  await expect(entered(old!)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
  await expect(entered(kept)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
})

test('a suspension does not interrupt running work', async () => {
  const kept = await tenancy.tenants.create({ schema: 'running' })
  await tenancy.run(kept, async () => {
    await tenancy.tenants.suspend('running')
    expect((await tenancy.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})

test('a tenant of which a lookup found a newer generation is refused, also statements of its running scope', async () => {
  const kept = await tenancy.tenants.create({ schema: 'renamed' })
  await tenancy.run(kept, async () => {
    await tenancy.pool.query('select 1')
    const client = await tenancy.pool.connect()
    await admin.query(`
      begin;
      alter schema renamed rename to renamed_2;
      update partywall.tenants set schema = 'renamed_2' where schema = 'renamed';
      commit`)
    expect((await tenancy.tenants.list({ search: 'renamed_2' }))[0]!.generation).toBeGreaterThan(kept.generation)
    await expect(tenancy.pool.query('select 1')).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
    await expect(client.query('select 1')).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
    client.release()
    await expect(tenancy.pool.connect()).rejects.toMatchObject({ code: 'TENANT_CHANGED' })
  })
  await expect(entered(kept)).rejects.toMatchObject({ code: 'TENANT_CHANGED', details: { schema: 'renamed' } })
  expect(await entered(await tenancy.tenants.get('renamed_2'))).toBe('entered')
})

test('a tenant whose name was given to another one after it was dropped does not lead there', async () => {
  const kept = await tenancy.tenants.create({ schema: 'remade' })
  await admin.query(`delete from partywall.tenants where schema = 'remade'; drop schema remade cascade`)
  const other = createTenancy(config)
  onTestFinished(() => other.close())
  await other.tenants.create({ schema: 'remade' })
  await admin.query(`create table remade.notes as select 'of the new customer' as text`)
  await expect(tenancy.run(kept, () => tenancy.pool.query('select text from notes'))).rejects.toMatchObject({
    code: expect.stringMatching(/^(TENANT_CHANGED|UNKNOWN_TENANT)$/),
  })
})

test('a tenant that is known to be deleted is refused as an unknown one', async () => {
  const kept = await tenancy.tenants.create({ schema: 'deleted' })
  await admin.query(`delete from partywall.tenants where schema = 'deleted'`)
  const fresh = createTenancy({ ...config, tenantCacheMs: 0 })
  onTestFinished(() => fresh.close())
  expect(await fresh.tenants.find(kept.id)).toBeUndefined()
  const seen = createTenancy({ ...config, tenantCacheMs: 0 })
  onTestFinished(() => seen.close())
  await admin.query(`insert into partywall.tenants (id, schema, name) values ('${kept.id}', 'deleted', 'x')`)
  const again = await seen.tenants.get(kept.id)
  await admin.query(`delete from partywall.tenants where schema = 'deleted'`)
  expect(await seen.tenants.find(kept.id)).toBeUndefined()
  await expect(seen.run(again, () => 1)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT', details: { by: 'id', ref: kept.id } })
})
