/** Views over a table of all tenants: what they show, whom they hold, and to whom they are closed. */
import { createTenancy } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tenantRole } from '../../src/names/role-name.ts'
import { project } from '../cli/partywall.ts'
import { testDatabase } from '../support/servers/database.ts'
import { leastPrivilege } from '../support/tenants/least-privilege.ts'
import { source } from './fleet.ts'

const { url } = await testDatabase()
const { app, deploy } = await leastPrivilege(url, url)
const hostile = `x"; drop table partywall.tenants; --`
const migrations = {
  tenant: source(
    'tenant',
    `create type mood as enum ('fine', 'bad');
     create table projects (id int primary key, title text, "Odd ""Name" numeric, feeling mood, moods mood[], name text default 'mine');
     create table "${hostile.replaceAll('"', '""')}" (n int);
     create table owned (tenant_id int, n int);`,
  ),
  shared: false as const,
}
const tenancy = createTenancy({ database: { connectionString: app, deploy }, boundary: 'role', migrations })
const admin = new Client(url)
await admin.connect()
const reader = `pwt_reader_${crypto.randomUUID().slice(0, 8)}`
afterAll(async () => {
  await tenancy.close()
  await admin.query(`drop owned by ${reader}; drop role ${reader}`)
  await admin.end()
})
const schemas = ['acme', 'globex', 'user-1']
beforeAll(async () => {
  await admin.query(`create role ${reader}`)
  for (const schema of schemas) {
    await tenancy.tenants.create({ schema })
    await admin.query(
      `insert into "${schema}".projects (id, title, feeling, moods) values (1, '${schema}', 'fine', '{bad}'), (2, 'b', null, null)`,
    )
  }
})

const as = async (role: string, text: string) => {
  await admin.query(`set role "${role}"`)
  try {
    return (await admin.query(text)).rows
  } finally {
    await admin.query('reset role')
  }
}

test('a view shows the rows of all tenants with their tenant, to the roles that it was granted to and no others', async () => {
  const view = await tenancy.views.create('all_projects', { table: 'projects', grant: [reader] })
  expect(view).toMatchObject({ schema: 'fleet_views', name: 'all_projects', table: 'projects', readers: [reader] })
  expect(view.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'id integer',
    'title text',
    'Odd "Name numeric',
    'feeling text',
    'moods text',
    'name text',
  ])
  const rows = await as(reader, `select * from fleet_views.all_projects where id = 1 order by tenant_schema`)
  expect(rows.map(({ tenant_schema: of, title, feeling, moods, name }) => [of, title, feeling, moods, name])).toEqual(
    schemas.map((schema) => [schema, schema, 'fine', '{bad}', 'mine']),
  )
  const { id } = await tenancy.tenants.get('acme')
  const role = tenantRole(id)
  await expect(as(role, 'select * from fleet_views.all_projects')).rejects.toMatchObject({ code: '42501' })
  await expect(as(role, 'select * from fleet_views.all_projects_rows()')).rejects.toMatchObject({ code: '42501' })
  await expect(tenancy.run('acme', () => tenancy.pool.query('select * from fleet_views.all_projects'))).rejects.toMatchObject({
    code: '42501',
  })
  await expect(tenancy.sharedPool.query('select * from fleet_views.all_projects')).rejects.toMatchObject({ code: '42501' })
})

test('tenants come and go without a refresh; a plain view of a union holds its tenants', async () => {
  await tenancy.tenants.create({ schema: 'short' })
  await admin.query(`insert into short.projects (id, title) values (1, 'short')`)
  const count = async () => (await admin.query('select count(*)::int as n from fleet_views.all_projects')).rows[0].n as number
  expect(await count()).toBe(7)
  await admin.query(`create view public.naive as select id from short.projects union all select id from acme.projects`)
  await expect(tenancy.tenants.delete('short', { confirm: 'short' })).rejects.toMatchObject({ code: 'TENANT_REFERENCED' })
  await admin.query('drop view public.naive')
  await tenancy.tenants.rename('short', { schema: 'shorter' })
  expect(await count()).toBe(7)
  await tenancy.tenants.archive('shorter')
  expect(await count()).toBe(6)
  await tenancy.tenants.restore('shorter')
  await tenancy.tenants.delete('shorter', { confirm: 'shorter' })
  expect(await count()).toBe(6)
})

