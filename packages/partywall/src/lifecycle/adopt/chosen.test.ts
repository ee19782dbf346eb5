import { expect, test } from 'vitest'
import { fits } from './chosen.ts'

test.each([
  ['polls_*', 'polls_', true],
  ['polls_*', 'polls', false],
  ['polls?', 'polls', false],
  ['?olls', 'polls', true],
  ['*', 'a\nb', true],
  ['a.c', 'abc', false],
  ['a(b)[c]', 'a(b)[c]', true],
  ['a*b', 'a*b', true],
  ['Polls', 'polls', false],
])('the pattern %j and the name %j: %j', (pattern, name, isMeant) => {
  expect(fits(pattern, name)).toBe(isMeant)
})
