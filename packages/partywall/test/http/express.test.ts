import http from 'node:http'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Express } from 'express'
import { describe, expect, test, vi } from 'vitest'
import { TenancyError } from '../../src/errors.ts'
import { requireShared, requireTenant, tenancyErrors, tenantScope, type TenantScopeOptions } from '../../src/http/express.ts'
import type { Resolver } from '../../src/ports/resolver.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { createChain } from '../../src/resolve/chain.ts'
import type { Scope } from '../../src/scope/scope.ts'
import { listen } from './listen.ts'
import { createTenancyLike, tenants, type TenancyLike } from './tenancy.ts'

/** express-v4.test.ts runs this file with Express 4, which does not await handlers. */
const isExpress4 = 'query' in express

describe('the scope of a request', () => {
  test('holds for 20 tenants at once through awaits, timers and microtasks', async () => {
    const { tenancy, send } = await start((app, { scope }) => {
      app.get('/', async (req, res) => {
        const seen = [scope.current().schema]
        await sleep(Math.random() * 20)
        seen.push(scope.current().schema)
        await new Promise<void>((resolve) => setImmediate(() => queueMicrotask(() => process.nextTick(resolve))))
        seen.push(scope.current().schema)
        await new Promise<void>((resolve) =>
          setTimeout(() => resolve(void seen.push(scope.current().schema)), Math.random() * 20),
        )
        res.json([...seen, req.tenant?.schema])
      })
    })
    const schemas = Array.from({ length: 20 }, (_, index) => `tenant${index}`)
    const answers = await Promise.all([...schemas, ...schemas].map((schema) => send({ host: `${schema}.example.com` })))
    answers.forEach(({ json }, index) => expect(json).toEqual(Array(5).fill(schemas[index % 20])))
    expect(tenancy.scope.value()).toBeUndefined()
  })

  test('holds before and after a body parser, for bodies of 300 kB', async () => {
    const items = Array.from({ length: 3000 }, (_, index) => ({ index, text: 'x'.repeat(90) }))
    for (const parser of ['before', 'behind'] as const) {
      const { send } = await start(
        (app, { scope }) => {
          if (parser === 'behind') app.use(express.json({ limit: '1mb' }))
          app.post('/', (req, res) => void res.json([scope.current().schema, req.body.length]))
        },
        { before: (app) => (parser === 'before' ? app.use(express.json({ limit: '1mb' })) : app) },
      )
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          send({
            method: 'POST',
            host: `tenant${index}.example.com`,
            body: JSON.stringify(items),
            headers: { 'content-type': 'application/json' },
          }),
        ),
      )
      answers.forEach(({ json }, index) => expect(json).toEqual([`tenant${index}`, 3000]))
    }
  })

  test('holds in every event of request and response, on a connection that tenants share', async () => {
    const late: string[] = []
    const { send } = await start((app, { scope }) => {
      app.post('/', (req, res) => {
        const schema = scope.current().schema
        const seen = new Set<string | undefined>()
        req.on('data', () => seen.add(scope.tryCurrent()?.schema))
        req.on('end', () => res.json([...seen.add(scope.tryCurrent()?.schema)]))
        for (const event of ['finish', 'close'])
          res.on(event, () => late.push(`${event} ${schema} ${scope.tryCurrent()?.schema}`))
      })
    })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    for (const schema of ['tenant1', 'tenant2', 'tenant1']) {
      const { json } = await send({ method: 'POST', host: `${schema}.example.com`, body: slowly('x'.repeat(100_000), 5), agent })
      expect(json).toEqual([schema])
    }
    agent.destroy()
    expect(late).toEqual(
      ['tenant1', 'tenant2', 'tenant1'].flatMap((schema) => [`finish ${schema} ${schema}`, `close ${schema} ${schema}`]),
    )
  })

  test('holds in streams that the request feeds or the response pulls', async () => {
    const { send } = await start((app, { scope }) => {
      app.post('/echo', async (req, res) => {
        const mark = new Transform({ transform: (_chunk, _encoding, done) => done(null, `${scope.tryCurrent()?.schema},`) })
        await pipeline(req, mark, res)
      })
      app.get('/pull', (_req, res) => {
        Readable.from(rows(scope)).pipe(res)
      })
    })
    const checks = Array.from({ length: 10 }, async (_, index) => {
      const host = `tenant${index}.example.com`
      const echoed = await send({ method: 'POST', path: '/echo', host, body: slowly('x'.repeat(1000), 5) })
      const pulled = await send({ path: '/pull', host })
      for (const { text } of [echoed, pulled]) {
        expect(
          new Set(
            text
              .split(',')
              .map((word) => word.trim())
              .filter(Boolean),
          ),
        ).toEqual(new Set([`tenant${index}`]))
      }
    })
    await Promise.all(checks)
  })

  test('is the inner scope when a router enters another one', async () => {
    const { send } = await start(
      (app, tenancy) => {
        const inner = {
          ...tenancy,
          resolve: createChain([byClaim], async ([ref]) => {
            const tenant = tenants.find(({ schema }) => schema === ref)
            return tenant && { tenant, ref: tenant.schema }
          }),
        }
        app.use(tenantScope(inner, { claims: (req) => ({ tenant: req.get('x-token') }) }))
        app.post('/', (req, res) => {
          req.resume().on('end', () => res.json([req.tenant?.schema, tenancy.scope.tryCurrent()?.schema]))
        })
      },
      { none: 'shared' },
    )
    const { json } = await send({
      method: 'POST',
      host: 'example.com',
      body: slowly('x'.repeat(10), 2),
      headers: { 'x-token': 'tenant3' },
    })
    expect(json).toEqual(['tenant3', 'tenant3'])
  })
})

