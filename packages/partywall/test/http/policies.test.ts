/** What an application decides about requests without a tenant, or with the wrong one, and who checks a tenant that the client chose. */
import express, { type Express } from 'express'
import { describe, expect, test } from 'vitest'
import {
  requireShared,
  requireTenant,
  tenancyErrors,
  tenantPath,
  tenantScope,
  type TenantScopeOptions,
} from '../../src/http/express.ts'
import { createAdmission } from '../../src/http/http.ts'
import type { Resolver } from '../../src/ports/resolver.ts'
import { byClaim } from '../../src/resolve/by-claim.ts'
import { byCookie } from '../../src/resolve/by-cookie.ts'
import { byHeader } from '../../src/resolve/by-header.ts'
import { byHost } from '../../src/resolve/by-host.ts'
import { byOrigin } from '../../src/resolve/by-origin.ts'
import { byPath } from '../../src/resolve/by-path.ts'
import { byApiKey, hashApiKey } from '../../src/resolve/by-api-key.ts'
import { byQuery } from '../../src/resolve/by-query.ts'
import { bySession } from '../../src/resolve/by-session.ts'
import { listen } from './listen.ts'
import { createTenancyLike } from './tenancy.ts'

const byBase = byHost({ base: 'example.com' })

async function start(options: TenantScopeOptions, resolvers: Resolver[] = [byBase], mount: (app: Express) => void = () => {}) {
  const tenancy = createTenancyLike(resolvers)
  const app = express()
  app.use(tenantScope(tenancy, options))
  mount(app)
  app.use(
    (_req, res) => void res.json({ scope: tenancy.scope.value()?.kind ?? 'none', tenant: tenancy.scope.tryCurrent()?.schema }),
  )
  app.use(tenancyErrors({ log: () => {} }))
  return listen(app)
}

describe('a tenant that every client can choose', () => {
  test.each([
    ['header x-tenant', byHeader('x-tenant')],
    ['query tenant', byQuery('tenant')],
    ['cookie tenant', byCookie('tenant')],
    ['origin', byOrigin({ base: 'example.com' })],
    ['path', byPath()],
    ['session', bySession('tenant')],
  ])('by %s does not start without a check', (name, resolver) => {
    const tenancy = createTenancyLike([byBase, resolver])
    expect(() => createAdmission(tenancy, {}, 'tenantScope')).toThrow(`The resolver "${name}" reads `)
    expect(() => createAdmission(tenancy, { authorize: () => true })).not.toThrow()
  })

  test('needs none where the host or a verified claim names it, or where the resolver is trusted', () => {
    for (const resolver of [byBase, byClaim('t'), byPath({ trusted: true }), byCookie('t', { trusted: true })]) {
      expect(() => createAdmission(createTenancyLike([resolver]))).not.toThrow()
    }
  })

  test('is entered only where authorize says true; anything else is answered like a tenant that does not exist', async () => {
    const asked: unknown[] = []
    const answers: Record<string, unknown> = {
      yes: true,
      promised: Promise.resolve(true),
      no: false,
      maybe: 1,
      nothing: undefined,
      word: 'true',
    }
    const { send } = await start(
      {
        authorize(tenant, req) {
          asked.push([tenant.schema, req.path])
          return answers[req.get('x-user')!] as boolean
        },
      },
      [byHeader('x-tenant')],
    )
    const ask = (user: string, tenant = 'tenant1') =>
      send({ host: 'a.test', path: '/x', headers: { 'x-tenant': tenant, 'x-user': user } })
    for (const user of ['yes', 'promised']) expect((await ask(user)).json).toEqual({ scope: 'tenant', tenant: 'tenant1' })
    const unknown = await ask('yes', 'missing')
    expect(unknown.status).toBe(404)
    const bytes = ({ status, text, headers }: typeof unknown) => ({ status, text, headers: { ...headers, date: '' } })
    for (const user of ['no', 'maybe', 'nothing', 'word']) expect(bytes(await ask(user))).toEqual(bytes(unknown))
    // A tenant that is suspended or in maintenance is no tenant of theirs either.
    for (const tenant of ['suspended', 'maintenance']) expect(bytes(await ask('no', tenant))).toEqual(bytes(unknown))
    expect(asked[0]).toEqual(['tenant1', '/x'])
  })

  test('is not entered when the check fails', async () => {
    const { send } = await start({ authorize: () => Promise.reject(new Error('secret')) }, [byHeader('x-tenant')], (app) => {
      app.use(() => {
        throw new Error('a handler ran')
      })
    })
    const { status, text } = await send({ host: 'a.test', headers: { 'x-tenant': 'tenant1' } })
    expect(status).toBe(500)
    expect(text).not.toContain('a handler ran')
  })
})

