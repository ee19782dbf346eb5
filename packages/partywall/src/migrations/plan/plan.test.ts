import { describe, expect, test } from 'vitest'
import { planMigrations } from './plan.ts'
import type { Migration } from '../../ports/migration-source.ts'

const files = ['0001_a', '0002_b', '0003_c'].map(migration)

describe('planMigrations', () => {
  test('plans all files for a new schema, none for a current one, and the rest for a schema between', () => {
    expect(plan([])).toEqual({ pending: ['0001_a', '0002_b', '0003_c'], head: undefined, problem: undefined })
    expect(plan(['0001_a'])).toEqual({ pending: ['0002_b', '0003_c'], head: '0001_a', problem: undefined })
    expect(plan(['0001_a', '0002_b', '0003_c'])).toEqual({ pending: [], head: '0003_c', problem: undefined })
  })

  test('plans up to the migration that `to` names, and never rolls back', () => {
    expect(plan([], '0002_b').pending).toEqual(['0001_a', '0002_b'])
    expect(plan(['0001_a', '0002_b'], '0001_a').pending).toEqual([])
  })

  test('refuses a file that has changed, and names it and both checksums', () => {
    const { problem } = planMigrations('acme', files, [{ name: '0001_a', checksum: 'f'.repeat(64) }])
    expect(problem).toMatchObject({ code: 'MIGRATION_CHANGED', details: { problem: 'changed', name: '0001_a', schema: 'acme' } })
    expect(problem!.message).toMatch(/0001_a\.sql .*"acme".* 0001_a000000, and was ffffffffffff/)
  })

  test('refuses a history whose file is gone', () => {
    expect(plan(['0001_a', '0002_x']).problem).toBe('gone 0002_x')
  })

  test('refuses a pending file that sorts before an applied one, and names both', () => {
    expect(plan(['0001_a', '0003_c']).problem).toBe('reordered 0002_b')
    const { problem } = planMigrations('acme', files, [applied('0003_c')])
    expect(problem!.message).toMatch(/0001_a.* before 0003_c/)
  })
})

function plan(names: string[], to?: string) {
  const { pending, head, problem } = planMigrations('acme', files, names.map(applied), to)
  const shown = problem && `${String(Object(problem.details)['problem'])} ${String(Object(problem.details)['name'])}`
  return { pending: pending.map(({ name }) => name), head, problem: shown }
}

function applied(name: string) {
  return { name, checksum: name.padEnd(64, '0') }
}

function migration(name: string): Migration {
  return { name, file: `${name}.sql`, checksum: name.padEnd(64, '0'), up: { kind: 'sql', text: '', line: 1 } }
}
