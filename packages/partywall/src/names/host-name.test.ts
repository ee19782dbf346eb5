import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tryParseDomain } from './domain-name.ts'
import { hostName, withoutWww } from './host-name.ts'

const name = (host: string) => ({ form: 'name', host })
const address = (host: string) => ({ form: 'address', host })

describe('hostName', () => {
  test.each([
    ['acme.example.com', 'acme.example.com'],
    ['Acme.EXAMPLE.com', 'acme.example.com'],
    ['acme.example.com:3000', 'acme.example.com'],
    ['acme.example.com:', 'acme.example.com'],
    ['acme.example.com.', 'acme.example.com'],
    ['ACME.example.com.:443', 'acme.example.com'],
    ['localhost:3000', 'localhost'],
    ['acme_corp.example.com', 'acme_corp.example.com'],
    ['www.acme.org', 'www.acme.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example:80', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    [`${'a'.repeat(64)}.example.com`, `${'a'.repeat(64)}.example.com`],
    [`${'a.'.repeat(126)}a`, `${'a.'.repeat(126)}a`],
  ])('reads %s as the name %s', (text, host) => expect(hostName(text)).toEqual(name(host)))

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:3000', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:3000', '[::1]'],
    ['[2001:DB8::1]:80', '[2001:db8::1]'],
  ])('reads %s as the address %s', (text, host) => expect(hostName(text)).toEqual(address(host)))

  test.each([
    '',
    ' ',
    '.',
    '..',
    '.example.com',
    'acme..example.com',
    'acme.example.com..',
    ' acme.example.com',
    'acme.example.com\n',
    'acme.example.com\0',
    'ac me.example.com',
    'acme.example.com, ferrari.example.com',
    'acme.example.com,ferrari.example.com',
    'user@acme.example.com',
    'acme.example.com/ferrari',
    'acme.example.com\\ferrari',
    'http://acme.example.com',
    'acme%2eexample.com',
    'acme.example.com?x',
    'acme.example.com#x',
    '*.example.com',
    "acme'--.example.com",
    'acme.example.com:port',
    'acme.example.com:80:80',
    'acme.example.com:65536',
    'acme.example.com:-1',
    ':80',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[acme]',
    '[127.0.0.1]',
    '[fe80::1%eth0]',
    '[[::1]]',
    '[::1]acme.example.com',
    '127.1',
    '1.2.3.4.5',
    '999.0.0.1',
    'acme.℀.example',
    `${'a.'.repeat(126)}aa`,
    'a'.repeat(10_000),
  ])('refuses %j', (text) => expect(hostName(text)).toMatchObject({ form: 'invalid' }))

  test('never throws, and reads its own result unchanged', () => {
    fc.assert(
      fc.property(hostLike, (text) => {
        const parsed = hostName(text)
        if (parsed.form === 'invalid') return
        expect(hostName(parsed.host)).toEqual(parsed)
        expect(parsed.host).toMatch(/^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)$/)
      }),
      { numRuns: 2000 },
    )
  })

  test('returns the same host for every case, port and final dot', () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat(65_535), (domain, port) => {
        expect(hostName(`${domain.toUpperCase()}.:${port}`)).toEqual(hostName(domain))
      }),
    )
  })

  // oxlint-disable-next-line vitest/expect-expect -- the expectations are inside the property, behind a return
  test('spells every host as the catalog spells its domains, so that every added domain is found', () => {
    fc.assert(
      fc.property(hostLike, (text) => {
        const [domain, parsed] = [tryParseDomain(text), hostName(text)]
        if (domain === undefined) return
        expect(hostName(domain)).toMatchObject({ host: domain })
        if (parsed.form === 'name') expect(parsed.host).toBe(domain)
      }),
      { numRuns: 2000 },
    )
  })

  test('does not repeat the text in the reason of a refusal', () => {
    expect(JSON.stringify(hostName('<script>.example.com'))).not.toContain('script')
  })
})

test('withoutWww removes one www., never two', () => {
  expect(withoutWww('www.acme.org')).toBe('acme.org')
  expect(withoutWww('www.www.acme.org')).toBe('www.acme.org')
  expect(withoutWww('www2.acme.org')).toBe('www2.acme.org')
})

/** Any text, and text that is nearly a host. */
const hostLike = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.domain(),
  fc.webAuthority({ withIPv4: true, withIPv6: true, withUserInfo: true, withPort: true }),
  fc.string({ unit: fc.constantFrom(...'aZ9.-_:[]%@/ ,ü．\u00ad\0'), maxLength: 40 }),
)
