/** What the moves of a tenant need of the other rooms. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { Domains } from '../../catalog/domains/domains.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import type { Attributes, MigrationReport, Tenant } from '../../types.ts'

export interface LifeParts<A extends object = Attributes> {
  readonly catalog: Catalog
  readonly access: Access
  readonly tenants: Tenants<A>
  readonly domains: Domains<A>
  readonly options: Pick<Options, 'sharedSchema' | 'extraSearchPath' | 'hooks' | 'boundary' | 'files'>
  readonly migrations: LifeMigrations
}

/** The migrations of one tenant. */
export interface LifeMigrations {
  /** The names of those that are pending; `problem` when nothing may be migrated there. */
  pendingOf(tenant: Tenant<any>): Promise<{ readonly pending: readonly string[]; readonly problem?: unknown }>
  run(tenant: Tenant<any>): Promise<MigrationReport>
}
