import { describe, expect, test } from 'vitest'
import { examine, statementFacts, statementFactsAround } from './statement-facts.ts'

describe('control of a transaction', () => {
  test.each(['begin', 'BEGIN;', ' start transaction read only', '-- x\nbegin', '/* x */ Begin work'])('%s begins one', (text) => {
    expect(statementFacts(text)).toMatchObject({ control: 'begin', isMany: false })
  })
  test.each([
    'commit',
    'END',
    'rollback to savepoint a',
    'abort',
    'savepoint a',
    'release a',
    'set transaction read only',
    'prepare transaction $$x$$',
  ])('%s controls one', (text) => expect(statementFacts(text).control).toMatch(/^(end|savepoint|properties)$/))
  test.each([
    'select 1',
    'set local x = 1',
    'prepare x as select 1',
    'start_job',
    'select begin',
    'set constraints all deferred',
    '',
    ';',
  ])('%s does not', (text) => {
    expect(statementFacts(text).control).toBeUndefined()
  })
  test('is found among several statements', () => {
    expect(statementFacts('select 1; COMMIT; select 2')).toMatchObject({
      isMany: true,
      control: undefined,
      hiddenControl: 'commit',
    })
    expect(statementFacts('select 1; select 2').hiddenControl).toBeUndefined()
  })
})

describe('a statement that leaves something on the connection', () => {
  test.each([
    'set x = 1',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    'reset all',
    'listen x',
    'prepare p as select 1',
    'deallocate all',
    'discard all',
    "load 'x'",
    'declare c cursor with hold for select 1',
    'create temp table x ()',
    'create local temporary view x as select 1',
    'create or replace temp view x as select 1',
    'create table pg_temp.x ()',
    'select 1 into temporary x',
    'create temp sequence s',
    "select set_config('a', 'b', false)",
    "select set_config('a', 'b', $1)",
    "select set_config('a', (select max(x) from t where true), false)",
    'select pg_advisory_lock(1)',
    'select pg_try_advisory_lock_shared (1, 2)',
    'select setseed(0.5)',
    "select dblink_connect('x')",
    'do $$ begin perform pg_advisory_lock(1); end $$',
    'select 1; listen x',
    "update pg_settings set setting = 'x' where name = 'a.b'",
    "explain analyze update pg_settings set setting = 'x' where name = 'a.b'",
    'explain (analyze) create temp table x as select 1',
    'create temp table x on commit delete rows as select 1',
    'create global temporary table x (i int)',
    'create temp recursive view x (a) as select 1',
    'create function pg_temp.f() returns int language sql return 1',
    'create table pg_temp_3.x ()',
    'select 1 as a into pg_temp.x',
    'create extension hstore schema pg_temp',
    String.raw`select U&"set\005fconfig"('a.b', 'c', false)`,
    `select U&"set!005fconfig" uescape '!' ('a.b', 'c', false)`,
    `select "pg_catalog" . /* x */ "set_config" -- (\n ('a.b', 'c', false)`,
    `select set_config('a.b', 'c', "true") from t`,
    "select * from set_config('a.b', 'c', false)",
    "select set_config('a.b', set_config('a.b', 'c', false), true)",
    'select pg_catalog.pg_advisory_lock(1)',
    "select pg_replication_origin_session_setup('x')",
    "select pg_create_physical_replication_slot('x', false, true)",
    'select set_limit(0.5)',
    'do $$ begin set x = 1; end $$',
    'do $$ begin if true then reset x; end if; end $$',
    'do $$ declare x int := 1; begin loop listen x; end loop; end $$',
    "do 'begin execute ''select 1''; end'",
    'do $$ begin for x in execute y loop end loop; end $$',
    "do $$ begin perform set_config('a', 'b', false); end $$",
    'do $$ declare x text := set_config($a$a$a$, $b$b$b$, false); begin end $$',
    'do $$ begin create temp table x (i int); end $$',
    'do $$ begin do $a$ begin end $a$; end $$',
    'do language plpython3u $$ pass $$',
    "do E'begin \\163et x = 1; end'",
    "do 'begin '\n'set x = 1; end'",
    "do $$ begin update pg_settings set setting = 'x'; end $$",
  ])('%s', (text) => expect(statementFacts(text).leaves).toBeTypeOf('string'))

  test.each([
    'select 1',
    'set local x = 1',
    'set transaction read only',
    'set constraints all immediate',
    'declare c cursor for select 1',
    'create table template (temp int, temporary int)',
    "select 'create temp table x'",
    'select "pg_advisory_lock"',
    "select set_config('a', $1, true)",
    "select set_config('a', coalesce($1, 'x'), true), 1",
    'select pg_advisory_xact_lock(1)',
    'select temp from readings',
    '-- listen\nselect 1',
    'notify x',
    'select setting from pg_settings',
    'explain analyze create table x as select 1 as temp',
    'do $$ begin perform 1; end $$',
    'discard plans',
    'discard sequences',
    'discard temp',
    'unlisten x',
    'declare hold cursor for select 1',
    'declare c cursor without hold for select 1',
    'create temp table x (i int) on commit drop',
    'create temp table x on commit drop as select 1',
    'insert into temp values (1)',
    'create function f() returns int language sql set search_path = pg_catalog, pg_temp return 1',
    "alter role r set work_mem = '1MB'",
    'alter system reset work_mem',
    'do $$ declare x int; begin update t set x = 1 where set_at is null; end $$',
    'do $$ <<here>> declare c cursor for select 1; x text; begin select a into x from executes; end $$',
    'do $$ begin create temp table x (i int) on commit drop; grant execute on function f() to r; end $$',
    'do $$ begin create trigger t before insert on x for each row execute function f(); end $$',
    "do 'begin insert into t values (''set x''); end'",
    "do language plpgsql $$ begin perform set_config('a', 'b', true); set local x = 1; end $$",
  ])('does not include: %s', (text) => expect(statementFacts(text).leaves).toBeUndefined())
})

