import { expect, test } from 'vitest'
import { detailsText, mostBytes } from './details.ts'

test('details are JSON, without what is undefined', () => {
  expect(detailsText({})).toBe('{}')
  expect(detailsText({ kind: 'default', to: undefined, domains: ['a.example.com'], primary: false })).toBe(
    '{"kind":"default","primary":false,"domains":["a.example.com"]}',
  )
})

test.each([
  ['many names', Array.from({ length: 10_000 }, (_, index) => `tenant_${index}`)],
  ['long names', Array.from({ length: 20 }, () => 'x'.repeat(1000))],
  ['names of several bytes', Array.from({ length: 3000 }, () => '日本')],
  ['names that JSON escapes', Array.from({ length: 3000 }, () => '\u0001"')],
])('a list that does not fit ends early, and says how many were left off: %s', (_, names) => {
  const text = detailsText({ first: 1, names, last: 2 })
  const { names: kept, namesLeft, ...others } = JSON.parse(text)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(mostBytes)
  expect(kept.length + namesLeft).toBe(names.length)
  expect(kept).toEqual(names.slice(0, kept.length))
  expect(kept.length).toBeGreaterThan(2)
  expect(others).toEqual({ first: 1, last: 2 })
})

test('a text that does not fit is left off, and so is a list whose first name does not', () => {
  expect(detailsText({ text: 'x'.repeat(5000), kind: 'default' })).toBe('{"kind":"default"}')
  expect(detailsText({ names: ['x'.repeat(5000)] })).toBe('{"names":[],"namesLeft":1}')
})
