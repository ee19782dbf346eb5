/**
 * Folders of node-pg-migrate: modules with `up(pgm)` and perhaps `down(pgm)`; SQL files with the headings `-- Up Migration` and `-- Down
 * Migration`; and pairs of `.up.sql` and `.down.sql`. The builder `pgm` collects SQL, which is then sent.
 */
import type { ColumnDefinitions, Migration as LibraryMigration, MigrationBuilder } from 'node-pg-migrate'
import type { Migration, MigrationClient, MigrationSource } from '../../../ports/migration-source.ts'
import { assertDistinct, filesIn, leaveOut, loaded, withoutEnding, type CodeFile, type ToolFile } from './code-folder.ts'
import type { FilesOptions, ListedMigrations, MigrationFolders } from './given-migrations.ts'
import { givenSource, inOrder } from './given-source.ts'
import { assertUsableLibrary } from './library-versions.ts'
import { namesHistory } from '../imported/names-history.ts'
import { compareNames, nameWithoutEnding, parseUpAndDown, prefixOf } from './node-pg-migrate-files.ts'
import { invalidMigration } from '../files/migration-file.ts'
import { codeStep, loadLibrary } from './tool-code.ts'
import { sqlMigrations, type SqlMigration } from './tool-sql.ts'
import type { ToolOptions } from './tool-source.ts'

export interface NodePgMigrateMigrationsOptions extends ToolOptions, FilesOptions {
  /** node-pg-migrate's own table. @default 'pgmigrations' */
  readonly migrationsTable?: string | undefined
  /** Turns names from camel case into lower case with underscores, as the option of node-pg-migrate. @default false */
  readonly decamelize?: boolean | undefined
}

/**
 * The migrations of a project with node-pg-migrate, as a source. Each listing reads every file, and imports the files whose content has changed.
 * @param from `migrations-dir`; or modules by their names
 * @example createTenancy({ migrations: { tenant: nodePgMigrateMigrations('migrations') } })
 * @throws TenancyError INVALID_OPTION
 */
export function nodePgMigrateMigrations(
  from: MigrationFolders | ListedMigrations<NodePgMigrateModule>,
  options: NodePgMigrateMigrationsOptions = {},
): MigrationSource {
  const { order, decamelize = false } = options
  return givenSource({
    called: 'nodePgMigrateMigrations',
    given: from,
    mayList: true,
    options,
    ownOptions: ['migrationsTable', 'decamelize'],
    makeNew: 'npx node-pg-migrate create',
    imported: namesHistory(options.migrationsTable ?? 'pgmigrations', { name: 'name', order: ['run_on', 'id'] }),
    list: async (found) => {
      const files = await filesIn(found, /\.sql$/)
      if (order === undefined) for (const { path: file, file: name } of files) assertPrefixed(file, name)
      const [sql, code] = [files.filter(({ file }) => file.endsWith('.sql')), files.filter(({ file }) => !file.endsWith('.sql'))]
      const inCode = inOrder(
        code.map((file) => ({ ...file, name: withoutEnding(file) })),
        order,
        compareNames,
      )
      const migrations = [...sqlMigrations(inOrder(pairs(sql), order, compareNames)), ...(await readCode(inCode, decamelize))]
      assertDistinct(migrations.map(({ name, file }) => ({ name, path: file })))
      return inOrder(migrations, order, compareNames)
    },
  })
}

/** A migration in code. */
export interface NodePgMigrateModule {
  readonly up: (pgm: MigrationBuilder, done: () => void) => unknown
  /** `false`: there is no way back. Absent: `up` is reversed. */
  readonly down?: ((pgm: MigrationBuilder, done: () => void) => unknown) | false | null | undefined
  readonly shorthands?: ColumnDefinitions | undefined
}

function assertPrefixed(path: string, name: string): void {
  if (Number.isFinite(prefixOf(name))) return
  throw invalidMigration(
    path,
    `does not start with a number, by which node-pg-migrate sorts its files. Rename it, give the option "order", or ${leaveOut}.`,
  )
}

