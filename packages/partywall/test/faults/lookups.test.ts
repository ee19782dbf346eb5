/**
 * Lookups of tenants ask the database once, and what another process changes is seen all the same: at once where the watch listens, within
 * about a second where it polls, and within `tenantCacheMs` while it is lost.
 */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createTenancy, type Tenancy, type TenancyEvents } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { isPooled } from '../support/servers/route.ts'
import { openRegistry, registryForTest } from '../support/tenants/registry.ts'

const { url, directUrl } = await testDatabase()
const admin = new Client(directUrl)
const watches = `select pid from pg_stat_activity where application_name = 'partywall: changes of tenants' and datname = current_database()`
/** Far below the hour that a cached answer would take to expire, and enough for a busy machine. */
const soon = { timeout: 10_000, interval: 5 }

beforeAll(async () => {
  await admin.connect()
  const { catalog, close } = openRegistry(directUrl)
  await catalog.ready()
  await close()
})
afterAll(() => admin.end())

/** A tenancy that sees changes already. */
async function watching(tenantCacheMs = 3_600_000): Promise<Tenancy> {
  const tenancy = createTenancy({ database: url, tenantCacheMs, migrations: { tenant: false, shared: false } })
  onTestFinished(() => tenancy.close())
  const live = nextEvent(tenancy, 'lookups.watching')
  await tenancy.tenants.find('nothing')
  expect(await live).toEqual({ mode: isPooled ? 'poll' : 'listen' })
  return tenancy
}

function nextEvent<E extends keyof TenancyEvents>(tenancy: Tenancy, event: E): Promise<TenancyEvents[E]> {
  return new Promise((resolve) => {
    const off = tenancy.on(event, (payload) => {
      off()
      resolve(payload)
    })
  })
}

async function createElsewhere(schema: string, domains: string[] = []): Promise<string> {
  const { create } = registryForTest(directUrl, { migrations: { tenant: false, shared: false } })
  return (await create({ schema, domains })).id
}

