/** Folders of Kysely's FileMigrationProvider: modules with `up(db)` and perhaps `down(db)`, in the order of their names. */
import type { Kysely } from 'kysely'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection, poolOf } from './borrowed-connection.ts'
import { assertDistinct, filesIn, loaded, upAndDown, withoutEnding, type CodeFile, type Run } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders, MigrationModule } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { isRunOutside, transactionOf } from './transaction-choice.ts'
import type { ToolOptions } from './tool-source.ts'

export interface KyselyMigrationsOptions extends ToolOptions, FilesOptions {
  /** Kysely's own table. @default 'kysely_migration' */
  readonly migrationTableName?: string | undefined
}

/**
 * The migrations of a Kysely project, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from `migrationFolder` of the FileMigrationProvider, or several, or what another provider returns: modules by their names
 * @example createTenancy({ migrations: { tenant: kyselyMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function kyselyMigrations(
  from: MigrationFolders | ListedMigrations<MigrationModule<[db: Kysely<any>]>>,
  options: KyselyMigrationsOptions = {},
): MigrationSource {
  return givenSource({
    called: 'kyselyMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['migrationTableName'],
    makeNew: 'write the file by hand, or npx kysely migrate make',
    imported: namesHistory(options.migrationTableName ?? 'kysely_migration', { name: 'name', order: ['timestamp', 'name'] }),
    list,
  })
}

async function list(found: FoundMigrations): Promise<readonly Migration[]> {
  assertUsableLibrary('kysely')
  const { Kysely: KyselyClass, PostgresDialect } = await loadLibrary('kysely', () => import('kysely'))
  const files = await Promise.all((await filesIn(found)).map(loaded))
  const named = files.map((file) => ({ ...file, name: withoutEnding(file) }))
  assertDistinct(named)
  const step = (run: Run<[Kysely<any>]>, isInTransaction: boolean): Migration['up'] =>
    codeStep(async ({ client }) => {
      await run(new KyselyClass({ dialect: new PostgresDialect({ pool: poolOf(borrowConnection(client, isInTransaction)) }) }))
    })
  return inOrder(named, found.order, byCodeUnit).map(({ name, ...file }: CodeFile & { name: string }) => {
    const { up, down } = upAndDown<[Kysely<any>]>(file)
    const isInTransaction = !isRunOutside(file)
    return Object.freeze({
      name,
      file: file.path,
      checksum: file.checksum,
      up: step(up, isInTransaction),
      ...(down && { down: step(down, isInTransaction) }),
      ...transactionOf(isInTransaction),
    })
  })
}
