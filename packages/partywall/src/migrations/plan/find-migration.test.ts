import { describe, expect, test } from 'vitest'
import { findMigration, resolveTo } from './find-migration.ts'
import type { Migration } from '../../ports/migration-source.ts'

const files = ['0001_a', '0002_b', '0003_c'].map(migration)

describe('findMigration', () => {
  test.each(['0002_b', '0002_b.sql', '0002_b.ts', '0002', '2', '00002', '2.sql'])('finds 0002_b by %s', (to) => {
    expect(findMigration(files, to, 'here').name).toBe('0002_b')
  })

  test('finds a name that has an ending itself, as the names of some tools do', () => {
    expect(findMigration([migration('1_a.js'), migration('2_b.ts')], '2_b.ts', 'here').name).toBe('2_b.ts')
  })

  test('finds a migration by its whole number, also by one with more digits than a JavaScript number keeps', () => {
    const times = [migration('20261121093000000001_a'), migration('20261121093000000002_b')]
    expect(findMigration(times, '20261121093000000002', 'here').name).toBe('20261121093000000002_b')
    expect(() => findMigration(times, '2', 'here')).toThrow('There is no migration "2" in here')
    expect(findMigration([migration('0000_first'), ...files], '0', 'here').name).toBe('0000_first')
    expect(findMigration([migration('0002_b'), migration('0020_c')], '20', 'here').name).toBe('0020_c')
  })

  test('refuses a name or number that fits no migration, or more than one', () => {
    expect(() => findMigration(files, '9', 'here')).toThrow('one of the 3 migrations there, from 0001_a to 0003_c')
    expect(() => findMigration([...files, migration('2_other')], '2', 'here')).toThrow(
      '0002_b and 2_other in here both have the number "2"',
    )
    expect(() => findMigration(files, '0002_c', 'here')).toThrow('Did you mean')
    expect(() => findMigration(files, 'nothing like it', 'here')).toThrow('one of the 3')
    expect(() => findMigration([...files, migration('0002_bb')], '0002', 'here')).toThrow('both have the number')
    expect(() => findMigration([], '', 'here')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

test('resolveTo gives the full name in the only source, and refuses several sources', () => {
  const source = (name: string) => ({ name, list: async () => files })
  const [one, other] = [source('one'), source('other')]
  expect(resolveTo(new Map([[one, files]]), '2')).toBe('0002_b')
  const both = new Map([one, other].map((each) => [each, files] as const))
  expect(() => resolveTo(both, '2')).toThrow('this run has 2 of them: one, other')
  expect(() => resolveTo(both, '2')).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { option: 'to', sources: ['one', 'other'] } }),
  )
})

function migration(name: string): Migration {
  return { name, file: `${name}.sql`, checksum: name.padEnd(64, '0'), up: { kind: 'sql', text: '', line: 1 } }
}
