import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareBlueprints } from '../../src/blueprint/compare-blueprints.ts'
import { readFingerprints } from '../../src/blueprint/fingerprints.ts'
import { readBlueprint } from '../../src/blueprint/read-blueprint.ts'
import { structureSql } from '../../src/blueprint/structure-sql.ts'
import { identifier } from '../../src/names/identifier.ts'
import { statementFacts } from '../../src/sql/statement-facts.ts'
import { testDatabase } from '../support/servers/database.ts'
import { structure } from './structure.ts'

const { directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
beforeAll(() => client.connect())
afterAll(() => client.end())

const hostileNames = [
  'plain',
  'a.b',
  'with "quotes"',
  "it's",
  'Upper Case',
  'größe',

  'select',
  'a, public',
  'a\\b',
  '{schema}',
]

test('a schema of any name has the blueprint that the same SQL gives to every other', async () => {
  for (const name of hostileNames) await makeSchema(name, structure)
  const expected = await readBlueprint(client, 'plain')
  for (const name of hostileNames) expect([name, await readBlueprint(client, name)]).toEqual([name, expected])
  expect(JSON.parse(JSON.stringify(expected))).toEqual(expected)
  expect(expected.relations.map(({ name }) => name)).toContain('orders')
  expect(expected.unmodeled).toEqual([])
  const fingerprints = await readFingerprints(client, [...hostileNames, 'nowhere'])
  expect([...fingerprints.keys()].toSorted()).toEqual(hostileNames.toSorted())
  expect(new Set(fingerprints.values()).size).toBe(1)
})

test('objects of any name are compared, whatever their schemas are called', async () => {
  const strange = ['orders; drop', 'a.b', '"', "'", 'Größe', '$1', 'select']
  const sql = strange
    .map(identifier)
    .map(
      (name) => `
        create type ${name.replace(/"$/, '_type"')} as enum ('it''s', '"', '');
        create table ${name} (${name} ${name.replace(/"$/, '_type"')} default '"', id serial, constraint ${name.replace(/"$/, '_key"')} unique (id));
        create function ${name}(${name} ${name}) returns ${name} language sql as 'select $1';`,
    )
    .join('\n')
  await makeSchema('left side', sql)
  await makeSchema('right"side', sql)
  const left = await readBlueprint(client, 'left side')
  expect(compareBlueprints(left, await readBlueprint(client, 'right"side'))).toEqual([])
  expect(left.relations.map(({ name }) => name)).toEqual(strange.toSorted())
  await client.query('alter table "right""side"."a.b" alter column "a.b" drop default')
  expect(compareBlueprints(left, await readBlueprint(client, 'right"side'))).toEqual([
    {
      kind: 'column',
      name: 'a.b.a.b',
      change: 'changed',
      property: 'default',
      expected: `'"'::"a.b_type"`,
      actual: null,
      sentence: String.raw`The column a.b.a.b: default is absent and should be "'\"'::\"a.b_type\"".`,
    },
  ])
})

test('names of the schema that PostgreSQL has, too, are the same in every schema', async () => {
  const sql = `
    create domain money as numeric; create type date as enum ('today'); create table pg_class (id integer);
    create function lower(text) returns text language sql as 'select $1';`
  for (const schema of ['shadow_1', 'shadow_2']) {
    await makeSchema(schema, sql)
    await client.query(`
      create table ${schema}.sums (total ${schema}.money, day ${schema}.date default 'today', name text default ${schema}.lower('X'), day2 date);
      create view ${schema}.v as select * from ${schema}.pg_class`)
  }
  const [one, two] = [await readBlueprint(client, 'shadow_1'), await readBlueprint(client, 'shadow_2')]
  expect(two).toEqual(one)
  expect(JSON.stringify(one)).not.toContain('shadow_1')
  expect(one.relations.find(({ name }) => name === 'sums')!.columns.map(({ type }) => type)).toEqual([
    'money',
    'date',
    'text',
    'pg_catalog.date',
  ])
})

test('an operator of the schema is not called while its views are printed', async () => {
  const sql = `
    create function trap(oid, oid) returns boolean language plpgsql as $$ begin raise 'the trap was called'; end $$;
    create operator = (leftarg = oid, rightarg = oid, function = trap);
    create view v as select 1 as one;`
  await makeSchema('trapped', sql)
  // A connection prepares these statements when it prints its first view.
  const fresh = new Client({ connectionString: directUrl })
  await fresh.connect()
  try {
    const { relations, unmodeled } = await readBlueprint(fresh, 'trapped')
    expect(relations[0]!.definition).toContain('1 AS one')
    expect(unmodeled).toEqual([{ kind: 'operator', name: 'trapped.=(oid,oid)' }])
  } finally {
    await fresh.end()
  }
})

test('the search path of the caller does not matter, and is the same afterwards, also in a transaction', async () => {
  await makeSchema('pathless', 'create table t (id serial); create view v as select id from t')
  const expected = await readBlueprint(client, 'pathless')
  for (const path of ['public', 'pathless', 'nowhere, public', '']) {
    await client.query('begin')
    await client.query("select set_config('search_path', $1, true)", [path])
    await client.query('create temporary table t (other text) on commit drop')
    expect(await readBlueprint(client, 'pathless')).toEqual(expected)
    await readFingerprints(client, ['pathless', 'plain'])
    expect((await client.query('show search_path')).rows).toEqual([{ search_path: path === '' ? '' : path }])
    await client.query('rollback')
  }
  await readBlueprint(client, 'pathless')
  expect((await client.query('show search_path')).rows).toEqual([{ search_path: '"$user", public' }])
})

test('the statement is one that a bound pool sends: it leaves nothing on the session', () => {
  expect(statementFacts(structureSql(['acme']).text)).toMatchObject({ isMany: false, leaves: undefined, mayEnd: false })
})

test('a search path of a function is relative to its schema, and one that leads to another schema is a difference', async () => {
  for (const schema of ['near', 'far away']) {
    const body = `create function f() returns integer language sql set search_path = ${identifier(schema)}, public, pg_temp as 'select 1'`
    await makeSchema(schema, `${body}; create function g() returns integer language sql set search_path = '' as 'select 1'`)
  }
  const near = await readBlueprint(client, 'near')
  expect(near.routines.map(({ settings }) => settings)).toEqual([['search_path={schema}, public, pg_temp'], ['search_path=""']])
  expect(compareBlueprints(near, await readBlueprint(client, 'far away'))).toEqual([])
  await client.query('alter function "far away".f() set search_path = near, public, pg_temp')
  expect(compareBlueprints(near, await readBlueprint(client, 'far away')).map(({ sentence }) => sentence)).toEqual([
    'The function f(): of settings, "search_path={schema}, public, pg_temp" is missing and "search_path=near, public, pg_temp" is not expected.',
  ])
})

test('the history of the migrations is left out, and objects of other schemas keep their schema', async () => {
  await client.query(
    'create schema common; create table common.plans (id integer primary key); create type common.level as enum ()',
  )
  await makeSchema('user_of_common', 'create table t (plan integer references common.plans, level common.level)')
  const before = await readBlueprint(client, 'user_of_common')
  await client.query('create table user_of_common.partywall_migrations (position serial, name text primary key)')
  const { relations, sequences } = await readBlueprint(client, 'user_of_common')
  expect(relations).toEqual(before.relations)
  expect(relations[0]!.constraints.map(({ definition }) => definition)).toEqual([
    'FOREIGN KEY (plan) REFERENCES common.plans(id)',
  ])
  expect(relations[0]!.columns[1]!.type).toBe('common.level')
  expect(sequences.map(({ name }) => name)).toEqual(['partywall_migrations_position_seq'])
})

test('readBlueprint refuses a schema that does not exist, and an empty one has an empty blueprint', async () => {
  await expect(readBlueprint(client, 'no such schema')).rejects.toMatchObject({
    code: 'SCHEMA_MISSING',
    details: { schema: 'no such schema' },
  })
  await makeSchema('empty', '')
  expect(await readBlueprint(client, 'empty')).toMatchObject({ relations: [], types: [], routines: [], unmodeled: [] })
})

async function makeSchema(schema: string, sql: string): Promise<void> {
  await client.query(`create schema ${identifier(schema)}; set search_path = ${identifier(schema)}; ${sql}; reset search_path`)
}
