import { expect, test } from 'vitest'
import { pathWith } from './own-texts.ts'

test.each([
  ['acme, public', 'globex, public'],
  ['"acme", "public", pg_temp', '"globex", "public", pg_temp'],
  ['"a, acme", acme2, "acme""", public', '"a, acme", acme2, "acme""", public'],
  ['public,acme', 'public,globex'],
  ['""', '""'],
])('the search path %s of a function leads to the new name, and keeps all others', (path, moved) => {
  expect(pathWith(path, 'acme', 'globex')).toBe(moved)
})
