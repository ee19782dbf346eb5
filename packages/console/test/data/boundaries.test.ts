/** Under each boundary, statements of the console are statements of the tenant: its role decides, and a missing right is told as one. */
import { Client } from 'pg'
import { createTenancy } from 'partywall'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tenantRole } from '../../../partywall/src/names/role-name.ts'
import { leastPrivilege } from '../../../partywall/test/support/tenants/least-privilege.ts'
import { testDatabase } from '../../../partywall/test/support/servers/database.ts'
import { consoleOf } from './console.ts'

const { url } = await testDatabase()
const { app, deploy } = await leastPrivilege(url, url)
const tenancy = createTenancy({
  database: { connectionString: app, deploy, loginKey: 'k'.repeat(40) },
  boundary: { default: 'role', tenants: { logged: 'login' } },
  migrations: { shared: false, tenant: false },
})
const ask = consoleOf(tenancy)
const owner = new Client(deploy)

beforeAll(async () => {
  await tenancy.ready()
  await owner.connect()
  await owner.query('create table public.plans (id int primary key)')
  for (const schema of ['acme', 'logged']) {
    const { id } = await tenancy.tenants.create({ schema })
    await owner.query(`
      create table ${schema}.projects (id serial primary key, title text, ran_as text default current_user);
      insert into ${schema}.projects (title) values ('${schema}');
      create table ${schema}.closed (id int primary key);
      revoke all on ${schema}.closed from ${tenantRole(id)};
      create table ${schema}.partly (id int primary key, shown text, hidden text);
      insert into ${schema}.partly values (1, 'shown', 'hidden');
      revoke all on ${schema}.partly from ${tenantRole(id)};
      grant select (id, shown), update (shown) on ${schema}.partly to ${tenantRole(id)};
      create table ${schema}.guarded (id int primary key, who text);
      insert into ${schema}.guarded values (1, 'all'), (2, 'none');
      alter table ${schema}.guarded enable row level security;
      create policy mine on ${schema}.guarded using (who = 'all');
      create view ${schema}.peek as select 1 as id`)
  }
})
afterAll(async () => {
  await tenancy.close()
  await owner.end()
})

test.each(['acme', 'logged'])('rows of %s are read and written by the role of the tenant', async (place) => {
  const { id } = await tenancy.tenants.get(place)
  expect((await ask(`${place}/tables/projects/rows`)).body.rows[0].cells.slice(0, 2)).toEqual(['1', place])
  expect((await ask(`${place}/tables/projects/rows`, { method: 'POST', body: { values: [['title', 'new']] } })).body).toEqual({
    key: '2',
  })
  expect((await ask(`${place}/tables/projects/rows/2`)).body.cells.ran_as).toBe(tenantRole(id))
})

test.each(['acme', 'logged'])(
  'a right that the role of %s lacks is a refusal, and a column without it is not shown',
  async (place) => {
    const { body: tables } = await ask(`${place}/tables`)
    expect(tables.tables.find(({ name }: any) => name === 'closed')).toMatchObject({ isClosed: true })
    expect((await ask(`${place}/tables/closed/rows`)).body.code).toBe('NO_RIGHT')
    const { body } = await ask(`${place}/tables/partly/rows`)
    expect([body.columns, body.rows[0].cells]).toEqual([
      ['id', 'shown'],
      ['1', 'shown'],
    ])
    expect(body.table).toMatchObject({ mayInsert: false, mayUpdate: true, mayDelete: false })
    expect(body.table.columns[2]).toMatchObject({ name: 'hidden', isHidden: true })
    const { body: row } = await ask(`${place}/tables/partly/rows/1`)
    expect(row.cells).toEqual({ id: '1', shown: 'shown' })
    const change = (values: unknown) =>
      ask(`${place}/tables/partly/rows/1`, {
        method: 'PATCH',
        body: { version: row.version, values: Object.entries(values as object) },
      })
    expect((await change({ hidden: 'x' })).body.code).toBe('NO_RIGHT')
    expect((await change({ shown: 'seen' })).status).toBe(200)
    expect((await change({ shown: 'late' })).body.code).toBe('ROW_CHANGED')
    for (const sort of ['hidden', '~-hidden'])
      expect((await ask(`${place}/tables/partly/rows?sort=${sort}`)).body.code).toBe('BAD_FILTER')
    expect((await ask(`${place}/tables/partly/rows?filters=[["hidden","is","hidden"]]`)).body.code).toBe('BAD_FILTER')
    expect((await ask(`${place}/tables/partly/rows/1/columns/hidden`)).body.code).toBe('NO_RIGHT')
  },
)

test('policies decide which rows are seen and written', async () => {
  const { body } = await ask('acme/tables/guarded/rows')
  expect([body.table.hasPolicies, body.rows.length]).toEqual([true, 1])
  expect((await ask('acme/tables/guarded/rows/2')).body.code).toBe('UNKNOWN_ROW')
  const refused = await ask('acme/tables/guarded/rows', {
    method: 'POST',
    body: {
      values: [
        ['id', '3'],
        ['who', 'none'],
      ],
    },
  })
  expect(refused.body).toMatchObject({ code: 'NO_RIGHT', detail: expect.stringContaining('policies') })
})

test('shared rows are written by the role of the shared schema', async () => {
  expect((await ask('shared/tables/plans/rows', { method: 'POST', body: { values: [['id', '1']] } })).status).toBe(201)
  expect((await ask('shared/tables/plans/rows')).body.rows.length).toBe(1)
})

test('a template shows its tables, never takes a row, and its rows need the rights of the role', async () => {
  await tenancy.templates.save('demo', { from: 'acme' })
  const [{ schema } = { schema: '' }] = await tenancy.templates.list()
  const { body } = await ask(`${schema}/tables`)
  expect(body.place).toMatchObject({ kind: 'template', name: 'Template demo' })
  expect(body.tables.map(({ name }: any) => name)).toContain('projects')
  expect((await ask(`${schema}/tables/projects/rows`)).body.code).toBe('NO_RIGHT')
  expect((await ask(`${schema}/tables/projects/rows`, { method: 'POST', body: { values: [] } })).body.code).toBe('READ_ONLY')

  const plain = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  const { body: rows } = await consoleOf(plain)(`${schema}/tables/projects/rows`)
  await plain.close()
  expect(rows).toMatchObject({ rows: [], table: { mayInsert: false, readOnly: expect.stringContaining('template') } })
})
