/** What the review found in each text, kept with the step that it belongs to. */
import type { Step } from '../../ports/migration-source.ts'
import type { SqlStep } from '../shape/step-statements.ts'
import type { StatementFacts } from './review-context.ts'

const known = new WeakMap<SqlStep, readonly StatementFacts[]>()

/** What the review knows of each statement of a step; undefined for a step that was not reviewed. */
export function reviewedFacts(step: Step): readonly StatementFacts[] | undefined {
  return step.kind === 'sql' ? known.get(step) : undefined
}

export function keepFacts(step: SqlStep, facts: readonly StatementFacts[]): void {
  known.set(step, facts)
}
