/** What only Hono has: its ways to stream, its exceptions, requests without a server. contract/hono.test.ts has what all adapters promise. */
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { jwt, sign } from 'hono/jwt'
import { streamText } from 'hono/streaming'
import { expect, onTestFinished, test, vi } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { tenancyErrors, tenantMiddleware, tenantPath, tenantUrls } from '../../src/http/hono.ts'
import { byPath } from '../../src/resolve/by-path.ts'
import { listen } from './listen.ts'
import { expectRefusals } from './refusals.ts'
import { createTenancyLike, type TenancyLike } from './tenancy.ts'

test('streams, bodies that are pulled and late events run in the scope of their tenant', async () => {
  const late: unknown[] = []
  const { send } = await start((app, { scope }) => {
    app.get('/stream', (c) =>
      streamText(c, async (body) => {
        for (let chunk = 0; chunk < 3; chunk++) {
          await body.sleep(1)
          await body.write(`${scope.tryCurrent()?.schema} `)
        }
      }),
    )
    app.get('/pull', (c) => {
      ;(c.env as any).outgoing.on('close', () => late.push(scope.tryCurrent()?.schema))
      return c.body(pulled(() => scope.tryCurrent()?.schema))
    })
  })
  expect((await send({ host: 'tenant1.example.com', path: '/stream' })).text).toBe('tenant1 tenant1 tenant1 ')
  expect((await send({ host: 'tenant2.example.com', path: '/pull' })).text).toBe('tenant2 tenant2 tenant2 ')
  await expect.poll(() => late).toEqual(['tenant2'])
})

test('a body keeps its status, headers and length', async () => {
  const { send } = await start((app) => {
    app.get('/', (c) => c.text('four', 201, { 'x-own': '1' }))
    app.get('/empty', (c) => c.body(null, 204))
  })
  expect(await send({ host: 'tenant1.example.com' })).toMatchObject({
    status: 201,
    text: 'four',
    headers: { 'x-own': '1', 'content-type': 'text/plain; charset=UTF-8', 'content-length': '4' },
  })
  expect(await send({ host: 'tenant1.example.com', path: '/empty' })).toMatchObject({ status: 204, text: '' })
})

test('a refused request reaches no handler', async () => {
  await expectRefusals(await start((app) => app.get('/', (c) => c.text('reached'))), 'application/problem+json')
})

test('an error is answered by its code, and its message is sent only if it is meant for clients', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void log.mockRestore())
  const { send } = await start((app) => {
    app.get('/domain', () => Promise.reject(new TenancyError('DOMAIN_EXISTS', 'secret', { details: { domains: [] } })))
    app.get('/other', () => Promise.reject(new Error('secret')))
    app.get('/client', () => Promise.reject(new HTTPException(422, { message: 'for clients' })))
  })
  const ask = async (path: string) => {
    const { status, json, text } = await send({ host: 'tenant1.example.com', path })
    expect(text).not.toContain('secret')
    return [status, json?.code ?? text, log.mock.calls.length]
  }
  expect(await ask('/domain')).toEqual([409, 'DOMAIN_EXISTS', 0])
  expect(await ask('/other')).toEqual([500, 'INTERNAL_ERROR', 1])
  expect(await ask('/client')).toEqual([422, 'for clients', 1])
})

test('an error of the catalog is answered, and reaches no handler', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void log.mockRestore())
  const unreachable = new TenancyError('DATABASE_UNREACHABLE', 'secret', { details: { code: 'ECONNREFUSED' } })
  const tenancy = { ...createTenancyLike(), resolve: () => Promise.reject(unreachable) }
  const { send } = await start((app) => app.get('/', (c) => c.text('reached')), tenancy)
  expect(await send({ host: 'tenant1.example.com' })).toMatchObject({ status: 503, json: { code: 'UNAVAILABLE' } })
})

