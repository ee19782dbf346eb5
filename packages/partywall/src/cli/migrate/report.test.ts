/** The report of a run; its last line is enough to continue. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TenancyError } from '../../errors.ts'
import type { MigrationEntry } from '../../types.ts'
import { makeReport } from '../../fleet/report.ts'
import { renderReport } from './report.ts'
import { wordsOf } from './progress-lines.ts'

const words = wordsOf({ direction: 'up', fake: false })
const render = (entries: readonly MigrationEntry[]): string[] =>
  renderReport(makeReport(entries, 340), words, 'RESUME').split('\n')
const entry = (target: string, more: Partial<MigrationEntry> = {}): MigrationEntry => ({
  target,
  state: 'done',
  applied: [],
  durationMs: 1,
  ...more,
})
const failed = (target: string, error: unknown): MigrationEntry => entry(target, { state: 'failed', error })
const done = (target: string): MigrationEntry => entry(target, { applied: ['0002_more'] })

function unique(schema: string): TenancyError {
  const statement = `alter table polls add unique (${'title, '.repeat(20)})`
  return new TenancyError('MIGRATION_FAILED', 'It failed.', {
    details: { schema, name: '0002_unique', file: join(process.cwd(), 'migrations/tenant/0002_unique.sql'), line: 3, statement },
    cause: Object.assign(new Error('duplicate key'), { code: '23505' }),
  })
}
function missing(schema: string): TenancyError {
  return new TenancyError('HISTORY_MISSING', `The schema "${schema}" holds tables.`, { details: { schema } })
}

describe('the report is one line', () => {
  test.each([
    [[entry('shared'), entry('a')], '2 of 2 up to date (340 ms)'],
    [[entry('shared'), done('a')], '1 of 2 migrated, 1 up to date (340 ms)'],
    [[], '0 of 0 up to date (340 ms)'],
  ])('when every schema is done', (entries, line) => expect(render(entries)).toEqual([line]))
})

test('the last line names the schemas that failed, the statement, its file and line, the SQLSTATE, and how to continue', () => {
  const shown = `alter table polls add unique (${'title, '.repeat(20)}`.slice(0, 99)
  const at = `${shown}… at migrations/tenant/0002_unique.sql:3, SQLSTATE 23505. Fix the cause, then finish with: RESUME`
  expect(render([done('a'), entry('b'), failed('c', unique('c')), entry('d', { state: 'skipped' })])).toEqual([
    '1 of 4 migrated, 1 up to date, 1 failed, 1 skipped (340 ms)',
    `Failed: c: ${at}`,
  ])
  const many = Array.from({ length: 12 }, (_, index) => failed(`t${index}`, unique(`t${index}`)))
  expect(render(many)).toEqual([
    '0 of 12 migrated, 12 failed (340 ms)',
    `Failed: t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 and 2 more; first t0: ${at}`,
  ])
})

test('different failures are counted', () => {
  const lines = render([failed('a', missing('a')), failed('b', unique('b')), failed('c', missing('c'))])
  expect(lines.slice(0, -1)).toEqual([
    '0 of 3 migrated, 3 failed (340 ms)',
    '     2  HISTORY_MISSING',
    expect.stringMatching(/^ {5}1 {2}alter table polls .* at migrations\/tenant\/0002_unique\.sql:3, SQLSTATE 23505$/),
  ])
  expect(lines.at(-1)).toBe(
    'Failed: a, b, c; first a: HISTORY_MISSING, The schema "a" holds tables. Fix the cause, then finish with: RESUME',
  )
})

test('schemas skipped by the deadline are counted, and are not failures', () => {
  expect(render([done('a'), entry('b', { state: 'skipped' })])).toEqual([
    '1 of 2 migrated, 1 skipped (340 ms)',
    'Skipped because the deadline passed: 1. Finish with: RESUME',
  ])
})

test('the report of an interrupted run says so', () => {
  const report = { ...makeReport([done('a'), entry('b', { state: 'skipped' })], 340), aborted: true } as const
  expect(renderReport(report, words, 'RESUME').split('\n').at(-1)).toBe(
    'Skipped because the run was interrupted: 1. Finish with: RESUME',
  )
})

test('an error of PostgreSQL, and a thrown value that is no error, are named without a stack', () => {
  const lost = Object.assign(new Error('terminating connection\nby order'), { code: '57P01' })
  expect(render([failed('a', lost)]).at(-1)).toMatch(
    /^Failed: a: SQLSTATE 57P01, terminating connection\\nby order\. Fix the cause/,
  )
  expect(render([failed('a', 'mine')]).at(-1)).toMatch(/^Failed: a: an error, mine\. Fix the cause/)
})
