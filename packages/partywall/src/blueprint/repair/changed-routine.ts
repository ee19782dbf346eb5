/** Changes of functions, procedures, aggregates and collations. */
import type { Change, Outcome } from './change.ts'
import { createWhole } from './create.ts'
import type { Found } from './objects.ts'
import { decided } from './repair.ts'
import { addressOf } from './sql-parts.ts'
import { step, type Step } from './step.ts'

export function changedRoutine(found: Extract<Found, { is: 'routine' }>, change: Change): Outcome {
  const { is, property } = change
  if (is.is !== 'routine' || mustGo(found, is, property)) return 'again'
  return replaceRoutine(found, change)
}

/** With its body and all of its options. Its owner, its rights and what needs it stay. */
export function replaceRoutine(
  found: Extract<Found, { is: 'routine' }>,
  { creating }: Pick<Change, 'creating'>,
): readonly Step[] {
  return createWhole(found, creating)
    .filter(({ tier }) => tier === 'routine')
    .map((one) => ({
      ...one,
      statements: one.statements.slice(0, 1).map(({ statement }) => decided(statement.replace(/^create /, 'create or replace '))),
    }))
}

/** OR REPLACE changes neither the kind nor the result, and takes no default away. A parsed body holds on to columns. */
function mustGo(
  { routine: expected }: Extract<Found, { is: 'routine' }>,
  { routine: actual }: Extract<Found, { is: 'routine' }>,
  property: string | null,
): boolean {
  return (
    property === 'kind' ||
    property === 'result' ||
    expected.kind !== actual.kind ||
    expected.result !== actual.result ||
    defaultsOf(expected) < defaultsOf(actual) ||
    (property === 'parsedBody' && actual.parsedBody !== null)
  )
}

function defaultsOf({ arguments: text }: { readonly arguments: string }): number {
  return text.split(' DEFAULT ').length
}

/** Another version of the library that sorts: what was sorted with the old one must be sorted again. */
export function changedCollation(found: Extract<Found, { is: 'collation' }>, { expected, actual }: Change): Outcome {
  if (withoutVersion(expected) !== withoutVersion(actual)) return 'again'
  return step('collation', {}, decided(`alter ${addressOf(found)} refresh version`))
}

function withoutVersion(definition: unknown): string {
  return JSON.stringify({ ...(definition as object), collversion: null })
}