/** One migration for each file, or for a pair of `.up.sql` and `.down.sql`. */
function pairs(files: readonly ToolFile[]): SqlMigration[] {
  const downs = new Map(files.filter(({ file }) => file.endsWith('.down.sql')).map((file) => [file.file, file]))
  const rest = files
    .filter(({ file }) => !downs.has(file))
    .map(({ file, path, text }): SqlMigration => {
      if (!file.endsWith('.up.sql')) return { name: nameWithoutEnding(file), ...parseUpAndDown(path, text), content: text }
      const down = downs.get(file.replace(/\.up\.sql$/, '.down.sql'))
      downs.delete(down?.file ?? '')
      return {
        name: file.replace(/\.up\.sql$/, ''),
        up: { file: path, text },
        ...(down && { down: { file: down.path, text: down.text } }),
      }
    })
  const [alone] = downs.values()
  if (alone !== undefined) {
    throw invalidMigration(alone.path, 'is a down migration without its .up.sql. Bring that file back, or remove this one.')
  }
  return rest
}

/** @param files in their order */
async function readCode(files: readonly (ToolFile & { readonly name: string })[], decamelizes: boolean): Promise<Migration[]> {
  if (files.length === 0) return []
  assertUsableLibrary('node-pg-migrate')
  const Builder = await loadLibrary('node-pg-migrate', loadBuilder)
  // The shorthands of a file are for its columns, and for those of all later files.
  let shorthands: ColumnDefinitions = {}
  return (await Promise.all(files.map(async (file) => ({ ...(await loaded(file)), name: file.name })))).map((file) => {
    shorthands = { ...shorthands, ...(file.module['shorthands'] as ColumnDefinitions | undefined) }
    const known = shorthands
    const step = (action: Action, isReverse: boolean): Migration['up'] =>
      codeStep(async ({ client }) => {
        const builder = new Builder(queriesOf(client), known, decamelizes, silent)
        if (isReverse) builder.enableReverseMode()
        await collect(builder, action)
        for (const text of builder.getSqlSteps()) await client.query(text)
      })
    const { up, down = up } = actionsOf(file)
    return Object.freeze({
      name: file.name,
      file: file.path,
      checksum: file.checksum,
      up: step(up, false),
      // Without a down migration, node-pg-migrate reverses the up migration.
      ...(down !== false && { down: step(down, down === up) }),
      ...(/\.noTransaction\s*\(/.test(file.text) && { transaction: false as const }),
    })
  })
}

type Builder = typeof MigrationBuilder

/** Before version 8 the package does not export the class, but `Migration`, which makes one for each migration. */
async function loadBuilder(): Promise<Builder> {
  const library = (await import('node-pg-migrate')) as {
    readonly MigrationBuilder?: Builder
    readonly Migration: typeof LibraryMigration
  }
  if (library.MigrationBuilder !== undefined) return library.MigrationBuilder
  class BuilderOfMigration extends library.Migration {
    override _apply(_: unknown, pgm: MigrationBuilder): Promise<never> {
      return pgm as never
    }
  }
  const empty = { up: () => {}, down: () => {} }
  const options = {} as ConstructorParameters<typeof LibraryMigration>[3]
  return (new BuilderOfMigration({} as never, '0_none', empty, options, {}, silent).apply('up') as object).constructor as Builder
}

type Action = (pgm: MigrationBuilder, done?: () => void) => unknown

function actionsOf({ path, module }: CodeFile): { up: Action; down?: Action | false } {
  const { up, down } = module
  if (typeof up !== 'function') {
    throw invalidMigration(path, `exports no function \`up\`. Write one, or ${leaveOut}.`)
  }
  return { up: up as Action, ...(down !== undefined && down !== null && { down: down as Action | false }) }
}

/** An action with a second parameter calls it when it is done. */
async function collect(builder: MigrationBuilder, action: Action): Promise<void> {
  if (action.length === 2) await new Promise<void>((resolve) => void action(builder, resolve))
  else await action(builder)
}

/** `pgm.db`, for migrations that query before they decide. */
function queriesOf(client: MigrationClient): ConstructorParameters<typeof MigrationBuilder>[0] {
  const query = async (config: string | { text: string; values?: unknown[] }, values?: unknown[]): Promise<any> =>
    typeof config === 'string' ? client.query(config, values) : client.query(config.text, config.values ?? values)
  const select = async (...args: Parameters<typeof query>): Promise<any[]> => (await query(...args)).rows
  return { query, select } as unknown as ConstructorParameters<typeof MigrationBuilder>[0]
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
