/**
 * Compares the files with the history of one schema: what is to be done there, or why nothing may be. The history is never rewritten: a
 * schema whose history does not match the files is left as it is until a person has checked it.
 */
import { TenancyError } from '../../errors.ts'
import type { AppliedMigration } from '../history/digest.ts'
import type { Migration } from '../../ports/migration-source.ts'

export interface MigrationPlan {
  readonly pending: readonly Migration[]
  /** The last migration that was applied. */
  readonly head: string | undefined
  /** Why the schema must not be migrated: MIGRATION_CHANGED, or INVALID_MIGRATION for a rollback without a down migration. */
  readonly problem: TenancyError | undefined
}

/**
 * What is to be applied in a schema. Pure: reads neither the files nor the database.
 * @param to the name of the last migration to apply; later ones are not pending
 */
export function planMigrations(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  to?: string,
): MigrationPlan {
  const done = new Set(applied.map(({ name }) => name))
  const headAt = migrations.findLastIndex(({ name }) => done.has(name))
  const end = to === undefined ? migrations.length : migrations.findIndex(({ name }) => name === to) + 1
  return {
    pending: migrations.slice(0, end).filter(({ name }) => !done.has(name)),
    head: migrations[headAt]?.name ?? applied.at(-1)?.name,
    problem:
      goneOrChanged(schema, migrations, applied) ??
      pendingBeforeHead(schema, migrations.slice(0, headAt + 1), done) ??
      appliedInOtherOrder(schema, migrations, applied),
  }
}

/**
 * What is to be rolled back in a schema, the last one applied first. Pure.
 * @param to the name of the last migration to keep; undefined keeps none
 * @param edited files that have changed since they were applied are rolled back as they are now; those that are kept must be unchanged
 */
export function planDown(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  to: string | undefined,
  edited = false,
): MigrationPlan {
  const keep = to === undefined ? 0 : migrations.findIndex(({ name }) => name === to) + 1
  const plan = planMigrations(schema, migrations, edited ? asEdited(applied, migrations.slice(keep)) : applied)
  const done = new Set(applied.map(({ name }) => name))
  const pending = migrations
    .slice(keep)
    .filter(({ name }) => done.has(name))
    .toReversed()
  const withoutDown = pending.find(({ down }) => down === undefined)
  return { ...plan, pending, problem: plan.problem ?? (withoutDown && hasNoDown(schema, withoutDown)) }
}

/** What was applied, with the checksums that these files have now. */
function asEdited(applied: readonly AppliedMigration[], migrations: readonly Migration[]): readonly AppliedMigration[] {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  return applied.map(({ name, checksum }) => ({ name, checksum: files.get(name)?.checksum ?? checksum }))
}

function goneOrChanged(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { name, checksum } of applied) {
    const migration = files.get(name)
    if (migration === undefined) return isGone(schema, name)
    if (migration.checksum !== checksum) return hasChanged(schema, migration, checksum, name === applied.at(-1)!.name)
  }
  return undefined
}

export function isGone(schema: string, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${name} was applied to the schema ${JSON.stringify(schema)}, but its file is gone. ` +
      'Bring the file back from version control; to undo a migration, write a new one.',
    { details: { schema, name, problem: 'gone' } },
  )
}

/** @param isLast it was applied last, so it can be done again */
function hasChanged(schema: string, { name, file, checksum, down }: Migration, applied: string, isLast: boolean): TenancyError {
  const mayRedo = isLast && down !== undefined
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} has changed since it was applied to the schema ${JSON.stringify(schema)}: its checksum is ` +
      `${short(checksum)}, and was ${short(applied)}. Restore the file as it was, and write the change as a new migration. ` +
      (mayRedo
        ? 'While you write it, `npx partywall migrate redo` rolls it back and applies it again.'
        : 'While you write it, `npx partywall migrate reset` empties a tenant and applies all files again.'),
    { details: { schema, name, file, problem: 'changed', checksum, applied, ...(mayRedo && { mayRedo }) } },
  )
}

/** @param upToHead the migrations up to the last one that was applied: all of them should have been */
function pendingBeforeHead(schema: string, upToHead: readonly Migration[], done: ReadonlySet<string>): TenancyError | undefined {
  const first = upToHead.find(({ name }) => !done.has(name))
  if (first === undefined) return undefined
  const head = upToHead.at(-1)!.name
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${first.file} is pending, but sorts before ${head}, which was applied to the schema ${JSON.stringify(schema)}: ` +
      'other schemas may get the two in the other order. Give the pending file a number after the last one.',
    { details: { schema, name: first.name, file: first.file, head, problem: 'reordered' } },
  )
}

/** The files were renamed, or a tool sorts them in another way now. */
function appliedInOtherOrder(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const index = applied.findIndex(({ name }, at) => migrations[at]?.name !== name)
  if (index === -1) return undefined
  const { name, file } = migrations[index]!
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} is number ${index + 1} now, but the migration with that number in the history of the schema ` +
      `${JSON.stringify(schema)} is ${applied[index]!.name}. Bring the files back into the order in which they were applied.`,
    { details: { schema, name, file, was: applied[index]!.name, problem: 'reordered' } },
  )
}

function hasNoDown(schema: string, { name, file }: Migration): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file} has no down migration, so the schema ${JSON.stringify(schema)} was not rolled back. Write the SQL that undoes it ` +
      'after a line `-- partywall: down` (in TypeScript: export a function `down`), or undo it in a new migration.',
    { details: { schema, name, file } },
  )
}

function short(checksum: string): string {
  return checksum.slice(0, 12)
}
