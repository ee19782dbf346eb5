/** The log leads each entry to its own tenant, whatever has that tenant's name today. */
import { beforeAll, expect, test } from 'vitest'
import { logRoutes } from '../../src/log/routes.ts'
import { asked } from '../room.ts'
import { fleetOf, type Fleet } from '../migrations/fleet.ts'

const hostile = '<script>alert(1)</script> \u202Eلص 😀'
let fleet: Fleet
let room: ReturnType<typeof asked>
beforeAll(async () => {
  fleet = await fleetOf(['acme', 'globex'])
  room = asked(logRoutes, { tenancy: fleet.tenancy })
})

const list = async (query = '') => (await room.get(`/${query}`)).body

test('an entry of acme leads to acme, also when it is read among those of all tenants', async () => {
  await fleet.tenancy.actingAs('user:7', async () => {
    await fleet.tenancy.domains.add('acme', 'one.example.com')
    await fleet.tenancy.domains.add('globex', 'two.example.com')
    await fleet.tenancy.tenants.suspend('globex')
  })
  const { entries } = await list('?actor=user:7')
  expect(entries.map(({ action, link, tenant }: any) => [action, tenant.schema, link])).toEqual([
    ['tenant.suspended', 'globex', '/t/globex'],
    ['domain.added', 'globex', '/t/globex/domains'],
    ['domain.added', 'acme', '/t/acme/domains'],
  ])
  expect(entries[0].says).toBe('a tenant was suspended')
  expect((await list('?tenant=acme')).entries.every(({ tenant }: any) => tenant.schema === 'acme')).toBe(true)
  await fleet.tenancy.tenants.activate('globex')
})

test('a name that another tenant has by now leads to no other tenant', async () => {
  const { id } = await fleet.tenancy.tenants.create({ schema: 'first' })
  await fleet.tenancy.tenants.rename('first', { schema: 'second' })
  const { id: thief } = await fleet.tenancy.tenants.create({ schema: 'first' })
  const { entries } = await list('?tenant=second&action=tenant.created')
  expect(entries).toMatchObject([{ tenant: { id, schema: 'second', was: 'first' }, link: `/log/tenants/${id}` }])
  expect((await room.get(`/tenants/${id}`)).body).toMatchObject({
    state: 'here',
    schema: 'second',
    renames: [{ from: 'first', to: 'second', actor: expect.any(String) }],
  })
  expect((await list('?tenant=first')).entries.map(({ tenant }: any) => tenant.id)).toEqual([thief])
})

test('an entry of a deleted tenant leads to a page that says so, also when its name is used again', async () => {
  const { id } = await fleet.tenancy.tenants.create({ schema: 'leaving' })
  await fleet.tenancy.actingAs('user:9', () => fleet.tenancy.tenants.delete('leaving', { confirm: 'leaving' }))
  await fleet.tenancy.tenants.create({ schema: 'leaving' })
  const { entries } = await list(`?tenantId=${id}`)
  expect(entries[0]).toMatchObject({
    action: 'tenant.deleted',
    tenant: { id, state: 'gone', was: 'leaving' },
    link: `/log/tenants/${id}`,
  })
  expect(entries.every(({ link }: any) => link === `/log/tenants/${id}`)).toBe(true)
  expect((await room.get(`/tenants/${id}`)).body).toMatchObject({
    state: 'gone',
    was: 'leaving',
    goneBy: { actor: 'user:9', action: 'tenant.deleted' },
  })
  expect((await room.get('/tenants/00000000-0000-4000-8000-000000000000')).status).toBe(404)
})

test('pages go on where the one before ended, and filters stand in them', async () => {
  await fleet.tenancy.actingAs(hostile.replace('\u202E', ''), async () => {
    for (let number = 0; number < 7; number += 1) await fleet.tenancy.tenants.update('acme', { name: `Acme ${number}` })
  })
  const seen: string[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const { entries, next }: any = await list(`?tenant=acme&action=tenant.updated&limit=3${cursor && `&cursor=${cursor}`}`)
    seen.push(...entries.map(({ id }: any) => id))
    cursor = next
  }
  expect(seen.length).toBe(7)
  expect(new Set(seen).size).toBe(7)
  expect(seen.map(Number)).toEqual(seen.map(Number).toSorted((a, b) => b - a))
  expect((await list('?action=tenant.updated')).entries[0].actor).toContain('<script>alert(1)</script>')
  const soon = new Date(Date.now() + 60_000).toISOString()
  expect((await list(`?since=${soon}`)).entries).toEqual([])
  expect((await list(`?until=${soon}&limit=1`)).entries.length).toBe(1)
})

test.each(['?cursor=x', '?since=yesterday', '?limit=0', '?limit=9999', '?tenantId=acme', `?tenant=${'x'.repeat(64)}`])(
  '%s is refused',
  async (query) => {
    expect((await room.get(`/${query}`)).status).toBe(400)
  },
)

test('an unknown action or tenant is refused, and a quote is a value', async () => {
  expect((await list('?action=tenant.creatd')).code).toBe('INVALID_ARGUMENT')
  expect((await list('?tenant=nobody')).code).toBe('UNKNOWN_TENANT')
  expect((await list(`?actor=${encodeURIComponent("' or 1=1 --")}`)).entries).toEqual([])
  expect((await room.get('/actions')).body.actions).toContainEqual({ action: 'tenant.created', says: expect.any(String) })
})