describe('a request without a tenant', () => {
  test('is refused with 404 by default', async () => {
    const { send, handler } = await start()
    expect(await send({ host: 'example.com' })).toMatchObject({
      status: 404,
      json: { code: 'TENANT_REQUIRED', status: 404, title: 'Not Found' },
    })
    expect(handler).not.toHaveBeenCalled()
  })

  test("goes on in the shared schema with none: 'shared'", async () => {
    const { send } = await start(
      (app, { scope }) => app.get('/', (req, res) => void res.json([scope.value(), req.tenant ?? null])),
      { none: 'shared' },
    )
    expect((await send({ host: 'example.com' })).json).toEqual([{ kind: 'shared' }, null])
    expect(await send({ host: 'missing.example.com' })).toMatchObject({ status: 404 })
  })

  test("goes on outside every scope with none: 'pass'", async () => {
    const { send } = await start((app, { scope }) => app.get('/', (_req, res) => void res.json(scope.value() ?? 'outside')), {
      none: 'pass',
    })
    expect((await send({ host: 'example.com' })).json).toBe('outside')
  })

  test('reaches routes behind requireShared, and none behind requireTenant', async () => {
    const { send } = await start(
      (app) => {
        app.get('/sign-up', requireShared(), (_req, res) => void res.json('welcome'))
        app.get('/projects', requireTenant(), (req, res) => void res.json(req.tenant?.schema))
      },
      { none: 'shared' },
    )
    expect(await send({ host: 'example.com', path: '/sign-up' })).toMatchObject({ status: 200, json: 'welcome' })
    expect(await send({ host: 'example.com', path: '/projects' })).toMatchObject({
      status: 404,
      json: { code: 'TENANT_REQUIRED' },
    })
    expect(await send({ host: 'tenant1.example.com', path: '/projects' })).toMatchObject({ status: 200, json: 'tenant1' })
    expect(await send({ host: 'tenant1.example.com', path: '/sign-up' })).toMatchObject({
      status: 404,
      json: { code: 'SHARED_REQUIRED' },
    })
  })
})

