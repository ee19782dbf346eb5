import { expect, test } from 'vitest'
import { changedNames } from './changed-names.ts'

test('a change is told by the names of what differs, sorted, without values', () => {
  const before = { name: 'Acme', attributes: { plan: 'pro', seats: 5, deep: { a: 1, b: [1] }, gone: null } }
  expect(changedNames(before, before)).toEqual([])
  expect(changedNames(before, { name: 'Acme', attributes: { ...before.attributes, deep: { b: [1], a: 1 } } })).toEqual([])
  expect(
    changedNames(before, { name: 'Other', attributes: { seats: 6, plan: 'pro', deep: { a: 1, b: [2] }, more: null } }),
  ).toEqual(['name', 'attributes.deep', 'attributes.gone', 'attributes.more', 'attributes.seats'])
})

test('names that every object inherits are attributes like others', () => {
  const after = JSON.parse('{"__proto__": 1, "constructor": 2}') as object
  expect(changedNames({ name: 'x', attributes: {} }, { name: 'x', attributes: after })).toEqual([
    'attributes.__proto__',
    'attributes.constructor',
  ])
})
