/** The folder of a tool whose migrations are code, and perhaps SQL: which files are migrations, and what they hold. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checksumOf, invalidMigration, readText } from '../files/migration-file.ts'
import { codeFile, importMigration } from '../files/module-file.ts'

export interface ToolFile {
  /** With its ending, without its folder. */
  readonly file: string
  readonly path: string
  readonly text: string
  readonly checksum: string
}

export interface CodeFile extends ToolFile {
  readonly module: Record<string, unknown>
}

/**
 * The files of a folder, in no order; none when the folder does not exist. Folders in it are ignored, as all these tools do.
 * @param endings of files that the tool reads beside code, e.g. /\.sql$/
 * @throws TenancyError INVALID_MIGRATION for a file that the tool does not read: it may be a migration that would never run
 */
export async function filesIn(folder: string, endings?: RegExp): Promise<ToolFile[]> {
  const names = (await plainFiles(folder)).filter((file) => !ignored.test(file))
  return Promise.all(
    names.map(async (file) => {
      const path = join(folder, file)
      if (!codeFile.test(file) && endings?.test(file) !== true) {
        throw invalidMigration(path, 'is no migration that this tool reads. Rename it, or move it out of the folder.')
      }
      const text = await readText(path)
      return { file, path, text, checksum: checksumOf(text) }
    }),
  )
}

/** The same file, with what it exports. */
export async function loaded(file: ToolFile): Promise<CodeFile> {
  return { ...file, module: await importMigration(file.path, file.checksum) }
}

/** The functions `up` and `down` of a module, as most tools have them. */
export function upAndDown<A extends unknown[]>({ path, module }: CodeFile): { up: Run<A>; down?: Run<A> } {
  const { up, down } = module
  if (typeof up !== 'function') {
    throw invalidMigration(path, 'exports no function `up`. Write one, or move the file out of the folder.')
  }
  return { up: up as Run<A>, ...(typeof down === 'function' && { down: down as Run<A> }) }
}

export type Run<A extends unknown[]> = (...args: A) => unknown

/** @throws TenancyError INVALID_MIGRATION when two files have the same name without their endings */
export function assertDistinct(folder: string, files: readonly { readonly name: string; readonly file: string }[]): void {
  const seen = new Map<string, string>()
  for (const { name, file } of files) {
    const other = seen.get(name)
    if (other !== undefined) {
      throw invalidMigration(
        folder,
        `holds ${other} and ${file}, which are migrations of the same name. Rename or remove one of them.`,
      )
    }
    seen.set(name, file)
  }
}

async function plainFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw invalidMigration(folder, `cannot be read as a folder (${code}). Give the folder of migrations.`, error)
  }
}

/** Files that people, compilers and tools keep beside migrations, and that are none. */
const ignored = /^\.|^readme\.md$|\.d\.[cm]?ts$|\.map$|^(?:package|tsconfig)\.json$/i
