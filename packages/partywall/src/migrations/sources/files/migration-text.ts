/** Reads the text of migration files, and refuses what could not be sent to PostgreSQL or would differ from one checkout to the next. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { TenancyError } from '../../../errors.ts'
import { invalidMigration } from './invalid-migration.ts'

/** The names in a folder; none when it is not there. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    const what = code === 'ENOTDIR' ? 'is a file, not a folder' : `cannot be read (${code})`
    throw invalidMigration(folder, `${what}. Give the folder of migrations.`, error)
  }
}

/** The text of a file without a byte order mark, its lines ended by LF alone. */
export async function readText(path: string): Promise<string> {
  const text = decode(path, await readBytes(path)).replaceAll('\r\n', '\n')
  if (text.trim() === '') throw invalidMigration(path, 'is empty. Write the migration, or remove the file.')
  if (text.includes('\0'))
    throw invalidMigration(path, 'holds a zero byte, which PostgreSQL cannot take. Save it as plain UTF-8 text.')
  return text
}

/** SHA-256 in hexadecimal, as the history keeps it. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Compares as PostgreSQL's collation "C" does for these names: the same order on every machine. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Asked first: reading a named pipe would wait for ever.
    const entry = await stat(path)
    if (!entry.isFile())
      throw invalidMigration(
        path,
        `is ${entry.isDirectory() ? 'a folder' : 'not a plain file'}. Migrations lie flat in one folder.`,
      )
    return await readFile(path)
  } catch (error) {
    if (error instanceof TenancyError) throw error
    throw invalidMigration(path, `cannot be read (${(error as NodeJS.ErrnoException).code}).`, error)
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalidMigration(path, 'is not UTF-8. Save it as UTF-8.', error)
  }
}
