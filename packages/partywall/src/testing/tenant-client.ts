/**
 * Requests to an app as a tenant: they name the tenant as the resolvers of the tenancy read it, and go the whole way. They are sent outside of every scope, so a
 * handler that runs in the scope of the test by mistake has no tenant.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../errors.ts'
import { assertKnownKeys } from '../known-keys.ts'
import { seen } from '../seen.ts'
import type { TenantRef } from '../types.ts'
import { tenantAddress, type AddressedTenancy, type TenantAddress } from './tenant-address.ts'
import { senderTo, type TestApp } from './test-apps.ts'

const outside = AsyncLocalStorage.snapshot()

export interface TestRequestInit {
  /** @default 'GET' */
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** An object or a list is sent as JSON; text, bytes, FormData and URLSearchParams as they are. @default none */
  readonly body?: unknown
}

export interface TestResponse {
  readonly status: number
  /** A status from 200 to 299. */
  readonly ok: boolean
  readonly headers: Headers
  readonly text: string
  /** @throws SyntaxError when the body is no JSON */
  json<Body = any>(): Body
}

export interface TenantClientOptions {
  /** Headers of each request, such as `authorization`. @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Keeps the cookies that it is given, as a browser that visits this tenant alone. A redirect is not followed. */
export interface TenantClient {
  request(path: string, init?: TestRequestInit): Promise<TestResponse>
  get(path: string, init?: TestRequestInit): Promise<TestResponse>
  post(path: string, body?: unknown, init?: TestRequestInit): Promise<TestResponse>
  put(path: string, body?: unknown, init?: TestRequestInit): Promise<TestResponse>
  patch(path: string, body?: unknown, init?: TestRequestInit): Promise<TestResponse>
  delete(path: string, init?: TestRequestInit): Promise<TestResponse>
  /** By name. */
  readonly cookies: Map<string, string>
}

/**
 * A client of one tenant. The tenant's host (path, header, …) is read at the first request: one lookup and one query.
 * @example const acme = tenantClient(app, tenancy, 'acme'); const { status } = await acme.post('/projects', { title: 'A wall' })
 * @throws TenancyError INVALID_ARGUMENT; at a request UNKNOWN_TENANT
 */
export function tenantClient(
  app: TestApp,
  tenancy: AddressedTenancy,
  tenant: TenantRef,
  options: TenantClientOptions = {},
): TenantClient {
  assertKnownKeys('tenantClient', options, ['headers'])
  const { headers: ownHeaders = {} } = options
  const cookies = new Map<string, string>()
  let address: Promise<TenantAddress> | undefined

  const request = (path: string, init: TestRequestInit = {}): Promise<TestResponse> =>
    outside(async () => {
      assertKnownKeys('request', init, ['method', 'headers', 'body'])
      const where = await (address ??= lookUp())
      const sent = await sentTo(where, path, { ...init, headers: { ...ownHeaders, ...init.headers } }, cookies)
      const { status, headers, text } = await (await senderTo(app))(sent)
      for (const line of headers.getSetCookie()) keep(cookies, line)
      return { status, ok: status >= 200 && status < 300, headers, text, json: () => JSON.parse(text) }
    })
  const lookUp = (): Promise<TenantAddress> => {
    const found = tenantAddress(tenancy, tenant, Object.keys(ownHeaders).length > 0)
    // The next request tries again.
    found.catch(() => (address = undefined))
    return found
  }
  const withBody =
    (method: string) =>
    (path: string, body?: unknown, init?: TestRequestInit): Promise<TestResponse> =>
      request(path, { ...init, method, body })
  return {
    request,
    get: (path, init) => request(path, init),
    post: withBody('POST'),
    put: withBody('PUT'),
    patch: withBody('PATCH'),
    delete: (path, init) => request(path, { ...init, method: 'DELETE' }),
    cookies,
  }
}

/**
 * A web `Request` to a tenant, for what takes one: a resolver, a middleware, a route handler.
 * @example const request = await tenantRequest(tenancy, 'acme', '/projects'); await tenancy.resolve(webFacts(request))
 * @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT
 */
export async function tenantRequest(
  tenancy: AddressedTenancy,
  tenant: TenantRef,
  path: string,
  init: TestRequestInit = {},
): Promise<Request> {
  assertKnownKeys('tenantRequest', init, ['method', 'headers', 'body'])
  const where = await outside(() => tenantAddress(tenancy, tenant, Object.keys(init.headers ?? {}).length > 0))
  const { url, method, headers, body } = await sentTo(where, path, init, new Map())
  headers.set('host', url.host)
  return new Request(url, { method, headers, ...(body !== undefined && { body: new Uint8Array(body) }) })
}

async function sentTo(where: TenantAddress, path: string, init: TestRequestInit, cookies: ReadonlyMap<string, string>) {
  const url = urlOf(where, path)
  const { type, bytes } = await bodyOf(init.body)
  const headers = new Headers({ ...(type !== null && { 'content-type': type }), ...where.headers, ...init.headers })
  const all = Object.entries({ ...where.cookies, ...Object.fromEntries(cookies) }).map(([name, value]) => `${name}=${value}`)
  if (all.length > 0) headers.set('cookie', [headers.get('cookie'), ...all].filter(Boolean).join('; '))
  return { url, method: init.method ?? 'GET', headers, body: bytes }
}

/** The path as it is: a test may send one that no browser would. */
function urlOf({ origin, mount, query }: TenantAddress, path: string): URL {
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path)) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `A path of your application begins with one slash, such as "/projects"; it got ${seen(path, 'quoted')}.`,
      {
        details: { what: 'tenantClient', option: 'path' },
      },
    )
  }
  const url = new URL(`${origin}${mount}${path}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

async function bodyOf(body: unknown): Promise<{ readonly type: string | null; readonly bytes: Buffer | undefined }> {
  if (body === undefined) return { type: null, bytes: undefined }
  const isWhole =
    typeof body === 'string' ||
    body instanceof FormData ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    ArrayBuffer.isView(body)
  const whole = isWhole ? new Response(body as BodyInit) : Response.json(body)
  return { type: whole.headers.get('content-type'), bytes: Buffer.from(await whole.arrayBuffer()) }
}

/** A cookie ends with a Max-Age of 0 or less, or a time that is over. */
function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  if (at < 1) return
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
  const read = (attribute: string): string | undefined =>
    attributes.find((one) => one.toLowerCase().startsWith(`${attribute}=`))?.slice(attribute.length + 1)
  const [age, expires] = [read('max-age'), read('expires')]
  const isOver = age === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(age) <= 0
  if (isOver) cookies.delete(name)
  else cookies.set(name, value)
}
