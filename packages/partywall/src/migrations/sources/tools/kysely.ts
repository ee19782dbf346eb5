/** Folders of Kysely's FileMigrationProvider: modules with `up(db)` and perhaps `down(db)`, in the order of their names. */
import type { Kysely } from 'kysely'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection, poolOf } from './borrowed-connection.ts'
import { assertDistinct, filesIn, loaded, upAndDown, type CodeFile, type Run } from './code-folder.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { toolSource, type ToolOptions, type ToolPlace } from './tool-source.ts'

export interface KyselyMigrationsOptions extends ToolOptions {
  /** Kysely's own table. @default 'kysely_migration' */
  readonly migrationTableName?: string | undefined
}

/**
 * The migrations of a Kysely project, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param folder `migrationFolder` of the FileMigrationProvider
 * @example createTenancy({ migrations: { tenant: kyselyMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function kyselyMigrations(folder: string, options: KyselyMigrationsOptions = {}): MigrationSource {
  return toolSource({
    called: 'kyselyMigrations',
    folder,
    options,
    ownOptions: ['migrationTableName'],
    makeNew: 'write the file by hand, or npx kysely migrate make',
    imported: namesHistory(options.migrationTableName ?? 'kysely_migration', { name: 'name', order: ['timestamp', 'name'] }),
    list,
  })
}

async function list(folder: string, place: ToolPlace): Promise<readonly Migration[]> {
  const { Kysely: KyselyClass, PostgresDialect } = await loadLibrary('kysely', () => import('kysely'))
  const files = await Promise.all((await filesIn(folder)).map(loaded))
  const named = files.map((file) => ({ ...file, name: file.file.replace(/\.[^.]+$/, '') }))
  assertDistinct(folder, named)
  const step = (path: string, run: Run<[Kysely<any>]>): Migration['up'] =>
    codeStep(path, place, async ({ client }) => {
      await run(new KyselyClass({ dialect: new PostgresDialect({ pool: poolOf(borrowConnection(client, true)) }) }))
    })
  return named
    .toSorted((a, b) => byCodeUnit(a.name, b.name))
    .map(({ name, ...file }: CodeFile & { name: string }) => {
      const { up, down } = upAndDown<[Kysely<any>]>(file)
      return Object.freeze({
        name,
        file: file.path,
        checksum: file.checksum,
        up: step(file.path, up),
        ...(down && { down: step(file.path, down) }),
      })
    })
}
