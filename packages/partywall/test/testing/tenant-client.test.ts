/** A client of a tenant goes the whole way: through the resolver of the config, in each form of app, and outside of the scope of its test. */
import { createServer } from 'node:http'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { byClaim, byCookie, byHeader, byHost, byPath, byQuery, createTenancy, type Resolver, type Tenancy } from 'partywall'
import { tenantScope } from 'partywall/express'
import { tenantPlugin } from 'partywall/fastify'
import { tenantMiddleware } from 'partywall/hono'
import { webFacts } from 'partywall/http'
import { tenantScope as koaScope } from 'partywall/koa'
import { tenantListener } from 'partywall/node'
import express from 'express'
import { tenantClient, tenantRequest, type TestApp } from 'partywall/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/servers/database.ts'

const { url } = await testDatabase()
const tenancies: Tenancy[] = []
afterAll(() => Promise.all(tenancies.map((tenancy) => tenancy.close())))

function tenancyWith(resolve: Resolver[], appUrl?: string): Tenancy {
  const tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    resolve,
    ...(appUrl !== undefined && { appUrl }),
  })
  tenancies.push(tenancy)
  return tenancy
}

const byHosts = tenancyWith([byHost({ base: 'example.com' })])
await byHosts.tenants.create({ schema: 'acme', domains: ['www.acme.org'], externalId: 'org_1' })
await byHosts.tenants.create({ schema: 'globex' })

const who = (tenancy: Tenancy) => ({ scope: tenancy.tryCurrent()?.schema ?? 'none' })

const apps: Record<string, (tenancy: Tenancy) => TestApp> = {
  Express: (tenancy) => {
    const app = express().use(tenantScope(tenancy), express.json())
    app.all('/who', (req, res) => void res.json({ ...who(tenancy), host: req.headers.host, body: req.body, method: req.method }))
    return app
  },
  Koa: (tenancy) => new Koa().use(koaScope(tenancy)).use((ctx) => void (ctx.body = { ...who(tenancy), host: ctx.headers.host })),
  Fastify: (tenancy) => {
    const app = fastify()
    void app.register(tenantPlugin(tenancy))
    app.get('/who', async (request) => ({ ...who(tenancy), host: request.headers.host }))
    return app
  },
  Hono: (tenancy) =>
    new Hono().use(tenantMiddleware(tenancy)).get('/who', (c) => c.json({ ...who(tenancy), host: c.req.header('host') })),
  'a listener of node:http': (tenancy) =>
    tenantListener(tenancy, (req, res) => void res.end(JSON.stringify({ ...who(tenancy), host: req.headers.host }))),
  'a server of node:http': (tenancy) =>
    createServer(
      tenantListener(tenancy, (req, res) => void res.end(JSON.stringify({ ...who(tenancy), host: req.headers.host }))),
    ),
  'a handler of web requests': (tenancy) => async (request: Request) => {
    const resolution = await tenancy.resolve(webFacts(request))
    const scope = resolution.outcome === 'resolved' ? await tenancy.run(resolution.tenant, () => who(tenancy)) : who(tenancy)
    return Response.json({ ...scope, host: request.headers.get('host') })
  },
}

describe.each(Object.entries(apps))('%s', (_, make) => {
  const app = make(byHosts)

  test('a request reaches its tenant by the host, also from the scope of another one', async () => {
    const [acme, globex] = [tenantClient(app, byHosts, 'acme'), tenantClient(app, byHosts, { schema: 'globex' })]
    expect((await acme.get('/who')).json()).toMatchObject({ scope: 'acme', host: 'www.acme.org' })
    await byHosts.run('acme', async () => {
      expect((await globex.get('/who')).json()).toMatchObject({ scope: 'globex', host: 'globex.example.com' })
    })
  })
})

test('a handler that uses the scope of its caller is found: it has none', async () => {
  const app = (): Response => Response.json(who(byHosts))
  await byHosts.run('acme', async () => {
    expect(app().status).toBe(200)
    expect(await app().json()).toEqual({ scope: 'acme' })
    expect((await tenantClient(app as never, byHosts, 'acme').get('/x')).json()).toEqual({ scope: 'none' })
  })
})