describe('the tenant of a request', () => {
  test.each([
    'tenant1.example.com',
    'TENANT1.Example.com:3000',
    'www.tenant1.example.com',
    'tenant1.example.com.',
    'tenant1.test',
    'www.tenant1.test:80',
  ])('is read from the host %s', async (host) => {
    const { send } = await start()
    expect(await send({ host })).toMatchObject({ status: 200, json: 'tenant1' })
  })

  test.each(['localhost:3000', '127.0.0.1', '[::1]:3000', 'example.com'])('is read from the header at %s', async (host) => {
    const { send } = await start()
    expect(await send({ host, headers: { 'X-Tenant-Id': tenants[2]!.id } })).toMatchObject({ status: 200, json: 'tenant2' })
  })

  test('is refused where header and host contradict each other', async () => {
    const { send, handler } = await start()
    const ask = (tenant: string) => send({ host: 'tenant1.example.com', headers: { 'x-tenant-id': tenant } })
    expect(await ask('tenant1')).toMatchObject({ status: 200 })
    handler.mockClear()
    const [other, missing] = [await ask('tenant2'), await ask('missing')]
    expect(other).toMatchObject({ status: 400, json: { code: 'AMBIGUOUS_TENANT' } })
    expect(missing.text).toBe(other.text)
    expect(await send({ host: 'missing.example.com', headers: { 'x-tenant-id': 'tenant1' } })).toMatchObject({ status: 404 })
    expect(handler).not.toHaveBeenCalled()
  })

  test('is refused where the header comes twice', async () => {
    const { send } = await start()
    const headers = { 'x-tenant-id': ['tenant1', 'tenant2'] }
    expect(await send({ host: 'localhost', headers })).toMatchObject({ status: 400, json: { code: 'INVALID_TENANT_REF' } })
  })

  test('is refused where the Host comes twice, or has not the form of a host', async () => {
    const { raw } = await start()
    expect(await raw('Host: tenant1.example.com\r\nHost: tenant2.example.com')).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(await raw('Host: tenant1.example.com, tenant2.example.com')).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(await raw('Host: ')).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(await raw('Host: tenant1.example.com@evil.test')).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(await raw('Host: tenant1.example.com')).toMatch(/^HTTP\/1\.1 200 .*"tenant1"/s)
  })

  test('is refused where the Host comes twice, also when only a header names the tenant', async () => {
    const { resolve } = createTenancyLike([byHeader('x-tenant-id', { trusted: true })])
    const { raw, handler } = await start(undefined, { broken: { resolve }, none: 'shared' })
    expect(await raw('Host: a.test\r\nX-Tenant-Id: tenant1')).toMatch(/^HTTP\/1\.1 200 .*"tenant1"/s)
    handler.mockClear()
    const twice = 'Host: a.test\r\nHost: b.test\r\n'
    expect(await raw(`${twice}X-Tenant-Id: tenant1`)).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(await raw(twice.trimEnd())).toMatch(/^HTTP\/1\.1 400 .*INVALID_TENANT_REF/s)
    expect(handler).not.toHaveBeenCalled()
  })

  test('is read from X-Forwarded-Host only behind a proxy that Express trusts', async () => {
    const spoof = { host: 'tenant1.example.com', headers: { 'x-forwarded-host': 'tenant2.example.com' } }
    expect((await (await start()).send(spoof)).json).toBe('tenant1')
    expect((await (await start(undefined, trusting(true))).send(spoof)).json).toBe('tenant2')
    expect((await (await start(undefined, trusting('10.9.8.7'))).send(spoof)).json).toBe('tenant1')
    const chained = { ...spoof, headers: { 'x-forwarded-host': 'tenant3.example.com:443 , tenant2.example.com' } }
    expect((await (await start(undefined, trusting(true))).send(chained)).json).toBe('tenant3')
    expect((await (await start(undefined, trusting('10.9.8.7'))).send(chained)).json).toBe('tenant1')
  })

  test('is refused where X-Forwarded-Host of a trusted proxy has not the form of a host', async () => {
    const { send, handler } = await start(undefined, trusting(true))
    for (const forwarded of [
      'tenant2.example.com:80@evil.test',
      'tenant2.example.com:x',
      'tenant2.example.com/a',
      ', tenant2.test',
    ]) {
      const answer = await send({ host: 'tenant1.example.com', headers: { 'x-forwarded-host': forwarded } })
      expect({ forwarded, ...answer }).toMatchObject({ forwarded, status: 400, json: { code: 'INVALID_TENANT_REF' } })
    }
    expect(handler).not.toHaveBeenCalled()
  })

  test('follows the proxies that a mounted app trusts, not those of the app around it', async () => {
    const tenancy = createTenancyLike()
    const inner = express().set('trust proxy', false)
    inner.use(tenantScope(tenancy), (_req, res) => void res.json(tenancy.scope.current().schema))
    const { send } = await listen(express().set('trust proxy', true).use('/inner', inner))
    const spoof = { path: '/inner', host: 'tenant1.example.com', headers: { 'x-forwarded-host': 'tenant2.example.com' } }
    expect((await send(spoof)).json).toBe('tenant1')
  })
})

