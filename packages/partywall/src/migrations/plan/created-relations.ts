/** The tables, views and sequences that migrations leave behind, as far as their text shows it: what code or a function creates is not known. */
import type { Migration } from '../../ports/migration-source.ts'
import { reviewedFacts } from '../review/facts-by-step.ts'
import { lineOf, type SqlStep } from '../shape/step-statements.ts'

export interface CreatedRelation {
  readonly name: string
  readonly migration: Migration
  readonly line: number
}

/**
 * By name. What a later one of these migrations drops or renames is left out.
 * @param migrations after their review
 */
export function createdRelations(migrations: readonly Migration[]): Map<string, CreatedRelation> {
  const created = new Map<string, CreatedRelation>()
  for (const migration of migrations) {
    for (const facts of reviewedFacts(migration.up) ?? []) {
      for (const { name } of facts.dropped) created.delete(name)
      for (const { class: of, name } of facts.created) {
        if (of === 'relation') created.set(name, { name, migration, line: lineOf(migration.up as SqlStep, facts.start) })
      }
    }
  }
  return created
}
