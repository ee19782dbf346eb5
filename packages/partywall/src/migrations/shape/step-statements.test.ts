import { expect, test } from 'vitest'
import { lineOf, statementsIn, statementsOf, type SqlStep } from './step-statements.ts'

const step: SqlStep = {
  kind: 'sql',
  text: `create table a (id int);\n-- note\ndrop table b;\n\ncreate unique index concurrently a_id on a (id);`,
  line: 3,
}

test('statementsOf gives the place and the names of each statement', () => {
  expect(
    statementsOf(step).map(({ start, end, verb }) => ({
      text: step.text.slice(start, end),
      line: lineOf(step, start),
      verb,
    })),
  ).toEqual([
    { text: 'create table a (id int)', line: 3, verb: 'create' },
    { text: 'drop table b', line: 5, verb: 'drop' },
    {
      text: 'create unique index concurrently a_id on a (id)',
      line: 7,
      verb: 'create',
    },
  ])
})

test('statementsOf examines a step once', () => {
  expect(statementsOf(step)).toBe(statementsOf(step))
  expect(statementsOf({ ...step, text: 'select 1' })).toHaveLength(1)
})

test.each([
  ['create index concurrently a_id on a (id)', 'a_id'],
  ['create unique index concurrently if not exists a_id on a (id)', 'a_id'],
  ['create index concurrently on a (id)', null],
  ['create index concurrently "A id" on a (id)', 'A id'],
  ['create index concurrently "say ""a" on a (id)', 'say "a'],
  ['create index concurrently "on" on a (id)', 'on'],
  ['CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "A_id" ON "a" (id)', 'A_id'],
  ['create index "concurrently" on a (id)', undefined],
  ['create index a_id on a (id)', undefined],
  ['drop index concurrently a_id', undefined],
])('the index that is created concurrently by: %s', (text, name) => {
  expect(statementsIn(text)[0]!.concurrentIndex).toBe(name)
})
