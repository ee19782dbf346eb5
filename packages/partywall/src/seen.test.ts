import { expect, test } from 'vitest'
import { seen } from './seen.ts'

test.each([
  [7, '7'],
  [-1.5, '-1.5'],
  [Number.NaN, 'NaN'],
  [10n, '10'],
  [true, 'true'],
  [undefined, 'undefined'],
  [null, 'null'],
  ['', '""'],
  ['s3cret', 'text'],
  [['s3cret'], 'a list'],
  [{ password: 's3cret' }, 'an object'],
  [() => 's3cret', 'a function'],
  [Symbol('s3cret'), 'a symbol'],
])('seen shows %o as %s', (value, shown) => expect(seen(value)).toBe(shown))

test('seen quotes text on request, and cuts it after 60 characters', () => {
  expect(seen('a"b\n', 'quoted')).toBe('"a\\"b\\n"')
  expect(seen('x'.repeat(60), 'quoted')).toBe(`"${'x'.repeat(60)}"`)
  expect(seen('x'.repeat(61), 'quoted')).toBe(`"${'x'.repeat(60)}…"`)
  expect(seen(['s3cret'], 'quoted')).toBe('a list')
})
