import { expect, test } from 'vitest'
import type { Migration } from '../../ports/migration-source.ts'
import { reviewMigrations } from '../review/review-list.ts'
import { batchesOf } from './batches.ts'

async function batches(texts: readonly (string | 'code')[]): Promise<string[][]> {
  const migrations = texts.map((text, index): Migration => ({
    name: String(index + 1),
    file: `${index + 1}.sql`,
    checksum: '1',
    up: text === 'code' ? { kind: 'code', run: () => {} } : { kind: 'sql', text, line: 1 },
  }))
  const { all } = await reviewMigrations(migrations, {
    isShared: false,
    sharedSchema: 'public',
    includesShared: true,
    path: ['public'],
    knowsPublic: true,
    sharedSource: 'migrations/shared',
    public: 'refuse',
    extensions: 'refuse',
  })
  return batchesOf('up', all).map((batch) => batch.migrations.map(({ name }) => name))
}

test.each<[string, string[], string[][]]>([
  ['uses it', [`alter type a add value 'x'`, `insert into b values ('x')`, 'select 1'], [['1'], ['2', '3']]],
  ['uses it later', [`alter type a add value 'x'`, 'select 1', `insert into b values ('x')`], [['1', '2'], ['3']]],
  ['uses another one', [`alter type a add value 'x'`, `insert into b values ('y')`], [['1', '2']]],
  ['names it only', [`alter type a add value 'x'`, `alter type a add value 'y' before 'x'`], [['1', '2']]],
  ['uses it in a function', [`alter type a add value 'x'`, `create function f() returns a return 'x'::a`], [['1'], ['2']]],
  ['asks for all values', [`alter type a add value 'x'`, 'insert into b select unnest(enum_range(null::a))'], [['1'], ['2']]],
  ['is code', [`alter type a add value 'x'`, 'code'], [['1'], ['2']]],
  ['uses one that a block adds', [`do $$ begin alter type a add value 'it''s'; end $$`, `select 'it''s'::a`], [['1'], ['2']]],
  ['uses it after a cut', [`alter type a add value 'x'`, `select 'x'::a`, `select 'x'::a`], [['1'], ['2', '3']]],
  ['renames one', [`alter type a rename value 'x' to 'y'`, `select 'y'::a`], [['1', '2']]],
  ['follows deferred constraints', ['set constraints all deferred', 'select 1', 'select 2'], [['1'], ['2', '3']]],
])('a transaction ends behind a new value of an enum where a later migration %s', async (_, texts, expected) => {
  expect(await batches(texts)).toEqual(expected)
})
