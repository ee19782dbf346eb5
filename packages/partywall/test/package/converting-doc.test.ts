/** The SQL of docs/converting.md, run in the order of the page: an app for one customer becomes an app for two, and no row is lost or shared. */
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { sqlOfPage } from './sql-of-page.ts'

const page = 'docs/converting.md'
const shared = 'create table plans (name text primary key);'
const customers = `
  create type status as enum ('open', 'done');
  create table users (id serial primary key, email text not null unique, plan text not null references plans (name));
  create table projects (
    id integer generated always as identity primary key, owner integer not null references users (id),
    title text not null unique, status status not null default 'open'
  );
  create table uploads (id serial primary key, project integer references projects (id) on delete cascade);
  create sequence invoice_number;
  create view open_projects as select * from projects where status = 'open';
  create function touch() returns trigger language plpgsql as $$ begin new.title := trim(new.title); return new; end $$;
  create trigger touch before insert or update on projects for each row execute function touch();`
const data = `
  insert into plans values ('pro');
  insert into users (email, plan) values ('ann@acme.org', 'pro');
  insert into projects (owner, title) values (1, ' Wall ');`

test('the SQL of the page turns the tables in public into the first tenant', async () => {
  const [list, _twoRoles, moveOut, swap, inBoth, functions, ...others] = await sqlOfPage(page)
  expect(others).toEqual([])
  const { directUrl } = await testDatabase()
  const psql = await connected(directUrl)
  await psql.query(`set search_path = public; ${shared} ${customers} ${data}`)
  const migrations = await folderForTest({ 'shared/0001_plans.sql': shared, 'tenant/0001_baseline.sql': customers })
  const tenancy = createTenancy({
    database: directUrl,
    migrations: { shared: join(migrations, 'shared'), tenant: join(migrations, 'tenant') },
  })
  onTestFinished(() => tenancy.close())

  await tenancy.migrations.run({ shared: true, fake: true })
  await psql.query(moveOut!)
  await tenancy.tenants.create({ schema: 'acme' })
  await psql.query(swap!)
  await tenancy.tenants.create({ schema: 'globex' })

  const status = await tenancy.migrations.status({ verify: true })
  expect(status.map(({ target, head, pending, problem }) => [target, head, pending, problem])).toEqual([
    ['shared', '0001_plans', [], undefined],
    ['acme', '0001_baseline', [], undefined],
    ['globex', '0001_baseline', [], undefined],
  ])
  const left = (await psql.query<{ name: string }>(list!)).rows.map(({ name }) => name)
  expect(left).toEqual(['partywall_migrations', 'plans'])
  expect((await psql.query(inBoth!)).rows).toEqual([])
  expect((await psql.query(functions!)).rows).toEqual([])

  const titles = () =>
    tenancy.pool.query("insert into projects (owner, title) select id, ' Door ' from users returning id, title")
  expect((await tenancy.run('acme', titles)).rows).toEqual([{ id: 2, title: 'Door' }])
  expect((await tenancy.run('globex', titles)).rows).toEqual([])
})

test('its queries find a table in both schemas and a function that names public', async () => {
  const [, , , , inBoth, functions] = await sqlOfPage(page)
  const { directUrl } = await testDatabase()
  const psql = await connected(directUrl)
  const project = await folderForTest({ 'migrations/shared/README.md': '', 'migrations/tenant/README.md': '' })
  const tenancy = createTenancy({ root: project, database: directUrl })
  onTestFinished(() => tenancy.close())
  await tenancy.tenants.create({ schema: 'acme' })
  await psql.query(`
    create table public.notes (); create table acme.notes ();
    create function acme.a() returns bigint language sql as 'select count(*) from public.notes';
    create function acme.b() returns bigint language sql set search_path = public as 'select count(*) from notes';
    create function acme.c() returns bigint language sql as 'select 1::bigint'`)
  expect((await psql.query(inBoth!)).rows).toEqual([{ schema: 'acme', relname: 'notes' }])
  expect((await psql.query(functions!)).rows.map(({ oid }) => oid)).toEqual(['acme.a()', 'acme.b()'])
})

test('with two roles, deploy converts the tables of another owner, and app queries the old and the new tenant', async () => {
  const database = await testDatabase()
  const role = (name: string) => `${database.name}_${name}`
  const names = { shop: database.name, deploy: role('deploy'), app: role('app'), old_owner: role('old') }
  const [createRoles] = await sqlOfPage('docs/boundaries.md', names)
  const [, twoRoles, moveOut, swap] = await sqlOfPage(page, names)
  const admin = await connected(database.directUrl)
  await admin.query(`create role "${names.old_owner}" login; grant create, usage on schema public to "${names.old_owner}"`)
  await admin.query(`set role "${names.old_owner}"; set search_path = public; ${shared} ${customers} ${data}; reset role`)
  onTestFinished(async () => {
    const roles = `"${names.app}", "${names.deploy}", "${names.old_owner}"`
    await admin.query(`drop owned by ${roles} cascade; drop role ${roles}`)
  })
  await admin.query(createRoles!)
  await admin.query(twoRoles!)

  const urlAs = (username: string) => Object.assign(new URL(database.directUrl), { username, password: '' }).href
  const root = await folderForTest({
    'migrations/shared/0001_plans.sql': shared,
    'migrations/tenant/0001_baseline.sql': customers,
  })
  const tenancy = createTenancy({ root, database: { connectionString: urlAs(names.app), deploy: urlAs(names.deploy) } })
  onTestFinished(() => tenancy.close())
  const psql = await connected(urlAs(names.deploy))
  await tenancy.migrations.run({ shared: true, fake: true })
  await psql.query(moveOut!)
  await tenancy.tenants.create({ schema: 'acme' })
  await psql.query(swap!)
  expect(await tenancy.boundary.downgrade()).toMatchObject({ ok: true, entries: [{ target: 'acme' }] })
  await tenancy.tenants.create({ schema: 'globex' })

  const users = () => tenancy.pool.query("insert into users (email, plan) values ('bob@acme.org', 'pro') returning id")
  expect((await tenancy.run('acme', users)).rows).toEqual([{ id: 2 }])
  expect((await tenancy.run('globex', users)).rows).toEqual([{ id: 1 }])
  expect((await tenancy.run('acme', () => tenancy.pool.query('select name from plans'))).rowCount).toBeGreaterThan(0)
  await psql.query('alter table acme.users add column name text')
})

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}
