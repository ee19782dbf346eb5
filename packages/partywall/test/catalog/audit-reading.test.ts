/** Reading the audit: filters, pages, the address of each object, and who may read. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { targetOf } from '../../src/catalog/audit/target.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false } })
const { audit } = tenancy
let acme: string
let globex: string
beforeAll(async () => {
  acme = (await tenancy.tenants.create({ schema: 'acme' })).id
  globex = (await tenancy.tenants.create({ schema: 'globex' })).id
  await tenancy.actingAs('user:1', async () => {
    await tenancy.members.add('acme', 'a/../b', { role: 'owner' })
    await tenancy.members.add('globex', 'same', { role: 'owner' })
    await tenancy.members.add('acme', 'same')
    await tenancy.domains.add('acme', 'acme.example.com')
  })
})
afterAll(() => tenancy.close())

const actions = async (options: Parameters<typeof audit.list>[0]) =>
  (await audit.list(options)).map(({ action, object }) => `${action} ${object}`)

test('the newest entries come first, of one tenant, actor, action or time', async () => {
  expect(await actions({ tenant: 'acme' })).toEqual([
    'domain.added acme.example.com',
    'member.added same',
    'member.added a/../b',
    'tenant.created acme',
  ])
  expect(await actions({ tenant: { id: globex }, actor: 'user:1' })).toEqual(['member.added same'])
  expect(await actions({ action: ['domain', 'tenant.created'], tenant: 'acme' })).toEqual([
    'domain.added acme.example.com',
    'tenant.created acme',
  ])
  expect(await actions({ since: new Date(Date.now() + 60_000) })).toEqual([])
  expect(await actions({ until: new Date(Date.now() - 3_600_000) })).toEqual([])
})

test('pages continue after an entry, and each gives all of them once, the oldest first', async () => {
  const [page, next] = [await audit.list({ limit: 2 }), await audit.list({ limit: 1000 })]
  const rest = await audit.list({ limit: 1000, cursor: page.at(-1) })
  expect([...page, ...rest]).toEqual(next)
  expect(await Array.fromAsync(audit.each())).toEqual(next.toReversed())
  const client = new Client(url)
  await client.connect()
  await client.query(`insert into partywall.audit (action, origin) select 'sql.run', 'x' from generate_series(1, 2100)`)
  await client.end()
  expect(await Array.fromAsync(audit.each({ action: 'sql' }))).toHaveLength(2100)
})

test('the address of an entry has its tenant, also after a rename and after the deletion', async () => {
  const entryOf = async (tenant: string) => (await audit.list({ tenant: { id: tenant }, action: 'member.added', limit: 1 }))[0]!
  expect((await entryOf(acme)).target).toEqual({
    kind: 'member',
    id: 'same',
    tenant: acme,
    path: `/tenants/${acme}/members/same`,
  })
  expect((await entryOf(globex)).target!.path).toBe(`/tenants/${globex}/members/same`)
  await tenancy.tenants.rename('globex', { schema: 'renamed' })
  expect((await entryOf(globex)).target!.tenant).toBe((await tenancy.tenants.get('renamed')).id)
  await tenancy.tenants.delete('renamed', { confirm: 'renamed' })
  expect((await audit.list({ tenant: { id: globex } }))[0]).toMatchObject({
    action: 'tenant.deleted',
    target: { kind: 'tenant', id: globex },
  })
})

test.each([
  ['member.added', 'id', 'a/../b', '/tenants/id/members/a%2F..%2Fb'],
  ['member.added', 'id', '..', '/tenants/id/members/%2E%2E'],
  ['member.domain_permitted', 'id', 'acme.com', '/tenants/id/email-domains/acme.com'],
  ['drift.fixed', 'id', 'acme', '/tenants/id'],
  ['settings.changed', 'id', 'acme', '/tenants/id'],
  ['sql.run', null, 'shared', '/shared'],
  ['migrations.run', null, 'run-1', '/runs/run-1'],
  ['template.saved', 'id', 'demo', '/templates/demo'],
  ['user.created', 'id', '42', '/tenants/id/users/42'],
  ['user.disabled', null, '42', '/users/42'],
  ['impersonation.started', 'id', '42', '/tenants/id/users/42'],
  ['sql.run', null, null, undefined],
])('the path of %s of %s', (action, tenant, object, path) => {
  expect(targetOf(action, tenant, object)?.path).toBe(path)
})

test.each([
  { limit: 0 },
  { limit: 1001 },
  { cursor: "1' or true" },
  { actor: '' },
  { action: 'member.aded' },
  { action: "member' or true --" },
  { since: '2027-01-01' },
  { since: new Date(NaN) },
  { tenants: 'acme' },
])('refuses %j', async (options) => {
  await expect(audit.list(options as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})
