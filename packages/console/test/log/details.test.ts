import { expect, test } from 'vitest'
import { detailsOf, withoutLogins } from '../../src/log/details.ts'

test('what looks like a secret is not shown, whatever its value is', () => {
  const secret = 'hunter2'
  const details = {
    password: secret,
    'smtp.secret': secret,
    apiKey: secret,
    api_key: [secret],
    refreshToken: secret,
    authorization: { a: secret },
    kept: 'yes',
  }
  const shown = detailsOf(details)
  expect(JSON.stringify(shown)).not.toContain(secret)
  expect(shown.at(-1)).toEqual({ name: 'kept', value: 'yes' })
})

test('an address loses its login', () => {
  expect(withoutLogins('postgres://me:hunter2@db/x and https://token@host')).toBe(
    'postgres://••••••@db/x and https://••••••@host',
  )
  expect(detailsOf({ to: 'redis://:hunter2@cache' })).toEqual([{ name: 'to', value: 'redis://••••••@cache' }])
})

test('long lists and texts end early', () => {
  const [list, text] = detailsOf({ list: Array.from({ length: 60 }, (_, at) => at), text: '😀'.repeat(400) })
  expect(list!.value).toMatch(/49, and 10 more$/)
  expect(text!.value.length).toBeLessThan(510)
  expect(text!.value.isWellFormed()).toBe(true)
})