test('a thousand lookups cost one query, also when a tenantCacheMs has passed', async () => {
  const tenancy = await watching(50)
  await createElsewhere('often', ['often.example.com'])
  await vi.waitFor(() => tenancy.tenants.get('often.example.com'), soon)
  // The announcement of its creation is passed, so nothing more is to come.
  await new Promise((resolve) => setTimeout(resolve, isPooled ? 1500 : 200))
  await tenancy.tenants.get('often.example.com')
  const connect = vi.spyOn(Client.prototype, 'query')
  onTestFinished(() => connect.mockRestore())
  for (let number = 0; number < 1000; number++) {
    await tenancy.tenants.get('often')
    await tenancy.run('often.example.com', () => 1)
    if (number === 500) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  // The two questions about names in both scopes are for all tenants.
  const asked = connect.mock.calls.filter(([text]) =>
    /^(?!.*(?:of_kinds|partywall\.relations)).*partywall\.tenants/s.test(JSON.stringify(text)),
  )
  expect(asked).toEqual([])
})

test('a suspension, a rename, a deletion and a change of domains by another process are seen', async () => {
  const tenancy = await watching()
  const id = await createElsewhere('seen', ['seen.example.com'])
  await vi.waitFor(() => tenancy.tenants.get('seen'), soon)
  const kept = await tenancy.tenants.get('seen.example.com')
  expect(await tenancy.tenants.find('seen_2')).toBeUndefined()
  expect(await tenancy.tenants.find('more.example.com')).toBeUndefined()

  const other = registryForTest(directUrl)
  await other.tenants.setStatus('seen', 'suspended')
  await vi.waitFor(async () => expect(await tenancy.tenants.get('seen')).toMatchObject({ status: 'suspended' }), soon)
  await expect(tenancy.run(kept, () => 1)).rejects.toMatchObject({ code: 'TENANT_SUSPENDED' })
  await other.tenants.setStatus('seen', 'active')
  await vi.waitFor(() => tenancy.run(kept, () => 1), soon)

  await other.domains.add('seen', 'more.example.com')
  await vi.waitFor(() => tenancy.tenants.get('more.example.com'), soon)
  await other.domains.remove('seen', 'more.example.com')
  await vi.waitFor(async () => expect(await tenancy.tenants.find('more.example.com')).toBeUndefined(), soon)

  await admin.query(`
    begin;
    alter schema seen rename to seen_2;
    update partywall.tenants set schema = 'seen_2' where schema = 'seen';
    commit`)
  await vi.waitFor(async () => expect(await tenancy.tenants.find('seen')).toBeUndefined(), soon)
  expect(await tenancy.tenants.get('seen_2')).toMatchObject({ id })
  await expect(tenancy.run(kept, () => 1)).rejects.toMatchObject({ code: 'TENANT_CHANGED' })

  const renamed = await tenancy.tenants.get('seen_2')
  await admin.query(`delete from partywall.tenants where schema = 'seen_2'`)
  await vi.waitFor(async () => expect(await tenancy.tenants.find(id)).toBeUndefined(), soon)
  await expect(tenancy.run(renamed, () => 1)).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
})

test('a change of every tenant at once, and a truncation, are seen', async () => {
  const tenancy = await watching()
  await admin.query(`insert into partywall.tenants (schema, name) select 'bulk_' || n, 'x' from generate_series(1, 2500) as n`)
  await vi.waitFor(() => tenancy.tenants.get('bulk_2500'), soon)
  await admin.query(`update partywall.tenants set status = 'suspended'`)
  await vi.waitFor(async () => expect(await tenancy.tenants.get('bulk_2500')).toMatchObject({ status: 'suspended' }), soon)
  await admin.query('truncate partywall.tenants cascade')
  await vi.waitFor(async () => expect(await tenancy.tenants.find('bulk_2500')).toBeUndefined(), soon)
})

test('a transaction that is committed long after its change is seen', async () => {
  const tenancy = await watching()
  await createElsewhere('slow')
  await vi.waitFor(() => tenancy.tenants.get('slow'), soon)
  await admin.query(`begin; update partywall.tenants set status = 'suspended' where schema = 'slow'`)
  await new Promise((resolve) => setTimeout(resolve, isPooled ? 2500 : 100))
  expect(await tenancy.tenants.get('slow')).toMatchObject({ status: 'active' })
  await admin.query('commit')
  await vi.waitFor(async () => expect(await tenancy.tenants.get('slow')).toMatchObject({ status: 'suspended' }), soon)
})

test('a lost watch says so, lookups are bounded by tenantCacheMs, and it is opened again', async () => {
  const tenancy = await watching(200)
  await createElsewhere('lost')
  await vi.waitFor(() => tenancy.tenants.get('lost'), soon)
  const degraded = nextEvent(tenancy, 'lookups.degraded')
  // Behind the pooler the connection of the watch is the pooler's.
  if (isPooled) await admin.query('alter table partywall.changes rename to changes_2')
  else await admin.query(`select pg_terminate_backend(pid) from (${watches}) as watch`)
  // A poll asks only while tenants are looked up.
  const using = setInterval(() => void tenancy.tenants.find('lost').catch(() => {}), 50)
  onTestFinished(() => clearInterval(using))
  expect(await degraded).toEqual({ mode: isPooled ? 'poll' : 'listen', reason: expect.any(String) })
  const watchingAgain = nextEvent(tenancy, 'lookups.watching')
  if (isPooled) await admin.query('alter table partywall.changes_2 rename to changes')
  await registryForTest(directUrl).tenants.setStatus('lost', 'suspended')
  await vi.waitFor(async () => expect(await tenancy.tenants.get('lost')).toMatchObject({ status: 'suspended' }), soon)
  expect(await watchingAgain).toEqual({ mode: isPooled ? 'poll' : 'listen' })
  await registryForTest(directUrl).tenants.setStatus('lost', 'active')
  await vi.waitFor(async () => expect(await tenancy.tenants.get('lost')).toMatchObject({ status: 'active' }), soon)
})

test('a role that may not read the announcements looks up tenants all the same', async () => {
  const role = `pwt_unaware_${crypto.randomUUID().slice(0, 8)}`
  await admin.query(
    `create role ${role} login; grant usage on schema partywall to ${role}; grant select on partywall.migrations, partywall.tenants, partywall.domains to ${role}`,
  )
  onTestFinished(async () => void (await admin.query(`drop owned by ${role}; drop role ${role}`)))
  const roleUrl = new URL(url)
  roleUrl.username = role
  const tenancy = createTenancy({ database: roleUrl.href, tenantCacheMs: 100 })
  onTestFinished(() => tenancy.close())
  const state = Promise.race([nextEvent(tenancy, 'lookups.degraded'), nextEvent(tenancy, 'lookups.watching')])
  expect(await tenancy.tenants.find('anything')).toBeUndefined()
  // To listen takes no privilege.
  expect(await state).toMatchObject(isPooled ? { reason: expect.stringContaining('permission denied') } : { mode: 'listen' })
})

test('tenantCacheMs 0 opens no watch, and close ends the one that was opened', async () => {
  const tenancy = createTenancy({ database: url, tenantCacheMs: 0 })
  await tenancy.tenants.find('anything')
  await tenancy.close()
  const other = await watching()
  await other.close()
  if (!isPooled) await vi.waitFor(async () => expect((await admin.query(watches)).rows).toEqual([]), soon)
})
