/** What templates need of the other rooms. */
import type { Catalog } from '../../catalog/catalog.ts'
import type { Access } from '../../catalog/roles/access.ts'
import type { Tenants } from '../../catalog/tenants/tenants.ts'
import type { Options } from '../../config/options.ts'
import type { ReviewOptions } from '../../migrations/plan/reviews.ts'
import type { MigrationSources } from '../../migrations/sources/sources.ts'

export interface TemplateParts {
  readonly catalog: Catalog
  readonly access: Access
  readonly tenants: Pick<Tenants<any>, 'get'>
  readonly sources: MigrationSources
  readonly options: ReviewOptions & Pick<Options, 'migrations' | 'boundary'>
}
