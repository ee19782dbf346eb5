import { expect, test } from 'vitest'
import { isUuid, schemaNameProblem } from '../names/identifier.ts'
import { madeWith, namesOfAttacks, newId, schemaOf } from './throw-away-names.ts'

test('a throw-away schema tells its id and when it was made', () => {
  const at = Date.UTC(2026, 0, 2)
  const id = newId(at)
  expect(isUuid(id)).toBe(true)
  expect(schemaNameProblem(schemaOf(id))).toBeUndefined()
  expect(new RegExp(namesOfAttacks).test(schemaOf(id))).toBe(true)
  expect(madeWith(schemaOf(id))).toEqual({ id, at })
  expect(newId(at)).not.toBe(id)
})

test('no other name is taken for a throw-away schema', () => {
  const others = [
    'partywall_attack',
    'partywall_attack_acme',
    'acme',
    `x${schemaOf(newId())}`,
    `partywall_attack_${'0'.repeat(32)}`,
  ]
  expect(others.filter((name) => new RegExp(namesOfAttacks).test(name))).toEqual([])
})
