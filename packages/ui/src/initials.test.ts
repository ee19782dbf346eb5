import { expect, it } from 'vitest'
import { hashOf, initialsOf } from './initials.ts'

it('takes the first letters of the first and the last word', () => {
  expect(initialsOf('Ada Lovelace')).toBe('AL')
  expect(initialsOf('Ada King, Countess of Lovelace')).toBe('AL')
  expect(initialsOf('ada@example.com')).toBe('AC')
  expect(initialsOf('  ')).toBe('?')
})

it('keeps whole what is one letter to a reader', () => {
  expect(initialsOf('𝒜da 👩‍👩‍👧')).toBe('𝒜👩‍👩‍👧')
  expect(initialsOf('عبد')).toBe('ع')
})

it('gives the same number for the same text', () => {
  expect(hashOf('acme', 6)).toBe(hashOf('acme', 6))
  expect(hashOf('', 6)).toBe(0)
})
