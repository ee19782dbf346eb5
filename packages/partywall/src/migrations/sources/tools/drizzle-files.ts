/**
 * Folders of drizzle-kit, in both formats: up to 0.31, files `0000_name.sql` in the order of `meta/_journal.json`, whose names begin as the option
 * `prefix` says; since 1.0, one folder for each migration, in the order of their names. Other files, such as `relations.ts`, are none.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { splitStatements } from '../../../sql/lexer.ts'
import { checksumsOf } from '../imported/file-checks.ts'
import type { DrizzleOrigin } from '../imported/drizzle-history.ts'
import { invalidMigration, namesIn, readText } from '../files/migration-file.ts'
import type { SqlMigration } from './tool-sql.ts'

/**
 * The migrations of one folder, in their order.
 * @param ignoresOrphans passes over a .sql file that the journal does not have
 * @throws TenancyError INVALID_MIGRATION
 */
export async function readDrizzleFolder(
  folder: string,
  isMigration: (file: string) => boolean,
  ignoresOrphans: boolean,
): Promise<SqlMigration[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => isMigration(name))
  const files = entries.filter((entry) => !entry.isDirectory() && /^[^.].*\.sql$/.test(entry.name)).map(({ name }) => name)
  const folders = await readFolders(
    folder,
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
  )
  const isJournaled =
    entries.some(({ name }) => name === 'meta') && (await namesIn(join(folder, 'meta'))).includes('_journal.json')
  if (isJournaled && folders.length > 0) {
    throw invalidMigration(
      folder,
      'holds migrations of drizzle-kit 0.31 and of 1.0, which have no common order. Run `npx drizzle-kit up`, which converts the old ones.',
    )
  }
  if (isJournaled) return readJournal(folder, files, isMigration, ignoresOrphans)
  const [orphan] = files
  if (orphan !== undefined && !ignoresOrphans) throw withoutJournal(folder, orphan)
  return folders
}

/** The format of drizzle-kit 1.0: `<14 digits>_<name>/migration.sql`. */
async function readFolders(folder: string, names: readonly string[]): Promise<SqlMigration[]> {
  // As Drizzle sorts them, but independent of the language of the machine.
  const read = names
    .toSorted((a, b) => a.localeCompare(b, 'en'))
    .map(async (name) => {
      const holdsMigration = (await namesIn(join(folder, name))).includes('migration.sql')
      if (holdsMigration) return [await readFile(name, join(folder, name, 'migration.sql'), timeOf(name))]
      if (!/^\d{14}_/.test(name)) return []
      throw invalidMigration(join(folder, name), 'holds no migration.sql. Bring the file back, or remove the folder.')
    })
  return (await Promise.all(read)).flat()
}

async function readJournal(
  folder: string,
  files: readonly string[],
  isMigration: (file: string) => boolean,
  ignoresOrphans: boolean,
): Promise<SqlMigration[]> {
  const path = join(folder, 'meta', '_journal.json')
  const entries = entriesOf(path, await readText(path)).filter(({ tag }) => isMigration(`${tag}.sql`))
  const orphan = files.find((name) => !entries.some(({ tag }) => `${tag}.sql` === name))
  if (orphan !== undefined && !ignoresOrphans) {
    throw invalidMigration(
      join(folder, orphan),
      'is not in meta/_journal.json, so Drizzle would never apply it. Bring its entry back, move the file out of the folder, or set the option "orphans" to \'ignore\', with which such files are not applied.',
    )
  }
  const lost = entries.find(({ tag }) => !files.includes(`${tag}.sql`))
  if (lost !== undefined) {
    throw invalidMigration(
      join(folder, `${lost.tag}.sql`),
      'does not exist, but meta/_journal.json has its entry. Bring the file back from version control, or remove the entry if no schema has the migration.',
    )
  }
  return Promise.all(entries.map(({ tag, when }) => readFile(tag, join(folder, `${tag}.sql`), when)))
}

function withoutJournal(folder: string, orphan: string): Error {
  return invalidMigration(
    join(folder, orphan),
    'has no journal: the folder holds no meta/_journal.json, which gives the order of the files. Bring it back from version control.',
  )
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

/** NaN for a folder that was named by hand. */
function timeOf(name: string): number {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(name)
  if (digits === null) return Number.NaN
  const [year, month, day, hour, minute, second] = digits.slice(1).map(Number)
  return Date.UTC(year!, month! - 1, day, hour, minute, second)
}
