/**
 * Folders of Umzug's default resolver: modules with `up({ name, path, context })` and perhaps `down`, in the order of their file names. The
 * project may make the context; the default is what a migration of partywall gets. `NAME.sql` is sent as it is, and `down/NAME.sql` is its
 * down migration, as `umzug create` names them.
 */
import { dirname, join } from 'node:path'
import type { MigrationContext, Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { warnIfUntested } from '../../../tested-versions.ts'
import { assertDistinct, filesIn, loaded, upAndDown, type Run, type ToolFile } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders, MigrationModule } from './given-migrations.ts'
import { givenSource, inOrder, type FoundMigrations } from './given-source.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit, namesIn, readText } from '../files/migration-file.ts'
import { codeStep } from './tool-code.ts'
import { sqlMigrations, type SqlMigration } from './tool-sql.ts'
import { isRunOutsideByText, transactionOf } from './transaction-choice.ts'
import type { ToolOptions } from './tool-source.ts'

export interface UmzugMigrationsOptions extends ToolOptions, FilesOptions {
  /** Makes the `context` of the migrations from what a migration of partywall gets. @default that `{ client, tenant, sql }` itself */
  readonly context?: ((given: MigrationContext<any>) => unknown) | undefined
  /** The table that your storage keeps; SequelizeStorage calls it 'SequelizeMeta'. @default none, so no history is imported */
  readonly tableName?: string | undefined
  /** The column of that table with the names. @default 'name' */
  readonly columnName?: string | undefined
}

/** What Umzug passes to a migration. */
export interface UmzugParams {
  readonly name: string
  readonly path: string
  readonly context: unknown
}

/**
 * The migrations of a project with Umzug, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from the folder of your `glob`; or `migrations`, where that is a list of `{ name, up, down }`
 * @example createTenancy({ migrations: { tenant: umzugMigrations('migrations', { context: ({ client }) => ({ client }) }) } })
 * @throws TenancyError INVALID_OPTION
 */
export function umzugMigrations(
  from: MigrationFolders | ListedMigrations<MigrationModule<[params: UmzugParams]>>,
  options: UmzugMigrationsOptions = {},
): MigrationSource {
  warnIfUntested('umzug')
  const { context = (given) => given, tableName, columnName = 'name' } = options
  return givenSource({
    called: 'umzugMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['context', 'tableName', 'columnName'],
    makeNew: 'the "create" command of your Umzug',
    imported: tableName === undefined ? undefined : namesHistory(tableName, { name: columnName, order: [columnName] }),
    list: async (found) => {
      const files = await sortedFiles(found)
      const [inSql, inCode] = await Promise.all([
        readSql(files.filter(isSql)),
        readCode(
          files.filter((file) => !isSql(file)),
          context,
        ),
      ])
      const sql = sqlMigrations(inSql)
      // A list has the order in which the project wrote it.
      return found.listed === undefined ? inOrder([...sql, ...inCode], found.order, byCodeUnit) : inCode
    },
  })
}

function isSql({ file, given }: ToolFile): boolean {
  return given === undefined && file.endsWith('.sql')
}

async function sortedFiles(found: FoundMigrations): Promise<ToolFile[]> {
  const files = (await filesIn(found, /\.sql$/)).map((file) => ({ ...file, name: file.file }))
  assertDistinct(files)
  return found.listed !== undefined && found.order === undefined ? files : inOrder(files, found.order, byCodeUnit)
}

async function readSql(files: readonly ToolFile[]): Promise<SqlMigration[]> {
  const folders = [...new Set(files.map(({ path }) => join(dirname(path), 'down')))]
  const downs = new Set(
    (await Promise.all(folders.map(async (down) => (await namesIn(down)).map((name) => join(down, name))))).flat(),
  )
  return Promise.all(
    files.map(async ({ file, path, text }) => {
      const down = join(dirname(path), 'down', file)
      return {
        name: file,
        up: { file: path, text },
        ...(downs.has(down) && { down: { file: down, text: await readText(down) } }),
      }
    }),
  )
}

async function readCode(files: readonly ToolFile[], context: (given: MigrationContext<any>) => unknown): Promise<Migration[]> {
  const step = (name: string, path: string, run: Run<[UmzugParams]>): Migration['up'] =>
    codeStep(async (given) => {
      await run({ name, path, context: await context(given) })
    })
  return (await Promise.all(files.map(loaded))).map((file) => {
    const { up, down } = upAndDown<[UmzugParams]>(file)
    return Object.freeze({
      name: file.file,
      file: file.path,
      checksum: file.checksum,
      up: step(file.file, file.path, up),
      ...(down && { down: step(file.file, file.path, down) }),
      ...transactionOf(!isRunOutsideByText(file)),
    })
  })
}