test('app.request, as in the section about tests, finds the tenant by the URL', async () => {
  const tenancy = createTenancyLike()
  const app = appOf(tenancy).get('/', (c) => c.text(tenancy.scope.current().schema))
  expect(await (await app.request('http://tenant3.example.com/')).text()).toBe('tenant3')
})

test('a token with the audience of one tenant is refused at its sibling, and so is one without an audience', async () => {
  const tenancy = createTenancyLike()
  const secret = 'a secret of a test'
  const app = appOf(tenancy)
  app.use((c, next) => jwt({ secret, alg: 'HS256', verification: { aud: tenancy.scope.current().id } })(c, next))
  app.get('/', (c) => c.text('reached'))
  const ask = async (host: string, claims: object) => {
    const authorization = `Bearer ${await sign({ sub: 'ann', ...claims }, secret, 'HS256')}`
    return (await app.request(`http://${host}/`, { headers: { authorization } })).status
  }
  const aud = '00000000-0000-4000-8000-000000000001'
  expect(await ask('tenant1.example.com', { aud })).toBe(200)
  expect(await ask('tenant2.example.com', { aud })).toBe(401)
  expect(await ask('tenant1.example.com', {})).toBe(401)
})

test('with byPath, routes are written without the tenant, and links with it', async () => {
  const tenancy = createTenancyLike([byPath({ prefix: '/t', trusted: true })])
  const app = new Hono({ getPath: tenantUrls(tenancy) })
  app.use(tenantMiddleware(tenancy))
  app.get('/polls/:id', (c) => c.json([tenancy.scope.current().schema, c.req.param('id'), tenantPath(c, '/polls')]))
  const ask = (path: string): Promise<Response> => Promise.resolve(app.request(`http://example.com${path}`))
  expect(await (await ask('/t/tenant1/polls/7?page=2')).json()).toEqual(['tenant1', '7', '/t/tenant1/polls'])
  for (const path of ['/polls/7', '/t/polls/7', '/t/missing/polls/7', '/t//tenant1/polls/7']) {
    expect((await ask(path)).status).toBeGreaterThanOrEqual(400)
  }
})

test.each([{ unknown: 'shared' }, { unknown: { tenant: 'tenant2' } }] as const)(
  'with byPath and %j, the path of an unknown tenant does not lead to the route of another address',
  async (options) => {
    const tenancy = createTenancyLike([byPath({ prefix: '/t', trusted: true })])
    const app = new Hono({ getPath: tenantUrls(tenancy) })
    app.use(tenantMiddleware(tenancy, { none: 'shared', ...options }))
    app.get('/polls', (c) => c.text(tenancy.scope.tryCurrent()?.schema ?? 'shared'))
    const ask = async (path: string) => {
      const response = await app.request(`http://example.com${path}`)
      return response.status === 200 ? response.text() : response.status
    }
    app.get('/caf%C3%A9', (c) => c.text('decoded'))
    app.get('/café', (c) => c.text('decoded'))
    expect(await Promise.all(['/t/tenant1/polls', '/polls', '/t/missing/polls'].map(ask))).toEqual(['tenant1', 'shared', 404])
    expect(await ask('/caf%C3%A9')).toBe('decoded')
  },
)

function appOf(tenancy: TenancyLike): Hono {
  const app = new Hono()
  app.onError(tenancyErrors())
  app.use(tenantMiddleware(tenancy))
  return app
}

async function start(routes: (app: Hono, tenancy: TenancyLike) => unknown, tenancy = createTenancyLike()) {
  const app = appOf(tenancy)
  routes(app, tenancy)
  return listen(getRequestListener(app.fetch))
}

/** A body that asks for its text when the client reads. */
function pulled(text: () => unknown): ReadableStream<Uint8Array> {
  let chunks = 0
  return new ReadableStream(
    {
      async pull(controller) {
        await sleep(1)
        if (chunks++ === 3) controller.close()
        else controller.enqueue(new TextEncoder().encode(`${text()} `))
      },
    },
    { highWaterMark: 0 },
  )
}
