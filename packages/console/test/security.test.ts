/** What a naive console would let through: each test names one way in. */
import express from 'express'
import { byHeader, byHost, byPath, createTenancy } from 'partywall'
import { tenantScope } from 'partywall/express'
import { afterAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../partywall/test/support/servers/database.ts'
import { console, type ConsoleOptions, type Operator, type Role } from '../src/index.ts'
import { served, type Sent } from './asking.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  resolve: [byHost({ base: 'shop.test' }), byPath({ prefix: '/t', trusted: true }), byHeader('x-tenant', { trusted: true })],
  migrations: { shared: false, tenant: false },
})
await tenancy.migrations.run()
await tenancy.tenants.create({ schema: 'acme', domains: ['www.acme.org'] })
await tenancy.tenants.create({ schema: 'globex' })
await tenancy.tenants.suspend('globex')
afterAll(() => tenancy.close())

const authorize = ({ headers }: Request): Operator | undefined => {
  const role = headers.get('authorization')
  return role === null ? undefined : { id: 'ann', role: role as Role }
}
const owner = { authorization: 'owner' }
const options: ConsoleOptions = { authorize }

const start = (given: unknown) => () => console(tenancy, given as ConsoleOptions)

describe('the start', () => {
  test('without authorize it is refused, and so are options that are none', () => {
    for (const given of [undefined, {}, { authorize: true }])
      expect(start(given)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('authorize') }),
      )
    for (const given of [
      { authorize, autorize: 1 },
      { authorize, path: 'https://evil.example' },
      { authorize, path: '/"><script>' },
      { authorize, hosts: [] },
      { authorize, signInUrl: 'javascript:alert(1)' },
      { authorize, signInUrl: '//evil.example' },
    ])
      expect(start(given)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => console({} as typeof tenancy, options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('the side of tenants', () => {
  const orders = {
    'in front of the scope': () =>
      express()
        .use('/admin', console(tenancy, options))
        .use(tenantScope(tenancy, { none: 'shared' })),
    'behind the scope': () =>
      express()
        .use(tenantScope(tenancy, { none: 'shared' }))
        .use('/admin', console(tenancy, options)),
  }
  test.each(Object.entries(orders))('%s, it is not there at hosts, paths and headers of tenants', async (_name, app) => {
    const ask = await served(app())
    expect((await ask('/admin/api/session', { headers: owner })).status).toBe(200)
    const tries: [string, Record<string, string>][] = [
      ['/admin/api/session', { host: 'acme.shop.test' }],
      ['/admin/api/session', { host: 'ACME.shop.test:8080' }],
      ['/admin/', { host: 'acme.shop.test' }],
      ['/admin/api/session', { host: 'www.acme.org' }],
      ['/admin/api/session', { host: 'globex.shop.test' }],
      ['/admin/api/session', { host: 'unknown.shop.test' }],
      ['/admin/api/session', { host: 'another.example' }],
      ['/admin/api/session', { 'x-tenant': 'acme' }],
      ['/admin/api/session', { 'x-tenant': '"' }],
      // No proxy was said to be trusted.
      ['/admin/api/session', { host: 'acme.shop.test', 'x-forwarded-host': 'shop.test' }],
    ]
    for (const [path, headers] of tries) {
      const { status, json } = await ask(path, { headers: { ...owner, ...headers } })
      expect([headers, status! >= 400 && status !== 401, json?.role]).toEqual([headers, true, undefined])
    }
  })

  test('below the path of a tenant, and in a scope that was entered by hand, it is not there', async () => {
    const admin = console(tenancy, options)
    const ask = await served(
      express()
        .use('/t/acme/admin', admin)
        .use('/inside', (req, res) => void tenancy.run('acme', () => admin(req, res))),
    )
    expect((await ask('/t/acme/admin/api/session', { headers: owner })).status).toBe(404)
    expect((await ask('/inside/api/session', { headers: owner })).status).toBe(404)
  })

  test('two hosts in one request are a doubt', async () => {
    const ask = await served(console(tenancy, options))
    expect((await ask('http://acme.shop.test/api/session', { headers: owner })).status).toBe(404)
  })

  test('with hosts, it is at these alone; a cookie of the application names no tenant here', async () => {
    const ask = await served(console(tenancy, { ...options, hosts: ['admin.example.com'] }))
    expect((await ask('/api/session', { headers: { ...owner, host: 'admin.example.com' } })).status).toBe(200)
    expect((await ask('/api/session', { headers: { ...owner, host: 'admin.example.com', cookie: 'tenant=acme' } })).status).toBe(
      200,
    )
    expect((await ask('/api/session', { headers: owner })).status).toBe(404)
    const ofTenant = await served(console(tenancy, { ...options, hosts: ['acme.shop.test'] }))
    expect((await ofTenant('/api/session', { headers: { ...owner, host: 'acme.shop.test' } })).status).toBe(404)
  })
})

const post = (headers: Record<string, string>): Sent => ({ method: 'POST', headers: { ...owner, ...headers }, body: '{}' })

describe('other pages', () => {
  const own = { origin: 'http://shop.test', 'content-type': 'application/json' }

  test('only the own origin may change something, with JSON', async () => {
    const ask = await served(console(tenancy, options))
    const path = '/api/nothing'
    // Past all checks: there is no such address.
    for (const headers of [own, { ...own, origin: 'http://SHOP.test:80' }, { ...own, 'sec-fetch-site': 'same-origin' }])
      expect([headers, (await ask(path, post(headers))).status]).toEqual([headers, 404])
    for (const headers of [
      { 'content-type': 'application/json' },
      { ...own, origin: 'null' },
      { ...own, origin: 'http://evil.example' },
      { ...own, origin: 'http://acme.shop.test' },
      { ...own, origin: 'http://shop.test:8080' },
      { ...own, origin: 'http://shop.test.evil.example' },
      { ...own, origin: 'http://shop.test@evil.example' },
      { ...own, origin: 'http://shop.test, http://evil.example' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { ...own, 'sec-fetch-site': 'same-site' },
    ])
      expect([headers, (await ask(path, post(headers))).json]).toEqual([
        headers,
        expect.objectContaining({ code: 'FOREIGN_ORIGIN' }),
      ])
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
    ])
      expect((await ask(path, post({ ...own, 'content-type': type }))).status).toBe(415)
    for (const method of ['PUT', 'PATCH', 'DELETE']) expect((await ask(path, { method, headers: owner })).status).toBe(403)
    // Without a body there is nothing that must be JSON.
    const { 'content-type': _, ...bare } = own
    expect((await ask(path, { method: 'DELETE', headers: { ...owner, ...bare } })).status).toBe(404)
    // Reading by a page of another site.
    expect((await ask('/api/session', { headers: { ...owner, 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  })

  test('behind a proxy of https, a page of http is another one', async () => {
    const ask = await served(console(tenancy, { ...options, trustProxy: true }))
    const proxied = { ...own, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.test', host: '10.0.0.1' }
    expect((await ask('/api/nothing', post({ ...proxied, origin: 'https://shop.test' }))).status).toBe(404)
    expect((await ask('/api/nothing', post(proxied))).status).toBe(403)
  })

  test('no other page shows it, and it loads nothing from elsewhere', async () => {
    const ask = await served(console(tenancy, options))
    for (const path of ['/', '/api/session', '/api/nothing', '/assets/nothing.js']) {
      const { headers } = await ask(path, { headers: owner })
      expect([
        path,
        headers['content-security-policy'],
        headers['x-content-type-options'],
        headers['referrer-policy'],
        headers['cache-control'],
      ]).toEqual([
        path,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
        'nosniff',
        'no-referrer',
        'no-store',
      ])
    }
    const { body } = await ask('/', { headers: owner })
    expect(body).not.toMatch(/<script(?![^>]*\ssrc="\.\/)|\son\w+=|style=|https?:\/\//)
  })
})

describe('who enters', () => {
  test('strangers get 401, and learn where to sign in', async () => {
    const ask = await served(console(tenancy, { ...options, signInUrl: '/sign-in' }))
    const { status, headers, json } = await ask('/api/session')
    expect([status, headers['content-type'], json]).toEqual([
      401,
      'application/problem+json',
      expect.objectContaining({ code: 'SIGN_IN_REQUIRED', signInUrl: '/sign-in' }),
    ])
    expect((await ask('/api/operators')).status).toBe(401)
    expect((await ask('/api/nothing')).status).toBe(401)
  })

  test('an operator without a true role or id does not enter, and an authorize that fails is no way in', async () => {
    const secret = 'postgres://root:hunter2@db'
    for (const wrong of [
      { id: 'ann', role: 'admin' },
      { id: 'ann' },
      { id: '', role: 'owner' },
      { id: 'x'.repeat(201), role: 'owner' },
      { id: 'ann\n2026 bob', role: 'owner' },
      { id: 7, role: 'owner' },
      true,
      'ann',
      () => Promise.reject(new Error(secret)),
      () => {
        throw new Error(secret)
      },
    ]) {
      const ask = await served(
        console(tenancy, { authorize: (typeof wrong === 'function' ? wrong : () => wrong) as ConsoleOptions['authorize'] }),
      )
      for (const path of ['/api/session', '/']) {
        const { status, body } = await ask(path)
        expect([wrong, status, body.includes('hunter2'), body.includes('node:')]).toEqual([wrong, 500, false, false])
      }
    }
  })

  test('each role does what it may', async () => {
    const ask = await served(console(tenancy, options))
    const statuses = await Promise.all(
      ['viewer', 'operator', 'owner'].map(
        async (role) => (await ask('/api/operators', { headers: { authorization: role } })).status,
      ),
    )
    expect(statuses).toEqual([200, 200, 200])
  })

  test('what an operator changes is in the audit under their id', async () => {
    const ask = await served(console(tenancy, options))
    await tenancy.actingAs('user:9', () => tenancy.tenants.update('acme', { name: 'Acme Inc.' }))
    const { json } = await ask('/api/operators', { headers: { authorization: 'viewer' } })
    expect(json).toMatchObject({
      source: 'application',
      recent: expect.arrayContaining([expect.objectContaining({ actor: 'user:9', action: 'tenant.updated' })]),
    })
    expect(json.accounts).toBeUndefined()
  })
})

describe('what is sent', () => {
  test('no path leads out of the files of the client', async () => {
    const ask = await served(console(tenancy, options))
    for (const name of [
      '../index.html',
      '..%2f..%2fpackage.json',
      '%2e%2e/%2e%2e/package.json',
      '....//package.json',
      '..\\package.json',
      '%00',
      '__proto__',
      'constructor',
    ]) {
      const { status, body } = await ask(`/assets/${name}`, { headers: owner })
      expect([name, body.includes('"name"')]).toEqual([name, false])
      expect([name, [200, 400, 404].includes(status!)]).toEqual([name, true])
    }
  })

  test.each(['', '/admin'])('below "%s", a body in chunks is read and limited, and a change may have none', async (path) => {
    const ask = await served(path === '' ? console(tenancy, options) : express().use(path, console(tenancy, options)))
    const headers = { ...owner, origin: 'http://shop.test' }
    const json = { ...headers, 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const send = (body: string) => ask(`${path}/api/tenants/acme/members/remove`, { method: 'POST', headers: json, body })
    expect((await send('{"userId":"x"}')).json.code).toBe('NOT_A_MEMBER')
    expect((await send(`{"userId":"${'x'.repeat(2 ** 21)}"}`)).status).toBe(413)
    const removed = await ask(`${path}/api/data/acme/tables/none/rows/1`, { method: 'DELETE', headers })
    expect([removed.status, removed.json.code]).toEqual([404, 'UNKNOWN_TABLE'])
  })

  test('a body that is too large or no JSON is refused', async () => {
    const ask = await served(console(tenancy, options))
    const headers = { ...owner, origin: 'http://shop.test', 'content-type': 'application/json' }
    const large = await ask('/api/nothing', {
      method: 'POST',
      headers: { ...headers, 'content-length': String(20 * 2 ** 20) },
      body: 'x'.repeat(20 * 2 ** 20),
    })
    expect([large.status, large.json.code]).toEqual([413, 'TOO_LARGE'])
  })

  test('the address of the mount is written into the page as text', async () => {
    const ask = await served(express().use('/:any', console(tenancy, options)))
    const { body } = await ask('/%22%3E%3Cscript%3Ealert(1)%3C/', { headers: owner })
    expect(body).not.toContain('<script>alert')
  })
})
