/** The function of the catalog that protects a table: what it makes, what it refuses, and how migrations call it. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy, folderMigrations, protect } from '../../src/index.ts'
import { sqlOfPage } from '../package/sql-of-page.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

describe('partywall.protect', async () => {
  const { url } = await testDatabase()
  const client = new Client(url)
  const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: false } })
  const id = '00000000-0000-4000-8000-00000000000a'
  const states = async (): Promise<unknown[]> =>
    (
      await client.query(
        `select relname, relrowsecurity and relforcerowsecurity as forced,
          (select count(*)::int from pg_policy where polrelid = class.oid) as policies,
          (select count(*)::int from pg_index where indrelid = class.oid) as indexes,
          (select attnotnull and atthasdef from pg_attribute where attrelid = class.oid and attname in ('tenant_id', 'tenantId')) as filled
        from pg_class as class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`,
      )
    ).rows
  beforeAll(async () => {
    await client.connect()
    await tenancy.tenants.create({ schema: 'acme' })
  })
  afterAll(async () => {
    await client.end()
    await tenancy.close()
  })

  /** In a transaction that is rolled back. */
  async function protecting(before: string, statement: string, check?: () => Promise<void>): Promise<unknown> {
    await client.query('begin')
    try {
      await client.query(before)
      await client.query(statement)
      await check?.()
      return undefined
    } catch (error) {
      return error
    } finally {
      await client.query('rollback')
    }
  }

  test('works again on a protected table, and adds what is missing', async () => {
    const done = { relname: 'bills', forced: true, policies: 1, indexes: 1, filled: true }
    const error = await protecting('create table bills (tenant_id uuid)', protect('public.bills'), async () => {
      expect(await states()).toEqual([done])
      await client.query(protect('public.bills'))
      expect(await states()).toEqual([done])
      await client.query(
        'drop policy partywall_tenant on bills; alter table bills alter tenant_id drop not null, disable row level security',
      )
      await client.query('create index on bills (tenant_id) where tenant_id is null')
      await client.query(protect('public.bills'))
      expect(await states()).toEqual([{ ...done, indexes: 2 }])
    })
    expect(error).toBeUndefined()
  })

  test('takes quoted names, columns of text, partitions and an index that is there', async () => {
    const before = `
      create table "My.Bills" ("tenantId" text, id int, primary key ("tenantId", id)) partition by hash ("tenantId");
      create table part0 partition of "My.Bills" for values with (modulus 2, remainder 0);
      create table part1 partition of "My.Bills" for values with (modulus 2, remainder 1);
      insert into "My.Bills" values ('${id}', 1)`
    const error = await protecting(before, `select partywall.protect('"My.Bills"', 'tenantId')`, async () => {
      const done = { forced: true, policies: 1, indexes: 1, filled: true }
      expect(await states()).toEqual(['My.Bills', 'part0', 'part1'].map((relname) => ({ relname, ...done })))
      await client.query(`
        create role pwt_reader; grant select, insert on "My.Bills", part0, part1 to pwt_reader;
        set local role pwt_reader; set local partywall.tenant_id to '${id.replace('a', 'b')}'`)
      await client.query('insert into "My.Bills" (id) values (2)')
      expect(
        (await client.query('select id from "My.Bills" union all select id from part0 union all select id from part1')).rows,
      ).toEqual([{ id: 2 }, { id: 2 }])
    })
    expect(error).toBeUndefined()
  })

  test.each([
    [
      'rows without a tenant',
      'create table bills (tenant_id uuid); insert into bills values (null), (null)',
      '23502',
      /no id of a tenant in the column tenant_id is 2/,
    ],
    [
      'text that is no id',
      `create table bills (tenant_id text not null); insert into bills values ('acme')`,
      '23502',
      /lower-case letters, in the column tenant_id is 1/,
    ],
    ['another type', 'create table bills (tenant_id int)', '42804', /is not uuid, text or varchar/],
    ['a varchar that may be too short', 'create table bills (tenant_id varchar(20))', '42804', /is not uuid, text or varchar/],
    ['a generated column', `create table bills (a uuid, tenant_id uuid generated always as (a) stored)`, '42804', /generated/],
    ['a column that is not there', 'create table bills (tenant uuid)', '42703', /it has no column tenant_id/],
    ['a view', 'create view bills as select null::uuid as tenant_id', '42809', /it is no table/],
    ['a temporary table', 'create temporary table bills (tenant_id uuid)', '42809', /it is no table, or a temporary/, 'bills'],
    [
      'a table of a tenant',
      'create table acme.bills (tenant_id uuid)',
      '42809',
      /its schema is not one that tenants share/,
      'acme.bills',
    ],
    ['the catalog', 'select', '42809', /its schema is not one/, 'partywall.domains'],
    [
      'a policy that lets other rows through',
      'create table bills (tenant_id uuid); create policy "all" on bills using (true)',
      '55000',
      /its permissive policies "all" may allow rows/,
    ],
    ['a table that does not exist', 'select', '42P01', /does not exist/],
  ])('refuses %s', async (_, before, code, message, table = 'public.bills') => {
    const error = await protecting(before, `select partywall.protect('${table}', 'tenant_id')`)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string })
  })

  test('is as the page says: its table, its change of rows, and its steps for a large table, which read it once and not under the lock', async () => {
    const [table, change, large] = await sqlOfPage('docs/shared-rows.md')
    await client.query(table!)
    await client.query(change!)
    expect(await states()).toEqual([{ relname: 'invoices', forced: true, policies: 1, indexes: 2, filled: true }])
    await client.query('drop table invoices; create table invoices (id int, tenant_id uuid)')
    const notices: string[] = []
    client.on('notice', ({ message }) => notices.push(message ?? ''))
    await client.query('set client_min_messages to debug1')
    for (const step of large!.split(/^-- .*$/m)) if (step.trim() !== '') await client.query(step)
    await client.query('reset client_min_messages')
    // The one reading is that of `validate`.
    expect(notices.filter((message) => message.includes('verifying table'))).toHaveLength(1)
    expect(notices).toContainEqual(expect.stringMatching(/existing constraints on column "invoices.tenant_id" are sufficient/))
    expect(await states()).toEqual([{ relname: 'invoices', forced: true, policies: 1, indexes: 1, filled: true }])
    await client.query('drop table invoices')
  })

  test.each(['refuse', 'rewrite', 'keep'] as const)(
    'passes the review of shared migrations with { public: %j }',
    async (reviewed) => {
      const root = await folderForTest({
        'migrations/shared/0001_bills.sql':
          `create table ${reviewed}_bills (id int primary key, tenant_id uuid not null default partywall.current_tenant_id());` +
          `select partywall.protect('public.${reviewed}_bills', 'tenant_id');`,
      })
      const migrated = createTenancy({
        root,
        database: url,
        migrations: { shared: folderMigrations(`migrations/shared`, { public: reviewed }), tenant: false },
      })
      try {
        await migrated.migrations.run()
        expect(await states()).toContainEqual({
          relname: `${reviewed}_bills`,
          forced: true,
          policies: 1,
          indexes: 2,
          filled: true,
        })
      } finally {
        await migrated.close()
        await client.query(`drop table ${reviewed}_bills; drop table if exists partywall_migrations`)
      }
    },
  )
})
