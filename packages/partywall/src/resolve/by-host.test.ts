import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byHost } from './by-host.ts'
import type { HostOptions } from './host-reader.ts'

const read = (host: string | undefined, options: HostOptions = { base: 'example.com' }) => byHost(options).resolve({ host })
const none = { outcome: 'none' }
const unknown = { outcome: 'unknown' }
const onlyBase = { base: 'example.com', customDomains: false }

describe('byHost under a base', () => {
  test.each(['acme.example.com', 'ACME.Example.Com', 'acme.example.com:3000', 'acme.example.com.', 'www.acme.example.com'])(
    'reads the label of %s as the schema',
    (host) => expect(read(host, onlyBase)).toEqual({ outcome: 'tenant', ref: { schema: 'acme' }, otherwise: [] }),
  )

  test.each(['example.com', 'EXAMPLE.com:80', 'www.example.com', 'example.com.'])('names no tenant at the apex %s', (host) =>
    expect(read(host)).toEqual(none),
  )

  test('reads ferrari.localhost with the base localhost', () => {
    expect(read('ferrari.localhost:3000', { base: 'localhost' })).toMatchObject({ ref: { schema: 'ferrari' } })
    expect(read('localhost:3000', { base: 'localhost' })).toEqual(none)
    expect(read('www.localhost', { base: 'localhost' })).toEqual(none)
  })

  test('reads several bases, one under the other', () => {
    const options = { base: ['example.com', 'eu.example.com'], customDomains: false }
    expect(read('acme.example.com', options)).toMatchObject({ ref: { schema: 'acme' } })
    expect(read('acme.eu.example.com', options)).toMatchObject({ ref: { schema: 'acme' } })
    expect(read('eu.example.com', options)).toEqual(none)
  })

  test.each([
    '1acme',
    '-acme',
    'pg_acme',
    'public',
    'partywall',
    'information_schema',
    'a'.repeat(64),
    '6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a11',
    'a.b',
    'www.a.b',
  ])('answers unknown for the label %s, which no schema can have', (label) =>
    expect(read(`${label}.example.com`, onlyBase)).toEqual(unknown),
  )

  test('answers unknown for a host that only ends like the base', () => {
    expect(read('acme.evil-example.com', onlyBase)).toEqual(unknown)
    expect(read('evilexample.com', onlyBase)).toEqual(unknown)
    expect(read('acme.example.com.evil.org', onlyBase)).toEqual(unknown)
  })

  test('gives the schema first and the domain as the other reading', () => {
    expect(read('acme.example.com')).toEqual({
      outcome: 'tenant',
      ref: { schema: 'acme' },
      otherwise: [{ domain: 'acme.example.com' }],
    })
    expect(read('a.b.example.com')).toEqual({ outcome: 'tenant', ref: { domain: 'a.b.example.com' }, otherwise: [] })
  })

  test('names no tenant for the hosts in except', () => {
    const options = { base: 'example.com', except: ['API.example.com'] }
    expect(read('api.example.com:80', options)).toEqual(none)
    expect(read('api2.example.com', options)).toMatchObject({ ref: { schema: 'api2' } })
  })
})

describe('byHost outside its bases', () => {
  test('names the tenant with this domain, with and without www.', () => {
    expect(read('acme.org')).toEqual({ outcome: 'tenant', ref: { domain: 'acme.org' }, otherwise: [] })
    expect(read('www.acme.org')).toEqual({
      outcome: 'tenant',
      ref: { domain: 'www.acme.org' },
      otherwise: [{ domain: 'acme.org' }],
    })
  })

  test('answers unknown for every other host without custom domains', () => expect(read('acme.org', onlyBase)).toEqual(unknown))

  test.each([undefined, 'localhost', 'localhost:3000', 'polls:3000', '127.0.0.1:3000', '[::1]:3000', '10.0.0.7'])(
    'names no tenant for %s, which no customer uses',
    (host) => expect(read(host)).toEqual(none),
  )

  test.each(['', 'acme.example.com, ferrari.example.com', 'a b', 'x@acme.example.com'])('answers invalid for %j', (host) =>
    expect(read(host)).toMatchObject({ outcome: 'invalid' }),
  )
})

describe('the options of byHost', () => {
  test.each([
    [{ base: 'example.com:3000' }, /has a port/],
    [{ base: 'www.example.com' }, /give "example.com"/],
    [{ base: '127.0.0.1' }, /IP address/],
    [{ base: '[::1]:80' }, /IP address/],
    [{ base: '' }, /empty/],
    [{ base: '*.example.com' }, /"\*\.example\.com"/],
    [{ base: ['example.com', 7] }, /not text/],
    [{ base: undefined }, /not undefined; leave it out/],
    [{ base: [] }, /not a list; leave it out/],
    [{ except: ['a b'] }, /"except"/],
    [{ base: 'example.com', except: undefined }, /must be a list of hosts/],
    [{ base: 'example.com', except: 'api.example.com' }, /must be a list of hosts.*not "api\.example\.com"/],
    [{ base: 'example.com', except: ['api'] }, /whole hosts, not "api"; write "api\.example\.com"/],
    [{ customDomains: false }, /names no tenant/],
    [{ bases: 'example.com' }, /Did you mean "base"/],
  ])('refuses %j', (options, message) => {
    expect(() => byHost(options as HostOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
    )
  })
})

test('byHost never names a schema that is not the label of the host', () => {
  const anyHost = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'acmeZ9.-_:[]%@/ ,üw'), maxLength: 20 }).map((text) => `${text}.example.com`),
    fc.tuple(fc.domain(), fc.constantFrom('', '.', ':80', '.example.com')).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(anyHost, (host) => {
      const hint = read(host, onlyBase) as { outcome: string; ref?: { schema: string } }
      if (hint.outcome !== 'tenant') return
      expect(host.normalize('NFKC').toLowerCase()).toContain('.example.com')
      const ascii = /^[\0-\x7f]*$/.test(host)
      if (ascii)
        expect(
          host
            .toLowerCase()
            .replace(/^www\./, '')
            .split('.')[0],
        ).toBe(hint.ref!.schema)
    }),
    { numRuns: 2000 },
  )
})