describe('a tenant by a key or by the session', () => {
  const key = 'key-of-tenant1-0123456789'
  const resolvers = [
    byHost({ base: 'example.com', except: ['api.example.com'] }),
    byApiKey('authorization', (hash) => (hash === hashApiKey(key) ? { schema: 'tenant1' } : undefined)),
    bySession('tenant'),
  ]
  const sessions: Record<string, object> = { one: { tenant: 'tenant1' }, two: { tenant: 'tenant2' }, left: { tenant: 'tenant3' } }
  const options: TenantScopeOptions = {
    none: 'shared',
    unknown: 'shared',
    claims: (req) => sessions[req.get('x-session')!] as Record<string, unknown> | undefined,
    authorize: ({ schema }) => schema !== 'tenant3',
  }

  test('decides where the host names none, and must agree where it names one', async () => {
    const { send } = await start(options, resolvers)
    const ask = async (host: string, headers: Record<string, string>) => {
      const { status, json } = await send({ host, headers })
      return status === 200 ? (json.tenant ?? json.scope) : status
    }
    const bearer = { authorization: `Bearer ${key}` }
    expect(await ask('api.example.com', bearer)).toBe('tenant1')
    expect(await ask('api.example.com', { 'x-session': 'two' })).toBe('tenant2')
    expect(await ask('tenant1.example.com', { ...bearer, 'x-session': 'one' })).toBe('tenant1')
    expect(await ask('tenant2.example.com', bearer)).toBe(400)
    expect(await ask('tenant1.example.com', { 'x-session': 'two' })).toBe(400)
    expect(await ask('api.example.com', { ...bearer, 'x-session': 'two' })).toBe(400)
    // The policy for unknown tenants serves no one with a wrong key, and a user who has left gets what it says.
    expect(await ask('api.example.com', { authorization: `Bearer ${key}x` })).toBe(401)
    expect(await ask('api.example.com', { 'x-session': 'left' })).toBe('shared')
    expect(await ask('api.example.com', {})).toBe('shared')
  })
})

