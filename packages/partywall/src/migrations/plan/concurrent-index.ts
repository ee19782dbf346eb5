/**
 * CREATE INDEX CONCURRENTLY leaves an invalid index behind when it fails, which must be found again by its name. So one without a name is
 * refused before anything runs anywhere, and not when its turn comes in the first of many schemas.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import { TenancyError } from '../../errors.ts'
import { lineIn, stepOf, type Direction } from './changes.ts'
import type { Planned } from './planned.ts'
import type { Migration } from '../../ports/migration-source.ts'

/**
 * Only what is to be run counts: a new tenant may have got such an index in its one transaction, where none is left invalid.
 * @throws TenancyError INVALID_MIGRATION with file and line
 */
export function assertIndexesNamed(plans: readonly Planned[]): void {
  const seen = new Set<Migration>()
  for (const { pending, direction, state, problem } of plans) {
    // Where something is wrong nothing runs, and a way back may be missing.
    if (problem !== undefined) continue
    const isAdopted = new Set(state.toAdopt?.map(({ name }) => name))
    for (const migration of pending) {
      if (seen.has(migration) || isAdopted.has(migration.name)) continue
      seen.add(migration)
      if (migration.transaction === false) assertNamed(migration, direction)
    }
  }
}

/** The name of the index that a statement makes concurrently: undefined when it makes none, null when the index has no plain name. */
export function concurrentIndex({ tokens }: SqlStatement): string | null | undefined {
  const at = tokens.indexOf('concurrently')
  if (tokens[0] !== 'create' || at === -1 || at > 3) return undefined
  const rest = tokens.slice(at + 1)
  const name = rest[0] === 'if' ? rest[3] : rest[0]
  return name === undefined || name === 'on' || name === '"' ? null : name
}

export function unnamedIndex(): TenancyError {
  return new TenancyError('INVALID_MIGRATION', needsName)
}

function assertNamed(migration: Migration, direction: Direction): void {
  const step = stepOf(migration, direction)
  if (step.kind === 'code') return
  const unnamed = splitStatements(step.text).find((statement) => concurrentIndex(statement) === null)
  if (unnamed === undefined) return
  const { name, file } = migration
  const line = lineIn(step, unnamed.start)
  throw new TenancyError('INVALID_MIGRATION', `The migration ${file} cannot be run, line ${line}: ${needsName}`, {
    details: { name, file, line },
  })
}

const needsName =
  'CREATE INDEX CONCURRENTLY needs a plain name for its index (small letters, digits, _), so that one that was left invalid can be found.'
