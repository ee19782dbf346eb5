/**
 * Migrations of MikroORM 5 to 7: one class in each file, in the order of the files. What they collect with `addSql`, execute at once, or do with an
 * EntityManager goes through MikroORM's own driver, whose only connection is that of the migration.
 *
 * `set names` and `set session_replication_role`, which MikroORM sends around each migration, are not sent: they change the session, and the
 * second one requires a superuser.
 */
import type { Migration as MikroOrmMigration } from '@mikro-orm/migrations'
import type { MikroORM } from '@mikro-orm/postgresql'
import type * as MikroOrmLibrary from '@mikro-orm/postgresql'
import type { Knex } from 'knex'
import type { Migration, MigrationClient, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection, poolOf } from './borrowed-connection.ts'
import { borrowingKnex, type KnownServer } from './borrowing-knex.ts'
import { assertDistinct, filesIn, leaveOut, loaded, withoutEnding, type CodeFile } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit, invalidMigration } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { transactionOf } from './transaction-choice.ts'
import type { ToolOptions } from './tool-source.ts'

export interface MikroOrmMigrationsOptions extends ToolOptions, FilesOptions {
  /** MikroORM's own table. @default 'mikro_orm_migrations' */
  readonly tableName?: string | undefined
}

/**
 * The migrations of a MikroORM project, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from `migrations.path` of the configuration, or `migrations.pathTs`; or `migrations.migrationsList`
 * @example createTenancy({ migrations: { tenant: mikroOrmMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function mikroOrmMigrations(
  from: MigrationFolders | ListedMigrations<MikroOrmClass | { readonly class: MikroOrmClass }>,
  options: MikroOrmMigrationsOptions = {},
): MigrationSource {
  return givenSource({
    called: 'mikroOrmMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['tableName'],
    makeNew: 'npx mikro-orm migration:create',
    // Older versions of MikroORM recorded the name with its ending.
    imported: namesHistory(options.tableName ?? 'mikro_orm_migrations', {
      name: 'name',
      order: ['id'],
      rename: (name) => name.replace(ending, ''),
    }),
    list,
  })
}

/** The class of a migration. */
export type MikroOrmClass = new (...args: any[]) => MikroOrmMigration

async function list(found: FoundMigrations): Promise<readonly Migration[]> {
  assertUsableLibrary('@mikro-orm/postgresql')
  const library = await loadLibrary('@mikro-orm/postgresql', () => import('@mikro-orm/postgresql'))
  const known: KnownServer = {}
  const files = await Promise.all((await filesIn(found)).map(loaded))
  const named = files.map((file) => ({ ...file, name: withoutEnding(file, ending), Class: classIn(file) }))
  assertDistinct(named)
  return inOrder(named, found.order, byCodeUnit).map(({ name, path, checksum, Class }) => {
    const isInTransaction = isTransactional(Class)
    const step = (direction: 'up' | 'down'): Migration['up'] =>
      codeStep(async ({ client }) => {
        const { driver, config } = await ormOver(library as LibraryLike, client, isInTransaction, known)
        const migration = new Class(driver, config)
        await migration[direction]()
        for (const query of migration.getQueries()) await driver.execute(query as string)
      })
    return Object.freeze({
      name,
      file: path,
      checksum,
      up: step('up'),
      ...(Object.hasOwn(Class.prototype, 'down') && { down: step('down') }),
      ...transactionOf(isInTransaction),
    })
  })
}

type MigrationClass = new (driver: unknown, config: unknown) => MikroOrmMigration

function classIn({ path, module }: CodeFile): MigrationClass {
  const found = Object.values(module).find((value) => typeof value === 'function')
  if (typeof found?.prototype?.up === 'function') return found as unknown as MigrationClass
  throw invalidMigration(path, `exports no migration of MikroORM. Export a class with a method \`up\`, or ${leaveOut}.`)
}

function isTransactional(Class: MigrationClass): boolean {
  return new Class(undefined, undefined).isTransactional()
}

/** `knex`: before MikroORM 7. */
type LibraryLike = typeof MikroOrmLibrary & { readonly knex?: (config: Knex.Config) => Knex }

async function ormOver(
  { MikroORM: Orm, knex }: LibraryLike,
  client: MigrationClient,
  isInTransaction: boolean,
  known: KnownServer,
): Promise<{ driver: MikroORM['em']['driver']; config: MikroORM['config'] }> {
  const pool = poolOf(borrowConnection(client, isInTransaction))
  const driverOptions =
    knex === undefined
      ? { onPoolCreated: (own: object) => Object.assign(own, { connect: pool.connect, end: pool.end }) }
      : await borrowingKnex(knex, client, isInTransaction, known)
  const options = {
    dbName: 'tenancy',
    ensureDatabase: false,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    driverOptions,
  } as unknown as ConstructorParameters<typeof MikroORM>[0]
  if (knex === undefined) {
    const orm = new Orm(options)
    return { driver: orm.em.getDriver(), config: orm.config } as never
  }
  // Before version 7, only init() knows the driver.
  const { config } = await Orm.init({ ...options, connect: false } as typeof options)
  const driver = config.getDriver()
  await driver.connect()
  return { driver, config } as never
}

const ending = /\.[cm]?[jt]s$/
