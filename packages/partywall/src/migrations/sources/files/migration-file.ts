/** Reads the files of migrations, and refuses what could not be sent to PostgreSQL or would differ from one checkout to the next. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { TenancyError } from '../../../errors.ts'

/**
 * The names in a folder; none when the folder does not exist.
 * @param absent thrown instead when the folder does not exist
 */
export async function namesIn(folder: string, absent?: () => TenancyError): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' && absent !== undefined) throw absent()
    if (code === 'ENOENT') return []
    const what = code === 'ENOTDIR' ? 'is a file, not a folder' : `cannot be read (${code})`
    throw invalidMigration(folder, `${what}. Give the folder of the migrations.`, error)
  }
}

/** The text of a file, without a byte order mark, and with LF at the end of each line. */
export async function readText(path: string): Promise<string> {
  const text = decode(path, await readBytes(path)).replaceAll('\r\n', '\n')
  if (text.trim() === '') throw invalidMigration(path, 'is empty. Write the migration, or remove the file.')
  if (text.includes('\0')) {
    throw invalidMigration(path, 'holds a zero byte, which PostgreSQL does not accept. Save it as plain UTF-8 text.')
  }
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

/** The INVALID_MIGRATION for a file, or a folder of files, that cannot be used as it is: what is wrong, and what to do. */
export function invalidMigration(path: string, what: string, cause?: unknown): TenancyError {
  return new TenancyError('INVALID_MIGRATION', `${path} ${what}`, {
    details: { file: path },
    ...(cause === undefined ? {} : { cause }),
  })
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    // Checked first: reading a named pipe would not end.
    const entry = await stat(path)
    if (!entry.isFile()) {
      const what = entry.isDirectory() ? 'a folder' : 'not a plain file'
      throw invalidMigration(path, `is ${what}. Migrations must be files directly in their folder.`)
    }
    return await readFile(path)
  } catch (error) {
    if (error instanceof TenancyError) throw error
    throw invalidMigration(
      path,
      `cannot be read (${(error as NodeJS.ErrnoException).code}). Check the file and its permissions.`,
      error,
    )
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalidMigration(path, 'is not UTF-8. Save it as UTF-8.', error)
  }
}
