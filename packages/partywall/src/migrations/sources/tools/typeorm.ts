/**
 * Migrations of TypeORM: classes in the order of the timestamps in their names. Each gets a QueryRunner of TypeORM's own, on a DataSource whose
 * only connection is that of the migration; so `query` works, and so do `createTable` and the other functions for tables.
 *
 * TypeORM records views and generated columns in a table `typeorm_metadata`, which its own runner always creates. Here it is created for the
 * migrations that write to it.
 */
import type { DataSource, MigrationInterface } from 'typeorm'
import type { Migration, MigrationClient, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection, poolOf } from './borrowed-connection.ts'
import { filesIn, leaveOut, loaded, type CodeFile } from './code-folder.ts'
import type { FilesOptions, MigrationFolders } from './given-migrations.ts'
import { givenSource, type FoundMigrations } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { invalidMigration } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { transactionOf } from './transaction-choice.ts'
import type { ToolOptions } from './tool-source.ts'

export interface TypeormMigrationsOptions extends ToolOptions, FilesOptions {
  /** TypeORM's own table. @default 'migrations' */
  readonly migrationsTableName?: string | undefined
}

/**
 * The migrations of a TypeORM project, as a source: files in TypeScript, or compiled. Each listing reads every file, and imports the files
 * whose content has changed.
 * @param from what `migrations` of the DataSource has: the folder of its files, or the classes
 * @example createTenancy({ migrations: { tenant: typeormMigrations('src/migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function typeormMigrations(
  from: MigrationFolders | readonly TypeormClass[] | Readonly<Record<string, TypeormClass>>,
  options: TypeormMigrationsOptions = {},
): MigrationSource {
  return givenSource({
    called: 'typeormMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['migrationsTableName'],
    makeNew: 'npx typeorm migration:generate',
    imported: namesHistory(options.migrationsTableName ?? 'migrations', { name: 'name', order: ['id'] }),
    list,
  })
}

/** The class of a migration. */
export type TypeormClass = new () => MigrationInterface

interface TypeormMigration {
  readonly name: string
  readonly timestamp: number
  readonly instance: MigrationInterface
  readonly file: CodeFile
}

async function list(found: FoundMigrations): Promise<readonly Migration[]> {
  assertUsableLibrary('typeorm')
  const { DataSource: Source } = await loadLibrary('typeorm', () => import('typeorm'))
  const files = await Promise.all((await filesIn(found)).map(loaded))
  const migrations = inTimeOrder(files.flatMap(migrationsIn), found.order)
  assertDistinct(migrations)
  // The same for every schema of one server.
  const known: { version?: string | undefined; database?: string | undefined } = {}
  return migrations.map(({ name, instance, file }) => {
    const isInTransaction = instance.transaction !== false
    const step = (direction: 'up' | 'down'): Migration['up'] =>
      codeStep(async ({ client }) => {
        if (writesMetadata.test(file.text)) await client.query(metadataTableSql)
        const dataSource = sourceOver(Source, client, isInTransaction, known)
        await dataSource.initialize()
        Object.assign(known, { version: dataSource.driver.version, database: dataSource.driver.database })
        const runner = dataSource.createQueryRunner()
        // As in TypeORM's own runner: what starts a transaction creates a savepoint.
        if (isInTransaction) Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 })
        await instance[direction](runner)
      })
    return Object.freeze({
      name,
      file: file.path,
      checksum: file.checksum,
      up: step('up'),
      ...(typeof instance.down === 'function' && { down: step('down') }),
      ...transactionOf(isInTransaction),
    })
  })
}

function inTimeOrder(migrations: readonly TypeormMigration[], order: FilesOptions['order']): TypeormMigration[] {
  return migrations.toSorted((a, b) => order?.(a.name, b.name) ?? a.timestamp - b.timestamp)
}

function migrationsIn(file: CodeFile): TypeormMigration[] {
  const classes = [...new Set(Object.values(file.module).filter((value) => typeof value === 'function'))]
  if (classes.length === 0) {
    throw invalidMigration(
      file.path,
      `exports no class. Export the migration as a class with \`up\` and \`down\`, or ${leaveOut}.`,
    )
  }
  return classes.map((Class) => {
    const instance = new (Class as new () => MigrationInterface)()
    const name = instance.name ?? Class.name
    const timestamp = Number.parseInt(name.slice(-13), 10)
    if (typeof instance.up !== 'function' || !Number.isSafeInteger(timestamp)) {
      throw invalidMigration(
        file.path,
        `exports the class ${name}, which is no migration of TypeORM: it needs \`up\`, and a name that ends with a timestamp of 13 digits. Add them, or move the class to ` +
          'another file.',
      )
    }
    return { name, timestamp, instance, file }
  })
}

function assertDistinct(migrations: readonly TypeormMigration[]): void {
  const second = migrations.find(({ name }, index) => migrations.findIndex((other) => other.name === name) !== index)
  if (second === undefined) return
  throw invalidMigration(
    second.file.path,
    `has a migration ${second.name}, and so has another file. Rename or remove one of them.`,
  )
}

/** A DataSource on one connection, which is open already. */
function sourceOver(
  Source: typeof DataSource,
  client: MigrationClient,
  isInTransaction: boolean,
  known: { version?: string | undefined; database?: string | undefined },
): DataSource {
  const schema: { name?: string | undefined } = {}
  const recording: MigrationClient = {
    query: (query: any, values?: readonly unknown[]): any =>
      client.query(query, typeof query === 'string' && writesMetadata.test(query) ? values?.map(ofPublic) : values),
  }
  // A generated migration records the schema that it was generated on.
  const ofPublic = (value: unknown): unknown => (value === 'public' ? (schema.name ?? value) : value)
  const pool = poolOf(borrowConnection(recording, isInTransaction))
  const source = new Source({
    type: 'postgres',
    driver: {
      Pool: function OneConnection() {
        return pool
      },
    },
    installExtensions: false,
  })
  Object.assign(source.driver, known)
  Object.defineProperty(schema, 'name', { get: () => source.driver.schema })
  return source
}

const writesMetadata = /\btypeorm_metadata\b/

/** As TypeORM creates it. */
const metadataTableSql = `
  create table if not exists "typeorm_metadata" (
    "type" character varying not null,
    "database" character varying,
    "schema" character varying,
    "table" character varying,
    "name" character varying,
    "value" text
  )`
