/** A row of a shared table that tenants refer to: found, refused, and deleted with what refers to it. */
import { createTenancy } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'
import { source } from './fleet.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: {
    tenant: source(
      'tenant',
      `create table projects (id int generated always as identity primary key, plan_id int references plans (id), must int not null default 1);
       create index on projects (plan_id);
       create table tasks (id int generated always as identity primary key, project_id int references projects (id));
       create table loose (id int generated always as identity primary key, plan int, note text);
       create table pairs (a int, b text, foreign key (a, b) references shared_pairs (a, b));
       create table strict_plans (plan_id int not null references plans (id));
       create table log (entry text);
       create function note_deletion() returns trigger language plpgsql as $$ begin insert into log values ('deleted ' || old.id); return old; end $$;
       create trigger note_deletion before delete on projects for each row execute function note_deletion();`,
    ),
    shared: source(
      'shared',
      `create table plans (id int primary key, name text);
       create table shared_pairs (a int, b text, note text, primary key (a, b));
       create table other_shared (plan_id int references plans (id));`,
    ),
  },
})
const admin = new Client(url)
await admin.connect()
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})
const schemas = ['acme', 'globex', 'initech']
beforeAll(async () => {
  await tenancy.migrations.run()
  for (const schema of schemas) await tenancy.tenants.create({ schema })
  await tenancy.tenants.suspend('initech')
})
beforeEach(async () => {
  for (const schema of schemas)
    await admin.query(
      `truncate ${schema}.projects, ${schema}.tasks, ${schema}.loose, ${schema}.pairs, ${schema}.strict_plans, ${schema}.log`,
    )
  await admin.query(
    `delete from other_shared; delete from shared_pairs; delete from plans; insert into plans values (1, 'free'), (2, 'gold')`,
  )
})
const projects = (schema: string, count: number, plan = 1) =>
  admin.query(`insert into ${schema}.projects (plan_id) select ${plan} from generate_series(1, ${count})`)
const left = async (schema: string, table = 'projects') =>
  (await admin.query(`select count(*)::int as n from ${schema}.${table}`)).rows[0].n as number
const plan = { table: 'plans', key: 1 } as const
const isThere = async () => (await admin.query('select 1 from plans where id = 1')).rows.length === 1

