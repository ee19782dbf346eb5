/** How the sources of a tenancy are reviewed: what their options say, and where `public` leads. */
import { schemasBehind, type PathOptions } from '../../config/schemas-behind.ts'
import type { Migration, MigrationSource } from '../../ports/migration-source.ts'
import type { ReviewedMigrations } from '../review/review-list.ts'
import type { ReviewPlace } from '../review/review-context.ts'

/** The options that decide where a name leads. */
export type ReviewOptions = PathOptions

export interface ReviewParts {
  readonly options: ReviewOptions
  readonly sources: { readonly shared: Pick<MigrationSource, 'name'> }
}

/**
 * Reviews the migrations of a source.
 * @param isShared they are for the shared schema
 * @throws TenancyError INVALID_OPTION when the grammar of PostgreSQL cannot be loaded
 */
export async function review(
  parts: ReviewParts,
  source: Pick<MigrationSource, 'review'>,
  migrations: readonly Migration[],
  isShared: boolean,
): Promise<ReviewedMigrations> {
  // Loaded when something is pending: most processes never review.
  const { reviewMigrations } = await import(/* webpackMode: "eager" */ '../review/review-list.ts')
  return reviewMigrations(migrations, placeOf(parts, source, isShared))
}

function placeOf(
  { options, sources }: ReviewParts,
  { review: decided = {} }: Pick<MigrationSource, 'review'>,
  isShared: boolean,
): ReviewPlace {
  const { sharedSchema, includeShared, extraSearchPath } = options
  return {
    isShared,
    sharedSchema,
    includesShared: includeShared,
    path: schemasBehind(options),
    knowsPublic: [sharedSchema, ...extraSearchPath].includes('public'),
    sharedSource: sources.shared.name,
    public: decided.public ?? 'refuse',
    extensions: decided.extensions ?? 'refuse',
  }
}
