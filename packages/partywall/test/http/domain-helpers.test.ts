/** What a proxy and a browser ask about domains: certificates on demand, other origins, and the primary address. */
import { expect, test } from 'vitest'
import { certificateAsk, createCors, primaryRedirect } from '../../src/http/http.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { shared: false, tenant: false },
  resolve: [byHost({ base: 'our.example' })],
})
const acme = await tenancy.tenants.create({ schema: 'acme', domains: ['acme.com', 'www.acme.org'] })
const globex = await tenancy.tenants.create({ schema: 'globex', domains: ['globex.com'] })

test('a certificate is for hosts that lead to a tenant, and for those of your own', async () => {
  await tenancy.domains.claim('acme', 'claimed.acme.com')
  const ask = certificateAsk(tenancy, { hosts: ['our.example'] })
  const status = async (domain: string | undefined): Promise<number> => (await ask(domain)).status
  for (const domain of ['acme.com', 'ACME.com', 'acme.our.example', 'www.acme.org', 'our.example'])
    expect(await status(domain)).toBe(200)
  const others = ['claimed.acme.com', 'evil.com', 'missing.our.example', '', undefined, '192.0.2.1', 'a b', 'x'.repeat(10_000)]
  for (const domain of others) expect(await status(domain)).toBe(404)
})

test('names that lead nowhere are limited, and do not shut out those that do', async () => {
  const asked: string[] = []
  const ask = certificateAsk({ resolve: (facts) => (asked.push(facts.host!), tenancy.resolve(facts)) }, { unknownPerSecond: 5 })
  expect((await ask('acme.com')).status).toBe(200)
  const burst = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(`evil${index}.com`)))
  expect(burst.filter(({ status }) => status === 404)).toHaveLength(5)
  expect(burst.filter(({ status }) => status === 429)).toHaveLength(95)
  expect(asked).toHaveLength(6)
  expect((await ask('acme.com')).status).toBe(200)
})

test('pages of the tenant may ask across origins, those of a sibling may not', async () => {
  const cors = createCors(tenancy, { credentials: true })
  const allowed = async (
    origin: string | undefined,
    tenant: { readonly id: string } | undefined = acme,
  ): Promise<string | undefined> => {
    const { headers } = await cors({ headers: { origin } }, 'GET', tenant)
    expect(headers['vary']).toBe('Origin')
    return headers['access-control-allow-origin']
  }
  for (const origin of ['https://acme.com', 'https://acme.our.example', 'https://www.acme.org'])
    expect(await allowed(origin)).toBe(origin)
  const others = [
    'https://globex.com',
    'https://globex.our.example',
    'http://acme.com',
    'null',
    'https://acme.com.evil.com',
    'https://acme.com@evil.com',
    undefined,
  ]
  for (const origin of others) expect(await allowed(origin)).toBeUndefined()
  expect(await allowed('https://acme.com', globex)).toBeUndefined()
  expect(await cors({ headers: { origin: 'https://acme.com' } }, 'GET', undefined)).toMatchObject({ headers: { vary: 'Origin' } })
})

test('a preflight says what is allowed', async () => {
  const cors = createCors(tenancy, { methods: ['GET', 'POST'], maxAgeMs: 60_000 })
  const headers = { origin: 'https://acme.com', 'access-control-request-method': 'POST' }
  expect(await cors({ headers }, 'OPTIONS', acme)).toEqual({
    isPreflight: true,
    headers: {
      vary: 'Origin',
      'access-control-allow-origin': 'https://acme.com',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, authorization',
      'access-control-max-age': '60',
    },
  })
  expect(await cors({ headers: { ...headers, origin: 'https://globex.com' } }, 'OPTIONS', acme)).toEqual({
    isPreflight: true,
    headers: { vary: 'Origin' },
  })
  expect(() => createCors(tenancy, { headers: ['a\r\nset-cookie: x'] })).toThrow(/"headers" of createCors/)
})

test('an alias leads to the primary domain, and nothing leads elsewhere', async () => {
  const redirect = primaryRedirect(tenancy)
  const location = async (host: string, path: string, method = 'GET'): Promise<string | undefined> =>
    (await redirect({ host }, method, path, acme))?.headers['location']
  expect(await location('www.acme.org', '/polls?page=2')).toBe('https://acme.com/polls?page=2')
  expect(await location('WWW.acme.org:443', '/')).toBe('https://acme.com/')
  for (const path of ['//evil.com', '/\\evil.com', 'https://evil.com/x', ''])
    expect(await location('www.acme.org', path)).toBe('https://acme.com/')
  for (const host of ['acme.com', 'acme.our.example', '127.0.0.1', 'evil.com']) expect(await location(host, '/')).toBeUndefined()
  expect(await location('www.acme.org', '/', 'POST')).toBeUndefined()
  await tenancy.domains.setPrimary('acme', 'www.acme.org')
  expect(await location('acme.com', '/')).toBe('https://www.acme.org/')
})
