/** The errors for a schema whose history does not match the files. */
import { TenancyError } from '../../errors.ts'
import type { Migration } from '../../ports/migration-source.ts'

export function isGone(schema: string, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${name} was applied to the schema ${JSON.stringify(schema)}, but its file is gone. ` +
      'Bring the file back from version control; to undo a migration, write a new one. If this process has older files on purpose, run this ' +
      'with the newer ones.',
    { details: { schema, name, problem: 'gone' } },
  )
}

/** @param isLast it was applied last, so it can be done again */
export function hasChanged(
  schema: string,
  { name, file, checksum, down }: Migration,
  applied: string,
  isLast: boolean,
): TenancyError {
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

/** The two branches of a project were deployed to the same schema, or the files are those of another project. */
export function diverged(schema: string, missing: readonly Migration[], unknown: readonly string[]): TenancyError {
  const pending = missing.map(({ name }) => name)
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The history of the schema ${JSON.stringify(schema)} and the files have diverged: pending are ${listed(pending)}, and the history has ` +
      `${listed(unknown)}, whose files are gone. Bring these files back from version control, or merge the branch that has them. Or set the ` +
      'option "migrations.outOfOrder" to "allow", which applies what is pending.',
    { details: { schema, name: unknown[0]!, problem: 'diverged', pending, unknown } },
  )
}

export function pendingBefore(schema: string, { name, file }: Migration, head: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} is pending, but sorts before ${head}, which was applied to the schema ${JSON.stringify(schema)}: ` +
      'other schemas may get the two in the other order. Give the pending file a number after the last one. Or, if the order of such files ' +
      'does not matter in this project, set the option "migrations.outOfOrder" to "allow".',
    { details: { schema, name, file, head, problem: 'reordered' } },
  )
}

/** The files were renamed, or a tool sorts them in another way now. */
export function appliedOutOfOrder(schema: string, { name, file }: Migration, index: number, was: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} is number ${index + 1} now, but the migration with that number in the history of the schema ` +
      `${JSON.stringify(schema)} is ${was}. Bring the files back into the order in which they were applied. Or, if their order does not ` +
      'matter in this project, set the option "migrations.outOfOrder" to "allow".',
    { details: { schema, name, file, was, problem: 'reordered' } },
  )
}

export function hasNoDown(schema: string, { name, file }: Migration): TenancyError {
  return new TenancyError(
    'INVALID_MIGRATION',
    `The migration ${file} has no down migration, so the schema ${JSON.stringify(schema)} was not rolled back. Write one: ` +
      `${howToWriteDown}. Or undo it in a new migration.`,
    { details: { schema, name, file } },
  )
}

/** Each kind of file has its own place for it. */
export const howToWriteDown =
  'in SQL after a line `-- partywall: down`, in code as the function `down`, for Prisma in a file down.sql beside it'

function short(checksum: string): string {
  return checksum.slice(0, 12)
}

/** The first few names, and how many more there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
