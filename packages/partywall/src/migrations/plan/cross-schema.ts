/**
 * Cross-schema references. The search path of a tenant continues with the shared schema, so `alter table plans` in a tenant that has no table
 * of this name changes the shared one, and every tenant would change it in its turn. Such a migration is refused for the tenants in which it
 * would do that.
 */
import type { Queryable } from '../../sql/statement.ts'
import { TenancyError } from '../../errors.ts'
import type { Options } from '../../config/options.ts'
import type { Migration } from '../../ports/migration-source.ts'
import { crossSchemaNamesSql } from './cross-schema-sql.ts'
import { stepOf, type Direction } from './planned.ts'
import { OwnedObjects, type OwnedObject } from '../review/owned-objects.ts'
import { reviewedFacts } from '../review/facts-by-step.ts'
import { lineOf } from '../shape/step-statements.ts'

/** A change of something that the migrations did not create themselves, as far as their text shows it. */
interface CrossSchemaReference {
  readonly name: string
  readonly migration: Migration
  readonly line: number
  /** The tenant may have it now, but another one of these migrations drops it first. */
  readonly isDropped: boolean
}

/** What some tenants will run. */
export interface PlannedSteps {
  readonly schemas: readonly string[]
  readonly direction: Direction
  /** In the order in which they are done. */
  readonly pending: readonly Migration[]
  /** All migrations of the source. Both lists hold them as they are after the review. */
  readonly migrations: readonly Migration[]
}

/**
 * Why the migrations must not run, by schema; a schema in which they may run is absent. Costs nothing when every changed object was created
 * by an earlier migration; else one query.
 * @param pendingShared migrations that will have run in the shared schema by then
 */
export async function findCrossSchemaReferences(
  queryable: Queryable,
  { sharedSchema, includeShared }: Pick<Options, 'sharedSchema' | 'includeShared'>,
  plannedSteps: readonly PlannedSteps[],
  pendingShared: readonly Migration[] = [],
): Promise<Map<string, TenancyError>> {
  const problems = new Map<string, TenancyError>()
  if (!includeShared) return problems
  const suspects = plannedSteps.map((planned) => ({ schemas: planned.schemas, references: referencesIn(planned) }))
  const names = new Set(suspects.flatMap(({ references }) => references.map(({ name }) => name)))
  if (names.size === 0) return problems
  const schemas = suspects.flatMap((suspect) => (suspect.references.length > 0 ? suspect.schemas : []))
  const { rows } = await queryable.query<{ schema: string; name: string; isOwn: boolean }>(
    crossSchemaNamesSql(sharedSchema, schemas, [...names], namesCreatedBy(pendingShared)),
  )
  const inShared = new Map(rows.map(({ schema, name, isOwn }) => [JSON.stringify([schema, name]), { isOwn }]))
  for (const { schemas: some, references } of suspects) {
    for (const schema of some) {
      const reference = references.find(({ name, isDropped }) => {
        const shared = inShared.get(JSON.stringify([schema, name]))
        return shared !== undefined && (isDropped || !shared.isOwn)
      })
      if (reference !== undefined) problems.set(schema, changesShared(schema, sharedSchema, reference))
    }
  }
  return problems
}

function referencesIn({ direction, pending, migrations }: PlannedSteps): CrossSchemaReference[] {
  return direction === 'up' ? referencesUp(pending, migrations) : referencesDown(pending, migrations)
}

function referencesUp(pending: readonly Migration[], migrations: readonly Migration[]): CrossSchemaReference[] {
  const isPending = new Set(pending)
  const owned = new OwnedObjects([ownHistory])
  const dropped = new Set<string>()
  const references: CrossSchemaReference[] = []
  for (const migration of migrations) {
    // What a migration in TypeScript creates is not known before it runs; the review looks up what comes after it when it is sent.
    if (migration.up.kind === 'code' && isPending.has(migration)) break
    if (isPending.has(migration)) references.push(...referencesOf(migration, 'up', owned, dropped))
    else referencesOf(migration, 'up', owned, new Set())
  }
  return references
}

/** What a down migration drops was mostly created by the up migration. */
function referencesDown(pending: readonly Migration[], migrations: readonly Migration[]): CrossSchemaReference[] {
  const owned = new OwnedObjects([ownHistory, ...objectsCreatedBy(migrations)])
  const dropped = new Set<string>()
  return pending.flatMap((migration) => referencesOf(migration, 'down', owned, dropped))
}

/** Adds to `owned` what the migration creates, and to `dropped` what it drops. */
function referencesOf(
  migration: Migration,
  direction: Direction,
  owned: OwnedObjects,
  dropped: Set<string>,
): CrossSchemaReference[] {
  const step = stepOf(migration, direction)
  if (step.kind === 'code') return []
  return (reviewedFacts(step) ?? []).flatMap((facts) => {
    const references = facts.changed
      .filter((object) => migration.sharedObjects !== true && !owned.has(object))
      .map(({ name, offset }) => ({ name, migration, line: lineOf(step, offset), isDropped: dropped.has(name) }))
    owned.record(facts)
    for (const { name } of facts.dropped) dropped.add(name)
    for (const { name } of facts.created) dropped.delete(name)
    return references
  })
}

/** What the up migrations create, as far as their text shows it. */
function objectsCreatedBy(migrations: readonly Migration[]): OwnedObject[] {
  return migrations.flatMap(({ up }) => (reviewedFacts(up) ?? []).flatMap(({ created }) => created))
}

function namesCreatedBy(migrations: readonly Migration[]): string[] {
  return objectsCreatedBy(migrations).map(({ name }) => name)
}

function changesShared(
  schema: string,
  sharedSchema: string,
  { name, migration: { name: migration, file }, line }: CrossSchemaReference,
): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file}, line ${line}, changes ${JSON.stringify(name)}, which the schema ${JSON.stringify(schema)} does not have by then: ` +
      `it would change the object of this name in the shared schema ${JSON.stringify(sharedSchema)}, once for each tenant. Move the change to ` +
      'a migration of the shared schema; or, if it is meant as it is, write the name with its schema.',
    { details: { schema, name: migration, file, line, object: name } },
  )
}

/** The table is there before the first migration. */
const ownHistory = { class: 'relation', name: 'partywall_migrations' } as const
