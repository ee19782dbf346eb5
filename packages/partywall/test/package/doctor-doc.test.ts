/** docs/doctor.md has a row for each examination, in the order of their ids, with the place where it is left out, and the thresholds of the code. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { statementTimeoutMs } from '../../src/doctor/context/timed.ts'
import { examinations } from '../../src/doctor/examinations.ts'
import { manyRelations, manyTenants, mostRelations, mostTenants } from '../../src/doctor/fleet/number-of-schemas.ts'

const page = await readFile(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8')
const when = {
  always: undefined,
  'with a catalog': 'catalog',
  'with a current catalog': 'current catalog',
  'with roles': 'roles',
} as const

test('every examination has its row, and every row its examination', () => {
  const rows = [...page.matchAll(/^\| `(PW-\d+)` \|.*\| ([a-z ]+) \|$/gm)].map(([, id, needs]) => [
    id,
    when[needs as keyof typeof when],
  ])
  expect(rows).toEqual(examinations.map(({ id, needs }) => [id, needs]))
})

test('an id is given once, and the ids of the doctor begin at PW-101', () => {
  const ids = examinations.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual(ids.toSorted())
  expect(ids.every((id) => /^PW-1\d\d$/.test(id) && id >= 'PW-101')).toBe(true)
})

test('the page names the thresholds of the code', () => {
  for (const number of [manyTenants, mostTenants, manyRelations, mostRelations])
    expect(page).toContain(number.toLocaleString('en-US'))
  expect(page).toContain(`a limit of ${statementTimeoutMs / 1000} s`)
})
