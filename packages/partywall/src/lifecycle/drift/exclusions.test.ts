import { expect, test } from 'vitest'
import { notExcluded } from './exclusions.ts'

test('a glob excludes objects by their whole name, and what belongs to a table by the name of the table', () => {
  const cases: readonly (readonly [glob: string, name: string, isExcluded: boolean])[] = [
    ['audit_*', 'audit_log', true],
    ['audit_*', 'audit_log.id', true],
    ['audit_*', 'an_audit_log', false],
    ['audit_log', 'audit_logs', false],
    ['orders.total', 'orders.total', true],
    ['orders.total', 'orders.totals', false],
    ['total', 'orders.total', false],
    ['*.total', 'orders.total', true],
    ['t?', 'tä', true],
    ['t?', 't', false],
    ['touch', 'touch(integer)', true],
    ['a.b', 'a.b.c', true],
    ['a.b', 'axb', false],
    ['(x|y)', 'x', false],
    ['[ab]', 'a', false],
    ['*', 'anything at\nall', true],
    ['', 'orders', false],
  ]
  for (const [glob, name, isExcluded] of cases) {
    expect([glob, name, notExcluded(['other', glob])({ name })]).toEqual([glob, name, !isExcluded])
  }
  expect(notExcluded([])({ name: 'orders' })).toBe(true)
})