test('mayCommit is set for CALL and DO', () => {
  expect(statementFacts('call p()').mayCommit).toBe(true)
  expect(statementFacts('DO $$ begin commit; end $$').mayCommit).toBe(true)
  expect(statementFacts('select do_it()').mayCommit).toBe(false)
})

describe('a text of several statements', () => {
  test.each([
    'begin; select 1; commit',
    'select 1; begin; select 2; commit; begin',
    'begin; set local x = 1; savepoint a; select 1; rollback to savepoint a; select 2; end',
    'begin read only; select 1; commit and chain',
    'savepoint a; select 1',
    'select 1; commit',
  ])('may control its own transaction: %s', (text) => {
    expect(statementFacts(text)).toMatchObject({ hiddenControl: undefined, innerControl: expect.any(String) })
  })

  test.each([
    'commit; select 1',
    'begin; select 1; commit; select 2',
    'begin; select 1; commit and chain; select 2',
    'select 1; rollback; begin; select 2',
    'rollback to a; select 1',
    'select 1; rollback to a',
    'savepoint a; release a; rollback to a; select 1',
    'savepoint a; savepoint b; rollback to a; rollback to b; select 1',
    'savepoint "A"; rollback to "B"; select 1',
    'begin isolation level serializable; select 1; commit',
    'begin; set transaction read only; commit',
    "prepare transaction 'x'; select 1",
  ])('is not bound as a whole: %s', (text) => {
    expect(statementFacts(text).hiddenControl).toBeTypeOf('string')
  })

  test('may leave its transaction open', () => {
    for (const text of ['begin; select 1', 'begin; commit; begin', 'begin; commit and chain'])
      expect(statementFacts(text).leavesOpen).toBe(true)
    for (const text of ['begin; commit', 'begin; commit and no chain', 'select 1; select 2'])
      expect(statementFacts(text).leavesOpen).toBe(false)
  })

  test('may roll back what was sent in front of it', () => {
    expect(statementFacts('begin; select 1; rollback').mayRollBack).toBe(true)
    expect(statementFacts('begin; savepoint a; rollback to a; commit').mayRollBack).toBe(false)
  })

  test('around the statements of partywall may not begin a transaction that it does not end', () => {
    expect(statementFactsAround('begin; select 1').hiddenControl).toBe('begin')
  })
})

test('needsTransaction is set for statements without an effect outside a transaction', () => {
  expect(statementFacts('lock table t').needsTransaction).toBe('LOCK TABLE')
  expect(statementFacts('declare c cursor for select 1').needsTransaction).toBe('DECLARE CURSOR')
  expect(statementFacts('declare c cursor with hold for select 1').needsTransaction).toBeUndefined()
  expect(statementFacts('lock t; select 1').needsTransaction).toBeUndefined()
})

test('only SHOW of the search path needs the path', () => {
  expect(statementFacts('show search_path')).toMatchObject({ namesNothing: false, needsNoSnapshot: true })
  expect(statementFacts('show all')).toMatchObject({ namesNothing: false, needsNoSnapshot: true })
  expect(statementFacts('show work_mem')).toMatchObject({ namesNothing: true, needsNoSnapshot: false })
})

test('asksSession is set for a call of lastval or currval', () => {
  expect(statementFacts('select LASTVAL ()').asksSession).toBe('lastval()')
  expect(statementFacts(String.raw`select U&"curr\0076al"('s')`).asksSession).toBe('currval()')
  expect(statementFacts(`select 'lastval()', lastval`).asksSession).toBeUndefined()
})

describe('the cache of facts', () => {
  test('returns one object for a text, also for a long one that comes again at once', () => {
    const long = `select ${'1, '.repeat(20_000)}1`
    for (const text of ['select 1 from cached', long]) expect(examine(text)).toBe(examine(`${text}`))
    expect(examine(long)).toMatchObject({ text: long, facts: { isMany: false } })
  })

  test('stays right over more texts than it keeps', () => {
    for (let n = 0; n < 20_000; n++) expect(statementFacts(`select ${n}`).isMany).toBe(false)
    expect(statementFacts('select 1; select 2').isMany).toBe(true)
  })

  test('keeps a text that is used again and again, while others come and go', () => {
    const busy = examine('select 1 from busy')
    for (let n = 0; n < 20_000; n++) {
      examine(`select ${n} from passing`)
      expect(examine('select 1 from busy')).toBe(busy)
    }
  })
})
