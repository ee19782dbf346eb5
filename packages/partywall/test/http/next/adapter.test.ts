/** What can be tried of the adapter without an app: options, guards, errors, and what the proxy and the pages tell each other. */
import { NextRequest } from 'next/server.js'
import { expect, onTestFinished, test, vi } from 'vitest'
import { TenancyError } from '../../../src/errors.ts'
import {
  memberOf,
  requireMember,
  requireShared,
  requireTenant,
  tenantNext,
  tenantPath,
  tenantProxy,
} from '../../../src/http/next/next.ts'
import { byHost } from '../../../src/resolve/by-host.ts'
import { byPath } from '../../../src/resolve/by-path.ts'
import { createTenancyLike } from '../tenancy.ts'

const secret = 'a secret that two processes have in common'
const context = { params: Promise.resolve({}) }

function nextTenancy() {
  const tenancy = createTenancyLike([byHost({ base: 'example.com' }), byPath({ prefix: '/t', trusted: true })])
  return { ...tenancy, current: () => tenancy.scope.current() }
}

/** As Next.js makes one: the URL has the name under which the server listens. */
function requestOf(host: string, path: string, headers: Record<string, string> = {}): NextRequest {
  return new NextRequest(`http://0.0.0.0:3000${path}`, { headers: { host, ...headers } })
}

/** What the proxy lets the page see. */
function passedOn(answer: Response): { path: string; headers: Record<string, string> } {
  const rewritten = answer.headers.get('x-middleware-rewrite')
  const entries = [...answer.headers].filter(([name]) => name.startsWith('x-middleware-request-'))
  return {
    path: rewritten === null ? 'as it was' : new URL(rewritten).pathname,
    headers: Object.fromEntries(entries.map(([name, value]) => [name.replace('x-middleware-request-', ''), value])),
  }
}

test('a page trusts the path of a proxy with the same secret, at the same host only', async () => {
  const tenancy = nextTenancy()
  const seen = async (host: string, headers: Record<string, string>, options: { secret?: string }) => {
    const { tenantRoute } = tenantNext(tenancy, options)
    const route = tenantRoute((_request, _context, { schema }) => Response.json([schema, tenantPath('/polls')]))
    return (await route(requestOf(host, '/polls', headers), context)).json()
  }
  const { path, headers } = passedOn(await tenantProxy(tenancy, { secret })(requestOf('example.com', '/t/tenant1/polls?page=2')))
  expect(path).toBe('/polls')
  expect(await seen('example.com', headers, { secret })).toEqual(['tenant1', '/t/tenant1/polls'])
  const refused = { status: 400, code: 'INVALID_TENANT_REF' }
  expect(await seen('example.com', headers, {})).toMatchObject(refused)
  expect(await seen('example.com', headers, { secret: `${secret}!` })).toMatchObject(refused)
  expect(await seen('other.test', { ...headers, host: 'other.test' }, { secret })).toMatchObject(refused)
})

test('without a secret, the proxy and the pages of one process agree', async () => {
  const tenancy = nextTenancy()
  const { headers } = passedOn(await tenantProxy(tenancy)(requestOf('example.com', '/t/tenant2')))
  const route = tenantNext(tenancy).tenantRoute((_request, _context, { schema }) => Response.json(schema))
  expect(await (await route(requestOf('example.com', '/', headers), context)).json()).toBe('tenant2')
})

test('the proxy drops the header of a client, where the host names the tenant, too', async () => {
  const sent = { 'x-partywall-path': '/t/tenant2', 'x-own': '1' }
  const { path, headers } = passedOn(await tenantProxy(nextTenancy())(requestOf('tenant1.example.com', '/polls', sent)))
  expect(path).toBe('as it was')
  expect(headers).toEqual({ host: 'tenant1.example.com', 'x-own': '1' })
})

test('a basePath is no part of the path that names a tenant', async () => {
  const request = new NextRequest('http://0.0.0.0:3000/shop/t/tenant1/polls', {
    headers: { host: 'example.com' },
    nextConfig: { basePath: '/shop' },
  })
  expect(passedOn(await tenantProxy(nextTenancy())(request)).path).toBe('/shop/polls')
})

test('a plain Request will do, and the host may come from a header that a proxy sets', async () => {
  const route = tenantNext(nextTenancy(), { host: ({ headers }) => headers.get('x-forwarded-host') }).tenantRoute(
    (_request, _context, { schema }) => Response.json(schema),
  )
  const ask = async (headers: Record<string, string>) =>
    (
      await route(new Request('http://web.internal:3000/', { headers: { host: 'tenant1.example.com', ...headers } }), context)
    ).json()
  expect(await ask({ 'x-forwarded-host': 'tenant3.example.com' })).toBe('tenant3')
  expect(await ask({})).toBe('tenant1')
})

