/** Folders of Knex: modules with `up(knex)` and `down(knex)`, in the order of their file names, which are their names. */
import type { Knex } from 'knex'
import type { Migration, MigrationSource } from '../../../ports/migration-source.ts'
import { borrowConnection, type BorrowedConnection } from './borrowed-connection.ts'
import { filesIn, loaded, upAndDown, type CodeFile, type Run } from './code-folder.ts'
import { namesHistory } from '../imported/names-history.ts'
import { byCodeUnit } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { toolSource, type ToolOptions, type ToolPlace } from './tool-source.ts'

export interface KnexMigrationsOptions extends ToolOptions {
  /** Knex's own table. @default 'knex_migrations' */
  readonly tableName?: string | undefined
}

/**
 * The migrations of a Knex project, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param folder `migrations.directory` of the knexfile
 * @example createTenancy({ migrations: { tenant: knexMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function knexMigrations(folder: string, options: KnexMigrationsOptions = {}): MigrationSource {
  return toolSource({
    called: 'knexMigrations',
    folder,
    options,
    ownOptions: ['tableName'],
    makeNew: 'npx knex migrate:make',
    imported: namesHistory(options.tableName ?? 'knex_migrations', { name: 'name', order: ['id'] }),
    list,
  })
}

async function list(folder: string, place: ToolPlace): Promise<readonly Migration[]> {
  // CommonJS, in which Node.js finds no named exports.
  const { default: makeKnex } = await loadLibrary('knex', () => import('knex'))
  // Knex queries the version of the server on each new connection; once is enough.
  let version: string | undefined
  const step = (path: string, run: Run<[Knex]>, isInTransaction: boolean): Migration['up'] =>
    codeStep(path, place, async ({ client }) => {
      const db = makeKnex({ client: 'pg' })
      const knexClient = db.client as KnexClientLike
      const connection = Object.assign(borrowConnection(client, isInTransaction), { __knexUid: 'partywall' })
      // Without the address of a server Knex has made no pool. Only Knex 3.3 and newer has an option for a foreign one.
      knexClient.pool = poolForKnex(connection)
      knexClient.version = version ??= await knexClient.checkVersion(connection)
      await run(db)
    })
  const files = (await filesIn(folder)).toSorted((a, b) => byCodeUnit(a.file, b.file))
  return (await Promise.all(files.map(loaded))).map((file) => {
    const { up, down } = upAndDown<[Knex]>(file)
    const isInTransaction = !runsOutside(file)
    return Object.freeze({
      name: file.file,
      file: file.path,
      checksum: file.checksum,
      up: step(file.path, up, isInTransaction),
      ...(down && { down: step(file.path, down, isInTransaction) }),
      ...(!isInTransaction && { transaction: false as const }),
    })
  })
}

/** The slice of Knex's PostgreSQL client that is not in its types. Read in Knex 3.1 and 3.3. */
interface KnexClientLike {
  pool?: object
  version?: string
  checkVersion(connection: BorrowedConnection): Promise<string>
}

function poolForKnex(connection: BorrowedConnection): object {
  return { acquire: () => ({ promise: Promise.resolve(connection) }), release: () => true, destroy: async () => {} }
}

/** `exports.config = { transaction: false }` */
function runsOutside({ module }: CodeFile): boolean {
  return (module['config'] as { transaction?: unknown } | undefined)?.transaction === false
}
