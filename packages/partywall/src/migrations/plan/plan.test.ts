import { describe, expect, test } from 'vitest'
import { planDown, planMigrations, type OutOfOrder, type PlanLimits } from './plan.ts'
import type { Migration } from '../../ports/migration-source.ts'

const files = ['0001_a', '0002_b', '0003_c'].map(migration)

describe('planMigrations', () => {
  test('plans all files for a new schema, none for a current one, and the rest for a schema between', () => {
    expect(plan([])).toEqual({ pending: ['0001_a', '0002_b', '0003_c'], head: undefined, ahead: [], problem: undefined })
    expect(plan(['0001_a'])).toEqual({ pending: ['0002_b', '0003_c'], head: '0001_a', ahead: [], problem: undefined })
    expect(plan(['0001_a', '0002_b', '0003_c'])).toEqual({ pending: [], head: '0003_c', ahead: [], problem: undefined })
  })

  test('plans up to the migration that `to` names, and never rolls back', () => {
    expect(plan([], { to: '0002_b' }).pending).toEqual(['0001_a', '0002_b'])
    expect(plan(['0001_a', '0002_b'], { to: '0001_a' }).pending).toEqual([])
  })

  test('refuses a file that has changed, and names it and both checksums', () => {
    const changed = [{ name: '0001_a', checksum: 'f'.repeat(64) }]
    for (const outOfOrder of ['refuse', 'allow'] as const) {
      const { problem } = planMigrations('acme', files, changed, { outOfOrder })
      expect(problem).toMatchObject({
        code: 'MIGRATION_CHANGED',
        details: { problem: 'changed', name: '0001_a', schema: 'acme' },
      })
      expect(problem!.message).toMatch(/0001_a\.sql .*"acme".* 0001_a000000, and was ffffffffffff/)
    }
  })

  test('refuses a history whose file is gone from the middle', () => {
    expect(plan(['0001_a', '0000_x', '0002_b', '0003_c']).problem).toBe('gone 0000_x')
    expect(plan(['0000_x', '0001_a', '0002_b', '0003_c', '0004_y']).problem).toBe('gone 0000_x')
  })

  test('plans nothing for a schema that is ahead, and names what the files do not have', () => {
    const ahead = ['0004_x', '0005_y']
    const expected = { pending: [], head: '0005_y', ahead, problem: undefined }
    expect(plan(['0001_a', '0002_b', '0003_c', ...ahead])).toEqual(expected)
    expect(plan(['0001_a', '0002_b', '0003_c', ...ahead], { to: '0002_b' })).toEqual(expected)
  })

  test('refuses a schema that has diverged, and names both what is pending and what has no file', () => {
    expect(plan(['0001_a', '0002_x']).problem).toBe('diverged 0002_x')
    expect(plan(['0001_a', '0002_x'], { to: '0001_a' }).problem).toBe('diverged 0002_x')
    const { problem } = planMigrations('acme', files, ['0001_a', '0002_x'].map(applied), { outOfOrder: 'refuse' })
    expect(problem).toMatchObject({ details: { pending: ['0002_b', '0003_c'], unknown: ['0002_x'] } })
    expect(problem!.message).toContain('pending are 0002_b, 0003_c, and the history has 0002_x')
  })

  test('refuses a pending file that sorts before an applied one, and names both', () => {
    expect(plan(['0001_a', '0003_c']).problem).toBe('reordered 0002_b')
    const { problem } = planMigrations('acme', files, [applied('0003_c')], { outOfOrder: 'refuse' })
    expect(problem!.message).toMatch(/0001_a.* before 0003_c/)
  })

  test('refuses files that were applied in another order, also in a schema that is ahead', () => {
    expect(plan(['0001_a', '0003_c', '0002_b']).problem).toBe('reordered 0002_b')
    expect(plan(['0001_a', '0003_c', '0002_b', '0004_x']).problem).toBe('reordered 0002_b')
  })

  test("with outOfOrder 'allow' applies what is pending, wherever it sorts, and accepts any order and unknown migrations anywhere", () => {
    expect(planAllowed(['0003_c'])).toEqual({ pending: ['0001_a', '0002_b'], head: '0003_c', ahead: [], problem: undefined })
    expect(planAllowed(['0003_c', '0002_b', '0001_a'])).toMatchObject({ pending: [], problem: undefined })
    expect(planAllowed(['0000_x', '0003_c'])).toMatchObject({
      pending: ['0001_a', '0002_b'],
      ahead: ['0000_x'],
      problem: undefined,
    })
  })
})

describe('planDown', () => {
  test('rolls back what sorts after `to`, the last one applied first', () => {
    expect(down(['0001_a', '0002_b', '0003_c'], '0001_a')).toEqual(['0003_c,0002_b', undefined])
    expect(down(['0001_a', '0002_b', '0003_c'], undefined)).toEqual(['0003_c,0002_b,0001_a', undefined])
    expect(down(['0003_c', '0001_a', '0002_b'], '0001_a', 'allow')).toEqual(['0002_b,0003_c', undefined])
  })

  test('refuses a schema that is ahead, under both policies', () => {
    for (const outOfOrder of ['refuse', 'allow'] as const) {
      expect(down(['0001_a', '0002_b', '0003_c', '0004_x'], '0002_b', outOfOrder)[1]).toBe('gone')
    }
  })
})

function plan(names: string[], { to, outOfOrder = 'refuse' }: Partial<PlanLimits> = {}) {
  const { pending, problem, ...rest } = planMigrations('acme', files, names.map(applied), { to, outOfOrder })
  const shown = problem && `${String(Object(problem.details)['problem'])} ${String(Object(problem.details)['name'])}`
  return { ...rest, pending: pending.map(({ name }) => name), problem: shown }
}

function planAllowed(names: string[]) {
  return plan(names, { outOfOrder: 'allow' })
}

function down(names: string[], to: string | undefined, outOfOrder: OutOfOrder = 'refuse') {
  const both = files.map((file) => ({ ...file, down: file.up }))
  const { pending, problem } = planDown('acme', both, names.map(applied), { to, outOfOrder })
  return [pending.map(({ name }) => name).join(), problem && Object(problem.details)['problem']]
}

function applied(name: string) {
  return { name, checksum: name.padEnd(64, '0') }
}

function migration(name: string): Migration {
  return { name, file: `${name}.sql`, checksum: name.padEnd(64, '0'), up: { kind: 'sql', text: '', line: 1 } }
}
