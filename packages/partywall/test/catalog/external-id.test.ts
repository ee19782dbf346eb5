/** The key that a tenant has in another system: unique, found by `{ externalId }` only, and seen by other processes when it changes. */
import { Client } from 'pg'
import { afterAll, expect, test, vi } from 'vitest'
import { byClaim, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const config = { database: url, migrations: { tenant: false, shared: false } as const, tenantCacheMs: 60_000 }
const tenancy = createTenancy(config)
const other = createTenancy(config)
const { tenants } = tenancy
const watching = new Promise((resolve) => other.on('lookups.watching', resolve))
afterAll(() => Promise.all([tenancy.close(), other.close()]))

test('names the tenant in each call that takes a reference, and text of the same form stays a schema, an id or a domain', async () => {
  const org = 'org_2abC.example.com'
  const acme = await tenants.create({ schema: 'acme', externalId: org })
  expect(acme.externalId).toBe(org)
  expect(await tenants.get({ externalId: org })).toMatchObject({ id: acme.id, externalId: org })
  expect(await tenancy.run({ externalId: org }, ({ schema }) => schema)).toBe('acme')
  expect((await tenants.suspend({ externalId: org })).status).toBe('suspended')
  await tenants.activate({ externalId: org })
  await tenancy.domains.add({ externalId: org }, 'acme.test')
  expect(await tenancy.forEach(({ id }) => id, { tenants: { externalId: org } })).toMatchObject({
    entries: [{ target: 'acme', value: acme.id }],
  })
  expect(await tenants.find(org)).toBeUndefined()
  expect(await tenants.list({ search: 'ORG_2ABC' })).toHaveLength(1)
  const adopted = new Client(url)
  await adopted.connect()
  await adopted.query('create schema old')
  await adopted.end()
  await tenants.adopt({ schema: 'old', inPlace: true, externalId: 'old-1' })
  expect(await tenants.get({ externalId: 'old-1' })).toMatchObject({ schema: 'old' })
})

test('belongs to one tenant, also when two are created at once, and nothing is left of the other', async () => {
  const both = await Promise.allSettled(['one', 'two'].map((schema) => tenants.create({ schema, externalId: 'org_twice' })))
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'EXTERNAL_ID_EXISTS', details: { externalId: 'org_twice' } },
  })
  const { schema } = await tenants.get({ externalId: 'org_twice' })
  expect(await tenants.find(schema === 'one' ? 'two' : 'one')).toBeUndefined()
  const free = await tenants.create({ schema: 'free' })
  await expect(tenants.update(free, { externalId: 'org_twice' })).rejects.toMatchObject({ code: 'EXTERNAL_ID_EXISTS' })
})

test.each(['', 'x'.repeat(256), 'a\nb', 'a\0b', '\ud800', 7, {}])('refuses what is no key: %j', async (externalId) => {
  await expect(tenants.create({ schema: 'bad', externalId: externalId as string })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { option: 'externalId' },
  })
  const find = tenants.find({ externalId: externalId as string })
  if (typeof externalId === 'string' && externalId !== '') expect(await find).toBeUndefined()
  else await expect(find).rejects.toMatchObject({ code: 'INVALID_TENANT_REF' })
})

test('another process sees a key that is given, moved to another tenant, and taken away', async () => {
  const [a, b] = [await tenants.create({ schema: 'a', externalId: 'org_moves' }), await tenants.create({ schema: 'b' })]
  // What is looked up before stays cached for the time that the option says.
  await other.tenants.find('first')
  await watching
  expect(await other.tenants.get({ externalId: 'org_moves' })).toMatchObject({ schema: 'a' })
  expect(await other.tenants.find({ externalId: 'org_later' })).toBeUndefined()
  await tenants.update(a, { externalId: null })
  await tenants.update(b, { externalId: 'org_moves' })
  await tenants.update(a, { externalId: 'org_later' })
  expect(await tenants.get({ externalId: 'org_moves' })).toMatchObject({ schema: 'b' })
  await vi.waitFor(async () => {
    expect(await other.tenants.get({ externalId: 'org_moves' })).toMatchObject({ schema: 'b' })
    expect(await other.tenants.find({ externalId: 'org_later' })).toMatchObject({ schema: 'a' })
  })
})

test('a clone has a key of its own, or none, and the key of a source stays with it', async () => {
  await tenants.create({ schema: 'source', externalId: 'org_source' })
  expect((await tenants.create({ schema: 'bare', cloneFrom: 'source', externalId: 'org_bare' })).externalId).toBe('org_bare')
  expect((await tenants.clone('source', { schema: 'copy' })).externalId).toBeUndefined()
  await expect(tenants.clone('source', { schema: 'copy2', externalId: 'org_source' })).rejects.toMatchObject({
    code: 'EXTERNAL_ID_EXISTS',
  })
})

test('a verified claim leads to its tenant, also where the key looks like the schema of another one', async () => {
  await using served = createTenancy({ ...config, resolve: [byClaim('org', { accept: ['externalId'] })] })
  await tenants.create({ schema: 'looks' })
  await tenants.create({ schema: 'alike', externalId: 'looks' })
  expect(await served.resolve({ claims: { org: 'looks' } })).toMatchObject({ outcome: 'resolved', tenant: { schema: 'alike' } })
  expect(await served.resolve({ claims: { org: 'alike' } })).toMatchObject({ outcome: 'unknown' })
  expect(await served.resolve({ claims: { org: ['looks'] } })).toMatchObject({ outcome: 'invalid' })
  expect(() => byClaim('org', { accept: ['externalId', 'schema'] })).toThrow("or ['externalId']")
})
