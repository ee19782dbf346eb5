/**
 * The folder of migration files: `0001_polls.sql`, `0002_titles.ts`, …, applied in the order of their names. A folder holds
 * migrations and nothing else: a file that is not understood is refused, for passing over it would be a migration that never ran.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TenancyError } from '../../errors.ts'
import type { Migration, MigrationSource } from '../source.ts'
import { importCodeFile } from './code-file.ts'
import { parseSqlFile } from './sql-file.ts'

/** The name of a migration, as the history has it: the file's name without this ending. */
export const migrationFile = /^(?<name>(?<number>\d+)_[A-Za-z0-9_-]+)\.(?<ending>sql|ts|mts|js|mjs)$/

/** Kept beside migrations by people and tools, and never meant to be one. */
const passedOver = /^\.|^readme\.md$|\.d\.m?ts$|\.map$/i

/**
 * The migrations in a folder. Costs reading every file, and importing those in TypeScript, each time it is listed.
 * @example folderSource('migrations/tenant')
 */
export function folderSource(folder: string): MigrationSource {
  return { name: folder, list: () => list(folder) }
}

async function list(folder: string): Promise<readonly Migration[]> {
  const files = (await entries(folder)).filter((file) => !passedOver.test(file))
  const named = files.map((file) => ({ file, ...parseName(folder, file) })).toSorted((a, b) => byCodeUnit(a.name, b.name))
  assertDistinct(folder, named)
  return Promise.all(named.map(({ file, name }) => read(join(folder, file), name)))
}

/** Compares as PostgreSQL's collation "C" does for these names: the same order on every machine. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    const what = code === 'ENOTDIR' ? 'is a file, not a folder' : `cannot be read (${code})`
    throw invalid(folder, `${what}. Give the folder of migrations.`, error)
  }
}

function parseName(folder: string, file: string): { name: string; number: string } {
  const groups = migrationFile.exec(file)?.groups
  if (groups !== undefined) return { name: groups['name']!, number: groups['number']! }
  throw invalid(
    join(folder, file),
    'is not named like a migration. Call it NNNN_name.sql or NNNN_name.ts, with a number, _ and a name of letters, digits, _ and -, ' +
      'or move it out of the folder (dotfiles, README.md and *.d.ts may stay).',
  )
}

function assertDistinct(folder: string, named: readonly { file: string; name: string; number: string }[]): void {
  for (const [index, { file, name, number }] of named.entries()) {
    const before = named[index - 1]
    if (before === undefined) continue
    if (before.name === name) {
      throw invalid(folder, `holds ${before.file} and ${file}, which are one migration by name. Rename or remove one of them.`)
    }
    // As text 10000_x comes before 9999_x: the order would not be the one that a reader expects.
    if (before.number.length !== number.length) {
      throw invalid(
        folder,
        `holds ${before.file} and ${file}, whose numbers differ in length: they sort as text. Write all numbers with as many digits.`,
      )
    }
  }
}

async function read(path: string, name: string): Promise<Migration> {
  const text = await readText(path)
  const checksum = createHash('sha256').update(text).digest('hex')
  const steps = path.endsWith('.sql') ? parseSqlFile(path, text) : await importCodeFile(path, checksum)
  return Object.freeze({ name, file: path, checksum, ...steps })
}

/** The text of a file without a byte order mark, its lines ended by LF alone. */
async function readText(path: string): Promise<string> {
  const text = decode(path, await readBytes(path)).replaceAll('\r\n', '\n')
  if (text.trim() === '') throw invalid(path, 'is empty. Write the migration, or remove the file.')
  if (text.includes('\0')) throw invalid(path, 'holds a zero byte, which PostgreSQL cannot take. Save it as plain UTF-8 text.')
  return text
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Asked first: reading a named pipe would wait for ever.
    const entry = await stat(path)
    if (!entry.isFile())
      throw invalid(path, `is ${entry.isDirectory() ? 'a folder' : 'not a plain file'}. Migrations lie flat in one folder.`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof TenancyError) throw error
    throw invalid(path, `cannot be read (${(error as NodeJS.ErrnoException).code}).`, error)
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalid(path, 'is not UTF-8. Save it as UTF-8.', error)
  }
}

function invalid(path: string, what: string, cause?: unknown): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `${path} ${what}`, {
    details: { file: path },
    ...(cause === undefined ? {} : { cause }),
  })
}
