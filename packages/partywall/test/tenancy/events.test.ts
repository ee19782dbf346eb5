/** Events about the catalog carry the stored values and are emitted after the commit, whichever call of the library stored them. */
import { createTenancy, TenancyError, type TenancyEvents } from 'partywall'
import { afterAll, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false }, tenantCacheMs: 0 })
afterAll(() => tenancy.close())

const names = [
  'tenant.created',
  'tenant.updated',
  'tenant.suspended',
  'tenant.activated',
  'tenant.maintenance',
  'domain.added',
  'domain.removed',
  'domain.primary',
] as const satisfies (keyof TenancyEvents)[]
const heard: [event: string, payload: any][] = []
for (const name of names) tenancy.on(name, (payload) => heard.push([name, payload]))

const eventsOf = async (work: () => Promise<unknown>): Promise<[event: string, payload: any][]> => {
  heard.length = 0
  await work()
  return heard.splice(0)
}

test('creating a tenant emits tenant.created, then domain.added for each domain, with the stored values', async () => {
  const events = await eventsOf(() => tenancy.tenants.create({ schema: 'acme', domains: ['B.example.com', 'a.example.com'] }))
  const tenant = await tenancy.tenants.get('acme')
  expect(events[0]).toEqual(['tenant.created', { tenant }])
  const stored = await tenancy.domains.list('acme')
  expect(stored).toMatchObject([{ domain: 'b.example.com', isPrimary: true }, { domain: 'a.example.com' }])
  expect(events.slice(1)).toEqual(stored.map((domain) => ['domain.added', { domain }]))
})

test('creating a tenant emits nothing when it fails', async () => {
  const events = await eventsOf(() => tenancy.tenants.create({ schema: 'twice', domains: ['a.example.com'] }).catch(() => {}))
  expect(events).toEqual([])
})

test('each change of a tenant emits an event of its own, with the stored tenant', async () => {
  const { tenants } = tenancy
  const changes: [event: string, change: () => Promise<unknown>][] = [
    ['tenant.updated', () => tenants.update('acme', { name: ' New name ', attributes: { plan: 'pro' } })],
    ['tenant.suspended', () => tenants.suspend('acme')],
    ['tenant.maintenance', () => tenants.setMaintenance('acme')],
    ['tenant.activated', () => tenants.activate('acme')],
  ]
  for (const [event, change] of changes) {
    const events = await eventsOf(change)
    expect(events).toEqual([[event, { tenant: await tenants.get('acme') }]])
  }
})

test('each change of a domain emits its events with the stored domain, however the caller spelled it', async () => {
  const { domains } = tenancy
  const added = await eventsOf(() => domains.add('acme', 'C.Example.com'))
  expect(added).toMatchObject([['domain.added', { domain: { domain: 'c.example.com', isPrimary: false } }]])
  const primary = await eventsOf(() => domains.add('acme', 'd.example.com', { primary: true }))
  expect(primary).toMatchObject([
    ['domain.added', { domain: { domain: 'd.example.com', isPrimary: true } }],
    ['domain.primary', { domain: { domain: 'd.example.com', isPrimary: true } }],
  ])
  const switched = await eventsOf(() => domains.setPrimary('acme', 'C.EXAMPLE.COM'))
  expect(switched).toMatchObject([['domain.primary', { domain: { domain: 'c.example.com', isPrimary: true } }]])
  const removed = await eventsOf(() => domains.remove('acme', 'D.example.com'))
  const { id } = await tenancy.tenants.get('acme')
  expect(removed).toMatchObject([
    ['domain.removed', { domain: { domain: 'd.example.com', tenantId: id, createdAt: expect.any(Date) } }],
  ])
})

test('a refused change emits nothing', async () => {
  const { domains, tenants } = tenancy
  const refused = [
    () => domains.remove('acme', 'c.example.com'),
    () => domains.setPrimary('acme', 'unknown.example.com'),
    () => tenants.update('acme', { name: '' }),
    () => tenants.suspend('unknown'),
  ]
  for (const change of refused) expect(await eventsOf(() => expect(change()).rejects.toBeInstanceOf(TenancyError))).toEqual([])
})

test('a change that changes nothing emits nothing, and gives what is stored', async () => {
  const { domains, tenants } = tenancy
  expect(await eventsOf(() => tenants.activate('acme'))).toEqual([])
  expect(await tenants.activate('acme')).toMatchObject({ schema: 'acme', status: 'active' })
  const [primary] = await domains.list('acme')
  expect(await eventsOf(() => domains.setPrimary('acme', primary!.domain))).toEqual([])
  expect(await domains.setPrimary('acme', primary!.domain)).toEqual(primary)
  await expect(tenants.activate('unknown')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' })
})

test('an event that does not exist is refused, naming the nearest one', () => {
  expect(() => tenancy.on('tenant.create' as 'tenant.created', () => {})).toThrow('Did you mean "tenant.created"?')
})

test('a listener whose promise rejects does not end the process: the error becomes a warning', async () => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const off = tenancy.on('tenant.updated', async () => {
    throw new Error('later')
  })
  await tenancy.tenants.update('acme', { name: 'Acme' })
  off()
  expect((await warned).message).toContain('later')
})
