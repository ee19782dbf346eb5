/**
 * From the files and the history of one schema to what is to be done there, or why nothing may be. History is never rewritten: a
 * schema whose history does not fit the files is left alone until a person has looked.
 */
import { TenancyError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { AppliedMigration } from '../history/digest.ts'
import type { Migration } from '../../ports/migration-source.ts'

export interface MigrationPlan {
  readonly pending: readonly Migration[]
  /** The last migration that was applied. */
  readonly head: string | undefined
  /** Why the schema may not be migrated: MIGRATION_CHANGED. */
  readonly problem: TenancyError | undefined
}

/**
 * What is to be done in a schema. Pure: asks neither the files nor the database.
 * @param to the last migration wanted, by name; later ones are not pending
 */
export function planMigrations(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  to?: string,
): MigrationPlan {
  const done = new Set(applied.map(({ name }) => name))
  const headAt = migrations.findLastIndex(({ name }) => done.has(name))
  const last = to === undefined ? migrations.length : migrations.findIndex(({ name }) => name === to) + 1
  return {
    pending: migrations.slice(0, last).filter(({ name }) => !done.has(name)),
    head: migrations[headAt]?.name ?? applied.at(-1)?.name,
    problem:
      changed(schema, migrations, applied) ??
      reordered(schema, migrations.slice(0, headAt + 1), done) ??
      shuffled(schema, migrations, applied),
  }
}

/**
 * What is to be undone in a schema, the last one applied first. Pure.
 * @param to the last migration to keep, by name; undefined keeps none
 */
export function planDown(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
  to: string | undefined,
): MigrationPlan {
  const plan = planMigrations(schema, migrations, applied)
  const keep = to === undefined ? 0 : migrations.findIndex(({ name }) => name === to) + 1
  const done = new Set(applied.map(({ name }) => name))
  const pending = migrations
    .slice(keep)
    .filter(({ name }) => done.has(name))
    .toReversed()
  const oneWay = pending.find(({ down }) => down === undefined)
  return { ...plan, pending, problem: plan.problem ?? (oneWay && cannotGoBack(schema, oneWay)) }
}

/**
 * The migration that a caller means by `to`: its name, its file, or its number, with or without zeros in front.
 * @throws TenancyError INVALID_OPTION
 */
export function findMigration(migrations: readonly Migration[], to: string, sourceName: string): Migration {
  const bare = to.replace(/\.(?:sql|m?[tj]s)$/, '')
  // The names of some tools have an ending themselves.
  const exact = migrations.find(({ name }) => name === to || name === bare)
  if (exact !== undefined) return exact
  const number = leadingNumber(bare)
  const numbered = number === bare.replace(/^0+(?=\d)/, '') ? migrations.filter(({ name }) => leadingNumber(name) === number) : []
  const [first, second] = numbered
  if (first !== undefined && second === undefined) return first
  const suggestion = nearest(
    bare.slice(0, 100),
    migrations.map(({ name }) => name),
  )
  const why =
    first !== undefined && second !== undefined
      ? `${first.name} and ${second.name} both have this number; give the whole name.`
      : suggestion !== undefined
        ? `Did you mean ${suggestion}?`
        : `Give the name of one of the ${migrations.length} migrations there${ends(migrations)}.`
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `There is no one migration ${JSON.stringify(to.slice(0, 100))} in ${sourceName}. ${why}`,
    {
      details: { option: 'to', nearest: suggestion },
    },
  )
}

/** Without its zeros, so that 2 is 0002; as text, for times have more digits than a number keeps. */
function leadingNumber(name: string): string | undefined {
  return /^0*(\d+)/.exec(name)?.[1]
}

function ends(migrations: readonly Migration[]): string {
  return migrations.length < 2 ? '' : `, from ${migrations[0]!.name} to ${migrations.at(-1)!.name}`
}

function changed(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { name, checksum } of applied) {
    const migration = files.get(name)
    if (migration === undefined) return isGone(schema, name)
    if (migration.checksum !== checksum) return hasChanged(schema, migration, checksum)
  }
  return undefined
}

function isGone(schema: string, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${name} was applied to the schema ${JSON.stringify(schema)}, but its file is gone. ` +
      'Bring the file back from version control; to undo a migration, write a new one.',
    { details: { schema, name, problem: 'gone' } },
  )
}

function hasChanged(schema: string, { name, file, checksum }: Migration, applied: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} has changed since it was applied to the schema ${JSON.stringify(schema)}: its checksum is ` +
      `${short(checksum)}, and was ${short(applied)}. Restore the file as it was, and write the change as a new migration.`,
    { details: { schema, name, file, problem: 'changed', checksum, applied } },
  )
}

/** @param upToHead the migrations up to the last one that was applied: all of them should have been */
function reordered(schema: string, upToHead: readonly Migration[], done: ReadonlySet<string>): TenancyError | undefined {
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

/** The files have changed places since they were applied. */
function shuffled(
  schema: string,
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): TenancyError | undefined {
  const index = applied.findIndex(({ name }, at) => migrations[at]?.name !== name)
  if (index === -1) return undefined
  const { name, file } = migrations[index]!
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} comes ${index + 1}. now, but ${applied[index]!.name} was applied in that place to the schema ${JSON.stringify(schema)}. ` +
      'Bring the files back into the order in which they were applied.',
    { details: { schema, name, file, was: applied[index]!.name, problem: 'reordered' } },
  )
}

function cannotGoBack(schema: string, { name, file }: Migration): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file} has no way back, so the schema ${JSON.stringify(schema)} stays as it is. Write what undoes it behind a line ` +
      '`-- partywall: down` (in TypeScript: export a function `down`), or a new migration that undoes it.',
    { details: { schema, name, file } },
  )
}

function short(checksum: string): string {
  return checksum.slice(0, 12)
}
