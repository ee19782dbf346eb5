/**
 * The folder of migration files: `0001_polls.sql`, `0002_titles.ts`, …, applied in the order of their names. A folder holds migrations and
 * nothing else: a file with another name is refused, because a migration that was skipped by mistake would never run.
 */
import { join, resolve } from 'node:path'
import type { TenancyError } from '../../../errors.ts'
import { assertKnownKeys } from '../../../known-keys.ts'
import type { Migration, MigrationSource, SourceReview } from '../../../ports/migration-source.ts'
import { assertReviewOptions, reviewOptionNames } from '../../review/review-options.ts'
import { importCodeFile } from './code-file.ts'
import { byCodeUnit, checksumOf, invalidMigration, namesIn, readText } from '../files/migration-file.ts'
import { parseSqlFile } from './sql-file.ts'

/** The name of a migration, as the history has it: the file's name without this ending. */
export const migrationFile = /^(?<name>(?<number>\d+)_[A-Za-z0-9_-]+)\.(?<ending>sql|ts|mts|js|mjs)$/

/** Files that people and tools keep beside migrations, and that are none. */
const ignored = /^\.|^readme\.md$|\.d\.m?ts$|\.map$/i

/**
 * A folder of migration files with options, where the configuration has a path otherwise. Each listing reads every file, and imports those in
 * TypeScript and JavaScript.
 * @param folder relative to the root of the configuration
 * @example createTenancy({ migrations: { tenant: folderMigrations('migrations/tenant', { public: 'rewrite' }) } })
 * @throws TenancyError INVALID_OPTION
 */
export function folderMigrations(folder: string, options: SourceReview = {}): MigrationSource {
  assertKnownKeys('folderMigrations', options, reviewOptionNames, 'INVALID_OPTION')
  assertReviewOptions('folderMigrations', options)
  const written = { called: 'folderMigrations', folder, options }
  return {
    ...folderSource(folder),
    review: options,
    written,
    at: ({ root }) => ({ ...folderSource(resolve(root, folder), root), review: options, written }),
  }
}

/**
 * The migrations in a folder. Each listing reads every file, and imports those in TypeScript and JavaScript.
 * @param root where relative folders of the configuration start; for messages
 * @example folderSource('migrations/tenant')
 */
export function folderSource(folder: string, root?: string): MigrationSource {
  return { name: folder, list: () => list(folder, root) }
}

async function list(folder: string, root: string | undefined): Promise<readonly Migration[]> {
  const files = (await namesIn(folder, () => absent(folder, root))).filter((file) => !ignored.test(file))
  const named = files.map((file) => ({ file, ...parseName(folder, file) })).toSorted((a, b) => byCodeUnit(a.name, b.name))
  assertDistinct(folder, named)
  return Promise.all(named.map(({ file, name }) => read(join(folder, file), name)))
}

/** It does not count as a folder without migrations: a typo, or a start in another directory, would make tenants without tables. */
function absent(folder: string, root: string | undefined): TenancyError {
  return invalidMigration(
    folder,
    `does not exist. ${root === undefined ? '' : `Relative folders start at the option "root", which is ${root}. `}Correct the path, or set "root" ` +
      'to the folder of the project: a compiler does not copy .sql files, and the program may have been started elsewhere. For a project without ' +
      'migrations yet, create the folder, with a file .gitkeep in it. If there are none on purpose, the configuration says `false` in the ' +
      'place of the folder.',
  )
}

function parseName(folder: string, file: string): { name: string; number: string } {
  const groups = migrationFile.exec(file)?.groups
  if (groups !== undefined) return { name: groups['name']!, number: groups['number']! }
  throw invalidMigration(
    join(folder, file),
    'is not named like a migration. Call it NNNN_name.sql or NNNN_name.ts, with a number, _ and a name of letters, digits, _ and -; ' +
      'or move it out of the folder (dotfiles, README.md and *.d.ts may stay).',
  )
}

function assertDistinct(folder: string, named: readonly { file: string; name: string; number: string }[]): void {
  for (const [index, { file, name, number }] of named.entries()) {
    const before = named[index - 1]
    if (before === undefined) continue
    if (before.name === name) {
      throw invalidMigration(folder, `holds ${before.file} and ${file}, which have the same name. Rename or remove one of them.`)
    }
    // As text 10000_x sorts before 9999_x: a reader would expect another order.
    if (before.number.length !== number.length) {
      throw invalidMigration(
        folder,
        `holds ${before.file} and ${file}, whose numbers differ in length, but numbers sort as text. Write all numbers with the same ` +
          'number of digits.',
      )
    }
  }
}

async function read(path: string, name: string): Promise<Migration> {
  const text = await readText(path)
  const checksum = checksumOf(text)
  const steps = path.endsWith('.sql') ? parseSqlFile(path, text) : await importCodeFile(path, checksum)
  return Object.freeze({ name, file: path, checksum, ...steps })
}
