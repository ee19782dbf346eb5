import { expect, test } from 'vitest'
import { isUsable } from './library-versions.ts'

test.each([
  ['2.5.1', { oldest: '2.0' }, true],
  ['1.9.9', { oldest: '2.0' }, false],
  ['0.27.6', { oldest: '0.27' }, true],
  ['0.26.3', { oldest: '0.27' }, false],
  ['1.0.0', { oldest: '0.3' }, true],
  ['10.0.0-rc.1', { oldest: '9.1' }, true],
  ['7.0.4', { oldest: '5.9', unusable: '7.0' }, false],
  ['7.1.0', { oldest: '5.9', unusable: '7.0' }, true],
])('isUsable takes %s with %j: %s', (version, versions, expected) => {
  expect(isUsable(version, versions)).toBe(expected)
})
