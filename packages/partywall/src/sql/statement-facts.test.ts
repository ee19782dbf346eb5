import { describe, expect, test } from 'vitest'
import { examine, statementFacts } from './statement-facts.ts'

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
    'discard plans',
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
  ])('does not include: %s', (text) => expect(statementFacts(text).leaves).toBeUndefined())
})

test('mayCommit is set for CALL and DO', () => {
  expect(statementFacts('call p()').mayCommit).toBe(true)
  expect(statementFacts('DO $$ begin commit; end $$').mayCommit).toBe(true)
  expect(statementFacts('select do_it()').mayCommit).toBe(false)
})

test('asksSession is set for a call of lastval', () => {
  expect(statementFacts('select LASTVAL ()').asksSession).toBe('lastval()')
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
