/** The resolvers that read a name from what the client sends: query, cookie, origin, path, claim. by-header.test.ts has the header. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hint, NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { byClaim } from './by-claim.ts'
import { byCookie } from './by-cookie.ts'
import { byOrigin } from './by-origin.ts'
import { byPath } from './by-path.ts'
import { byQuery } from './by-query.ts'

const id = '6f1c1c9e-8f5e-4c1b-9f1d-2f0d0c9b7a11'
const none = { outcome: 'none' }
const acme = { outcome: 'tenant', ref: { schema: 'acme' } }

function read(resolver: NamedResolver, facts: RequestFacts): Hint {
  try {
    return resolver.resolve(facts) as Hint
  } catch (error) {
    return { outcome: 'invalid', reason: (error as { code: string }).code }
  }
}

function query(value?: string | string[]): Hint {
  return read(byQuery('tenant'), { query: value === undefined ? {} : { tenant: value } })
}

function cookie(value: string | string[] | undefined): Hint {
  return read(byCookie('tenant'), { headers: { cookie: value } })
}

function origin(value: string | string[] | undefined): Hint {
  return read(byOrigin({ base: 'example.com' }), { headers: { origin: value } })
}

function at(path: string, options?: Parameters<typeof byPath>[0]): Hint {
  return read(byPath(options), { path })
}

function claim(claims: RequestFacts['claims']): Hint {
  return read(byClaim('tenant_id'), { claims })
}

describe('byQuery', () => {
  test('reads one value', () =>
    expect([query('acme'), query(id), query()]).toEqual([acme, { outcome: 'tenant', ref: { id } }, none]))
  test.each([
    [['acme', 'acme']],
    [['acme', 'globex']],
    [''],
    ['acme,globex'],
    ['Acme'],
    [' acme'],
    ['acme.example.com'],
    ["a'; drop"],
  ])('refuses %j', (value) => expect(query(value)).toMatchObject({ outcome: 'invalid' }))
})

describe('byCookie', () => {
  test('reads one cookie among others', () => {
    for (const text of [
      'tenant=acme',
      'a=b; tenant=acme; c=d',
      'xtenant=globex;tenant=acme',
      ['a=b', 'tenant=acme'],
      'tenantx=1; tenant=acme ',
    ]) {
      expect(cookie(text)).toEqual(acme)
    }
    for (const text of [undefined, '', 'other=acme', 'Tenant=acme', 'tenant', ' = ']) expect(cookie(text)).toEqual(none)
  })
  test.each([
    'tenant=acme; tenant=acme',
    'tenant=acme; tenant=globex',
    ['tenant=acme', 'tenant=globex'],
    'tenant=',
    'tenant="acme"',
    'tenant=%61cme',
    'tenant=acme\u00a0',
    `tenant=acme; x=${'y'.repeat(20_000)}`,
  ])('refuses %j', (text) => expect(cookie(text)).toMatchObject({ outcome: 'invalid' }))
})

describe('byOrigin', () => {
  test('reads the host of the page', () => {
    for (const text of ['https://acme.example.com', 'http://ACME.example.com:8080', 'https://www.acme.example.com'])
      expect(origin(text)).toMatchObject(acme)
    expect(origin('https://polls.acme.com')).toMatchObject({ outcome: 'tenant', ref: { domain: 'polls.acme.com' } })
    for (const text of [undefined, 'null', 'https://example.com', 'https://localhost:3000']) expect(origin(text)).toEqual(none)
  })
  test.each([
    'acme.example.com',
    'https://acme.example.com/',
    'https://acme.example.com@evil.com',
    'https://user:pw@acme.example.com',
    'file://acme.example.com',
    'https://acme.example.com, https://globex.example.com',
    'https://acme.example.com\u0001',
    ['https://acme.example.com', 'https://globex.example.com'],
    '',
  ])('refuses %j', (text) => expect(origin(text)).toMatchObject({ outcome: 'invalid' }))
})

describe('byPath', () => {
  test('reads the first part, and says which part of the path it is', () => {
    expect(at('/acme/polls/1')).toEqual({ ...acme, mount: '/acme' })
    expect(at('/acme')).toEqual({ ...acme, mount: '/acme' })
    expect(at('/t/acme/', { prefix: '/t' })).toEqual({ ...acme, mount: '/t/acme' })
    expect(at(`/${id}/x`, { accept: ['id'] })).toEqual({ outcome: 'tenant', ref: { id }, mount: `/${id}` })
    for (const path of ['/', '*']) expect(at(path)).toEqual(none)
    for (const path of ['/', '/t', '/t/', '/other', '/tx/acme', '/T/acme']) expect(at(path, { prefix: '/t' })).toEqual(none)
    expect(at('/signup/acme', { except: ['signup'] })).toEqual(none)
  })
  test('a part that no tenant can have is unknown', () => {
    for (const path of ['/favicon.ico', '/Acme/x', '/%61cme/x', '/acme%2fpolls', '/acme;x=1/polls', "/a'b"])
      expect(at(path)).toEqual({ outcome: 'unknown' })
  })
  test.each([
    '//acme/polls',
    '/acme/../globex/polls',
    '/acme/%2e%2E/globex',
    '/acme/..%2fglobex',
    '/acme/x%2F%2e%2e%2f%2e%2e/globex',
    '/./acme',
    '/acme/.',
    '/acme\\polls',
    '/acme%5cpolls',
    '/acme\0',
    'acme/polls',
    'http://x/acme',
    '/acme/\u007f',
  ])('refuses %j, which two programs may read as two paths', (path) => expect(at(path)).toMatchObject({ outcome: 'invalid' }))
  test('what is left over leads to no other tenant', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '.', 'a', 'acme', '%2e', '%2f', '\\', '?', 't') }), (text) => {
        const hint = at(`/${text}`)
        if (hint.outcome !== 'tenant') return
        // However a router normalizes the whole path, the tenant is its first part.
        const [, first] = new URL(`/${text}`.split('?')[0]!, 'http://x').pathname.split('/')
        expect(hint.mount).toBe(`/${first}`)
      }),
      { numRuns: 500 },
    )
  })
  test.each([
    { prefix: 't' },
    { prefix: '/t/' },
    { prefix: '/a b' },
    { prefix: '/..' },
    { except: ['/signup'] },
    { except: 'signup' },
    { trusted: 1 },
    { prefx: '/t' },
  ])('does not start with %j', (options) => expect(() => byPath(options as never)).toThrow(/byPath/))
})

describe('byClaim', () => {
  test('reads a claim of a verified token', () => {
    expect(claim({ tenant_id: 'acme' })).toEqual(acme)
    for (const claims of [undefined, {}, { other: 'acme' }]) expect(claim(claims)).toEqual(none)
    expect(byClaim('toString').resolve({ claims: {} })).toEqual(none)
  })
  test.each([null, 7, ['acme'], { schema: 'acme' }, '', 'Acme', undefined])('refuses %j', (value) =>
    expect(claim({ tenant_id: value })).toMatchObject({ outcome: 'invalid' }),
  )
})

test('no resolver repeats what the client sent', () => {
  const secret = 'Secret-Value'
  const hints = [
    read(byQuery('tenant'), { query: { tenant: secret } }),
    read(byCookie('tenant'), { headers: { cookie: `tenant=${secret}` } }),
    read(byOrigin({ base: 'example.com' }), { headers: { origin: secret } }),
    read(byClaim('tenant'), { claims: { tenant: secret } }),
  ]
  for (const hint of hints) expect(JSON.stringify(hint)).not.toContain(secret)
})
