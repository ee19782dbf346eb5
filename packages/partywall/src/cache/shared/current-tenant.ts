/** The tenant that a key is for: that of the running scope, or none, and then nothing is read or written. */
import { TenancyError } from '../../errors.ts'
import type { CacheTenancy } from '../../ports/tenancy-like.ts'
import { isOutdated } from '../../tenant-identity.ts'
import type { Tenant } from '../../types.ts'

/** @throws TenancyError INVALID_ARGUMENT for what is no tenancy */
export function assertCacheTenancy(what: string, tenancy: unknown): asserts tenancy is CacheTenancy {
  const { current, scope, bind } = (tenancy ?? {}) as Partial<CacheTenancy>
  if ([current, scope, bind].every((each) => typeof each === 'function')) return
  throw new TenancyError('INVALID_ARGUMENT', `${what} takes a tenancy first: what createTenancy returns.`, {
    details: { what, option: 'tenancy' },
  })
}

/**
 * The tenant of the running scope. A tenant that was renamed, moved or deleted since its scope was entered is refused: what was kept for its old
 * generation may be wrong by now. Costs no lookup.
 * @throws TenancyError NO_TENANT, TENANT_CHANGED
 */
export function currentTenant(tenancy: CacheTenancy): Tenant<any> {
  const tenant = tenancy.current()
  if (!isOutdated(tenant)) return tenant
  throw new TenancyError(
    'TENANT_CHANGED',
    `The tenant ${JSON.stringify(tenant.schema)} was renamed, moved or deleted since this scope was entered, so nothing is read from its cache, and ` +
      'nothing is written there. Look it up again: tenancy.run with its id.',
    { details: { schema: tenant.schema } },
  )
}

/** @throws TenancyError INVALID_ARGUMENT for what has no id of a tenant */
export function checkedTenantId(what: string, tenant: unknown): string {
  const id = (tenant as { id?: unknown } | null | undefined)?.id
  if (typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id
  throw new TenancyError('INVALID_ARGUMENT', `${what} takes a tenant or { id }, with the id in lower case.`, {
    details: { what, option: 'tenant' },
  })
}
