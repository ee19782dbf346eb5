/** The generation of a tenant grows with what its name and its schema mean, whatever program changes the row. */
import { Client } from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { registryForTest } from '../support/tenants/registry.ts'

const { url, name } = await testDatabase()
const admin = new Client(url)
await admin.connect()
afterAll(() => admin.end())

test('a generation grows when schema, placement or id of the row change, and with no other change', async () => {
  const { create, tenants } = registryForTest(url)
  const { id, generation } = await create({ schema: 'growing' })
  const generationAfter = async (change: string): Promise<number> => {
    await admin.query(`update partywall.tenants set ${change} where name = 'growing'`)
    return (await tenants.list({ search: 'growing' }))[0]!.generation
  }
  expect(Number.isSafeInteger(generation)).toBe(true)
  expect(await generationAfter(`attributes = '{}', kind = 'default', status = 'suspended'`)).toBe(generation)
  expect(await generationAfter('generation = 1')).toBe(generation)
  expect(await generationAfter('schema = schema')).toBe(generation)
  const generations = [generation]
  for (const change of [`schema = 'growing_2'`, `schema = 'growing'`, `placement = 'other'`, 'id = gen_random_uuid()']) {
    generations.push(await generationAfter(change))
  }
  expect(generations.toSorted((a, b) => a - b)).toEqual(generations)
  expect(new Set(generations).size).toBe(5)
  expect(await tenants.find(id)).toBeUndefined()
})

test('a tenant with the name of a deleted one has a higher generation', async () => {
  const { create } = registryForTest(url)
  const first = await create({ schema: 'reborn' })
  await admin.query(`delete from partywall.tenants where schema = 'reborn'; drop schema reborn cascade`)
  expect((await create({ schema: 'reborn' })).generation).toBeGreaterThan(first.generation)
})

test('tenants of an older catalog get different generations when it is upgraded', async () => {
  const { catalog, create } = registryForTest(url)
  await catalog.ready()
  for (const schema of ['older_1', 'older_2']) await create({ schema })
  const { rows } = await admin.query(
    'select count(distinct generation)::int as generations, count(*)::int as tenants from partywall.tenants',
  )
  expect(rows[0].generations).toBe(rows[0].tenants)
})

test('a role that may change tenants needs no privilege on the sequence of generations', async () => {
  const { create, catalog } = registryForTest(url)
  await catalog.ready()
  await create({ schema: 'granted' })
  const role = `pwt_writer_${crypto.randomUUID().slice(0, 8)}`
  await admin.query(`
    create role ${role} login password 'secret';
    grant connect, create on database "${name}" to ${role};
    grant usage on schema partywall to ${role};
    grant select, insert, update, delete on all tables in schema partywall to ${role}`)
  onTestFinished(
    async () => void (await admin.query(`drop schema if exists by_writer cascade; drop owned by ${role}; drop role ${role}`)),
  )
  const roleUrl = new URL(url)
  roleUrl.username = role
  roleUrl.password = 'secret'
  const writer = registryForTest(roleUrl.href)
  expect(await writer.tenants.setStatus('granted', 'suspended')).toMatchObject({ status: 'suspended' })
  expect((await writer.create({ schema: 'by_writer', domains: ['by.example.com'] })).generation).toBeGreaterThan(1)
  await writer.domains.remove('by_writer', 'by.example.com')
})
