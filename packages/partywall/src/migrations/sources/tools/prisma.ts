/**
 * Folders of Prisma Migrate: `<14 digits>_<name>/migration.sql`, in the order of their names. A `down.sql` beside it is the down migration:
 * Prisma's manual says how to generate one, and Prisma itself never reads it.
 */
import { join } from 'node:path'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { checksumsOf } from '../imported/file-checks.ts'
import { byCodeUnit, invalidMigration, namesIn, readText } from '../files/migration-file.ts'
import { prismaHistory } from '../imported/prisma-history.ts'
import { sqlMigrations, type SqlMigration } from './tool-sql.ts'
import type { FilesOptions, MigrationFolders } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import type { ToolOptions } from './tool-source.ts'

/** Options of prismaMigrations. */
export interface PrismaMigrationsOptions extends ToolOptions, FilesOptions {}

/**
 * The migrations that Prisma has generated, as a source. Each listing reads every file.
 * @param folder the folder `migrations` beside the Prisma schema
 * @example createTenancy({ migrations: { tenant: prismaMigrations('prisma/migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function prismaMigrations(folder: MigrationFolders, options: PrismaMigrationsOptions = {}): MigrationSource {
  return givenSource({
    called: 'prismaMigrations',
    given: folder,
    options,
    makeNew: 'npx prisma migrate dev --create-only',
    imported: prismaHistory,
    list,
  })
}

async function list({ folders, isMigration, order }: FoundMigrations): Promise<readonly Migration[]> {
  const read = await Promise.all(
    folders.map(async (folder) => {
      const names = (await namesIn(folder)).filter((name) => !ignored.test(name) && isMigration(name))
      return Promise.all(names.map((name) => readMigration(folder, name)))
    }),
  )
  return sqlMigrations(inOrder(read.flat(), order, byCodeUnit))
}

const ignored = /^\.|^migration_lock\.toml$|^readme\.md$/i

async function readMigration(folder: string, name: string): Promise<SqlMigration> {
  const files = await namesIn(join(folder, name))
  if (!files.includes('migration.sql')) {
    throw invalidMigration(join(folder, name), 'holds no migration.sql. Bring the file back, or remove the folder.')
  }
  const [file, downFile] = [join(folder, name, 'migration.sql'), join(folder, name, 'down.sql')]
  const text = await readText(file)
  return {
    name,
    up: { file, text },
    ...(files.includes('down.sql') && { down: { file: downFile, text: await readText(downFile) } }),
    origin: checksumsOf(text),
  }
}