describe('references', () => {
  test('are counted by tenant, whatever its status, by foreign keys and by named columns', async () => {
    await projects('acme', 3)
    await projects('initech', 2)
    await projects('globex', 4, 2)
    await admin.query(`insert into globex.loose (plan) values (1), (1), (2)`)
    await admin.query('insert into other_shared values (1)')
    expect(await tenancy.shared.references(plan)).toMatchObject({ found: true, total: 6 })
    const { total, places } = await tenancy.shared.references({ ...plan, columns: [{ table: 'loose', column: 'plan' }] })
    expect(total).toBe(8)
    expect(
      places.map(({ schema, table, columns, by, rows, tenantId }) => [schema, table, columns, by, rows, tenantId !== undefined]),
    ).toEqual([
      ['acme', 'projects', ['plan_id'], 'foreign key', 3, true],
      ['initech', 'projects', ['plan_id'], 'foreign key', 2, true],
      ['public', 'other_shared', ['plan_id'], 'foreign key', 1, false],
      ['globex', 'loose', ['plan'], 'column', 2, true],
    ])
  })

  test('of keys of several columns, and of keys that hold SQL', async () => {
    const key = { a: 1, b: `'); drop table plans; --` }
    await admin.query('insert into shared_pairs values ($1, $2)', [key.a, key.b])
    await admin.query('insert into acme.pairs values ($1, $2)', [key.a, key.b])
    expect(await tenancy.shared.references({ table: 'shared_pairs', key })).toMatchObject({ found: true, total: 1 })
    expect(await tenancy.shared.references({ table: 'shared_pairs', key: { a: 1, b: 'other' } })).toEqual({
      found: false,
      total: 0,
      places: [],
    })
    await expect(tenancy.shared.references({ table: 'shared_pairs', key: 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test.each([
    [{ table: 'missing', key: 1 }],
    [{ table: 'plans; drop table plans', key: 1 }],
    [{ table: '', key: 1 }],
    [{ table: 'plans', key: null }],
    [{ table: 'plans', key: {} }],
    [{ table: 'plans', key: { nope: 1 } }],
    [{ table: 'plans', key: { name: { a: 1 } } }],
    [{ table: 'plans', key: 'a\0' }],
    [{ table: 'plans', key: Number.NaN }],
    [{ table: 'plans', key: 1, columns: 'loose' }],
    [{ table: 'plans', key: 1, columns: [{ table: 'loose' }] }],
    [{ table: 'plans', key: 1, colums: [] }],
  ])('%j is refused', async (row) => {
    await expect(tenancy.shared.references(row as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('a column of another type is refused', async () => {
    await admin.query(`update plans set name = 'x'; insert into shared_pairs values (1, 'a')`)
    await expect(tenancy.shared.references({ ...plan, columns: [{ table: 'loose', column: 'missing' }] })).resolves.toMatchObject(
      { total: 0 },
    )
    await admin.query(`create table acme.typed (plan uuid)`)
    await expect(tenancy.shared.references({ ...plan, columns: [{ table: 'typed', column: 'plan' }] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await admin.query('drop table acme.typed')
  })
})

describe('delete', () => {
  test('restrict refuses with the counts, and deletes what nothing refers to', async () => {
    await projects('acme', 3)
    await projects('initech', 1)
    await expect(tenancy.shared.delete({ ...plan, policy: 'restrict' })).rejects.toMatchObject({
      code: 'SHARED_ROW_REFERENCED',
      details: {
        table: 'plans',
        total: 4,
        references: [
          { schema: 'acme', table: 'projects', rows: 3 },
          { schema: 'initech', rows: 1 },
        ],
      },
    })
    expect(await isThere()).toBe(true)
    await admin.query('truncate acme.projects, initech.projects, acme.tasks, initech.tasks')
    expect(await tenancy.shared.delete({ ...plan, policy: 'restrict' })).toEqual({ deleted: true, rows: 0, tenants: 0 })
    expect(await isThere()).toBe(false)
    expect(await tenancy.shared.delete({ ...plan, policy: 'restrict' })).toEqual({ deleted: false, rows: 0, tenants: 0 })
  })

  test('cascade deletes in batches with the triggers of the tenant, and set-null empties the column', async () => {
    await projects('acme', 12)
    await projects('globex', 3)
    await projects('globex', 2, 2)
    const columns = [{ table: 'loose', column: 'plan' }]
    await admin.query(`insert into initech.loose (plan, note) values (1, 'kept'), (2, 'other')`)
    expect(await tenancy.shared.delete({ ...plan, columns, policy: 'set-null', batch: 5 })).toEqual({
      deleted: true,
      rows: 16,
      tenants: 3,
    })
    expect((await admin.query('select plan, note from initech.loose order by id')).rows).toEqual([
      { plan: null, note: 'kept' },
      { plan: 2, note: 'other' },
    ])
    expect([await left('acme'), await left('globex')]).toEqual([12, 5])
    await admin.query(`insert into plans values (1, 'free'); update acme.projects set plan_id = 1`)
    expect(await tenancy.shared.delete({ ...plan, columns, policy: 'cascade', batch: 5 })).toEqual({
      deleted: true,
      rows: 12,
      tenants: 1,
    })
    expect([await left('acme'), await left('acme', 'log'), await left('globex')]).toEqual([0, 12, 5])
    const { rows } = await admin.query(
      `select action, object, details->>'rows' as rows from partywall.audit where action in ('tenant.references', 'shared.deleted') order by id desc limit 4`,
    )
    expect(rows.map(({ action, object, rows: count }) => [action, object, count])).toEqual([
      ['shared.deleted', 'plans', null],
      ['tenant.references', 'acme', '2'],
      ['tenant.references', 'acme', '5'],
      ['tenant.references', 'acme', '5'],
    ])
  })

  test('what cannot go keeps the shared row: other shared tables, required columns, rows that others need', async () => {
    await admin.query('insert into other_shared values (1)')
    await projects('acme', 1)
    const refused = { code: 'SHARED_ROW_REFERENCED' }
    await expect(tenancy.shared.delete({ ...plan, policy: 'cascade' })).rejects.toMatchObject(refused)
    expect(await left('acme')).toBe(1)
    await admin.query('delete from other_shared; insert into globex.strict_plans values (1)')
    await expect(tenancy.shared.delete({ ...plan, policy: 'set-null' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect((await admin.query('select plan_id from acme.projects')).rows).toEqual([{ plan_id: 1 }])
    await admin.query('insert into acme.tasks (project_id) select id from acme.projects')
    await expect(tenancy.shared.delete({ ...plan, policy: 'cascade' })).rejects.toMatchObject(refused)
    expect([await left('acme'), await isThere()]).toEqual([1, true])
    // The next call goes on when the reason is gone.
    await admin.query('delete from acme.tasks')
    expect(await tenancy.shared.delete({ ...plan, policy: 'cascade' })).toMatchObject({ deleted: true })
    expect([await left('acme'), await left('globex', 'strict_plans')]).toEqual([0, 0])
  })

  test('a reference that is being added is waited for, and then refused; one that comes later fails', async () => {
    const other = new Client(url)
    await other.connect()
    await other.query('begin')
    await other.query('insert into acme.projects (plan_id) values (1)')
    const deleting = tenancy.shared.delete({ ...plan, policy: 'restrict' })
    await until(
      async () =>
        (await admin.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%for update%'`)).rows
          .length > 0,
    )
    await other.query('commit')
    await expect(deleting).rejects.toMatchObject({ code: 'SHARED_ROW_REFERENCED' })
    expect(await isThere()).toBe(true)
    await admin.query('truncate acme.projects, acme.tasks')
    await tenancy.shared.delete({ ...plan, policy: 'restrict' })
    await expect(other.query('insert into acme.projects (plan_id) values (1)')).rejects.toMatchObject({ code: '23503' })
    await other.end()
  })

  test('a plain column has no key that holds it: its tables are locked until the row is gone, where a count alone lets a reference through', async () => {
    const columns = [{ table: 'loose', column: 'plan' }]
    const other = new Client(url)
    await other.connect()
    await other.query('begin')
    await other.query('insert into globex.loose (plan) values (1)')
    // Naive: count, then delete. The row of the other transaction is not seen.
    await admin.query('begin')
    expect((await admin.query('select count(*)::int as n from globex.loose where plan = 1')).rows).toEqual([{ n: 0 }])
    await admin.query('delete from plans where id = 1')
    await admin.query('rollback')
    const deleting = tenancy.shared.delete({ ...plan, columns, policy: 'restrict' })
    await until(
      async () =>
        (await admin.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%in share mode%'`)).rows
          .length > 0,
    )
    await other.query('commit')
    await other.end()
    await expect(deleting).rejects.toMatchObject({ code: 'SHARED_ROW_REFERENCED', details: { total: 1 } })
    expect(await isThere()).toBe(true)
  })

  test('references that are added between the batches and the end are cleared, too', async () => {
    await projects('acme', 6)
    let added = 0
    await admin.query(`create function public.add_more() returns trigger language plpgsql as $$
      begin insert into globex.projects (plan_id) values (1); return old; end $$`)
    await admin.query('create trigger add_more after delete on acme.projects for each row execute function public.add_more()')
    try {
      expect(await tenancy.shared.delete({ ...plan, policy: 'cascade', batch: 2 })).toMatchObject({ deleted: true, rows: 12 })
      added = await left('globex')
    } finally {
      await admin.query('drop function public.add_more cascade')
    }
    expect(added).toBe(0)
  })

  test.each([[{ policy: 'delete' }], [{}], [{ policy: 'cascade', batch: 0 }], [{ policy: 'cascade', force: true }]])(
    '%j is refused',
    async (given) => {
      await expect(tenancy.shared.delete({ ...plan, ...given } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect(await isThere()).toBe(true)
    },
  )
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
