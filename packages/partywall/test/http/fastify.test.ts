/** What only Fastify has: encapsulation, its parsers and hooks, its handler of errors. contract/fastify.test.ts has what all adapters promise. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastify, type FastifyInstance } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { tenancyErrors, tenantPath, tenantPlugin, tenantUrls } from '../../src/http/fastify.ts'
import { byPath } from '../../src/resolve/by-path.ts'
import { listen } from './listen.ts'
import { expectRefusals } from './refusals.ts'
import { createTenancyLike, type TenancyLike } from './tenancy.ts'

test('bodies, streams and the hook onResponse run in the scope of their tenant', async () => {
  const late: unknown[] = []
  const { send } = await start((app, { scope }) => {
    app.addContentTypeParser('text/slow', (_request, payload, done) => {
      const seen = new Set<unknown>()
      payload.on('data', () => seen.add(scope.tryCurrent()?.schema)).on('end', () => done(null, [...seen].join()))
    })
    app.addHook('onResponse', async () => void late.push(scope.tryCurrent()?.schema))
    app.post<{ Body: string }>('/', ({ body }, reply) => reply.send(Readable.from(schemas(scope, body))))
  })
  const headers = { 'content-type': 'text/slow' }
  const { text } = await send({ host: 'tenant1.example.com', method: 'POST', headers, body: slowly() })
  expect(text).toBe('tenant1: tenant1 tenant1 tenant1 ')
  await expect.poll(() => late).toEqual(['tenant1'])
})

test('a refused request reaches no handler', async () => {
  await expectRefusals(await start((app) => app.get('/', async () => 'reached')), 'application/problem+json; charset=utf-8')
})

test('a route beside the plugin runs outside every scope', async () => {
  const { send } = await start(
    () => {},
    (app, { scope }) => app.get('/health', async () => ({ scope: scope.value()?.kind ?? null })),
  )
  expect((await send({ host: 'tenant1.example.com', path: '/health' })).json).toEqual({ scope: null })
})

test('an error is answered by its code, and its message is sent only if it is meant for clients', async () => {
  const { send } = await start((app) => {
    app.get('/domain', () => Promise.reject(new TenancyError('DOMAIN_EXISTS', 'secret', { details: { domains: [] } })))
    app.get('/busy', () =>
      Promise.reject(new TenancyError('TENANT_BUSY', 'secret', { details: { schema: 'a', maxPerTenant: 1 } })),
    )
    app.get('/other', () => Promise.reject(new Error('secret')))
    app.get('/client', () => Promise.reject(Object.assign(new Error('for clients'), { statusCode: 422 })))
  })
  const ask = async (path: string) => {
    const { status, json, text } = await send({ host: 'tenant1.example.com', path })
    expect(text).not.toContain('secret')
    return [status, json.code ?? json.message]
  }
  expect(await ask('/domain')).toEqual([409, 'DOMAIN_EXISTS'])
  expect(await ask('/busy')).toEqual([503, 'UNAVAILABLE'])
  expect(await ask('/other')).toEqual([500, 'INTERNAL_ERROR'])
  expect(await ask('/client')).toEqual([422, 'for clients'])
})

test('an error of a route beside the plugin is answered without its message, when the handler is set on the whole app', async () => {
  const unreachable = new TenancyError('DATABASE_UNREACHABLE', 'secret', { details: { code: 'ECONNREFUSED' } })
  const { send } = await start(
    () => {},
    (app) => app.setErrorHandler(tenancyErrors()).get('/health', () => Promise.reject(unreachable)),
  )
  const { status, json, text } = await send({ host: 'tenant1.example.com', path: '/health' })
  expect([status, json.code]).toEqual([503, 'UNAVAILABLE'])
  expect(text).not.toContain('secret')
})

test('an error of the catalog is answered, and reaches no handler', async () => {
  const unreachable = new TenancyError('DATABASE_UNREACHABLE', 'secret', { details: { code: 'ECONNREFUSED' } })
  const tenancy = { ...createTenancyLike(), resolve: () => Promise.reject(unreachable) }
  const { send } = await start((app) => app.get('/', async () => 'reached'), undefined, tenancy)
  expect(await send({ host: 'tenant1.example.com' })).toMatchObject({ status: 503, json: { code: 'UNAVAILABLE' } })
})

test('an async hook, against which the page warns, would lose the scope', async () => {
  const tenancy = createTenancyLike()
  const app = fastify()
  app.addHook('onRequest', async () => void (await tenancy.scope.runShared(async () => {})))
  app.get('/', async () => ({ scope: tenancy.scope.value()?.kind ?? null }))
  expect((await app.inject('/')).json()).toEqual({ scope: null })
})

test('with byPath, routes are written without the tenant, and links with it', async () => {
  const tenancy = createTenancyLike([byPath({ prefix: '/t', trusted: true })])
  const app = fastify({ rewriteUrl: tenantUrls(tenancy) })
  onTestFinished(() => app.close())
  await app.register(tenantPlugin(tenancy))
  app.get<{ Params: { id: string } }>('/polls/:id', async (request) => [
    tenancy.scope.current().schema,
    request.params.id,
    tenantPath(request, '/polls'),
  ])
  expect((await app.inject('/t/tenant1/polls/7?page=2')).json()).toEqual(['tenant1', '7', '/t/tenant1/polls'])
  for (const path of ['/polls/7', '/t/polls/7', '/t/missing/polls/7', '/t//tenant1/polls/7']) {
    expect((await app.inject(path)).statusCode).toBeGreaterThanOrEqual(400)
  }
})

test.each([{ unknown: 'shared' }, { unknown: { tenant: 'tenant2' } }] as const)(
  'with byPath and %j, the path of an unknown tenant does not lead to the route of another address',
  async (options) => {
    const tenancy = createTenancyLike([byPath({ prefix: '/t', trusted: true })])
    const app = fastify({ rewriteUrl: tenantUrls(tenancy) })
    onTestFinished(() => app.close())
    await app.register(tenantPlugin(tenancy, { none: 'shared', ...options }))
    app.get('/polls', async () => tenancy.scope.tryCurrent()?.schema ?? 'shared')
    const ask = async (path: string) => {
      const { statusCode, body } = await app.inject(path)
      return statusCode === 200 ? body : statusCode
    }
    expect(await Promise.all(['/t/tenant1/polls', '/polls', '/t/missing/polls'].map(ask))).toEqual(['tenant1', 'shared', 404])
  },
)

async function start(
  routes: (app: FastifyInstance, tenancy: TenancyLike) => unknown,
  outside: (app: FastifyInstance, tenancy: TenancyLike) => unknown = () => {},
  tenancy = createTenancyLike(),
) {
  const app = fastify()
  onTestFinished(() => app.close())
  outside(app, tenancy)
  app.register(async (tenants) => {
    tenants.setErrorHandler(tenancyErrors())
    await tenants.register(tenantPlugin(tenancy))
    routes(tenants, tenancy)
  })
  await app.ready()
  return listen((req, res) => app.routing(req, res))
}

async function* schemas(scope: TenancyLike['scope'], first: string) {
  yield `${first}: `
  for (let chunk = 0; chunk < 3; chunk++) {
    await sleep(1)
    yield `${scope.tryCurrent()?.schema} `
  }
}

async function* slowly() {
  for (let time = 0; time < 3; time++) {
    yield 'x'.repeat(1000)
    await sleep(3)
  }
}
