/**
 * Folders of drizzle-kit, in both formats: up to 0.31, files `0000_name.sql` in the order of `meta/_journal.json`; since 1.0, one folder for
 * each migration, in the order of their names. Both write `"public".` in front of some names.
 */
import { join } from 'node:path'
import { splitStatements } from '../../../sql/lexer.ts'
import { TenancyError } from '../../../errors.ts'
import type { Migration, MigrationSource, SourcePlace } from '../../../ports/migration-source.ts'
import { drizzleHistory, type DrizzleOrigin } from '../imported/drizzle-history.ts'
import { checksumsOf } from '../imported/file-checks.ts'
import { invalidMigration, namesIn, readText } from '../files/migration-file.ts'
import { sqlMigrations, type SqlMigration } from './tool-sql.ts'
import { toolSource, type ToolOptions, type ToolPlace } from './tool-source.ts'

export interface DrizzleMigrationsOptions extends ToolOptions {
  /** Drizzle's own table. @default '__drizzle_migrations' */
  readonly migrationsTable?: string | undefined
  /**
   * The schema of Drizzle's table, if it is not in the schema that is migrated; Drizzle's own default is 'drizzle'. Only for the shared
   * schema: one table cannot be the history of many schemas. @default the schema that is migrated
   */
  readonly migrationsSchema?: string | undefined
}

/**
 * The migrations that drizzle-kit has generated, as a source. Each listing reads every file.
 * @param folder `out` of drizzle.config.ts
 * @example createTenancy({ migrations: { tenant: drizzleMigrations('drizzle') } })
 * @throws TenancyError INVALID_OPTION
 */
export function drizzleMigrations(folder: string, options: DrizzleMigrationsOptions = {}): MigrationSource {
  const { migrationsTable = '__drizzle_migrations', migrationsSchema } = options
  return toolSource({
    called: 'drizzleMigrations',
    folder,
    options,
    ownOptions: ['migrationsTable', 'migrationsSchema'],
    makeNew: 'npx drizzle-kit generate',
    imported: drizzleHistory(migrationsTable, migrationsSchema),
    check: (place) => assertOneHistory(place, migrationsSchema),
    list,
  })
}

function assertOneHistory({ isShared }: SourcePlace, migrationsSchema: string | undefined): void {
  if (isShared || migrationsSchema === undefined) return
  throw new TenancyError(
    'INVALID_OPTION',
    `"migrationsSchema" of drizzleMigrations is only for the shared schema: the table in ${JSON.stringify(migrationsSchema)} cannot be the ` +
      'history of every tenant. Leave it out; a tenant that Drizzle has migrated has the table in its own schema.',
    { details: { option: 'migrationsSchema' } },
  )
}

async function list(folder: string, place: ToolPlace): Promise<readonly Migration[]> {
  const names = await namesIn(folder)
  const folders = await readFolders(folder, names)
  const isJournaled = names.includes('meta') && (await namesIn(join(folder, 'meta'))).includes('_journal.json')
  if (!isJournaled) return sqlMigrations(folders, place)
  if (folders.length === 0) return sqlMigrations(await readJournal(folder, names), place)
  throw invalidMigration(
    folder,
    'holds migrations of drizzle-kit 0.31 and of 1.0, which have no common order. Run `npx drizzle-kit up`, which converts the old ones.',
  )
}

/** The format of drizzle-kit 1.0: `<14 digits>_<name>/migration.sql`. */
async function readFolders(folder: string, names: readonly string[]): Promise<SqlMigration[]> {
  // As Drizzle sorts them, but independent of the language of the machine.
  const candidates = names.filter((name) => /^\d{14}/.test(name)).toSorted((a, b) => a.localeCompare(b, 'en'))
  const read = candidates.map(async (name) => {
    const isMigration = (await namesIn(join(folder, name))).includes('migration.sql')
    return isMigration ? [await readFile(name, join(folder, name, 'migration.sql'), timeOf(name))] : []
  })
  return (await Promise.all(read)).flat()
}

async function readJournal(folder: string, names: readonly string[]): Promise<SqlMigration[]> {
  const path = join(folder, 'meta', '_journal.json')
  const entries = entriesOf(path, await readText(path))
  const lost = names.find((name) => name.endsWith('.sql') && !entries.some(({ tag }) => `${tag}.sql` === name))
  if (lost !== undefined) {
    throw invalidMigration(
      join(folder, lost),
      'is not in meta/_journal.json, so Drizzle would never apply it. Bring its entry back, or move the file out of the folder.',
    )
  }
  return Promise.all(entries.map(({ tag, when }) => readFile(tag, join(folder, `${tag}.sql`), when)))
}

function entriesOf(path: string, text: string): { tag: string; when: number }[] {
  try {
    const { entries } = JSON.parse(text) as { entries: { tag: unknown; when: unknown }[] }
    return entries.map(({ tag, when }) => {
      if (typeof tag !== 'string' || typeof when !== 'number') throw new Error('an entry has no "tag" or no "when"')
      return { tag, when }
    })
  } catch (error) {
    throw invalidMigration(
      path,
      `is not a journal of drizzle-kit: ${(error as Error).message}. Restore it from version control.`,
      error,
    )
  }
}

async function readFile(name: string, file: string, when: number): Promise<SqlMigration> {
  const text = await readText(file)
  const origin: DrizzleOrigin = { when, hashes: checksumsOf(text) }
  return { name, up: { file, text: withSemicolons(text) }, content: text, origin }
}

/** Drizzle sends the parts between its marks one by one, so a part may have no semicolon. For PostgreSQL the mark is a comment. */
function withSemicolons(text: string): string {
  const mark = '--> statement-breakpoint'
  return text
    .split(mark)
    .map((part, index, parts) => (index === parts.length - 1 || isEnded(part) ? part : `${part};`))
    .join(mark)
}

/** Whether text after the part would be a statement of its own. */
function isEnded(part: string): boolean {
  const next = splitStatements(`${part}\nselect`).at(-1)
  return next?.start === part.length + 1
}

function timeOf(name: string): number {
  const [year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(name)!.slice(1).map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}
