/** SECURITY.md says of every attack which boundary holds it, as the list of attacks does. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { attacks } from '../../src/attack/attacks.ts'
import { boundaryNames } from '../../src/attack/groups/attack.ts'
import { securityPage, withClaims } from './security-claims.ts'

const page = await readFile(securityPage, 'utf8')

test('SECURITY.md is what `npm run security-claims` writes', () => {
  expect(withClaims(page)).toBe(page)
})

test('a claim of SECURITY.md that the list of attacks does not have is found', () => {
  const changed = page.replace('| **open** |', '| held |')
  expect(changed).not.toBe(page)
  expect(withClaims(changed)).not.toBe(changed)
})

test('the list of attacks has at least forty, each with an id of its own', () => {
  const ids = attacks.map(({ id }) => id)
  expect(ids.length).toBeGreaterThanOrEqual(40)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => !/^[a-z-]+\/[a-z-]+$/.test(id))).toEqual([])
})

test('a stronger boundary promises all that a weaker one does', () => {
  const rank = { 'does not hold': 0, 'with the revoke': 1, holds: 2 }
  const weaker = attacks.filter(({ promisedBy }) =>
    boundaryNames.some((name, at) => at > 0 && rank[promisedBy[name]] < rank[promisedBy[boundaryNames[at - 1]!]]),
  )
  expect(weaker.map(({ id }) => id)).toEqual([])
})