describe.each([
  ['byPath', [byPath({ prefix: '/t', trusted: true })]],
  ['byHeader', [byHeader('x-tenant-id', { trusted: true })]],
  ['byHeader with an id', [byHeader('x-tenant-id', { trusted: true, accept: ['id'] })]],
  ['byHeader with an external id', [byHeader('x-org', { trusted: true, accept: ['externalId'] })]],
  ['byQuery', [byQuery('tenant', { trusted: true })]],
  ['byCookie', [byCookie('tenant', { trusted: true })]],
] as [string, Resolver[]][])('%s', (_, resolve) => {
  test('is how the tenant is named', async () => {
    const tenancy = tenancyWith(resolve)
    expect((await tenantClient(apps['Express']!(tenancy), tenancy, 'acme').get('/who')).json()).toMatchObject({ scope: 'acme' })
    const request = await tenantRequest(tenancy, 'acme', '/who?page=2', { method: 'POST', body: { a: 1 } })
    expect(await tenancy.resolve(webFacts(request))).toMatchObject({ outcome: 'resolved', tenant: { schema: 'acme' } })
    expect(await request.json()).toEqual({ a: 1 })
    expect(new URL(request.url).searchParams.get('page')).toBe('2')
  })
})

test('where nothing but a token names the tenant, the client is given it', async () => {
  const tenancy = tenancyWith([byClaim('tenant')])
  const app = apps['Express']!(tenancy)
  await expect(tenantClient(app, tenancy, 'acme').get('/who')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('{ headers:'),
  })
  const given = await tenantRequest(tenancy, 'acme', '/who', { headers: { authorization: 'Bearer x' } })
  expect(given.headers.get('authorization')).toBe('Bearer x')
})

test('bodies, methods, headers and answers', async () => {
  const client = tenantClient(apps['Express']!(byHosts), byHosts, 'acme', { headers: { 'x-all': '1' } })
  expect((await client.post('/who', { a: [1] })).json()).toMatchObject({ body: { a: [1] }, method: 'POST' })
  for (const method of ['put', 'patch'] as const)
    expect((await client[method]('/who', ['x'])).json()).toMatchObject({ body: ['x'] })
  expect((await client.delete('/who')).json()).toMatchObject({ method: 'DELETE' })
  const missing = await client.get('/missing')
  expect(missing).toMatchObject({ status: 404, ok: false })
  expect(() => missing.json()).toThrow(SyntaxError)
})

test('cookies are kept by the client, and by no other one', async () => {
  const app = express().use(tenantScope(byHosts))
  app.get('/in', (_req, res) => void res.cookie('sid', 'a=b', { httpOnly: true, secure: true }).cookie('other', '1').send('in'))
  app.get('/out', (_req, res) => void res.clearCookie('sid').send('out'))
  app.get('/seen', (req, res) => void res.send(req.headers.cookie ?? 'none'))
  const [one, two] = [tenantClient(app, byHosts, 'acme'), tenantClient(app, byHosts, 'acme')]
  await one.get('/in')
  expect((await one.get('/seen')).text).toBe('sid=a%3Db; other=1')
  expect((await two.get('/seen')).text).toBe('none')
  await one.get('/out')
  expect([...one.cookies.keys()]).toEqual(['other'])
})

test.each(['projects', '//evil.example', '/\\evil', '', 7])('the path %j is refused', async (path) => {
  const client = tenantClient(apps['Express']!(byHosts), byHosts, 'acme')
  await expect(client.get(path as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('what is no app, and a tenant that there is not, are refused', async () => {
  await expect(tenantClient({} as never, byHosts, 'acme').get('/')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(tenantClient(apps['Express']!(byHosts), byHosts, 'missing').get('/')).rejects.toMatchObject({
    code: 'UNKNOWN_TENANT',
  })
})
