/** The name of the schema in function bodies and in definitions: it is changed where the grammar shows it, and told where it is in a string. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { renderBlueprint } from '../../src/blueprint/render/render-blueprint.ts'
import { testDatabase } from '../support/servers/database.ts'
import { createFrom, makeSchema } from './copies.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

test('a body that names its own schema names the new one afterwards, and the copy works without the original', async () => {
  await makeSchema(
    client,
    'acme',
    `create table orders (id integer, total integer); create type mood as enum ('ok'); insert into orders values (1, 5);
     create function sums() returns bigint language sql set search_path = '' as
       $$ select sum(acme.orders.total) from acme.orders as o, "acme".orders where o.id > 0 /* acme.orders */ $$;
     create function block(given acme.mood default 'ok') returns integer language plpgsql set search_path = '' as
       $$ declare one acme.orders%rowtype; other acme.orders.total%type := 3; begin
            select * into one from acme.orders; perform acme.sums(); for one in select * from acme.orders loop other := other + (select count(*) from acme.orders); end loop;
            return one.total + other; end $$;
     create function alias() returns integer language sql as $$ select acme.id from (select id from acme.orders) as acme $$;
     create function record() returns integer language plpgsql as $$ declare acme acme.orders; begin select * into acme from acme.orders; return acme.total; end $$;
     create view hidden as with orders as (select 1 as one) select one from orders, acme.orders as others`,
  )
  const rendered = await renderBlueprint(await readBlueprint(client, 'acme'), { from: 'acme', to: 'globex' })
  expect(rendered.remarks).toEqual([])
  await createFrom(client, rendered, 'globex')
  await client.query('drop schema acme cascade; insert into globex.orders values (1, 7)')
  const { rows } = await client
    .query(
      'set search_path = globex; select sums()::integer, block(), "alias"(), record(), (select count(*)::integer from hidden) as hidden',
    )
    .then((results) => (results as unknown as { rows: unknown[] }[])[1]!)
  expect(rows).toEqual([{ sums: 7, block: 11, alias: 1, record: 7, hidden: 1 }])
  await client.query('reset search_path')
})

test('a name in a string, in a language without a grammar, or in a body that cannot be read is told and copied', async () => {
  await client.query('create schema initech; create table initech.t (id integer)')
  await client.query(`set search_path = initech; set check_function_bodies = off;
    create function quoted() returns integer language plpgsql as $$ begin execute 'select id from initech.t'; return 1; end $$;
    create function broken() returns integer language sql as 'select from from initech.t';
    create function clean() returns text language sql as $$ select 'the words of initech are no name' $$;
    create table defaults (a text default 'initech.t'); create view v as select 'initech'::text as schema;
    reset search_path; reset check_function_bodies`)
  const { remarks, structure } = await renderBlueprint(await readBlueprint(client, 'initech'), {
    from: 'initech',
    to: 'umbrella',
  })
  expect(remarks).toEqual([
    'The function broken(): its body holds the name of the schema "initech", and cannot be read. It is copied as it is.',
    'The function quoted(): its body holds the name of the schema "initech" in a string, which is copied as it is.',
    'The column defaults.a holds the name of the schema "initech" in a string, which is copied as it is.',
    'The view v holds the name of the schema "initech" in a string, which is copied as it is.',
  ])
  expect(structure.join('\n')).toContain('select from from initech.t')
})

test('a name with quotes and backslashes is changed in bodies, too', async () => {
  await makeSchema(
    client,
    'o"d\\d',
    `create table t (id integer); create function f() returns integer language sql as $$ select id from "o""d\\d".t $$`,
  )
  const { structure } = await renderBlueprint(await readBlueprint(client, 'o"d\\d'), { from: 'o"d\\d', to: 'even' })
  expect(structure.join('\n')).toContain('select id from "even".t')
})

test('a name that only belongs to the schema by its letters stays', async () => {
  await makeSchema(
    client,
    'a',
    'create table t (a text, at text); create function f() returns text language sql as $$ select a.a from t as a $$',
  )
  const { structure, remarks } = await renderBlueprint(await readBlueprint(client, 'a'), { from: 'a', to: 'b' })
  expect(structure.join('\n')).toContain('select a.a from t as a')
  expect(remarks).toEqual([])
})
