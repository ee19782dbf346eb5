import { describe, expect, test } from 'vitest'
import { findMigration, planMigrations } from './plan.ts'
import type { Migration } from '../../ports/migration-source.ts'

const files = ['0001_a', '0002_b', '0003_c'].map(migration)

describe('a plan', () => {
  test('is everything for a new schema, nothing for a current one, and the rest between', () => {
    expect(plan([])).toEqual({ pending: ['0001_a', '0002_b', '0003_c'], head: undefined, problem: undefined })
    expect(plan(['0001_a'])).toEqual({ pending: ['0002_b', '0003_c'], head: '0001_a', problem: undefined })
    expect(plan(['0001_a', '0002_b', '0003_c'])).toEqual({ pending: [], head: '0003_c', problem: undefined })
  })

  test('goes as far as is wanted, and never back', () => {
    expect(plan([], '0002_b').pending).toEqual(['0001_a', '0002_b'])
    expect(plan(['0001_a', '0002_b'], '0001_a').pending).toEqual([])
  })

  test('refuses a file that has changed, naming it and both checksums', () => {
    const { problem } = planMigrations('acme', files, [{ name: '0001_a', checksum: 'f'.repeat(64) }])
    expect(problem).toMatchObject({ code: 'MIGRATION_CHANGED', details: { problem: 'changed', name: '0001_a', schema: 'acme' } })
    expect(problem!.message).toMatch(/0001_a\.sql .*"acme".* 0001_a000000, and was ffffffffffff/)
  })

  test('refuses when the file of an applied migration is gone', () => {
    expect(plan(['0001_a', '0002_x']).problem).toBe('gone 0002_x')
  })

  test('refuses a pending file that sorts before an applied one, naming both', () => {
    expect(plan(['0001_a', '0003_c']).problem).toBe('reordered 0002_b')
    const { problem } = planMigrations('acme', files, [applied('0003_c')])
    expect(problem!.message).toMatch(/0001_a.* before 0003_c/)
  })
})

describe('the migration that is meant', () => {
  test.each(['0002_b', '0002_b.sql', '0002_b.ts', '0002', '2', '00002', '2.sql'])('by %s', (to) => {
    expect(findMigration(files, to, 'here').name).toBe('0002_b')
  })

  test('by a name that has an ending itself, as those of some tools', () => {
    expect(findMigration([migration('1_a.js'), migration('2_b.ts')], '2_b.ts', 'here').name).toBe('2_b.ts')
  })

  test('by its number as a whole, also where numbers are longer than a number of JavaScript keeps', () => {
    const times = [migration('20261121093000000001_a'), migration('20261121093000000002_b')]
    expect(findMigration(times, '20261121093000000002', 'here').name).toBe('20261121093000000002_b')
    expect(() => findMigration(times, '2', 'here')).toThrow('no one migration "2"')
    expect(findMigration([migration('0000_first'), ...files], '0', 'here').name).toBe('0000_first')
    expect(findMigration([migration('0002_b'), migration('0020_c')], '20', 'here').name).toBe('0020_c')
  })

  test('is refused when there is none, or more than one', () => {
    expect(() => findMigration(files, '9', 'here')).toThrow('one of the 3 migrations there, from 0001_a to 0003_c')
    expect(() => findMigration([...files, migration('2_other')], '2', 'here')).toThrow('0002_b and 2_other both have this number')
    expect(() => findMigration(files, '0002_c', 'here')).toThrow('Did you mean')
    expect(() => findMigration(files, 'nothing like it', 'here')).toThrow('one of the 3')
    expect(() => findMigration([...files, migration('0002_bb')], '0002', 'here')).toThrow('both have this number')
    expect(() => findMigration([], '', 'here')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
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
