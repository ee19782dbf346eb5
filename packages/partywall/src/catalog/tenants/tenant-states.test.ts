import { expect, test } from 'vitest'
import type { TenantState } from '../../tenant-identity.ts'
import { TenantStates } from './tenant-states.ts'

const state = (revision: number, more: Partial<TenantState> = {}): TenantState => ({
  revision,
  generation: 1,
  status: 'active',
  isDeleted: false,
  ...more,
})

test('objects of one tenant share one state, and an older one does not replace a newer one', () => {
  const states = new TenantStates()
  const shared = states.learn('a', state(2, { status: 'suspended' }))
  expect(states.learn('a', state(1))).toBe(shared)
  expect(shared).toEqual(state(2, { status: 'suspended' }))
  states.note('a', state(3, { generation: 3 }))
  expect(shared).toEqual(state(3, { generation: 3 }))
})

test('a notice about a tenant that no object is of keeps nothing', () => {
  const states = new TenantStates()
  states.note('a', state(1))
  states.noteDeleted('a')
  expect([states.size, states.find('a')]).toEqual([0, undefined])
})

test('a deleted tenant stays deleted until its row is inserted again', () => {
  const states = new TenantStates()
  const shared = states.learn('a', state(2))
  states.noteDeleted('a')
  expect(shared.isDeleted).toBe(true)
  states.learn('a', state(1))
  expect(shared.isDeleted).toBe(true)
  states.learn('a', state(5))
  expect(shared.isDeleted).toBe(false)
})
