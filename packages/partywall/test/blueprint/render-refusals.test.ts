/** What cannot be created elsewhere is refused by name, all of it at once; rights of the tenant go to the new tenant. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../src/blueprint/render/render-blueprint.ts'
import { testDatabase } from '../support/servers/database.ts'
import { copySchema, makeSchema } from './copies.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

test('renderBlueprint refuses what it cannot create elsewhere, and names every object', async () => {
  await makeSchema(
    client,
    'refused',
    `create operator === (leftarg = integer, rightarg = integer, function = int4eq);
     create table one (a integer); create table two (b integer); create view joined as select 1 as x from one natural left join two;
     create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing; create table parts (a integer) partition by list (a);
     create foreign table part partition of parts for values in (1) server nowhere; create index part_index on parts (a);
     create type mood as enum ('ok'); create cast (mood as integer) with inout;
     create schema apart; create table apart.whole (a integer) partition by list (a); create table stray partition of apart.whole for values in (1);
     create table split (a integer) partition by list (a); create table apart.part partition of split for values in (1); create table base (a integer);
     create table apart.child () inherits (base); grant select (ctid) on base to pg_monitor;
     create table t (id integer); insert into t values (1), (1);
     create publication refused_publication for table t`,
  )
  await expect(client.query('create unique index concurrently broken on refused.t (id)')).rejects.toThrow(
    'could not create unique index',
  )
  const refusal = renderBlueprint(await readBlueprint(client, 'refused'), { from: 'refused', to: 'copy' })
  await expect(refusal).rejects.toMatchObject({
    code: 'UNSUPPORTED_OBJECT',
    details: {
      objects: [
        'the operator ===(integer,integer)',
        'the cast from mood to integer',
        'the publication of table t in publication refused_publication',
        'the system column ctid of base, which has privileges',
        'the table base, which has children in another schema',
        'the table split, which has partitions in another schema',
        'the view joined, which has an outer NATURAL JOIN of tables without a common column',
        'the index part_index of the table parts, which has foreign tables as partitions',
        'the partition stray of a table in another schema',
        'the index broken, which is not valid',
      ],
    },
  })
})

test('what a role gives to its new objects in all schemas is no right on the objects of a copy', async () => {
  const role = `reads_by_default_${process.pid}`
  await client.query(`create role ${role}`)
  try {
    await makeSchema(
      client,
      'closed',
      `create table t (id integer); create sequence s; create view v as select 1 as one; create type e as enum ();
       create function f() returns integer language sql as 'select 1'; grant select on v to ${role}`,
    )
    await client.query(`alter default privileges grant select, insert on tables to ${role} with grant option;
      alter default privileges grant usage on sequences to public; alter default privileges grant usage on schemas to ${role};
      alter default privileges revoke execute on functions from public; alter default privileges revoke usage on types from public;
      alter default privileges revoke delete on tables from current_user`)
    const { original, copy } = await copySchema(client, 'closed', 'also_closed')
    expect(compareBlueprints(original, copy).map(({ sentence }) => sentence)).toEqual([])
  } finally {
    await client.query(`drop owned by ${role}; alter default privileges revoke usage on sequences from public;
      alter default privileges grant execute on functions to public; alter default privileges grant usage on types to public;
      alter default privileges grant delete on tables to current_user; drop role ${role}`)
  }
})

test('a table and a function that are part of each other are refused by name', async ({ skip }) => {
  const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as major")
  if (rows[0].major < 15) skip('PostgreSQL 14 makes no such table')
  await makeSchema(
    client,
    'circle',
    `create table t (id integer); create function f(t) returns integer language sql immutable as 'select 1';
     alter table t add column made integer generated always as (f(null::t)) stored`,
  )
  await expect(renderBlueprint(await readBlueprint(client, 'circle'), { from: 'circle', to: 'copy' })).rejects.toMatchObject({
    code: 'UNSUPPORTED_OBJECT',
    details: {
      objects: ['the routine f(t), which needs something that needs it', 'the relation t, which needs something that needs it'],
    },
  })
})

test('the rights of the tenant go to the role of the new tenant, and are left out without one', async () => {
  const [old, fresh] = [`partywall_${'a'.repeat(32)}`, `partywall_${'b'.repeat(32)}`]
  await client.query(`create role ${old}; create role ${fresh}`)
  try {
    await makeSchema(
      client,
      'old',
      `create table t (id integer); grant usage on schema old to ${old}; grant select on t to ${old}`,
    )
    const blueprint = await readBlueprint(client, 'old')
    const { afterRows } = await renderBlueprint(blueprint, { from: 'old', to: 'new', tenantRole: fresh })
    expect(afterRows).toEqual([`grant USAGE on schema "new" to "${fresh}"`, `grant SELECT on table "t" to "${fresh}"`])
    expect((await renderBlueprint(blueprint, { from: 'old', to: 'new' })).afterRows).toEqual([])
  } finally {
    await client.query(`drop schema if exists old cascade; drop role ${old}; drop role ${fresh}`)
  }
})

test('the history of the migrations is not copied, nor its sequence', async () => {
  await makeSchema(
    client,
    'with_history',
    'create table partywall_migrations (position serial, name text primary key); create table t (id integer)',
  )
  const { rendered, copy } = await copySchema(client, 'with_history', 'without_history')
  expect(rendered.structure).toHaveLength(1)
  expect(copy.sequences).toEqual([])
})
