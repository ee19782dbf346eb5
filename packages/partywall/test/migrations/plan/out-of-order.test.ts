/** A file that sorts before applied ones, e.g. because its branch was merged later: refused in the same way everywhere, or applied everywhere. */
import { expect, test, vi } from 'vitest'
import type { MigrationSource } from '../../../src/ports/migration-source.ts'
import { namesHistory } from '../../../src/migrations/sources/imported/names-history.ts'
import { registryForTest, writeFiles } from '../../support/tenants/registry.ts'
import { tenantOf } from '../../support/tenants/tenant-of-source.ts'
import { fleetOf, having, histories, type Fleet } from '../run/fleet.ts'

const third = { 'migrations/tenant/0003_c.sql': 'create table c ();\n-- partywall: down\ndrop table c;' }
const second = { 'migrations/tenant/0002_b.sql': 'create table b ();\n-- partywall: down\ndrop table b;' }
const fourth = { 'migrations/tenant/0004_d.sql': 'create table d ()' }

test('a late older file is refused in the fleet and for a new tenant alike', async () => {
  const fleet = await fleetOf(1, third)
  await writeFiles(fleet.root, second)
  const refused = { code: 'MIGRATION_CHANGED', details: { problem: 'reordered', name: '0002_b', head: '0003_c' } }
  expect((await fleet.migrations.run({ tenants: true })).entries).toMatchObject([{ error: refused }])
  await expect(fleet.create({ schema: 'late' })).rejects.toMatchObject(refused)
  expect(await having(fleet, 'b')).toEqual([])
})

test("with outOfOrder 'allow' a late older file is applied, and each schema keeps its own order, also after a rollback", async () => {
  const fleet = await allowed(await fleetOf(2, third))
  await writeFiles(fleet.root, second)
  await fleet.create({ schema: 'late' })
  expect((await fleet.migrations.run()).ok).toBe(true)
  const schemas = ['t001', 't002', 'late']
  const ofFleet = ['0001_polls', '0003_c', '0002_b']
  const ofLate = ['0001_polls', '0002_b', '0003_c']
  expect(await histories({ ...fleet, schemas })).toEqual({ t001: ofFleet, t002: ofFleet, late: ofLate })
  expect(await fleet.migrations.check({ verify: true })).toBe(true)
  expect((await fleet.migrations.run({ down: true, to: '2', tenants: ['t001', 'late'] })).ok).toBe(true)
  await writeFiles(fleet.root, fourth)
  expect((await fleet.migrations.run()).ok).toBe(true)
  expect(await histories({ ...fleet, schemas })).toEqual({
    t001: ['0001_polls', '0002_b', '0003_c', '0004_d'],
    t002: [...ofFleet, '0004_d'],
    late: [...ofLate, '0004_d'],
  })
  expect(await fleet.rows('select position from t001.partywall_migrations order by position')).toMatchObject(
    [1, 2, 3, 4].map((position) => ({ position })),
  )
  expect(await fleet.migrations.check({ verify: true })).toBe(true)
})

test("with outOfOrder 'allow' a file that stopped in the middle is finished before a late older one", async () => {
  const stopping = `-- partywall: no-transaction\ncreate table c ();\nselect missing from polls;`
  const fleet = await allowed(await fleetOf(1))
  await writeFiles(fleet.root, { 'migrations/tenant/0003_c.sql': stopping })
  expect((await fleet.migrations.run()).ok).toBe(false)
  await writeFiles(fleet.root, { ...second, 'migrations/tenant/0003_c.sql': stopping.replace('missing', 'title') })
  expect((await fleet.migrations.run()).ok).toBe(true)
  expect(await histories(fleet)).toEqual({ t001: ['0001_polls', '0003_c', '0002_b'] })
})

test('one history is read for each different digest, however many schemas have it', async () => {
  const fleet = await allowed(await fleetOf(5, third))
  await writeFiles(fleet.root, second)
  await fleet.migrations.run()
  await fleet.rows(`update t005.partywall_migrations set name = '0000_x' where name = '0003_c'`)
  const query = vi.spyOn(fleet.database, 'query')
  const read = async (verify: boolean): Promise<number> => {
    query.mockClear()
    await fleet.migrations.status({ tenants: true, verify })
    return query.mock.calls.filter(([{ text }]) => text.includes('partywall_migrations"')).length
  }
  expect(await read(false)).toBe(1)
  expect(await read(true)).toBe(5)
  await fleet.rows('comment on table t004.partywall_migrations is null')
  expect(await read(false)).toBe(2)
})

test("a tool's history is a set: out of order with nothing pending, it becomes a baseline in the order of the files", async () => {
  const names = ['a', 'b', 'c']
  const source: MigrationSource = {
    name: 'tool',
    list: async () =>
      names.map((name) => ({ name, file: name, checksum: name, up: { kind: 'sql', text: `create table ${name} ()`, line: 1 } })),
    imported: namesHistory('done', { name: 'name', order: ['id'] }),
  }
  const tenant = await tenantOf(source)
  await registryForTest(tenant.url).create({ schema: 'a' })
  await tenant.rows('drop table partywall_migrations; create table done (id serial, name text)')
  await tenant.rows(`insert into done (name) values ('a'), ('c')`)
  const problemOf = async () => (await tenant.migrations.status({ tenants: true }))[0]!.problem
  expect(await problemOf()).toMatchObject({ code: 'MIGRATION_CHANGED', details: { problem: 'reordered', name: 'b' } })
  await tenant.rows(`insert into done (name) values ('b')`)
  expect(await problemOf()).toBeUndefined()
  expect((await tenant.migrations.run()).ok).toBe(true)
  expect(await tenant.rows('select name from partywall_migrations order by position')).toEqual(names.map((name) => ({ name })))
  expect(await tenant.migrations.check({ verify: true })).toBe(true)
})

async function allowed(fleet: Fleet): Promise<Fleet> {
  const { migrations, create, database } = registryForTest(fleet.url, { root: fleet.root, migrations: { outOfOrder: 'allow' } })
  return { ...fleet, migrations, create, database }
}
