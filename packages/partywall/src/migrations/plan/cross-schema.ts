/**
 * Statements that go astray. The search path of a tenant goes on to the shared schema, so `alter table plans` in a tenant that has no table
 * of this name means the shared one, and every tenant would change it in its turn. Such a migration is refused where it would do so.
 */
import { splitStatements } from '../../sql/lexer.ts'
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import { lineIn, stepOf, type Direction } from './changes.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { straysSql } from './cross-schema-sql.ts'
import { OwnedNames } from '../review/owned-names.ts'
import { statementNames } from '../review/statement-names.ts'

/** A change of something that the migrations did not make themselves, as far as can be seen. */
interface Stray {
  readonly name: string
  readonly migration: Migration
  readonly line: number
  /** The tenant may have it now, but another one of these migrations drops it before. */
  readonly isGone: boolean
}

/** What some tenants are to run. */
export interface Course {
  readonly schemas: readonly string[]
  readonly direction: Direction
  /** In the order in which they are done. */
  readonly pending: readonly Migration[]
  /** All migrations of the source. */
  readonly migrations: readonly Migration[]
}

/**
 * Why the migrations may not be run, by schema; a schema where they may is absent. Costs nothing where every changed object was made by an
 * earlier migration; else one query.
 * @param soon migrations that will have been run in the shared schema by then
 */
export async function findStrays(
  queryable: Queryable,
  { sharedSchema, includeShared }: Pick<Options, 'sharedSchema' | 'includeShared'>,
  courses: readonly Course[],
  soon: readonly Migration[] = [],
): Promise<Map<string, TenancyError>> {
  const found = new Map<string, TenancyError>()
  if (!includeShared) return found
  const suspects = courses.map((course) => ({ schemas: course.schemas, strays: straysOf(course) }))
  const names = new Set(suspects.flatMap(({ strays }) => strays.map(({ name }) => name)))
  if (names.size === 0) return found
  const schemas = suspects.flatMap((suspect) => (suspect.strays.length > 0 ? suspect.schemas : []))
  const { rows } = await queryable.query<{ schema: string; name: string; isOwn: boolean }>(
    straysSql(sharedSchema, schemas, [...names], namesMadeBy(soon)),
  )
  const shared = new Map(rows.map(({ schema, name, isOwn }) => [JSON.stringify([schema, name]), { isOwn }]))
  for (const { schemas: some, strays } of suspects) {
    for (const schema of some) {
      const stray = strays.find(({ name, isGone }) => {
        const twin = shared.get(JSON.stringify([schema, name]))
        return twin !== undefined && (isGone || !twin.isOwn)
      })
      if (stray !== undefined) found.set(schema, goesAstray(schema, sharedSchema, stray))
    }
  }
  return found
}

function straysOf({ direction, pending, migrations }: Course): Stray[] {
  return direction === 'up' ? straysForwards(pending, migrations) : straysBack(pending, migrations)
}

function straysForwards(pending: readonly Migration[], migrations: readonly Migration[]): Stray[] {
  const isPending = new Set(pending)
  const owned = new OwnedNames()
  const gone = new Set<string>()
  const strays: Stray[] = []
  for (const migration of migrations) {
    // What TypeScript will have made is not known before it ran.
    if (migration.up.kind === 'code' && isPending.has(migration)) break
    if (isPending.has(migration)) strays.push(...walk(migration, 'up', owned, gone))
    else walk(migration, 'up', owned, new Set())
  }
  return strays
}

/** What a way back takes away was made by the way there, mostly. */
function straysBack(pending: readonly Migration[], migrations: readonly Migration[]): Stray[] {
  const made = new OwnedNames(namesMadeBy(migrations))
  const gone = new Set<string>()
  return pending.flatMap((migration) => walk(migration, 'down', made, gone))
}

/** Teaches `owned` what the migration makes and drops, and `gone` what of that is not there any more. */
function walk(migration: Migration, direction: Direction, owned: OwnedNames, gone: Set<string>): Stray[] {
  const step = stepOf(migration, direction)
  if (step.kind === 'code') return []
  return splitStatements(step.text).flatMap((statement) => {
    const names = statementNames(step.text, statement)
    const strays = names.changed
      .filter(({ name }) => !owned.has(name))
      .map(({ name, start }): Stray => ({ name, migration, line: lineIn(step, start), isGone: gone.has(name) }))
    owned.learn(names)
    for (const name of names.dropped) gone.add(name)
    for (const name of names.made) gone.delete(name)
    return strays
  })
}

function namesMadeBy(migrations: readonly Migration[]): string[] {
  return migrations.flatMap(({ up }) =>
    up.kind === 'code' ? [] : splitStatements(up.text).flatMap((statement) => statementNames(up.text, statement).made),
  )
}

function goesAstray(
  schema: string,
  sharedSchema: string,
  { name, migration: { name: migration, file }, line }: Stray,
): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file}, line ${line}, changes ${JSON.stringify(name)}, which the schema ${JSON.stringify(schema)} does not have by then: it would change ` +
      `the one of the shared schema ${JSON.stringify(sharedSchema)}, in the name of each tenant. Change shared objects by a migration of the shared ` +
      'schema; or, if this is meant, write the name with its schema.',
    { details: { schema, name: migration, file, line, object: name } },
  )
}
