/** `requireMember` of every adapter: who is let in, and the same bytes for each refusal whatever the framework. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { H3, toNodeHandler } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as ofExpress from '../../src/http/express.ts'
import * as ofFastify from '../../src/http/fastify.ts'
import * as ofH3 from '../../src/http/h3.ts'
import * as ofHono from '../../src/http/hono.ts'
import { createSwitch, guardRequest, memberOf } from '../../src/http/http.ts'
import * as ofKoa from '../../src/http/koa.ts'
import * as ofNext from '../../src/http/next/next.ts'
import { tenantListener } from '../../src/http/node.ts'
import { byHost, createTenancy } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'
import { Client } from './contract/client.ts'

const { url } = await testDatabase()
const tenancy = createTenancy({
  database: url,
  migrations: { tenant: false, shared: false },
  resolve: [byHost({ base: 'example.com' })],
  members: { roles: { admin: { can: ['polls.write'] } } },
})
const admin = { roles: 'admin', can: 'polls.write' } as const
const none = 'pass'
/** Stands for a session that was verified. */
const header = 'x-session-of'

const servers: Record<string, () => Server | Promise<Server>> = {
  express() {
    const app = express().use(ofExpress.tenantScope(tenancy, { none, user: (req) => req.get(header) }))
    app.get('/admin', ofExpress.requireMember(admin), (req, res) => void res.json(ofExpress.memberOf(req)))
    return createServer(app)
  },
  koa() {
    const app = new Koa().use(ofKoa.tenantScope(tenancy, { none, user: (ctx) => ctx.get(header) }))
    app.use(ofKoa.requireMember(admin)).use((ctx) => void (ctx.body = ofKoa.memberOf(ctx)))
    return createServer(app.callback())
  },
  async fastify() {
    const app = fastify()
    await app.register(ofFastify.tenantPlugin(tenancy, { none, user: ({ headers }) => headers[header] as string | undefined }))
    app.get('/admin', { preHandler: ofFastify.requireMember(admin) }, (request) => ofFastify.memberOf(request))
    await app.ready()
    return app.server
  },
  hono() {
    const app = new Hono().use(ofHono.tenantMiddleware(tenancy, { none, user: (c) => c.req.header(header) }))
    app.get('/admin', ofHono.requireMember(admin), (c) => c.json(ofHono.memberOf(c)))
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
  },
  h3() {
    const app = new H3().use(ofH3.tenantMiddleware(tenancy, { none, user: (event) => event.req.headers.get(header) }))
    app.get('/admin', (event) => ofH3.memberOf(event), { middleware: [ofH3.requireMember(admin)] })
    return createServer(toNodeHandler(app))
  },
  next() {
    const { tenantRoute } = ofNext.tenantNext(tenancy, { none, user: ({ headers }) => headers.get(header) })
    const route = tenantRoute(ofNext.requireMember(admin, () => Response.json(ofNext.memberOf())))
    return createServer(getRequestListener((request) => route(request, { params: Promise.resolve({}) })))
  },
  'node:http'() {
    const options = {
      none,
      user: (req: { headers: NodeJS.Dict<string | string[]> }) => req.headers[header] as string | undefined,
    } as const
    const listener = tenantListener(
      tenancy,
      async (req, res) => {
        const { answer } = await guardRequest('the listener', req, admin)
        if (answer === undefined) res.setHeader('content-type', 'application/json').end(JSON.stringify(memberOf(req)))
        else res.writeHead(answer.status, answer.headers).end(answer.body)
      },
      options,
    )
    return createServer(listener)
  },
}

beforeAll(async () => {
  for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
  await tenancy.members.add('acme', 'owner', { role: 'owner' })
  await tenancy.members.add('acme', 'boss', { role: 'admin' })
  await tenancy.members.add('acme', 'same')
  await tenancy.members.add('globex', 'same', { role: 'owner' })
})
afterAll(() => tenancy.close())

const refusals = new Map<string, string>()

