/**
 * What each kind of statement leaves on a session of PostgreSQL, against what partywall takes from its text. A statement that leaves
 * something which the text shows must be known to leave it.
 */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { statementFacts } from '../../src/sql/statement-facts.ts'
import { testDatabase } from '../support/servers/database.ts'

const { directUrl } = await testDatabase()
let admin: Client
beforeAll(async () => {
  admin = new Client(directUrl)
  await admin.connect()
  await admin.query('create sequence numbers; create table things (i int)')
})
afterAll(() => admin.end())

/** Without the sequences: that their numbers are not found by another tenant is held by the refusal of currval and lastval. */
const look = `
  select
    (select json_agg(name || '=' || setting) from pg_settings where source = 'session' and name <> 'transaction_read_only') as settings,
    current_setting('app.x', true) in ('x') as custom,
    (select count(*)::int from pg_prepared_statements) as prepared,
    (select json_agg(name) from pg_cursors where name <> '') as cursors,
    (select count(*)::int from pg_listening_channels()) as channels,
    (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
    (select count(*)::int from pg_class where relnamespace = pg_my_temp_schema()) as relations,
    (select count(*)::int from pg_proc where pronamespace = pg_my_temp_schema()) as functions,
    current_user as "user", session_user as session`

test.each([
  'discard plans',
  'discard sequences',
  'discard temp',
  'unlisten *',
  'notify x',
  'set constraints all deferred',
  `set local work_mem = '9MB'`,
  'set transaction read only',
  'begin; declare c cursor for select 1; commit',
  'close all',
  'create temp table x (i int) on commit drop',
  'create temp table x on commit drop as select 1 as a',
  'select pg_advisory_xact_lock(1)',
  'select pg_advisory_unlock_all()',
  `select set_config('app.x', 'x', true)`,
  `select nextval('numbers')`,
  'select lo_create(0)',
  'select pg_export_snapshot()',
  'select txid_current()',
  `select pg_logical_emit_message(false, 'a', 'b')`,
  `alter role current_user reset work_mem`,
  'alter system reset work_mem',
  'begin; lock table things; commit',
  'insert into things values (1)',
  'analyze things',
  'checkpoint',
  'do $$ declare x int; begin update things set i = 2 where i is not null; end $$',
  `do $$ begin perform set_config('app.x', 'x', true); create temp table x (i int) on commit drop; end $$`,
])('nothing stays after %s', async (text) => {
  expect(statementFacts(text).leaves).toBeUndefined()
  await expect(changeBy(text)).resolves.toEqual([])
})

test.each([
  `set work_mem = '9MB'`,
  `set session app.x = 'x'`,
  `set time zone 'Asia/Tokyo'`,
  'set role pg_monitor',
  `set schema 'pg_catalog'`,
  'set session authorization pg_monitor',
  'set session characteristics as transaction read only',
  'set xml option document',
  'declare c cursor with hold for select 1',
  'listen x',
  'prepare q as select 1',
  'create temp table x (i int)',
  'create temp table x (i int) on commit delete rows',
  'create local temporary table x as select 1 as a',
  'create temp sequence x',
  'select 1 as a into temp x',
  'select 1 as a into temporary table x',
  'create or replace temp view x as select 1 as a',
  'create temp recursive view x (a) as select 1',
  'create table pg_temp.x (i int)',
  'create type pg_temp.x as (i int)',
  `create function pg_temp.f() returns int language sql as 'select 1'`,
  'select 1 as a into pg_temp.x',
  'explain analyze create temp table x as select 1 as a',
  'select pg_advisory_lock(1)',
  'select pg_try_advisory_lock(1, 2)',
  'select pg_catalog.pg_advisory_lock_shared(1)',
  `select "pg_catalog" . /* x */ "set_config" ('app.x', 'x', false)`,
  String.raw`select U&"set\005fconfig"('app.x', 'x', false)`,
  `select U&"set!005fconfig" uescape '!' ('app.x', 'x', false)`,
  `select * from set_config('app.x', 'x', false)`,
  `update pg_settings set setting = '9000' where name = 'work_mem'`,
  `explain analyze update pg_catalog.pg_settings set setting = '9000' where name = 'work_mem'`,
  `do $$ begin if true then set work_mem = '9MB'; end if; end $$`,
  `do 'begin execute ''set work_mem = 9000''; end'`,
  `do E'begin \\163et work_mem = 9000; end'`,
  `do 'begin '\n'set work_mem = 9000; end'`,
  `do $$ declare x text := set_config('app.x', 'x', false); begin end $$`,
  'do $$ begin create temp table x (i int); end $$',
  `select query_to_xml($$select set_config('app.x', 'x', false)$$, true, true, '')`,
  `select * from ts_stat($$select to_tsvector(set_config('app.x', 'x', false))$$)`,
  `select ts_rewrite('a'::tsquery, $$select 'a'::tsquery, set_config('app.x', 'x', false)::tsquery$$)`,
])('something stays after %s, and the text shows it', async (text) => {
  expect(statementFacts(text).leaves).toBeTypeOf('string')
  expect(await changeBy(text)).not.toEqual([])
})

/** The names of what the session has after the statement that it did not have before. */
async function changeBy(text: string): Promise<string[]> {
  const client = new Client(directUrl)
  await client.connect()
  try {
    const before = (await client.query(look)).rows[0] as Record<string, unknown>
    await client.query(text)
    const after = (await client.query(look)).rows[0] as Record<string, unknown>
    return Object.keys(after).filter(
      (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]) && after[name] !== false,
    )
  } finally {
    await client.end()
  }
}
