import { describe, expect, test } from 'vitest'
import { parseSqlFile } from './sql-file.ts'
import { sqlTemplate } from './templates.ts'

const parse = (text: string): ReturnType<typeof parseSqlFile> => parseSqlFile('0001_a.sql', text)

describe('parseSqlFile', () => {
  test('takes a text without a marker as the up migration', () => {
    expect(parse('select 1;\nselect 2;\n')).toEqual({
      up: { kind: 'sql', text: 'select 1;\nselect 2;\n', line: 1 },
    })
  })

  test.each(['-- partywall: down', '--partywall:down', '  -- Partywall:  DOWN  '])('splits the text at %j', (marker) => {
    expect(parse(`create table a ();\n${marker}\ndrop table a;`)).toEqual({
      up: { kind: 'sql', text: 'create table a ();', line: 1 },
      down: { kind: 'sql', text: 'drop table a;', line: 3 },
    })
  })

  test.each([
    ['a;\n-- partywall: dwon\nb;', /line 2 .*Did you mean `-- partywall: down`/],
    ['-- partywall: no-transactoin\na;', /Did you mean `-- partywall: no-transaction`/],
    ['a;\n-- partywall: something else', /The known markers are/],
    ['a;\n-- partywall:', /unknown marker/],
    ['a;\n-- partywall: down\nb;\n-- partywall: down\nc;', /line 4 .*second/],
    ['\n-- partywall: down\nb;', /not written yet: it has nothing but comments before/],
    ['-- titles\n\n;\n/* later */', /not written yet/],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message)
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_MIGRATION' }))
  })

  test('reads the markers for a migration outside of a transaction, and for one of shared objects', () => {
    expect(parse('-- partywall: no-transaction\na;\n-- partywall: down\nb;')).toEqual({
      up: { kind: 'sql', text: '-- partywall: no-transaction\na;', line: 1 },
      down: { kind: 'sql', text: 'b;', line: 4 },
      transaction: false,
    })
    expect(parse('-- partywall: shared-objects\na;')).toMatchObject({ sharedObjects: true })
  })

  test('takes a comment that only mentions partywall, and text in a string or a function body, for no marker', () => {
    const text = `
      -- see partywall: down
      -- partywall keeps its own history
      -- party hall bookings
      select '
-- partywall: down
', $$
-- partywall: down
-- migrate:down
$$, "
-- Down Migration
";`
    expect(parse(text)).toEqual({ up: { kind: 'sql', text, line: 1 } })
  })

  test('takes a down migration without a statement for none', () => {
    expect(parse('a;\n-- partywall: down\n-- nothing to undo\n')).not.toHaveProperty('down')
  })
})

describe('parseSqlFile names the right marker for a near miss', () => {
  test.each([
    '-- partywall down',
    '-- partywal: down',
    '-- Party wall: Down',
    '--- partywall: down',
    '-- partywall : down',
    '-- partywall: down (drops it again)',
    '-- partywall: down migration',
    '-- @partywall down',
    '-- partywall/down',
    '-- partywall: rollback',
    '-- partywall：down',
    '/* partywall: down */',
    '/*\n * partywall: down\n */',
    '/* partywal down */',
    'select 1; -- partywall: down',
  ])('%s', (marker) => {
    expect(() => parse(`create table a ();\n${marker}\ndrop table a;`)).toThrow(/in line [23] .*`-- partywall: down`/)
  })

  test.each([
    '-- partywall no-transaction',
    '-- partywall: no transaction',
    '-- partywal: NoTransaction',
    '/* partywall: no-transaction */',
  ])('%s', (marker) => {
    expect(() => parse(`${marker}\nvacuum;`)).toThrow('`-- partywall: no-transaction`')
  })
})

describe('parseSqlFile refuses a section for another tool, or without a marker', () => {
  test.each([
    '-- migrate:down',
    '-- migrate: DOWN transaction:false',
    '-- +goose Down',
    '--+goose down',
    '-- +migrate Down',
    '-- +migrate Down notransaction',
    '-- +micrate Down',
    '-- rambler down',
    '-- Down Migration',
    '-- DOWN MIGRATION --',
    '-- @DOWN',
    '-- !Down',
    '# --- !Downs',
    '-- //@UNDO',
    '--//@UNDO',
    '---- create above / drop below ----',
    '-- Revert app:titles from pg',
    '--rollback drop table a;',
    '-- rollback',
    '-- ROLLBACK:',
    '-- undo',
    '-- Revert',
    '-- ==== DOWN ====',
    '-- [down]',
    '-- Down',
    '-- roll back',
    '-- Rolling back',
    '-- how to roll back this migration:',
    '-- Rollback script',
    '-- down: drops the table again',
    '-- Down - drops it',
    '-- DOWN drop the table',
    '-- undo 0003_titles',
    '/* down */',
    '/* ---- Undo ---- */',
    '/*\n down\n*/',
    '-- 0001_a.sql\n-- Down',
    '-- The tables of the polls.\n-- Down',
  ])('%j', (heading) => {
    expect(() => parse(`create table a ();\n${heading}\ndrop table a;`)).toThrow(/in line [234] .*Write `-- partywall: down`/)
  })

  test.each([
    '-- no transaction',
    '-- NO TRANSACTION',
    '-- +goose NO TRANSACTION',
    '-- disable-transaction',
    '-- disable_ddl_transaction!',
    '-- transaction: false',
    '-- transaction:false',
    '-- atlas:txmode none',
    '-- runInTransaction:false',
    '-- run outside of a transaction',
    '/* without transaction */',
  ])('%j', (heading) => {
    expect(() => parse(`${heading}\ncreate index concurrently a_i on a (i);`)).toThrow(/Write `-- partywall: no-transaction`/)
  })

  test.each([
    '-- migrate:up',
    '-- +goose Up',
    '-- +goose StatementBegin',
    '-- Up Migration',
    '--changeset alice:1',
    '--liquibase formatted sql',
  ])('%j', (heading) => {
    expect(() => parse(`${heading}\ncreate table a ();`)).toThrow(/for another tool/)
  })

  test.each([
    '-- we had to scale down the table',
    '-- Down payments',
    '-- drop-down menus',
    '-- drill down',
    '-- undo log',
    '-- Rollback events, one for each deploy',
    '-- rollback;',
    '-- a poll that was taken down',
    '-- We keep the column for now, so that we can\n-- roll back',
    '-- every change is one transaction, none is lost',
    '-- transactions of the customer',
    '-- count down',
    '-- up',
    'create table b (\n-- undo\n i int);',
    'select 1; -- undo',
  ])('but takes %j for a note', (note) => {
    expect(parse(`create table a ();\n${note}\ncreate table c ();`)).not.toHaveProperty('down')
  })

  test('but not where the heading changes nothing: beside the marker, below it, or with no statement below', () => {
    expect(parse('a;\n-- ==== Down ====\n-- partywall: down\n-- Down migration\nb;')).toMatchObject({ down: { line: 4 } })
    expect(parse('a;\n-- Down\n')).not.toHaveProperty('down')
  })

  test.each(['undo', 'rollback', 'down', 'down_migration', 'no_transaction', 'add_titles'])(
    'and the template of a migration named %s can be written',
    (name) => {
      expect(parse(sqlTemplate(name).replace('\n\n\n', '\ncreate table a ();\n'))).not.toHaveProperty('down')
    },
  )
})