test('columns that a migration adds come with a refresh; one that a tenant lacks is null; types that differ are text', async () => {
  await admin.query(`alter table acme.projects add column score int; alter table globex.projects add column score text`)
  await admin.query(
    `alter table "user-1".projects drop column name; update acme.projects set score = 5; update globex.projects set score = 'x'`,
  )
  const [changed, ...others] = await tenancy.views.refresh('all_projects')
  expect(others).toEqual([])
  expect(changed!.columns.at(-1)).toEqual({ name: 'score', type: 'text' })
  expect(changed!.readers).toEqual([reader])
  const rows = await as(reader, `select tenant_schema, score, name from fleet_views.all_projects where id = 1 order by 1`)
  expect(rows).toEqual([
    { tenant_schema: 'acme', score: '5', name: 'mine' },
    { tenant_schema: 'globex', score: 'x', name: 'mine' },
    { tenant_schema: 'user-1', score: null, name: null },
  ])
  expect(await tenancy.views.refresh()).toEqual([])
  await admin.query('create view public.above as select id from fleet_views.all_projects')
  await admin.query('alter table acme.projects add column late int')
  await expect(tenancy.views.refresh()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenancy.views.drop('all_projects')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await admin.query('drop view public.above; alter table acme.projects drop column late')
})

test('names are names, whatever they hold', async () => {
  const view = await tenancy.views.create(`v"; --`, { table: hostile, schema: 'reports' })
  expect(view.columns).toEqual([{ name: 'n', type: 'integer' }])
  await admin.query(`insert into acme."${hostile.replaceAll('"', '""')}" values (7)`)
  expect((await admin.query(`select tenant_schema, n from reports."v""; --"`)).rows).toEqual([{ tenant_schema: 'acme', n: 7 }])
  await tenancy.views.create('some', { table: 'owned', columns: ['n'], kinds: [`default' or true --`, 'default'] })
  expect((await tenancy.views.list()).map(({ schema, name }) => `${schema}.${name}`)).toEqual([
    'fleet_views.all_projects',
    'fleet_views.some',
    `reports.v"; --`,
  ])
  await tenancy.views.drop(`v"; --`, { schema: 'reports' })
  expect((await admin.query('select count(*)::int as n from partywall.tenants')).rows).toEqual([{ n: 3 }])
})

test.each([
  ['', { table: 'projects' }, 'INVALID_ARGUMENT'],
  ['v', { table: 'a\0' }, 'INVALID_ARGUMENT'],
  ['v', { table: 'missing' }, 'INVALID_ARGUMENT'],
  ['v', { table: 'projects', columns: ['nope'] }, 'INVALID_ARGUMENT'],
  ['v', { table: 'owned' }, 'INVALID_ARGUMENT'],
  ['v', { table: 'projects', grant: ['public'] }, 'INVALID_ARGUMENT'],
  ['v', { table: 'projects', grant: ['partywall_x'] }, 'INVALID_ARGUMENT'],
  ['v', { table: 'projects', schema: 'public' }, 'INVALID_SCHEMA_NAME'],
  ['v', { table: 'projects', schema: 'partywall' }, 'INVALID_SCHEMA_NAME'],
  ['v', { table: 'projects', schema: 'acme' }, 'SCHEMA_EXISTS'],
  ['v', { table: 'projects', where: 'x' }, 'INVALID_ARGUMENT'],
  ['all_projects', { table: 'projects' }, 'INVALID_ARGUMENT'],
])('create(%j, %j) is refused with %s, and leaves nothing', async (name, view, code) => {
  const before = await tenancy.views.list()
  await expect(tenancy.views.create(name, view as never)).rejects.toMatchObject({ code })
  expect(await tenancy.views.list()).toEqual(before)
})

test('the command line makes, lists, refreshes and drops them; each is in the audit', async () => {
  const cli = await project(url)
  expect((await cli.run('view create by_hand --table projects --column id --json')).json).toMatchObject({
    name: 'by_hand',
    columns: [{ name: 'id' }],
  })
  const [listed, refreshed] = await Promise.all([cli.run('view list'), cli.run('view refresh by_hand --json')])
  expect(listed.stdout).toContain('fleet_views.by_hand')
  expect(refreshed.json).toEqual([])
  expect((await cli.run('view drop by_hand')).code).toBe(0)
  const again = await cli.run('view drop by_hand')
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('There is no view "by_hand"')])
  const { rows } = await admin.query(`select action from partywall.audit where object = 'fleet_views.by_hand' order by id`)
  expect(rows.map(({ action }) => action)).toEqual(['view.created', 'view.dropped'])
})
