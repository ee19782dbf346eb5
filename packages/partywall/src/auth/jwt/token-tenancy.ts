/** What tokens need of a tenancy. */
import type { catalogKey } from '../../catalog-key.ts'
import type { Database } from '../../ports/database.ts'
import type { Tenant, TenantRef } from '../../types.ts'

export type TokenCatalog = Pick<Database, 'query' | 'transaction'>

/** A tenancy, the result of `createTenancy(config)`. */
export interface TokenTenancy {
  current(): Tenant<any>
  tryCurrent(): Tenant<any> | undefined
  readonly tenants: { get(ref: TenantRef): Promise<Tenant<any>> }
  readonly [catalogKey]: unknown
}
