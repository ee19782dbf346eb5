/** What an adapter needs of a tenancy. It takes less than the whole, so that it needs none of the wiring. */
import type { Pool } from 'pg'

/** Its pools. */
export interface TenancyLike {
  /** Each statement is bound to the scope that it is issued in. */
  readonly pool: Pool
  /** Bound to the shared schema, whatever the scope. */
  readonly sharedPool: Pool
}

/** Its pools, and who the tenant is now: for libraries that remember something, which must be divided by tenants. */
export interface ScopedTenancyLike extends TenancyLike {
  tryCurrent(): { readonly id: string; readonly schema: string } | undefined
}
