/** What cannot be created elsewhere is refused by name, all of it at once; rights of the tenant go to the new tenant. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
     create text search configuration conf (copy = pg_catalog.english);
     create type mood as enum ('ok'); create cast (mood as integer) with inout;
     create table t (id integer); insert into t values (1), (1);
     create publication refused_publication for table t;
     create table parent (a integer); create table child (own integer) inherits (parent); alter table parent add column b integer`,
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
        'the text search configuration conf',
        'the cast from mood to integer',
        'the publication of table t in publication refused_publication',
        'the table child, which got columns of its parents after columns of its own',
        'the index broken, which is not valid',
      ],
    },
  })
})

test('a table and a function that are part of each other are refused by name', async () => {
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
