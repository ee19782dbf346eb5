/** Compares a file with what another tool has recorded of it. */
import { TenancyError } from '../../../errors.ts'
import type { ImportedTable, Migration } from '../../../ports/migration-source.ts'
import { checksumOf } from '../files/migration-file.ts'

/** The checksums that a file may have had: they depend on the line endings of the checkout that the tool saw. */
export function checksumsOf(text: string): readonly string[] {
  return [checksumOf(text), checksumOf(text.replaceAll('\n', '\r\n'))]
}

/** @throws TenancyError MIGRATION_CHANGED unless one of the checksums is the one that the tool recorded */
export function assertUnchanged(
  from: ImportedTable,
  { name, file }: Migration,
  checksums: readonly string[],
  applied: string,
): void {
  if (checksums.includes(applied)) return
  throw new TenancyError(
    'MIGRATION_CHANGED',
    `The migration ${file} has changed since it was applied to the schema ${JSON.stringify(from.schema)}: its checksum is ` +
      `${checksums[0]?.slice(0, 12)}, and in ${from.table} it is ${applied.slice(0, 12)}. Restore the file as it was, and write the change ` +
      'as a new migration.',
    { details: { schema: from.schema, name, file, problem: 'changed', checksum: checksums[0], applied } },
  )
}

/** The MIGRATION_CHANGED for a row of the tool's table that has no file. */
export function fileGone(from: ImportedTable, name: string): TenancyError {
  return new TenancyError(
    'MIGRATION_CHANGED',
    `According to ${from.table}, ${name} was applied to the schema ${JSON.stringify(from.schema)}, but its file is gone. Bring the file back ` +
      'from version control; to undo a migration, write a new one.',
    { details: { schema: from.schema, name, problem: 'gone' } },
  )
}
