/** The tables, views and sequences that migrations leave behind, as far as their text shows it: what code or a function creates is not known. */
import type { Migration } from '../../ports/migration-source.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { lineOf, statementsOf, type SqlStep, type StepStatement } from '../review/step-statements.ts'

export interface CreatedRelation {
  readonly name: string
  readonly migration: Migration
  readonly line: number
}

/** By name. What a later one of these migrations drops or renames is left out. */
export function createdRelations(migrations: readonly Migration[]): Map<string, CreatedRelation> {
  const created = new Map<string, CreatedRelation>()
  for (const migration of migrations) {
    const { up } = migration
    if (up.kind === 'code') continue
    for (const statement of statementsOf(up)) {
      for (const name of statement.dropped) created.delete(name)
      const [name] = statement.created
      if (name !== undefined && isOfRelation(up, statement)) {
        created.set(name, { name, migration, line: lineOf(up, statement.start) })
      }
    }
  }
  return created
}

/** Also ALTER: it may rename. Temporary tables are in no schema of the search path that others see. */
function isOfRelation({ text }: SqlStep, { verb, start, end }: StepStatement): boolean {
  if (verb !== 'create' && verb !== 'alter') return false
  const words = splitStatements(text.slice(start, end))[0]!.tokens.slice(1, 7)
  const kind = words.find((word) => !modifiers.has(word))
  return kind === 'table' || kind === 'view' || kind === 'sequence'
}

const modifiers = new Set(['or', 'replace', 'unlogged', 'foreign', 'materialized', 'recursive'])
