/** A folder that is configured must exist: one that does not is a typo, or the program was started elsewhere, and tenants would get no tables. */
import { stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import type { TenancyError } from '../../../errors.ts'
import { invalidMigration } from './migration-file.ts'

/**
 * The whole path of a folder. An empty folder is allowed: it holds no migrations.
 * @param given as the configuration names it
 * @param root the folder in which a relative path starts
 * @throws TenancyError INVALID_MIGRATION when there is no such folder
 */
export async function existingFolder(given: string, root: string): Promise<string> {
  const path = resolve(root, given)
  let isFolder: boolean
  try {
    isFolder = (await stat(path)).isDirectory()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw absent(path, given, root)
    throw invalidMigration(
      path,
      code === 'ENOTDIR'
        ? 'is not a folder: a part of this path is a file. Give the folder of the migrations.'
        : `cannot be read (${code}). Check the permissions of the folder.`,
      error,
    )
  }
  if (isFolder) return path
  throw invalidMigration(path, 'is a file, not a folder. Give the folder of the migrations.')
}

function absent(path: string, given: string, root: string): TenancyError {
  const from = isAbsolute(given) ? '' : ` "${given}" was resolved from the root ${root}.`
  return invalidMigration(
    path,
    `does not exist.${from} Correct the path; or set "root" to the folder of the project, if the program was compiled into another folder or ` +
      'started in one. A compiler does not copy .sql files. For a project without migrations yet, create the folder.',
  )
}
