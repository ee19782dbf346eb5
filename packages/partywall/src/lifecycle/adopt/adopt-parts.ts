/** What adoption and release need of the other rooms. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { Domains } from '../../catalog/domains/domains.ts'
import type { Relations } from '../../catalog/relations/relations.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import type { MigrationSources } from '../../migrations/sources/sources.ts'
import type { Attributes } from '../../types.ts'

export interface AdoptParts<A extends object = Attributes> {
  readonly catalog: Catalog
  readonly access: Access
  readonly relations: Relations
  readonly tenants: Tenants<A>
  readonly domains: Domains<A>
  readonly sources: MigrationSources
  readonly options: Pick<Options, 'sharedSchema' | 'includeShared' | 'extraSearchPath' | 'attributes' | 'migrations' | 'boundary'>
}
