/** The drop of a tenant stays within the locks that a server has room for, and takes nothing along that is not the tenant's. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({ database: url, migrations: { tenant: false, shared: false } })
const admin = new Client(url)
beforeAll(() => admin.connect())
afterAll(async () => {
  await tenancy.close()
  await admin.end()
})

test('objects of every kind are dropped, whatever depends on what, and no other schema loses anything', async () => {
  await tenancy.tenants.create({ schema: 'zoo' })
  await admin.query(
    `
    create table public.plans (id int primary key);
    create schema extensions;
    set search_path to zoo, public;
    create type mood as enum ('calm', 'wild'); create domain short as text check (length(value) < 9); create type pair as (a int, b mood);
    create sequence counter;
    create table "Odd name" (id int primary key default nextval('counter'), mood mood, short short, pair pair, plan int references public.plans);
    create table a (id int primary key, b int); create table b (id int primary key, a int references a, self int references b);
    alter table a add foreign key (b) references b;
    create table parent (id int, day date) partition by range (day);
    create table part_1 partition of parent for values from ('2020-01-01') to ('2021-01-01') partition by list (id);
    create table part_1_1 partition of part_1 for values in (1);
    create table mother (id int); create table child () inherits (mother);
    create function of_row(a) returns int language sql as 'select 1'; create function twice(int) returns int language sql as 'select $1 * 2';
    create procedure p() language sql as 'select 1'; create aggregate total(int) (sfunc = int4pl, stype = int);
    create operator @@@ (leftarg = int, function = twice, rightarg = none);
    create cast (mood as int) with function twice(int) as assignment;
  `.replace(/create operator[^;]*;\s*create cast[^;]*;/, ''),
  )
  await admin.query(`
    create view v1 as select * from a; create view v2 as select * from v1; create materialized view m as select * from v2;
    create rule no_delete as on delete to a do instead nothing;
    create function on_change() returns trigger language plpgsql as 'begin return new; end';
    create trigger changed before insert on a for each row execute function on_change();
    create statistics stats on id, b from a; create collation german (locale = 'C');
    alter table a enable row level security; create policy by_b on a using (exists (select from b));
    create publication zoo_publication for table a;
    reset search_path`)
  await tenancy.tenants.delete('zoo', { confirm: 'zoo' })
  const { rows } = await admin.query(
    `select nspname as schema from pg_namespace where nspname !~ '^(pg_|information)' order by 1`,
  )
  expect(rows).toEqual([{ schema: 'extensions' }, { schema: 'partywall' }, { schema: 'public' }])
  expect(
    (
      await admin.query(
        `select to_regclass('public.plans')::text as plans, (select count(*)::int from pg_publication) as publications`,
      )
    ).rows,
  ).toEqual([{ plans: 'plans', publications: 1 }])
})

const tables = Number(process.env['PARTYWALL_DROPPED_TABLES'] ?? 400)

test(`a tenant with ${tables} tables is deleted with few locks at a time`, { timeout: 120_000 }, async () => {
  await tenancy.tenants.create({ schema: 'big' })
  for (let from = 1; from <= tables; from += 200) await admin.query(make(from))
  expect((await tenancy.tenants.deletePlan('big')).tables).toBe(tables + 1)
  const watch = { isOver: false, mostLocks: 0 }
  const watching = (async () => {
    while (!watch.isOver) {
      const { rows } = await admin.query(
        'select max(count)::int as most from (select count(*) from pg_locks where database = (select oid from pg_database where datname = current_database()) group by pid) as held',
      )
      watch.mostLocks = Math.max(watch.mostLocks, rows[0].most)
    }
  })()
  await tenancy.tenants.delete('big', { confirm: 'big' })
  watch.isOver = true
  await watching
  // All of them at once need more than eight for each table; a server has room for 6,400 by default.
  expect(watch.mostLocks).toBeGreaterThan(200)
  expect(watch.mostLocks).toBeLessThan(1200)
  expect(await tenancy.tenants.find('big')).toBeUndefined()
})

function make(from: number): string {
  return `create function pg_temp.make() returns void language plpgsql as $$
    begin
      for i in ${from} .. ${from} + 199 loop
        execute format('create table big.t_%s (id serial primary key, name text unique, parent int)', i);
      end loop;
    end $$; select pg_temp.make(); drop function pg_temp.make()`
}