describe('requests without a tenant, and with one that does not exist', () => {
  test('are refused, served by the shared side, or by a tenant of your choice', async () => {
    expect(await threeHosts({})).toEqual(['404 TENANT_REQUIRED', '404 UNKNOWN_TENANT', '404 UNKNOWN_TENANT'])
    expect(await threeHosts({ none: 'pass' })).toEqual(['none', '404 UNKNOWN_TENANT', '404 UNKNOWN_TENANT'])
    expect(await threeHosts({ none: 'shared', unknown: 'shared' })).toEqual(['shared', 'shared', 'shared'])
    expect(await threeHosts({ none: 'bad-request', unknown: 'bad-request' })).toEqual(Array(3).fill('400 TENANT_NOT_NAMED'))
    expect(await threeHosts({ none: { tenant: 'tenant7' }, unknown: { tenant: { schema: 'tenant8' } } })).toEqual([
      'tenant7',
      'tenant8',
      'tenant8',
    ])
  })

  test('a tenant of your choice is entered by those whom authorize lets in, as every other', async () => {
    const asked: string[] = []
    const options = { none: { tenant: 'tenant7' }, unknown: { tenant: 'tenant8' } } as const
    const authorize = ({ schema }: { schema: string }): boolean => (asked.push(schema), schema === 'tenant7')
    expect(await threeHosts({ ...options, authorize })).toEqual(['tenant7', '404 UNKNOWN_TENANT', '404 UNKNOWN_TENANT'])
    expect(new Set(asked)).toContain('tenant8')
  })

  test('a tenant of your choice that does not exist is an error of the application', async () => {
    expect(await threeHosts({ none: { tenant: 'missing' } })).toContain('500 INTERNAL_ERROR')
  })

  test.each([
    { none: 'yes' },
    { unknown: 'pass' },
    { unknown: { tenant: '' } },
    { none: {} },
    { authorize: true },
    { answers: { unknown: 'x' } },
    { answers: { forbidden: () => undefined } },
    { maintenance: { bypass: 'short' } },
    { maintenance: { bypass: undefined } },
    { maintenance: { paths: ['status'] } },
    { maintenance: { paths: ['/a*b'] } },
  ])('does not start with %j', (options) => {
    expect(() => createAdmission(createTenancyLike(), options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  test('have pages of your own, of which none tells a stranger more', async () => {
    const seen: unknown[] = []
    const page = (status: number) => (resolution: object) => {
      seen.push(Object.keys(resolution).toSorted())
      return { status, headers: { 'content-type': 'text/html' }, body: `<p>${status}</p>` }
    }
    const { send } = await start({
      authorize: ({ schema }) => schema !== 'tenant1',
      answers: { unknown: page(404), suspended: page(402), ambiguous: () => undefined },
    })
    const bodies = await Promise.all(
      ['missing', 'tenant1', 'archived', 'suspended'].map(async (name) => (await send({ host: `${name}.example.com` })).text),
    )
    expect(bodies).toEqual(['<p>404</p>', '<p>404</p>', '<p>404</p>', '<p>402</p>'])
    expect(seen.filter((keys) => !String(keys).includes('tenant'))).toEqual(Array.from({ length: 3 }, () => ['by', 'outcome']))
  })
})

test('a guard refuses a request that no scope has seen: its side is not known', async () => {
  const app = express()
  app.get('/own', requireTenant(), (_req, res) => void res.send('reached'))
  app.get('/central', requireShared(), (_req, res) => void res.send('reached'))
  app.use(tenancyErrors({ log: () => {} }))
  const { send } = await listen(app)
  for (const path of ['/own', '/central']) {
    const { status, text } = await send({ host: 'tenant1.example.com', path })
    expect(status).toBe(500)
    expect(text).not.toContain('reached')
  }
})

describe('a tenant in maintenance', () => {
  const secret = 'a-secret-of-some-length'
  test('is entered with the secret, and at the paths that are open; no other way round', async () => {
    const { send } = await start({ maintenance: { bypass: secret, paths: ['/status', '/hooks/*'] } })
    const ask = async (path: string, bypass?: string) =>
      (
        await send({
          host: 'maintenance.example.com',
          path,
          headers: bypass === undefined ? {} : { 'x-maintenance-bypass': bypass },
        })
      ).status
    expect(await Promise.all([ask('/x', secret), ask('/status'), ask('/status?x=1'), ask('/hooks/a/b')])).toEqual([
      200, 200, 200, 200,
    ])
    const refused = [
      ask('/x'),
      ask('/x', `${secret}x`),
      ask('/x', ''),
      ask('/statusx'),
      ask('/status/x'),
      ask('/hooks'),
      ask('/HOOKS/x'),
      ask('/x/hooks/a'),
      ask('/hooks/../x'),
      ask('/hooks/%2e%2E/x'),
      ask('/hooks/..%2fx'),
      ask('/hooks/..\\x'),
    ]
    expect(await Promise.all(refused)).toEqual(Array(12).fill(503))
    expect((await send({ host: 'suspended.example.com', headers: { 'x-maintenance-bypass': secret } })).status).toBe(403)
    expect((await send({ host: 'maintenance.example.com' })).headers).toMatchObject({ 'retry-after': '60' })
  })
})

describe('byPath in Express', () => {
  const byTenantPath = [byPath({ trusted: true })]

  test('routers see the path without the tenant, and baseUrl has it again, in routers inside routers', async () => {
    const { send } = await start({}, byTenantPath, routes)
    const ask = (path: string) => send({ host: 'example.com', path })
    expect((await ask('/tenant1/polls/list/7?a=b')).json).toEqual([
      '/tenant1/polls/list',
      '/7?a=b',
      '/tenant1/polls/list/7?a=b',
      '/tenant1/polls',
      'tenant1',
    ])
    expect((await ask('/tenant2/tenant2/x')).json).toEqual(['/tenant2/tenant2', '/x'])
    expect((await ask('/tenant1/go')).headers['location']).toBe('/tenant1/polls')
    expect((await ask('/tenant1?x=1')).json).toEqual({ scope: 'tenant', tenant: 'tenant1' })
    const at = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(`/tenant${index}/polls/list/1`)))
    at.forEach(({ json }, index) => expect(json.at(-1)).toBe(`tenant${index}`))
  })

  test('a path that means two things is refused before any router reads it', async () => {
    const { send } = await start({}, byTenantPath, routes)
    for (const path of ['/tenant1/../tenant2/x', '/tenant1/%2e%2e/tenant2', '//tenant1/x', '/tenant1\\..\\tenant2']) {
      expect((await send({ host: 'example.com', path })).status).toBe(400)
    }
    for (const path of ['/missing/polls', '/favicon.ico', '/'])
      expect((await send({ host: 'example.com', path })).status).toBe(404)
  })

  test('a client that sends the whole address, as to a proxy, gets the same answer', async () => {
    const { send } = await start({}, byTenantPath, routes)
    const { json } = await send({ host: 'example.com', path: 'http://example.com/tenant1/polls/list/7' })
    expect(json).toEqual([
      '/tenant1/polls/list',
      'http://example.com/7',
      'http://example.com/tenant1/polls/list/7',
      '/tenant1/polls',
      'tenant1',
    ])
    expect((await send({ host: 'example.com', path: 'http://example.org/tenant1/polls/list/7' })).status).toBe(400)
  })

  test('mounted under a path it is refused: the part of the tenant is gone there', async () => {
    const tenancy = createTenancyLike(byTenantPath)
    const app = express()
    app.use('/tenant1', tenantScope(tenancy), (_req, res) => void res.send('reached'))
    app.use(tenancyErrors({ log: () => {} }))
    const { send } = await listen(app)
    const { status, text } = await send({ host: 'example.com', path: '/tenant1/polls' })
    expect(status).toBe(500)
    expect(text).not.toContain('reached')
  })

  test.each([
    '',
    'polls',
    '//evil.com',
    '/\\evil.com',
    'https://evil.com',
    '/\t/evil.com',
    '/../globex',
    '/x/%2e%2e/..',
    '/..%2fglobex',
  ])('tenantPath refuses %j', (path) => {
    expect(() => tenantPath({}, path)).toThrow(/begins with one slash/)
  })
})

/** What three hosts get: one that names no tenant, and two whose tenants are not there. */
async function threeHosts(options: TenantScopeOptions): Promise<readonly unknown[]> {
  const { send } = await start(options)
  const answers = await Promise.all(['example.com', 'missing.example.com', 'archived.example.com'].map((host) => send({ host })))
  return answers.map(({ status, json }) => (status === 200 ? (json.tenant ?? json.scope) : `${status} ${json.code}`))
}

function routes(app: Express): void {
  const inner = express
    .Router()
    .get(
      '/:id',
      (req, res) => void res.json([req.baseUrl, req.url, req.originalUrl, tenantPath(req, '/polls'), req.tenant?.schema]),
    )
  app.use('/polls', express.Router().use('/list', inner))
  app.get('/go', (req, res) => res.redirect(tenantPath(req, '/polls')))
  // A router whose own path looks like the part of the tenant.
  app.use('/tenant2', (req, res) => void res.json([req.baseUrl, req.url]))
}