test('an error of the catalog is 503 in a handler and in the proxy, and its message is in the log only', async () => {
  const unreachable = new TenancyError('DATABASE_UNREACHABLE', 'secret', { details: { code: 'ECONNREFUSED' } })
  const tenancy = { ...nextTenancy(), resolve: () => Promise.reject(unreachable) }
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void log.mockRestore())
  const route = tenantNext(tenancy).tenantRoute(() => new Response('reached'))
  for (const handle of [(request: NextRequest) => route(request, context), tenantProxy(tenancy)]) {
    const answer = await handle(requestOf('tenant1.example.com', '/'))
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ code: 'UNAVAILABLE' })])
    expect(log).toHaveBeenLastCalledWith(unreachable)
  }
})

test('another error of a handler goes on to Next.js, as an object; one in the proxy is answered', async () => {
  const log = vi.fn<(error: unknown) => void>()
  const { tenantRoute } = tenantNext(nextTenancy())
  const request = requestOf('tenant1.example.com', '/')
  // oxlint-disable-next-line no-throw-literal -- this is what is tried
  const throwing = (thrown: unknown) =>
    tenantRoute(() => {
      throw thrown
    })(request, context)
  const own = new Error('of the application')
  await expect(throwing(own)).rejects.toBe(own)
  await expect(throwing(undefined)).rejects.toThrow('The request failed.')
  const broken = { ...nextTenancy(), resolve: () => Promise.reject(own) }
  const answer = await tenantProxy(broken, { log })(request)
  expect([answer.status, (await answer.json()).code, log.mock.calls[0]![0]]).toEqual([500, 'INTERNAL_ERROR', own])
})

test('pages of the application answer handlers and the proxy', async () => {
  const options = { answers: { unknown: () => ({ status: 410, headers: { 'x-own': '1' }, body: 'gone' }) } }
  const route = tenantNext(nextTenancy(), options).tenantRoute(() => new Response('reached'))
  const request = requestOf('missing.example.com', '/')
  for (const answer of [await route(request, context), await tenantProxy(nextTenancy(), options)(request)]) {
    expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toEqual([410, '1', 'gone'])
  }
})

test('a body keeps its status and headers, each cookie of its own', async () => {
  const headers = new Headers([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ])
  const route = tenantNext(nextTenancy()).tenantRoute(() => new Response('made', { status: 201, headers }))
  const answer = await route(requestOf('tenant1.example.com', '/'), context)
  expect([answer.status, await answer.text(), answer.headers.getSetCookie()]).toEqual([201, 'made', ['a=1', 'b=2']])
})

test.each<[string, () => Promise<unknown>]>([
  ['requireMember', requireMember({}, () => 'reached')],
  ['requireTenant', requireTenant(() => 'reached')],
  ['requireShared', requireShared(() => 'reached')],
  ['memberOf', async () => memberOf()],
  ['tenantPath', async () => tenantPath('/')],
])('%s outside of every call is refused, and nothing is let through', async (name, fn) => {
  await expect(nextTenancy().run({ schema: 'tenant1' } as never, fn)).rejects.toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`${name} does not know whose request`) }),
  )
})

test('requireMember without the option user is refused', async () => {
  const route = tenantNext(nextTenancy(), { log: () => {} }).tenantRoute(requireMember({}, () => new Response('let in')))
  expect((await route(requestOf('tenant1.example.com', '/'), context)).status).toBe(500)
})

test.each([
  [{ secret: 'short' }, /"secret" of \w+ must be a text of at least 32/],
  [{ secret: undefined }, /"secret" of \w+ must be a text/],
  [{ nonne: 'shared' }, /nonne/],
])('the options %j are refused at the start', (options, message) => {
  expect(() => tenantNext(nextTenancy(), options as never)).toThrow(message)
  expect(() => tenantProxy(nextTenancy(), options as never)).toThrow(message)
})

test('a path that names the tenant needs authorize, unless it is trusted', () => {
  const open = { ...nextTenancy(), options: { resolve: [byPath({ prefix: '/t' })] } }
  expect(() => tenantNext(open)).toThrow(/option authorize/)
  expect(() => tenantProxy(open)).toThrow(/option authorize/)
})
