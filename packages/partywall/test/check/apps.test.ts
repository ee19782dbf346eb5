/** What `check --app` sees of real applications of each framework: which routes are outside of the scope, and what cannot be seen. */
import express5, { type Express } from 'express'
import { createServer } from 'node:http'
import { fastify, type onRequestHookHandler } from 'fastify'
import { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { isAllowed, isUnder } from '../../src/check/app/paths.ts'
import { seeExpress } from '../../src/check/app/express-app.ts'
import { seeAppOf } from '../../src/check/app/find-app.ts'
import type { SeenApp } from '../../src/check/app/app-facts.ts'
import { orderOf } from '../../src/check/middleware-order.ts'
import { tenancyErrors, tenantScope } from '../../src/http/express.ts'
import { markScope } from '../../src/http/http.ts'
import { createTenancyLike } from '../http/tenancy.ts'

const { default: express4 } = await vi.importActual<{ default: typeof express5 }>('express-v4')

const scope = (): ReturnType<typeof tenantScope> => tenantScope(createTenancyLike())
const answer = (_req: unknown, res: any): void => res.end()
const pass = (_req: unknown, _res: unknown, next: () => void): void => next()

function outside({ routes }: SeenApp): string[] {
  return routes.filter(({ isInScope }) => !isInScope).map(({ method, path }) => `${method} ${path}`)
}

describe.each<[string, typeof express5]>([
  ['Express 5', express5],
  ['Express 4', express4],
])('%s', (_, express) => {
  function outsideOf(mount: (app: Express) => void): string[] {
    const app = express()
    mount(app)
    return outside(seeExpress(app))
  }

  test('a route before the middleware is outside, one after it is not', () => {
    expect(
      outsideOf((app) => {
        app.use(pass)
        app.get('/health', answer).post('/health', answer)
        app.use(scope())
        app.get('/orders/:id', answer)
      }),
    ).toEqual(['GET /health', 'POST /health'])
  })

  function nested(): express5.Router {
    const inner = express.Router().get('/users', answer)
    return express.Router().use('/v1/:org', inner).all('/any', answer)
  }

  test('a router is outside or inside as a whole, with its path', () => {
    expect(
      outsideOf((app) => {
        app.use('/api.x', nested())
        app.use(scope())
        app.use('/late', nested())
      }).map((one) => one.replace(':param', ':org')),
    ).toEqual(['GET /api.x/v1/:org/users', 'ALL /api.x/any'])
  })

  test('a middleware at a path is for that path, and one in a router for what follows it there', () => {
    const router = express.Router().get('/open', answer)
    router.use(scope())
    router.get('/closed', answer)
    expect(
      outsideOf((app) => {
        app.use('/api', scope())
        app.get('/api/:id', answer)
        app.get('/apis', answer)
        app.use('/own', router)
        // The router goes on with `next` in the scope.
        app.get('/own/after', answer)
        app.get('/elsewhere', answer)
      }),
    ).toEqual(['GET /apis', 'GET /own/open', 'GET /elsewhere'])
  })

  test('a middleware in a route is for that route, unless the route is for all paths', () => {
    expect(
      outsideOf((app) => {
        app.get('/one', scope(), answer)
        app.get('/two', answer, scope())
        app.all(express === express5 ? '/{*all}' : '*', scope())
        app.get('/three', answer)
      }),
    ).toEqual(['GET /two'])
  })

  test('handlers and applications that are mounted at a path count as routes', () => {
    const sub = express().get('/x', answer)
    const before = express().use('/auth', pass).use('/static', express.static('.')).use('/admin', sub).use(scope())
    expect(outside(seeExpress(before))).toEqual(['use /auth', 'use /admin'])
    expect(seeExpress(before).hidden).toEqual(['the application that is mounted at /admin'])
    expect(outside(seeExpress(express().use(scope()).use('/auth', pass).use('/admin', sub)))).toEqual([])
  })

  test('a router without a path that enters the scope enters it for what follows', () => {
    const router = express.Router().use(scope())
    expect(outsideOf((app) => app.get('/a', answer).use(router).get('/b', answer))).toEqual(['GET /a'])
  })

  test('routes before a second tenancyErrors, and those beside the router of the first one, are in order', () => {
    const router = express.Router().get('/in', answer).use(tenancyErrors())
    const app = express().use(scope()).use(router).get('/a', answer).use(tenancyErrors()).get('/b', answer).use(tenancyErrors())
    expect(orderOf(seeExpress(app), { name: 'app.ts', admissions: 1, allowed: [] }, 'refuse')).toEqual([])
  })

  test('routes behind tenancyErrors are named', () => {
    const app = express().use(scope()).get('/a', answer).use(tenancyErrors()).get('/b', answer)
    const [finding] = orderOf(seeExpress(app), { name: 'app.ts', admissions: 1, allowed: [] }, 'refuse')
    expect(finding).toMatchObject({ severity: 'warning', seen: expect.stringContaining('before GET /b:') })
  })
})

test('Hono: the order of registration decides, also in an application that was added with a handler of its own', async () => {
  const enter = markScope(async (_c: unknown, next: () => Promise<void>) => await next())
  const sub = new Hono()
    .use(enter as any)
    .get('/in', (c) => c.text(''))
    .onError(() => new Response())
  const app = new Hono()
    .use(async (_, next) => await next())
    .get('/health', (c) => c.text(''))
    .route('/sub', sub)
    .get('/sub/after', (c) => c.text(''))
    .get('/subs', (c) => c.text(''))
  app
    .use('/api/*', enter as any)
    .get('/api', (c) => c.text(''))
    .post('/api/:id', (c) => c.text(''))
    .get('/apis', (c) => c.text(''))
  const seen = await seeAppOf({ default: app })
  expect(seen).toMatchObject({ framework: 'Hono', scopes: 2 })
  expect(outside(seen)).toEqual(['GET /health', 'GET /subs', 'GET /apis'])
})

test('Fastify: the hooks that a route really has decide, whatever the order and the plugin', async () => {
  const enter = markScope<onRequestHookHandler>((_request, _reply, done) => done())
  const app = fastify()
  app.get('/', async () => '')
  app.get('/health', async () => '')
  app.get('/projects/public', { constraints: { version: '1.0.0' } }, async () => '')
  await app.register(async (tenants) => {
    tenants.get('/projects', async () => '')
    tenants.addHook('onRequest', enter)
    tenants.route({ method: ['GET', 'PUT'], url: '/projects/:id', handler: async () => '' })
    await tenants.register(async (inner) => void inner.post('/deep/*', async () => ''), { prefix: '/p' })
  })
  const seen = await seeAppOf({ app })
  expect(seen.framework).toBe('Fastify')
  expect(outside(seen)).toEqual(['GET /', 'GET /health', 'GET /projects/public'])
  expect(
    seen.routes
      .filter(({ isInScope }) => isInScope)
      .map(({ method, path }) => `${method} ${path}`)
      .toSorted(),
  ).toEqual(['GET /projects', 'GET, PUT /projects/:id', 'POST /p/deep/*'])
  await app.close()
})

test('NestJS is the application below it, initialized', async () => {
  const app = express5()
  const nest = { init: async () => app.get('/late', answer), getHttpAdapter: () => ({ getInstance: () => app }) }
  const seen = await seeAppOf({ default: Promise.resolve(nest) })
  expect(seen.framework).toBe('NestJS on Express')
  expect(outside(seen)).toEqual(['GET /late'])
  expect(seen.hidden).toEqual([expect.stringContaining('consumer.apply()')])
})

test('an application is found as a promise, by a name, in CommonJS, and made by a function', async () => {
  const app = express5().get('/x', answer)
  for (const module of [
    { default: Promise.resolve(app) },
    { default: createServer(app) },
    { server: app },
    { default: { __esModule: true, default: app } },
    { other: 1, createApp: async () => app },
  ]) {
    expect(outside(await seeAppOf(module))).toEqual(['GET /x'])
  }
  const make = (tenancy: Parameters<typeof tenantScope>[0]): Express => express5().use(tenantScope(tenancy)).get('/x', answer)
  expect(outside(await seeAppOf({ createApp: make }, createTenancyLike()))).toEqual([])
  await expect(seeAppOf({ default: { a: 1 }, Thing: class Thing extends Map {}, take: (a: number) => a })).rejects.toThrow(
    'it exports default, Thing, take',
  )
})

test('an application without a route is a warning, one without a marked middleware an error; with an admission of its own, a warning that the order is not known', () => {
  const seen = seeExpress(express5().get('/x', answer))
  const empty = orderOf(seeExpress(express5().use(scope())), { name: 'app.ts', admissions: 1, allowed: [] }, 'refuse')
  expect(empty).toMatchObject([{ severity: 'warning', seen: expect.stringContaining('shows no route') }])
  const order = (admissions: number): unknown => orderOf(seen, { name: 'app.ts', admissions, allowed: [] }, 'refuse')
  expect(order(0)).toMatchObject([{ severity: 'error', seen: expect.stringContaining('no middleware that enters a tenant') }])
  expect(order(1)).toMatchObject([{ severity: 'warning', seen: expect.stringContaining('the order is not known') }])
})

test('a route that is allowed is no finding; the shared schema of outsideScope is named', () => {
  const seen = seeExpress(express5().get('/health', answer).get('/admin/a/b', answer).get('/adminx', answer).use(scope()))
  const order = (...allowed: string[]): string[] =>
    orderOf(seen, { name: 'app.ts', admissions: 1, allowed }, 'shared').map(({ seen: text }) => text)
  expect(order('/health/', '/admin/*')).toEqual([expect.stringMatching(/^the route GET \/adminx .* go to the shared schema$/)])
  expect(order('/heal')).toHaveLength(3)
})

test('paths with parameters and wildcards are compared part by part', () => {
  expect(isUnder('/', '/a')).toBe(true)
  expect(isUnder('/:org', '/a/b')).toBe(true)
  expect(isUnder('/:org', '/*')).toBe(false)
  expect(isUnder('/:org', '/')).toBe(false)
  expect(isUnder('/api', '/:x')).toBe(false)
  expect(isUnder('…/api', '…/api/x')).toBe(false)
  expect(isAllowed('/a/b', ['/a/*'])).toBe(true)
  expect(isAllowed('/ab', ['/a/*'])).toBe(false)
})
