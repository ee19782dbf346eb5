/** The seal of a ready schema: every change by hand breaks it, and what the server does by itself does not. */
import { createTenancy, type MigrationSource } from 'partywall'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listReady } from '../../src/lifecycle/warm/ready-state.ts'
import type { ReadySchema } from '../../src/catalog/ready/ready-schema.ts'
import { isSealed, makeSeal } from '../../src/lifecycle/warm/seal.ts'
import type { Queryable } from '../../src/sql/statement.ts'
import { structure } from '../blueprint/structure.ts'
import { testDatabase } from '../support/servers/database.ts'
import { driftEdits, editOf } from './drift-edits.ts'

const { url, directUrl } = await testDatabase()
const client = new Client({ connectionString: directUrl })
const rows = `
  create table plans (id serial primary key, name text unique, note text);
  insert into plans (name) values ('free'), ('pro');
  create table empty (id int);
  create sequence called; select nextval('called');
  create materialized view amounts as select count(*) from plans;`
const source: MigrationSource = {
  name: 'given',
  list: async () => [{ name: '1', file: '1.sql', checksum: '1', up: { kind: 'sql', text: structure + rows, line: 1 } }],
}
const tenancy = createTenancy({ database: url, migrations: { shared: false, tenant: source }, warm: { size: 1 } })
let ready: ReadySchema

beforeAll(async () => {
  await client.connect()
  expect(await tenancy.warm.fill()).toEqual([{ kind: 'default', size: 1, ready: 1, others: 0, made: 1 }])
  ready = (await listReady(client as Queryable, undefined))[0]!.ready
})
afterAll(async () => {
  await client.end()
  await tenancy.close()
})

test('is not broken by reading, vacuuming, analyzing, freezing and what is rolled back', async () => {
  await client.query(`set search_path = ${ready.schema}`)
  await client.query('select * from plans; select * from partywall_migrations for key share')
  for (const text of [
    'vacuum analyze',
    'vacuum freeze',
    'vacuum freeze pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_proc',
  ])
    await client.query(text)
  await client.query('begin; alter table plans add column lost int; rollback')
  await client.query('reset search_path')
  expect(await isSealed(client as Queryable, ready.schema, ready.seal)).toBe(true)
})

const more = [
  `insert into plans (name) values ('by hand')`,
  'insert into empty values (1)',
  `update plans set note = 'x' where name = 'free'`,
  `update plans set name = name`,
  'delete from plans where id = 2',
  'truncate plans',
  `select nextval('called')`,
  `select nextval('numbers')`,
  `select setval('numbers', 500, false)`,
  'refresh materialized view amounts',
  'update partywall_migrations set checksum = checksum',
  `comment on table partywall_migrations is 'another digest'`,
  `comment on schema {schema} is 'x'`,
  `comment on column plans.name is 'x'`,
  'create view public.outside as select * from plans',
  'create table public.outside (id int references plans)',
  'create function public.outside(plans) returns int language sql return 1',
  'create publication outside for tables in schema {schema}',
  'create publication outside for table plans',
  'alter default privileges in schema {schema} grant select on tables to public',
  'grant usage on schema {schema} to public',
  'drop table plans cascade',
  'create trigger by_hand before insert on plans for each row execute function touch()',
  'alter table partywall_migrations disable trigger all, add column extra int',
  'create operator === (leftarg = int, rightarg = int, function = int4eq)',
  'create text search configuration by_hand (copy = simple)',
]

test.each([...driftEdits.flat().map((edit) => editOf(edit, '{schema}')), ...more])('is broken by: %s', async (edit) => {
  const { rows: found } = await client.query(`select pg_catalog.current_setting('server_version_num')::int / 10000 as major`)
  if (found[0].major < 15 && edit.includes('tables in schema')) return
  const { schema, seal } = ready
  // What a sequence has given is not taken back.
  const now = await makeSeal(client as Queryable, { schema, ...seal, ...seal.contents })
  await client.query('begin')
  try {
    await client.query(`set local client_min_messages to error; set local search_path = ${ready.schema}`)
    const prepared = await client.query(edit.replaceAll('{schema}', ready.schema)).catch((error: unknown) => error)
    // A few edits of the corpus follow others of their group.
    if (prepared instanceof Error) return expect(driftEdits.flat().some((one) => editOf(one, '{schema}') === edit)).toBe(true)
    expect(await isSealed(client as Queryable, schema, now).catch(({ code }) => code !== '42P01')).toBe(false)
  } finally {
    await client.query('rollback')
  }
})
