/**
 * Cross-origin requests of a tenant's own pages: those at its domains, and at its address under the base. A page of another tenant is a stranger, although
 * it is of the same application.
 */
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { RequestFacts } from '../../ports/resolver.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { seen } from '../../seen.ts'
import type { Tenant } from '../../types.ts'
import { isOwnOrigin } from './own-origin.ts'

export interface CorsOptions {
  /** Methods that other pages may use. @default ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'] */
  methods?: readonly string[]
  /** Headers that they may send. @default ['content-type', 'authorization'] */
  headers?: readonly string[]
  /** Headers of the answer that they may read. @default [] */
  exposedHeaders?: readonly string[]
  /** Whether cookies are sent and read. @default false */
  credentials?: boolean
  /** How long a browser keeps the answer to a preflight, in milliseconds. @default 600_000 */
  maxAgeMs?: number
  /** Also allows pages of `http:`, for development. @default only of `localhost` and the names under it */
  insecure?: boolean
}

export interface CorsAnswer {
  /** Always with `vary: Origin`, because the answer depends on it. */
  readonly headers: Readonly<Record<string, string>>
  /** The request is a preflight: answer it with 204 and these headers, and no body. */
  readonly isPreflight: boolean
}

/**
 * Makes the function that gives the headers of one request. `tenant` is the tenant of the request; on the shared side no origin is allowed.
 * Costs one lookup of the origin's host, mostly from the cache.
 * @example
 * const cors = createCors(tenancy, { credentials: true })
 * const { headers, isPreflight } = await cors(nodeFacts(req), req.method, req.tenant)
 * @throws TenancyError INVALID_OPTION
 */
export function createCors(
  tenancy: Pick<HttpTenancy<any>, 'resolve'>,
  options: CorsOptions = {},
): (facts: RequestFacts, method: string | undefined, tenant: Pick<Tenant<any>, 'id'> | undefined) => Promise<CorsAnswer> {
  const known = ['methods', 'headers', 'exposedHeaders', 'credentials', 'maxAgeMs', 'insecure']
  assertKnownKeys('createCors', options, known, 'INVALID_OPTION')
  const methods = tokens('methods', options.methods ?? ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'])
  const headers = tokens('headers', options.headers ?? ['content-type', 'authorization'])
  const exposed = tokens('exposedHeaders', options.exposedHeaders ?? [])
  const { credentials = false, maxAgeMs = 600_000, insecure = false } = options

  return async (facts, method, tenant) => {
    const origin = single(facts.headers?.['origin'])
    const isPreflight = method === 'OPTIONS' && single(facts.headers?.['access-control-request-method']) !== undefined
    const varying = { vary: 'Origin' }
    if (origin === undefined || tenant === undefined || !(await isOwnOrigin(tenancy, origin, tenant, { insecure })))
      return { headers: varying, isPreflight }
    return {
      isPreflight,
      headers: {
        ...varying,
        'access-control-allow-origin': origin,
        ...(credentials && { 'access-control-allow-credentials': 'true' }),
        ...(isPreflight && {
          'access-control-allow-methods': methods,
          'access-control-allow-headers': headers,
          'access-control-max-age': String(Math.floor(maxAgeMs / 1000)),
        }),
        ...(!isPreflight && exposed !== '' && { 'access-control-expose-headers': exposed }),
      },
    }
  }
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function tokens(option: string, given: unknown): string {
  const isList = Array.isArray(given) && given.every((one) => typeof one === 'string' && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(one))
  if (isList) return given.join(', ')
  throw new TenancyError(
    'INVALID_OPTION',
    `"${option}" of createCors must be a list of names such as ["content-type"]; it is ${seen(given)}.`,
    {
      details: { option, seen: seen(given) },
    },
  )
}