describe.each(Object.keys(servers))('requireMember of %s', (name) => {
  let server: Server
  let client: Client
  beforeAll(async () => {
    server = await servers[name]!()
    if (!server.listening) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    client = new Client((server.address() as AddressInfo).port)
  })
  afterAll(() => void (server.closeAllConnections(), server.close()))
  const get = (tenant: string, user?: string) =>
    client.get(tenant, '/admin', { headers: user === undefined ? {} : { [header]: user } })

  test('lets in a member with the role, and an owner', async () => {
    for (const user of ['boss', 'owner']) expect((await get('acme', user)).json).toMatchObject({ userId: user })
  })

  test.each([
    ['no one', undefined, 401, 'SIGN_IN_REQUIRED'],
    ['an empty id', '', 401, 'SIGN_IN_REQUIRED'],
    ['a stranger', 'mallory', 403, 'NOT_A_MEMBER'],
    ['a member without the role', 'same', 403, 'NOT_PERMITTED_ROLE'],
  ] as const)('refuses %s, with the same bytes as the others', async (_, user, status, code) => {
    const answer = await get('acme', user)
    expect([answer.status, answer.json.code, answer.headers['content-type']]).toEqual([
      status,
      code,
      expect.stringMatching(/^application\/problem\+json/),
    ])
    expect(answer.text).toBe(refusals.get(code) ?? answer.text)
    refusals.set(code, answer.text)
  })

  test('decides by the tenant of each request, with 40 at once', async () => {
    const calls = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'globex' : 'acme'))
    const answers = await Promise.all(calls.map((tenant) => get(tenant, 'same')))
    expect(answers.map(({ status }) => status)).toEqual(calls.map((tenant) => (tenant === 'globex' ? 200 : 403)))
  })
})

test('an operator who acts as a member is seen on the request, and does not switch', async () => {
  const app = express().use(ofExpress.tenantScope(tenancy, { user: () => ({ userId: 'boss', impersonatedBy: 'support:7' }) }))
  app.get('/admin', ofExpress.requireMember(admin), (req, res) => void res.json(ofExpress.memberOf(req)))
  const switchTenant = createSwitch(tenancy, { user: () => ({ userId: 'boss', impersonatedBy: 'support:7' }) })
  app.get('/switch', async (req, res) => void res.json((await switchTenant(req, 'acme')).answer?.status))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new Client((server.address() as AddressInfo).port)
  expect((await client.get('acme', '/admin')).json).toMatchObject({ userId: 'boss', impersonatedBy: 'support:7' })
  expect((await client.get('acme', '/switch')).json).toBe(403)
  expect((await tenancy.members.check('acme', 'boss')) as object).not.toHaveProperty('impersonatedBy')
  server.close()
})

test('a route whose adapter does not know who is signed in is answered with 500', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const app = express().use(ofExpress.tenantScope(tenancy, { none }))
  app.get('/admin', ofExpress.requireMember(), (_req, res) => void res.json('let in'))
  const server = createServer(app.use(ofExpress.tenancyErrors())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const answer = await new Client((server.address() as AddressInfo).port).get('acme', '/admin', {
    headers: { [header]: 'owner' },
  })
  expect(answer.status).toBe(500)
  expect(String(log.mock.calls[0])).toContain('Give the option user')
  log.mockRestore()
  server.close()
})

test.each([
  ['a permission that the configuration does not have', { can: 'polls.wirte' }, (): string => 'owner'],
  ['a user that is a number', {}, (): string => 7 as never],
] as const)('%s is a fault of the application, so it is answered with 500', async (_, required, user) => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const app = express().use(ofExpress.tenantScope(tenancy, { user }))
  app.get('/admin', ofExpress.requireMember(required), (_req, res) => void res.json('let in'))
  const server = createServer(app.use(ofExpress.tenancyErrors())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const answer = await new Client((server.address() as AddressInfo).port).get('acme', '/admin')
  expect([answer.status, answer.json.code]).toEqual([500, 'INTERNAL_ERROR'])
  log.mockRestore()
  server.close()
})

test.each([{ user: 'x-user' }, { user: null }])('the option %j is refused at the start', (options) => {
  expect(() => ofExpress.tenantScope(tenancy, options as never)).toThrow(/"user" of tenantScope must be a function/)
})
