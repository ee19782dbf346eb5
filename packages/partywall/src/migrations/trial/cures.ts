/** Which options of a source let more of its migrations pass the review. */
import type { Migration, MigrationSource, SourceReview } from '../../ports/migration-source.ts'
import type { TenancyError } from '../../errors.ts'
import { review, type ReviewParts } from '../plan/reviews.ts'
import type { ReviewedMigrations } from '../review/review-list.ts'
import type { TrialFinding } from './trial-report.ts'

export interface Cured {
  /** The options to add; none when the configuration is as good as any. */
  readonly options: SourceReview
  readonly reviewed: ReviewedMigrations
  /** All refusals with the configuration as it is. Those that an option cures name it. */
  readonly refusals: readonly TrialFinding[]
  /** How many migrations come before the first that is refused with these options, too. */
  readonly fit: number
}

/** Reviews the migrations with the options of the configuration, and with others where those refuse something. Runs nothing. */
export async function findCure(parts: ReviewParts, source: MigrationSource, migrations: readonly Migration[]): Promise<Cured> {
  const reviewWith = (options: SourceReview): Promise<ReviewedMigrations> =>
    review(parts, { review: { ...source.review, ...options } }, migrations, false)
  const configured = await reviewWith({})
  let best = { options: {} as SourceReview, reviewed: configured }
  const cures = new Map<string, keyof SourceReview>()
  if (configured.problems.length > 0) {
    for (const options of candidates(source)) {
      const reviewed = await reviewWith(options)
      const names = Object.keys(options) as (keyof SourceReview)[]
      const left = new Set(reviewed.problems.map(placeOf))
      for (const problem of configured.problems) {
        if (names.length === 1 && !left.has(placeOf(problem))) cures.set(placeOf(problem), names[0]!)
      }
      if (reviewed.problems.length < best.reviewed.problems.length) best = { options, reviewed }
    }
  }
  const refusals = [...configured.problems, ...best.reviewed.problems.filter((problem) => !has(configured, problem))]
  return {
    ...best,
    refusals: refusals.map((problem) => refusalOf(problem, cures.get(placeOf(problem)))),
    fit: fitCount(migrations, best.reviewed),
  }
}

/** The fewest options first. */
function candidates({ review: decided = {} }: MigrationSource): SourceReview[] {
  const extensions = decided.extensions === 'shared' ? [] : [{ extensions: 'shared' } as const]
  // `keep` was chosen by the author of the configuration, who means `public`.
  const ofPublic = (decided.public ?? 'refuse') === 'refuse' ? [{ public: 'rewrite' } as const] : []
  return [
    ...extensions,
    ...ofPublic,
    ...(extensions.length > 0 && ofPublic.length > 0 ? [{ ...extensions[0], ...ofPublic[0] }] : []),
  ]
}

function refusalOf({ summary, details }: TenancyError<'INVALID_MIGRATION'>, option?: keyof SourceReview): TrialFinding {
  const { file, line } = details
  const where = /^.*? has in line \d+ /s
  return {
    cause: 'refused',
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    message: file === undefined ? summary : summary.replace(where, ''),
    ...(option && { option }),
  }
}

function fitCount(migrations: readonly Migration[], reviewed: ReviewedMigrations): number {
  const refused = new Set(reviewed.problems.map(({ details }) => details.name))
  const first = migrations.findIndex(({ name }) => refused.has(name))
  return first === -1 ? migrations.length : first
}

function has({ problems }: ReviewedMigrations, problem: TenancyError<'INVALID_MIGRATION'>): boolean {
  return problems.some((other) => placeOf(other) === placeOf(problem))
}

function placeOf({ details: { name, line }, summary }: TenancyError<'INVALID_MIGRATION'>): string {
  return JSON.stringify([name, line, summary.slice(0, 200)])
}
