/** The property of an Express request that holds the tenant. express-v4.test.ts runs this file with Express 4. */
import express, { type Express, type RequestHandler } from 'express'
import { expect, test, vi } from 'vitest'
import { requireShared, requireTenant, tenancyErrors, tenantScope, type TenantScopeOptions } from '../../src/http/express.ts'
import { listen } from './listen.ts'
import { createTenancyLike } from './tenancy.ts'

test('the tenant is in req.tenant by default', async () => {
  const send = await start({})
  expect((await send({ host: 'tenant1.example.com' })).json).toEqual({ tenant: 'tenant1' })
  expect((await send({ host: 'example.com' })).json).toEqual({})
})

test('tenantScope sets the property that is named, and no other', async () => {
  const send = await start({ property: 'customer' })
  expect((await send({ host: 'tenant1.example.com' })).json).toEqual({ customer: 'tenant1' })
})

test('tenantScope leaves what the application has in req.tenant', async () => {
  for (const property of ['customer', false] as const) {
    const send = await start({ property }, (app) => app.use(set('tenant', { schema: 'their own' })))
    const { json } = await send({ host: 'tenant1.example.com' })
    expect(json).toEqual({ tenant: 'their own', ...(property && { [property]: 'tenant1' }) })
  }
})

test('requireTenant and requireShared know the tenant under any property, and none that the application has set', async () => {
  for (const property of ['customer', false] as const) {
    const send = await start({ property }, (app) => app.use(set('tenant', { schema: 'their own' })))
    expect(await send({ host: 'tenant1.example.com', path: '/projects' })).toMatchObject({ status: 200 })
    expect(await send({ host: 'tenant1.example.com', path: '/sign-up' })).toMatchObject({ status: 404 })
    expect(await send({ host: 'example.com', path: '/projects' })).toMatchObject({ status: 404 })
    expect(await send({ host: 'example.com', path: '/sign-up' })).toMatchObject({ status: 200 })
  }
})

test('a property that has a value before tenantScope sets it is not overwritten; the request is refused', async () => {
  for (const property of ['tenant', 'query', 'app', '__proto__']) {
    const log = vi.fn<(error: unknown) => void>()
    const send = await start({ property }, (app) => app.use(set('tenant', { schema: 'their own' })), log)
    expect(await send({ host: 'tenant1.example.com' })).toMatchObject({ status: 500 })
    expect(log.mock.calls[0]![0]).toMatchObject({ code: 'INVALID_OPTION', details: { option: 'property', seen: property } })
  }
})

test('a second tenantScope on the same request sets its tenant again', async () => {
  const send = await start({}, (app, scope) => app.use(scope))
  expect((await send({ host: 'tenant1.example.com' })).json).toEqual({ tenant: 'tenant1' })
})

test.each([[''], [true], [null], [1], [['tenant']]])('tenantScope refuses the property %j', (property) => {
  expect(() => tenantScope(createTenancyLike(), { property: property as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^"property" of tenantScope must be/) }),
  )
})

/** An app that answers with the schemas in the properties `tenant` and `customer` of the request. */
async function start(
  { property, ...options }: Omit<TenantScopeOptions, 'property'> & { property?: string | false },
  before: (app: Express, scope: RequestHandler) => unknown = () => {},
  log: (error: unknown) => void = () => {},
) {
  const app = express()
  // Another property is registered in a program; a registration here would hold for the whole repository.
  const chosen = property === undefined ? {} : { property: property as 'tenant' }
  const scope = tenantScope(createTenancyLike(), { none: 'shared', ...options, ...chosen })
  before(app, scope)
  app.use(scope)
  app.get('/sign-up', requireShared(), (_req, res) => void res.json('welcome'))
  app.get('/projects', requireTenant(), (_req, res) => void res.json('projects'))
  app.get('/', (req, res) => {
    const { tenant, customer } = req as { tenant?: { schema: string }; customer?: { schema: string } }
    res.json({ tenant: tenant?.schema, customer: customer?.schema })
  })
  app.use(tenancyErrors({ log }))
  return (await listen(app)).send
}

function set(property: string, value: object): RequestHandler {
  return (req, _res, next) => {
    Object.assign(req, { [property]: value })
    next()
  }
}
