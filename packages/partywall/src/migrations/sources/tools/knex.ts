/** Folders of Knex: modules with `up(knex)` and `down(knex)`, in the order of their file names, which are their names. */
import type { Knex } from 'knex'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowingKnex, type KnownServer } from './borrowing-knex.ts'
import { assertDistinct, filesIn, loaded, upAndDown, type Run, type ToolFile } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders, MigrationModule } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { isRunOutside, transactionOf } from './transaction-choice.ts'
import type { ToolOptions } from './tool-source.ts'

export interface KnexMigrationsOptions extends ToolOptions, FilesOptions {
  /** Knex's own table. @default 'knex_migrations' */
  readonly tableName?: string | undefined
  /** With several folders: all files of the first, then all of the next, as the option of Knex. @default false: one order for all */
  readonly sortDirsSeparately?: boolean | undefined
}

/**
 * The migrations of a Knex project, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from `migrations.directory` of the knexfile; or modules by their names
 * @example createTenancy({ migrations: { tenant: knexMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function knexMigrations(
  from: MigrationFolders | ListedMigrations<MigrationModule<[knex: Knex]>>,
  options: KnexMigrationsOptions = {},
): MigrationSource {
  return givenSource({
    called: 'knexMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['tableName', 'sortDirsSeparately'],
    makeNew: 'npx knex migrate:make',
    imported: namesHistory(options.tableName ?? 'knex_migrations', { name: 'name', order: ['id'] }),
    list: (found) => list(found, options.sortDirsSeparately === true),
  })
}

async function list(found: FoundMigrations, isByFolder: boolean): Promise<readonly Migration[]> {
  assertUsableLibrary('knex')
  // CommonJS, in which Node.js finds no named exports.
  const { default: makeKnex } = await loadLibrary('knex', () => import('knex'))
  const known: KnownServer = {}
  const step = (run: Run<[Knex]>, isInTransaction: boolean): Migration['up'] =>
    codeStep(async ({ client }) => {
      await run(await borrowingKnex(makeKnex, client, isInTransaction, known))
    })
  const files = await sortedFiles(found, isByFolder)
  return (await Promise.all(files.map(loaded))).map((file) => {
    const { up, down } = upAndDown<[Knex]>(file)
    const isInTransaction = !isRunOutside(file)
    return Object.freeze({
      name: file.file,
      file: file.path,
      checksum: file.checksum,
      up: step(up, isInTransaction),
      ...(down && { down: step(down, isInTransaction) }),
      ...transactionOf(isInTransaction),
    })
  })
}

async function sortedFiles(found: FoundMigrations, isByFolder: boolean): Promise<ToolFile[]> {
  const groups = isByFolder ? found.folders.map((folder) => ({ ...found, folders: [folder] })) : [found]
  const sorted = groups.map(async (group) => {
    const files = (await filesIn(group)).map((file) => ({ ...file, name: file.file }))
    return inOrder(files, found.order, byCodeUnit)
  })
  const files = (await Promise.all(sorted)).flat()
  assertDistinct(files)
  return files
}