describe('a refusal', () => {
  test('is one problem document for every unknown tenant, whatever was asked for', async () => {
    const { send } = await start()
    const answers = await Promise.all(
      ['missing.example.com', 'missing.test', 'a.b.example.com', 'archived.example.com', '1.example.com'].map((host) =>
        send({ host }),
      ),
    )
    for (const { status, text, headers } of answers) {
      expect({ status, text }).toEqual({ status: 404, text: answers[0]!.text })
      expect(headers).toMatchObject({ 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' })
    }
    expect(answers[0]!.json).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is nothing at this address.',
      code: 'UNKNOWN_TENANT',
    })
  })

  test('gives Retry-After during maintenance, in whole seconds rounded up', async () => {
    const { send } = await start(undefined, { retryAfterMs: 4001 })
    const answer = await send({ host: 'maintenance.example.com' })
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, json: { code: 'TENANT_MAINTENANCE' } })
  })

  test('answers 403 for a suspended tenant', async () => {
    const { send, handler } = await start()
    expect(await send({ host: 'suspended.example.com' })).toMatchObject({ status: 403, json: { code: 'TENANT_SUSPENDED' } })
    expect(handler).not.toHaveBeenCalled()
  })

  test('is answered by onRefused outside every scope', async () => {
    const { send, tenancy } = await start(undefined, {
      onRefused: ({ outcome }, _req, res) => res.status(418).json([outcome, tenancy.scope.value() ?? 'outside']),
    })
    expect(await send({ host: 'missing.example.com' })).toMatchObject({ status: 418, json: ['unknown', 'outside'] })
    expect(await send({ host: 'example.com' })).toMatchObject({ status: 418, json: ['none', 'outside'] })
  })
})

describe('errors', () => {
  test('of resolving and of entering the scope go to the error handlers, never to a route', async () => {
    const down = new Error('down')
    for (const broken of [{ resolve: () => Promise.reject(down) }, { run: () => Promise.reject(down) }]) {
      const { send, handler } = await start(
        (app) => app.use(((error, _req, res, _next) => void res.status(500).json(error === down)) as express.ErrorRequestHandler),
        { broken },
      )
      expect(await send({ host: 'tenant1.example.com' })).toMatchObject({ status: 500, json: true })
      expect(handler).not.toHaveBeenCalled()
    }
  })

  test.each([undefined, 'route', 'router', 0])('of resolving are errors even as the value %j', async (thrown) => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- Express takes these values for "go on"
    const { send, handler } = await start(undefined, { broken: { resolve: () => Promise.reject(thrown) } })
    expect(await send({ host: 'tenant1.example.com' })).toMatchObject({ status: 500 })
    expect(handler).not.toHaveBeenCalled()
  })

  test('of onRefused and of claims go to the error handlers', async () => {
    for (const options of [{ onRefused: fail }, { onRefused: async () => fail() }, { claims: fail }]) {
      const { send } = await start(
        (app) => app.use(((error, _req, res, _next) => void res.status(500).json(error.message)) as express.ErrorRequestHandler),
        options,
      )
      expect(await send({ host: 'missing.example.com' })).toMatchObject({ status: 500, json: 'broken' })
    }
  })

  test('of a handler reach the error handlers in the scope of the tenant', async () => {
    const { send } = await start((app, { scope }) => {
      app.get('/', async (_req, _res, next) => {
        await sleep(2)
        if (isExpress4) return next(new Error('broken'))
        throw new Error('broken')
      })
      app.use(((error: Error, req, res, _next) => {
        res.status(500).json([error.message, scope.current().schema, req.tenant?.schema])
      }) as express.ErrorRequestHandler)
    })
    expect((await send({ host: 'tenant1.example.com' })).json).toEqual(['broken', 'tenant1', 'tenant1'])
  })

  test('of partywall get the status of their code, and their message is never sent', async () => {
    const log = vi.fn<(error: TenancyError) => void>()
    const { send } = await start((app) => {
      app.get('/:code', (req) => {
        throw new TenancyError(req.params.code as 'WRONG_TENANT', 'secret message', {
          details: { owner: 'secret detail', now: '' },
        })
      })
      app.get('/', () => {
        throw new Error('not ours')
      })
      app.use(tenancyErrors({ log, retryAfterMs: 6001 }))
      app.use(((error: Error, _req, res, _next) => void res.status(500).send(error.message)) as express.ErrorRequestHandler)
    })
    const ask = (code: string) => send({ host: 'tenant1.example.com', path: `/${code}` })
    expect(await ask('DOMAIN_EXISTS')).toMatchObject({ status: 409, json: { code: 'DOMAIN_EXISTS' } })
    expect(await ask('TENANT_MAINTENANCE')).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
    expect(log).toHaveBeenCalledTimes(1)
    for (const code of ['WRONG_TENANT', 'NO_TENANT', 'MIGRATION_FAILED', 'SCHEMA_MISSING']) {
      const { status, text } = await ask(code)
      expect(status).toBe(code === 'SCHEMA_MISSING' ? 503 : 500)
      expect(text).not.toMatch(new RegExp(`secret|${code}`))
    }
    expect(log).toHaveBeenCalledTimes(5)
    expect((await ask('UNKNOWN_TENANT')).text).toBe((await send({ host: 'missing.example.com' })).text)
    expect(await ask('')).toMatchObject({ status: 500, text: 'not ours' })
    expect(await ask('CODE_OF_A_NEWER_VERSION')).toMatchObject({ status: 500, text: expect.stringMatching(/^secret message/) })
  })

  test('are thrown at once for wrong options', () => {
    expect(() => tenantScope(createTenancyLike(), { none: 'share' as 'shared' })).toThrow(invalidOption(/it is "share"/))
    expect(() => tenantScope(createTenancyLike(), { claim: () => ({}) } as TenantScopeOptions)).toThrow(
      invalidOption(/Did you mean "claims"/),
    )
    expect(() => tenancyErrors({ logger: console } as object)).toThrow(invalidOption(/"logger"/))
  })
})

