/** Which migrations a kind must have to get a template. */
import type { Migration } from '../../ports/migration-source.ts'

/** The first migration that must run in each tenant itself: code may do other things for each, and shared objects are made once. */
export function unfitMigration(migrations: readonly Migration[]): Migration | undefined {
  return migrations.find(({ up, sharedObjects }) => up.kind === 'code' || sharedObjects === true)
}
