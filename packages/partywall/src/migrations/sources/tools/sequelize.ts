/**
 * Folders of the Sequelize CLI: modules with `up(queryInterface, Sequelize)` and perhaps `down`, in the order of their file names, which are their
 * names. The queryInterface is Sequelize's own, and its only connection is that of the migration: also what a transaction of Sequelize does is
 * in the transaction of partywall.
 *
 * Sequelize asks the catalog of the server about one schema, "public" unless it is told another, as in `describeTable`. Here it is told the schema
 * that is migrated; otherwise the guards of migrations would look at another tenant's tables, or at shared ones.
 */
import pg from 'pg'
import type { Options, QueryInterface, Sequelize } from 'sequelize'
import type { Migration, MigrationClient, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection } from './borrowed-connection.ts'
import { assertDistinct, filesIn, loaded, upAndDown, type Run } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders, MigrationModule } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit } from '../files/migration-file.ts'
import { askAboutSchema } from './sequelize-catalog.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { isRunOutsideByText, transactionOf } from './transaction-choice.ts'
import type { ToolOptions, ToolPlace } from './tool-source.ts'

export interface SequelizeMigrationsOptions extends ToolOptions, FilesOptions {
  /** The table of the Sequelize CLI. @default 'SequelizeMeta' */
  readonly migrationStorageTableName?: string | undefined
  /**
   * With what `up` and `down` are called. `cli`: `(queryInterface, Sequelize)`, as the Sequelize CLI does. `umzug`: `({ name, path, context })`, where
   * the context is the queryInterface, as Umzug does with `context: sequelize.getQueryInterface()`. @default 'cli'
   */
  readonly calledBy?: 'cli' | 'umzug' | undefined
}

/**
 * The migrations of a project with Sequelize 6, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from `migrations-path` of .sequelizerc; or modules by their names
 * @example createTenancy({ migrations: { tenant: sequelizeMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function sequelizeMigrations(
  from: MigrationFolders | ListedMigrations<MigrationModule<any[]>>,
  options: SequelizeMigrationsOptions = {},
): MigrationSource {
  return givenSource({
    called: 'sequelizeMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['migrationStorageTableName', 'calledBy'],
    makeNew: 'npx sequelize-cli migration:generate',
    imported: namesHistory(options.migrationStorageTableName ?? 'SequelizeMeta', { name: 'name', order: ['name'] }),
    list: (found, place) => list(found, place, options.calledBy === 'umzug'),
  })
}

async function list(found: FoundMigrations, place: ToolPlace, isByUmzug: boolean): Promise<readonly Migration[]> {
  assertUsableLibrary('sequelize')
  const { Sequelize: Library } = await loadLibrary('sequelize', () => import('sequelize'))
  // The same for every schema of one server.
  const known: { version?: string } = {}
  const step = (name: string, path: string, run: Run<any[]>, isInTransaction: boolean): Migration['up'] =>
    codeStep(async ({ client, tenant }) => {
      known.version ??= await versionOf(client)
      const schema = tenant?.schema ?? place.sharedSchema
      const queryInterface = queryInterfaceOver(Library, client, { schema, isInTransaction, version: known.version })
      await (isByUmzug ? run({ name, path, context: queryInterface }) : run(queryInterface, Library))
    })
  const files = (await filesIn(found)).map((file) => ({ ...file, name: file.file }))
  assertDistinct(files)
  return (await Promise.all(inOrder(files, found.order, byCodeUnit).map(loaded))).map((file) => {
    const { up, down } = upAndDown<any[]>(file)
    const isInTransaction = !isRunOutsideByText(file)
    return Object.freeze({
      name: file.file,
      file: file.path,
      checksum: file.checksum,
      up: step(file.file, file.path, up, isInTransaction),
      ...(down && { down: step(file.file, file.path, down, isInTransaction) }),
      ...transactionOf(isInTransaction),
    })
  })
}

function queryInterfaceOver(
  Library: typeof Sequelize,
  client: MigrationClient,
  { schema, isInTransaction, version }: { schema: string; isInTransaction: boolean; version: string },
): QueryInterface {
  const sequelize = new Library({
    dialect: 'postgres',
    dialectModule: { types: pg.types },
    // With it, Sequelize opens no connection of its own to learn the version.
    databaseVersion: version,
    schema,
    logging: false,
  } as Options)
  const connection = borrowConnection(client, isInTransaction)
  // Each checkout is an object of its own, because Sequelize writes the name of a transaction on it.
  const pool = { acquire: async () => Object.create(connection), release: () => {}, destroy: async () => {} }
  Object.assign((sequelize as unknown as { connectionManager: object }).connectionManager, { pool })
  const queryInterface = sequelize.getQueryInterface()
  askAboutSchema(queryInterface.queryGenerator as object, schema)
  return queryInterface
}

async function versionOf(client: MigrationClient): Promise<string> {
  const { rows } = await client.query<{ version: string }>(`select pg_catalog.current_setting('server_version') as version`)
  const [, major, minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(rows[0]!.version) ?? ['', '14']
  return `${major}.${minor}.0`
}
