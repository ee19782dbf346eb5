import { expect, test } from 'vitest'
import type { Migration } from '../../ports/migration-source.ts'
import { reviewMigrations } from '../review/review-list.ts'
import type { ReviewPlace } from '../review/review-context.ts'
import { restorePath } from './settings.ts'
import { runsOutside, shapeOf } from './step-parts.ts'

const place: ReviewPlace = {
  isShared: false,
  sharedSchema: 'public',
  includesShared: true,
  path: ['public'],
  knowsPublic: true,
  sharedSource: 'migrations/shared',
  public: 'refuse',
  extensions: 'refuse',
}

const marker = '-- partywall: no-transaction\n'

async function review(text: string): Promise<Migration> {
  const migration: Migration = {
    name: 'a',
    file: 'a.sql',
    checksum: '1',
    up: { kind: 'sql', text, line: 1 },
    ...(text.startsWith(marker) && { transaction: false as const }),
  }
  return (await reviewMigrations([migration], place)).fit(migration, 'up')
}

test.each([
  ['create table a ();\nbegin;', 2, 'BEGIN without a COMMIT'],
  ['begin;', 1, 'BEGIN without a COMMIT'],
  ['begin;\ncommit;', 1, 'nothing but statements that begin and end'],
  [`${marker}begin;\ncommit;`, 2, 'nothing but statements that begin and end'],
  ['create table a ();\nrollback;', 2, 'ROLLBACK: '],
  ['create table a ();\nabort;', 2, 'ABORT: '],
  ['create table a ();\nsavepoint a;', 2, 'SAVEPOINT: '],
  ['create table a ();\nrelease a;', 2, 'RELEASE: '],
  ['create table a ();\nrollback to savepoint a;', 2, 'ROLLBACK: '],
  ['create table a ();\ncommit and chain;', 2, 'COMMIT AND CHAIN'],
  [`prepare transaction 'a';`, 1, 'PREPARE TRANSACTION: '],
  [`commit prepared 'a';`, 1, 'COMMIT PREPARED: '],
  ['create table a ();\nset transaction isolation level serializable;', 2, 'SET TRANSACTION behind other statements'],
  [`create table a ();\nset transaction_isolation = 'serializable';`, 2, 'set transaction, which must be the first'],
  ['set session characteristics as transaction read only;', 1, 'set session characteristics'],
  ['set role postgres;', 1, 'a change of role'],
  ['set local role to postgres;', 1, 'a change of role'],
  ['reset session authorization;', 1, 'a change of session_authorization'],
  [`set client_encoding = 'latin1';`, 1, 'client_encoding'],
  [`set names 'latin1';`, 1, 'client_encoding'],
  ['do $$ begin\n set standard_conforming_strings = off; end $$;', 1, 'standard_conforming_strings'],
  [`select set_config('role', 'postgres', true);`, 1, 'a change of role'],
  [`select 1;\ndo $$ begin execute 'set role postgres'; end $$;`, 2, 'a change of role'],
  [`do $$ begin execute 'do $x$ begin set ' || 'role postgres; end $x$'; end $$;`, 1, 'a change of role'],
  [`do $$ begin execute format('set %I = off', 'standard_conforming_strings'); end $$;`, 1, 'standard_conforming_strings'],
  ['discard all;', 1, 'discard'],
])('a file is refused with its line: %j', async (text, line, words) => {
  await expect(review(text)).rejects.toMatchObject({
    code: 'INVALID_MIGRATION',
    message: expect.stringContaining(`a.sql has in line ${line} ${words}`),
    details: { line },
  })
})

test.each([
  ['BEGIN;\ncreate table a ();\nCOMMIT;', ';\ncreate table a ();\n;'],
  ['begin; begin; create table a (); end;\nstart transaction; select 1; commit work', '; ; create table a (); ;\n; select 1; '],
  ['create table a ();\ncommit;', 'create table a ();\n;'],
  ['create table begin (); select 1', 'create table begin (); select 1'],
  ['do $$ begin perform 1; end $$', 'do $$ begin perform 1; end $$'],
  [`prepare a as select 1; drop index "concurrently"`, `prepare a as select 1; drop index "concurrently"`],
])('a file stays in one transaction, without its own BEGIN and COMMIT: %j', async (text, sent) => {
  const { up } = await review(text)
  expect(up).toMatchObject({ kind: 'sql', text: sent })
  expect(runsOutside({ transaction: undefined } as Migration, up)).toBe(false)
})

