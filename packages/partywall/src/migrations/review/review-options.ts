/** The options of a source that say how its SQL is reviewed. */
import { TenancyError } from '../../errors.ts'
import { seen } from '../../seen.ts'
import type { SourceReview } from '../../ports/migration-source.ts'

const allowed = { public: ['refuse', 'rewrite', 'keep'], extensions: ['refuse', 'shared'] } as const

export const reviewOptionNames = ['public', 'extensions'] as const satisfies readonly (keyof SourceReview)[]

/**
 * @param called the function that the application calls, for messages
 * @throws TenancyError INVALID_OPTION
 */
export function assertReviewOptions(called: string, options: SourceReview): void {
  for (const option of reviewOptionNames) {
    const [value, values] = [options[option], allowed[option]]
    if (value === undefined || values.some((known) => known === value)) continue
    throw new TenancyError(
      'INVALID_OPTION',
      `"${option}" of ${called} must be ${values.map((known) => `'${known}'`).join(' or ')}; it is ${seen(value, 'quoted')}.`,
      { details: { option } },
    )
  }
}