test('a resolver of the application receives the claims, the whole path and the query', async () => {
  const tenancy = createTenancyLike([
    ({ claims, path, query }) => (path === '/mounted/deep' && query?.x === '1' ? (claims?.tenant as string) : undefined),
  ])
  const app = express()
  app.use('/mounted', tenantScope(tenancy, { claims: () => ({ tenant: 'tenant4' }) }))
  app.get('/mounted/deep', (_req, res) => void res.json(tenancy.scope.current().schema))
  const { send } = await listen(app)
  expect(await send({ host: 'localhost', path: '/mounted/deep?x=1' })).toMatchObject({ status: 200, json: 'tenant4' })
})

const fail = () => {
  throw new Error('broken')
}
const invalidOption = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) })
const trusting = (proxy: boolean | string): StartOptions => ({ before: (app) => app.set('trust proxy', proxy) })
const byClaim: Resolver = ({ claims }) => claims?.tenant as string

interface StartOptions extends TenantScopeOptions {
  before?: (app: Express) => unknown
  broken?: object
}

/** A server with `tenantScope`, the given routes, and behind them a handler that answers with the schema of the scope. */
async function start(
  routes: (app: Express, tenancy: TenancyLike) => unknown = () => {},
  { before, broken, ...options }: StartOptions = {},
) {
  const tenancy = createTenancyLike()
  const handler = vi.fn<express.RequestHandler>((_req, res) => void res.json(tenancy.scope.current().schema))
  const app = express()
  before?.(app)
  app.use(tenantScope({ ...tenancy, ...broken }, options))
  routes(app, tenancy)
  app.use(handler)
  return { tenancy, handler, ...(await listen(app)) }
}

async function* rows(scope: Scope) {
  for (let row = 0; row < 200; row++) {
    if (row % 50 === 0) await sleep(1)
    yield `${scope.tryCurrent()?.schema},`.padEnd(5000, ' ')
  }
}

async function* slowly(chunk: string, times: number) {
  for (let time = 0; time < times; time++) {
    yield chunk
    await sleep(3)
  }
}
