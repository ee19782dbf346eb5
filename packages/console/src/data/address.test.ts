import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, keyAddress, keyOf, newRow, textOf } from './address.ts'

const text = fc.string({ unit: 'grapheme' }).filter((one) => !one.includes('\0') && one.isWellFormed())

test('addressOf writes what every server and browser passes on unchanged, and textOf reads it back', () => {
  fc.assert(
    fc.property(text, (one) => {
      const address = addressOf(one)
      expect(address).toMatch(/^[A-Za-z0-9_~-]+$/)
      expect(encodeURIComponent(address)).toBe(address)
      expect(textOf(address)).toBe(one)
    }),
  )
})

test('a key of several values keeps its commas, and no two keys have one address', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (key) => {
      expect(keyOf(keyAddress(key))).toEqual(key)
    }),
  )
  expect(keyAddress(['a,b'])).not.toBe(keyAddress(['a', 'b']))
  expect(keyOf(keyAddress(['..']))).toEqual(['..'])
  expect(keyAddress(['..'])).toBe('~2e~2e')
})

test.each(['', '.', '..', 'a/b', 'a b', 'ä', '~4', '~zz', '~C3~A9', '~41', '~ff', '~00', 'a~', '%2F', newRow])(
  'textOf refuses %j',
  (address) => expect(textOf(address)).toBeUndefined(),
)
