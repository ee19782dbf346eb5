import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareDatabaseObjects, readDatabaseObjects } from '../../src/blueprint/read-database-objects.ts'
import { testDatabase } from '../support/servers/database.ts'
import { structure } from './structure.ts'

const { directUrl, name: database } = await testDatabase()
const client = new Client({ connectionString: directUrl })

beforeAll(async () => {
  await client.connect()
  await client.query(`
    create schema tenant; create schema common; set search_path = common;
    ${structure}
    create function on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
    reset search_path`)
})
afterAll(() => client.end())

test('what lands outside of the schemas that are left out is listed, and nothing else is', async () => {
  const created = await changesBy(`
    create table tenant.inside (id serial);
    create type tenant.own as enum ('x');
    create cast (tenant.own as text) with inout;
    create table common.extra ();
    create type common.shape as enum ('round');
    create function common.f() returns integer language sql as 'select 1';
    create table public."landed Here" (id integer);
    create schema "another schema" create table t ();
    create cast (common.mood as integer) with function common.mood_number(common.mood);
    create publication changes for table common.orders;
    create event trigger watcher on ddl_command_end execute function common.on_ddl();
    create foreign data wrapper wrapper; create server distant foreign data wrapper wrapper;
    create user mapping for public server distant options (password 'secret');
    alter default privileges grant select on tables to public;
    alter default privileges in schema common grant select on tables to public;
    alter database "${database}" set work_mem = '5MB';
    create role blueprint_reader; alter role blueprint_reader set work_mem = '5MB';
    create text search configuration common.words (copy = pg_catalog.english);
    create operator common.=== (leftarg = integer, rightarg = integer, function = int4eq);
  `)
  expect(created).toEqual([
    'created cast common.mood as integer',
    'created default privileges postgres: tables',
    'created event trigger watcher',
    'created foreign data wrapper wrapper',
    'created foreign server distant',
    'created publication changes',
    'created role blueprint_reader',
    'created schema another schema',
    'created settings all roles in this database',
    'created settings role blueprint_reader in all databases',
    'created user mapping public on distant',
    'created table t in another schema',
    'created default privileges postgres: tables in common',
    'created enum shape in common',
    'created function f() in common',
    'created operator ===(integer,integer) in common',
    'created table extra in common',
    'created text search configuration words in common',
    'created table landed Here in public',
  ])
})

test('what is changed or dropped outside is listed with the object that it belongs to', async () => {
  const changes = await changesBy(`
    drop index common.orders_open;
    alter table common.customers add column landed text;
    alter type common.mood add value 'angry';
    alter sequence common.numbers cache 7;
    create or replace function common.add(a integer, b integer default 1) returns integer language sql as 'select a';
    drop procedure common.clean;
    grant select on common.base to public;
    comment on view common.open_orders is 'changed';
    grant usage on schema common to public;
  `)
  expect(changes).toEqual([
    'changed schema common',
    'changed enum mood in common',
    'changed function add(a integer, b integer) in common',
    'dropped procedure clean() in common',
    'changed sequence numbers in common',
    'changed table base in common',
    'changed table customers in common',
    'changed table orders in common',
    'changed view open_orders in common',
  ])
})

test('rows and their statistics are no changes', async () => {
  expect(
    await changesBy(
      `insert into common.customers (name) values ('x'); select nextval('common.numbers'); analyze common.customers`,
    ),
  ).toEqual([])
})

test('an extension is one object, without its members', async () => {
  const { rows } = await client.query(
    "select name from pg_available_extensions where name <> 'plpgsql' order by name <> 'citext' limit 1",
  )
  const [{ name } = {}] = rows
  if (name === undefined) return
  const changes = await changesBy(`create extension "${name}" schema common`)
  expect(changes).toEqual([`created extension ${name}`])
})

test('a listing holds hashes of definitions, and no text of them', async () => {
  await client.query('begin')
  await client.query(`create function common.s() returns text language sql as $$ select 'secret-body' $$`)
  await client.query(`alter database "${database}" set application_name = 'secret-setting'`)
  expect(JSON.stringify(await readDatabaseObjects(client, []))).not.toContain('secret-')
  await client.query('rollback')
})

/** What the listing shows after these statements, which are rolled back. Other test files create roles on the same server meanwhile. */
async function changesBy(sql: string): Promise<string[]> {
  await client.query('begin')
  try {
    await client.query(`create function common.mood_number(common.mood) returns integer language sql as 'select 1'`)
    const before = await readDatabaseObjects(client, ['tenant', 'not yet there'])
    await client.query(sql)
    const after = await readDatabaseObjects(client, ['tenant', 'not yet there'])
    return compareDatabaseObjects(before, after)
      .filter(({ kind, name }) => !/role/.test(`${kind} ${name}`) || /blueprint_| all roles /.test(` ${name} `))
      .map(({ change, kind, schema, name }) => `${change} ${kind} ${name}${schema === null ? '' : ` in ${schema}`}`)
  } finally {
    await client.query('rollback')
  }
}
