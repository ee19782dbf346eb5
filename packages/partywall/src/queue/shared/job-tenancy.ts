/** What an adapter of a queue needs of a tenancy. */
import type { catalogKey } from '../../catalog-key.ts'
import { notATenancy } from '../../not-a-tenancy.ts'
import type { ScopeLike } from '../../ports/tenancy-like.ts'
import type { Tenant, TenantRef } from '../../types.ts'

/** A tenancy, the result of `createTenancy(config)`. */
export interface JobTenancy<A extends object = any> {
  scope(): ScopeLike | undefined
  run<T>(tenant: Tenant<A>, fn: () => T): Promise<Awaited<T>>
  runShared<T>(fn: () => T): Promise<Awaited<T>>
  readonly tenants: {
    get(ref: TenantRef): Promise<Tenant<A>>
    find(ref: TenantRef): Promise<Tenant<A> | undefined>
    each(filter?: {
      readonly status?: 'active'
      readonly kinds?: string | readonly string[] | undefined
    }): AsyncGenerator<Tenant<A>, void, undefined>
  }
  readonly [catalogKey]: unknown
}

/** @throws TenancyError INVALID_OPTION */
export function assertJobTenancy(what: string, given: unknown): void {
  const tenancy = given as Partial<JobTenancy> | undefined
  if (typeof tenancy?.scope === 'function' && typeof tenancy.run === 'function') return
  throw notATenancy(what, given)
}
