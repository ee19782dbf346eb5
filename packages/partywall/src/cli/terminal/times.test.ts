import { expect, test } from 'vitest'
import { expiry, lifetime, lifetimeOrNever, orNull } from './times.ts'

test('the life of a tenant is given in days, or as any other time', () => {
  expect([lifetime('30d'), lifetime('12h'), lifetimeOrNever('never')]).toEqual([2_592_000_000, 43_200_000, 'never'])
})

test('an expiry is a time from now, a date, or never', () => {
  expect(expiry('2027-01-31')).toEqual(new Date('2027-01-31T00:00:00Z'))
  expect([expiry('never'), orNull(expiry('never'))]).toEqual(['never', null])
  expect(Math.abs(Number(expiry('1h')) - Date.now() - 3_600_000)).toBeLessThan(5000)
  for (const text of ['2027-13-45', 'soon', '', '5 days']) expect(() => expiry(text)).toThrow('such as')
})
