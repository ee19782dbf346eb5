/**
 * Extensions that a source leaves out with `extensions: 'shared'`: the shared migrations must have created them, or the types and functions of the
 * extension are missing in the middle of a tenant's migration.
 */
import type { Queryable } from '../../sql/statement.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { extensionsOfDatabase, missingExtension, type LeftOutExtension } from '../review/left-out-extensions.ts'
import { reviewedFacts } from '../review/facts-by-step.ts'
import { lineOf } from '../shape/step-statements.ts'
import type { PlannedSteps } from './cross-schema.ts'
import type { TenancyError } from '../../errors.ts'

/**
 * Why the migrations must not run, by schema. Costs one query when extensions were left out, else nothing.
 * @param pendingShared migrations that will have run in the shared schema by then
 * @param sharedSource the folder of the shared migrations, for messages
 */
export async function findMissingExtensions(
  queryable: Queryable,
  plannedSteps: readonly PlannedSteps[],
  pendingShared: readonly Migration[],
  sharedSource: string,
): Promise<Map<string, TenancyError>> {
  const problems = new Map<string, TenancyError>()
  const needed = plannedSteps.map(({ schemas, direction, pending }) => ({
    schemas,
    extensions: direction === 'up' ? pending.flatMap(leftOutBy) : [],
  }))
  const names = new Set(needed.flatMap(({ extensions }) => extensions.map(({ extension }) => extension)))
  // What code creates is not known before it runs.
  if (names.size === 0 || pendingShared.some(({ up }) => up.kind === 'code')) return problems
  const existing = new Set([...createdExtensions(pendingShared), ...(await extensionsOfDatabase(queryable, [...names]))])
  for (const { schemas, extensions } of needed) {
    const missing = extensions.find(({ extension }) => !existing.has(extension))
    if (missing === undefined) continue
    for (const schema of schemas) problems.set(schema, missingExtension(missing, sharedSource))
  }
  return problems
}

/** @param reviewed migrations as the review returned them */
export function createdExtensions(reviewed: readonly Migration[]): string[] {
  return reviewed.flatMap(({ up }) => (reviewedFacts(up) ?? []).flatMap(({ extensions }) => extensions))
}

function leftOutBy({ name, file, up }: Migration): LeftOutExtension[] {
  if (up.kind === 'code') return []
  return (reviewedFacts(up) ?? []).flatMap(({ leftOut }) =>
    leftOut.map(({ extension, offset }) => ({ extension, name, file, line: lineOf(up, offset) })),
  )
}