/** The texts of the parts; `!` marks one outside of transactions, and `begin …` comes before the others. */
async function parts(text: string): Promise<string[]> {
  const migration = await review(text)
  expect(runsOutside(migration, migration.up)).toBe(true)
  const { sql, parts: found } = shapeOf(migration.up)!
  return found.map(
    ({ start, end, isAlone, begin }) => `${isAlone ? '! ' : begin ? `${begin}: ` : ''}${sql.text.slice(start, end)}`,
  )
}

test.each<[string, string[]]>([
  ['select 1; select 2; vacuum a; select 3; select 4', ['select 1; select 2', '! vacuum a', 'select 3; select 4']],
  [
    'create unique index CONCURRENTLY IF NOT EXISTS "Odd" ON "a" (id)',
    ['! create unique index CONCURRENTLY IF NOT EXISTS "Odd" ON "a" (id)'],
  ],
  [
    'drop index concurrently if exists a; reindex (verbose, concurrently) table a',
    ['! drop index concurrently if exists a', '! reindex (verbose, concurrently) table a'],
  ],
  ['alter table a detach partition b concurrently', ['! alter table a detach partition b concurrently']],
  ['do $$ begin perform 1; commit; end $$; select 1', ['! do $$ begin perform 1; commit; end $$', 'select 1']],
  ['begin; select 1; select 2; commit; begin; select 3; commit; vacuum a', ['select 1; select 2', 'select 3', '! vacuum a']],
  ['select 1;\ncommit;\nselect 2', ['select 1', 'select 2']],
  ['select 1; commit; create index concurrently b on a (id)', ['select 1', '! create index concurrently b on a (id)']],
  [`${marker}select 1; begin; select 2; select 3; commit; select 4`, ['! select 1', 'select 2; select 3', '! select 4']],
  [
    'set transaction isolation level serializable;\nselect 1; select 2',
    ['begin isolation level serializable: select 1; select 2'],
  ],
  [
    'begin read write; set transaction isolation level serializable; select 1; commit',
    ['begin read write, isolation level serializable: select 1'],
  ],
  [`alter type a add value 'x'; insert into b values ('x')`, [`alter type a add value 'x'`, `insert into b values ('x')`]],
  [
    `begin; alter type a add value 'x'; alter type a add value 'y' after 'x'; commit; select enum_range(null::a)`,
    [`alter type a add value 'x'; alter type a add value 'y' after 'x'`, 'select enum_range(null::a)'],
  ],
])('the parts of a file: %j', async (text, expected) => {
  expect(await parts(text)).toEqual(expected)
})

test.each([
  ['set statement_timeout = 0; select 1', 'set local statement_timeout = 0; select 1', ['statement_timeout']],
  [
    `set session time zone 'UTC'; reset time zone; reset work_mem`,
    `set local time zone 'UTC'; set local time zone default; set local work_mem to default`,
    ['timezone', 'work_mem'],
  ],
  [`select set_config('work_mem', '1MB', true)`, `select set_config('work_mem', '1MB', true)`, ['work_mem']],
  ['do $$ begin set local work_mem = 1000; end $$', 'do $$ begin set local work_mem = 1000; end $$', ['work_mem']],
  [
    `set client_encoding = 'UTF8'; set standard_conforming_strings = on`,
    `set local client_encoding = 'UTF8'; set local standard_conforming_strings = on`,
    ['client_encoding', 'standard_conforming_strings'],
  ],
])('what a file sets is local to its transaction, and is brought back behind it: %j', async (text, sent, names) => {
  const { up } = await review(text)
  const kept = names.map(
    (name) => `pg_catalog.set_config('partywall.${name}', pg_catalog.current_setting('${name}', true), true)`,
  )
  const back = names.map(
    (name) => `pg_catalog.set_config('${name}', pg_catalog.current_setting('partywall.${name}', true), true)`,
  )
  expect((up as { text: string }).text).toBe(`select ${kept.join(', ')}; ${sent}\n; select ${back.join(', ')}`)
})

test.each([
  ['create index concurrently a on b (c); vacuum b;', `create index  a on b (c); ${restorePath}; ;`],
  [`create index concurrently "concurrently" on b (c)`, `create index  "concurrently" on b (c)`],
  ['alter table a detach partition "concurrently" concurrently', 'alter table a detach partition "concurrently" '],
  ['reindex table concurrently a;\nselect 1', `; ${restorePath};\nselect 1`],
  ['set transaction isolation level serializable; select 1', '; select 1'],
])('the text for the transaction that creates a tenant: %j', async (text, sent) => {
  expect(shapeOf((await review(text)).up)!.textForNew).toBe(sent)
})
