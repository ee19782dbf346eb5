/** Where the resolvers of a tenancy look for a tenant: what a request to it must have. */
import { TenancyError } from '../errors.ts'
import type { NamedResolver, RequestFacts } from '../ports/resolver.ts'
import { tenantOrigin } from '../resolve/address.ts'
import type { Tenant, TenantRef } from '../types.ts'
import type { TestableTenancy } from './database/testable.ts'

export interface TenantAddress {
  readonly origin: string
  /** The beginning of the path that names the tenant. */
  readonly mount: string
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly cookies: Readonly<Record<string, string>>
}

/** The part of a tenancy that is asked. */
export type AddressedTenancy = Pick<TestableTenancy, 'tenants' | 'domains' | 'options'>

const local = 'http://localhost'

/** @param isNamed the caller names the tenant by itself, e.g. by a token @throws TenancyError UNKNOWN_TENANT, INVALID_ARGUMENT */
export async function tenantAddress(tenancy: AddressedTenancy, ref: TenantRef, isNamed: boolean): Promise<TenantAddress> {
  const { options } = tenancy
  const tenant = await tenancy.tenants.get(ref)
  const [first] = await tenancy.domains.list({ id: tenant.id })
  const nothing = { mount: '', headers: {}, query: {}, cookies: {} }
  const place = originOf(tenant, first?.domain, options)
  if (place !== undefined) return { ...nothing, ...place }
  const origin = options.appUrl === undefined ? local : new URL(options.appUrl).origin
  for (const resolver of options.resolve) {
    const named = typeof resolver === 'function' ? undefined : await namedBy(resolver, tenant)
    if (named !== undefined) return { ...nothing, origin, ...named }
  }
  if (isNamed) return { ...nothing, origin }
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `No resolver of the config says how a request names the tenant ${JSON.stringify(tenant.schema)}: byHost with a base, a domain of the tenant, byPath, byHeader, ` +
      'byQuery or byCookie. Give the client what names it: tenantClient(app, tenancy, tenant, { headers: { authorization: … } }).',
    { details: { what: 'tenantClient', option: 'headers' } },
  )
}

function originOf(tenant: Tenant<any>, primary: string | undefined, options: TestableTenancy['options']) {
  const at = (appUrl: string | undefined) => tenantOrigin(tenant, primary, { resolve: options.resolve, appUrl })
  try {
    return at(options.appUrl)
  } catch {
    // The path names the tenant, so any host will do.
    return at(local)
  }
}

/** In the form that the resolver accepts: it is asked. */
async function namedBy(
  resolver: NamedResolver,
  { schema, id, externalId }: Tenant<any>,
): Promise<Partial<TenantAddress> | undefined> {
  const { reads, name } = resolver
  if (reads !== 'header' && reads !== 'query' && reads !== 'cookie') return undefined
  const key = name.slice(reads.length + 1)
  for (const value of [schema, id, externalId]) {
    if (value === undefined) continue
    const facts: Record<typeof reads, RequestFacts> = {
      header: { headers: { [key]: value } },
      query: { query: { [key]: value } },
      cookie: { headers: { cookie: `${key}=${value}` } },
    }
    const answer = await resolver.resolve(facts[reads])
    if (typeof answer !== 'object' || answer === null || !('outcome' in answer) || answer.outcome !== 'tenant') continue
    const { ref } = answer
    const isSame =
      typeof ref === 'object' &&
      Object.entries({ schema, id, externalId }).some(([part, text]) => Reflect.get(ref, part) === text && text === value)
    if (isSame) return { [({ header: 'headers', query: 'query', cookie: 'cookies' } as const)[reads]]: { [key]: value } }
  }
  return undefined
}
