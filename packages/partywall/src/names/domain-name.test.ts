import { describe, expect, test } from 'vitest'
import { parseDomain, tryParseDomain } from './domain-name.ts'

const good: [string, string][] = [
  ['acme.example.com', 'acme.example.com'],
  ['ACME.Example.COM', 'acme.example.com'],
  ['acme.example.com.', 'acme.example.com'],
  ['localhost', 'localhost'],
  ['my_tenant.localhost', 'my_tenant.localhost'],
  ['Ärzte.example.com', 'xn--rzte-koa.example.com'],
  ['ä。com', 'xn--4ca.com'],
  ['Ä．com．', 'xn--4ca.com'],
  ['XN--4CA.com', 'xn--4ca.com'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[0:0:0:0:0:0:0:1]', '[::1]'],
  ['[2001:DB8::1]', '[2001:db8::1]'],
  [`${'a'.repeat(63)}.com`, `${'a'.repeat(63)}.com`],
]

const bad: unknown[] = [
  '',
  '.',
  '..',
  '.com',
  'a..b',
  'a.com..',
  'ä.com..',
  'a.com:80',
  '[::1]:80',
  '[::1',
  '::1',
  '[fe80::1%eth0]',
  'http://a.com',
  'a.com/path',
  'a／b.com',
  'ä.com/path',
  'ä.com:80',
  'ä%41.com',
  'a@b.com',
  '*.a.com',
  'a b.com',
  ' a.com',
  'a.com\n',
  'a\0.com',
  '-a.com',
  'a-.com',
  '127.1',
  '1.2.3.256',
  "a'b.com",
  'a"b.com',
  `${'a'.repeat(64)}.com`,
  `${'a.'.repeat(126)}com`,
  undefined,
  null,
  42,
  {},
]

describe('parseDomain', () => {
  test.each(good)('normalizes %s to %s', (text, domain) => {
    expect(parseDomain(text)).toBe(domain)
    expect(parseDomain(domain)).toBe(domain)
  })

  test.each(bad.map((text) => [text]))('refuses %j', (text) => {
    expect(tryParseDomain(text)).toBeUndefined()
    expect(() => parseDomain(text)).toThrow(expect.objectContaining({ code: 'INVALID_DOMAIN' }))
  })

  test('refuses a megabyte of text, and truncates it in the message', () => {
    expect(tryParseDomain('a'.repeat(1_000_000))).toBeUndefined()
    expect(() => parseDomain('x'.repeat(1_000_000))).toThrow(/^.{0,500}$/s)
  })
})
