import { expect, test } from 'vitest'
import { isAtLeast } from './library-versions.ts'

test.each([
  ['2.5.1', '2.0', true],
  ['1.9.9', '2.0', false],
  ['0.27.6', '0.27', true],
  ['0.26.3', '0.27', false],
  ['1.0.0', '0.3', true],
  ['10.0.0-rc.1', '9.1', true],
])('isAtLeast takes %s for at least %s: %s', (version, oldest, expected) => {
  expect(isAtLeast(version, oldest)).toBe(expected)
})
