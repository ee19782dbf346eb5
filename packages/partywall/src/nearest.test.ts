import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test.each([
  ['acmee', ['bolt', 'acme'], 'acme'],
  ['Acme', ['acme'], 'acme'],
  ['aa', ['ab'], 'ab'],
  ['x', ['up'], undefined],
  ['ab', ['cd'], undefined],
  ['x', ['y'], undefined],
  ['acme', [], undefined],
])('the nearest name to %j among %j is %j', (text, candidates, found) => expect(nearest(text, candidates)).toBe(found))
