/** What `tenancy.url` does: the tenant, its primary domain, and what the resolvers make of them. */
import { TenancyError } from './errors.ts'
import { tenantOrigin, urlAt } from './resolve/address.ts'
import type { Rooms } from './tenancy-rooms.ts'
import type { TenantRef } from './types.ts'

export async function url({ tenants, domains, options }: Rooms<any>, ref: TenantRef, path: string): Promise<string> {
  const tenant = await tenants.get(ref)
  const [first] = await domains.list({ id: tenant.id })
  const origin = tenantOrigin(tenant, first?.domain, options)
  if (origin !== undefined) return urlAt(origin, path)
  throw new TenancyError(
    'INVALID_OPTION',
    `No resolver of the config says where the tenant ${JSON.stringify(tenant.schema)} is: give it byHost with a base or byPath, or give the tenant a domain.`,
    { details: { option: 'resolve' } },
  )
}
