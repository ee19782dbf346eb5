/** The folder of a tool whose migrations are code, and perhaps SQL: which files are migrations, and what is in them. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidMigration } from '../files/invalid-migration.ts'
import { checksumOf, readText } from '../files/migration-text.ts'
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
 * The files of a folder, in no order; none when it is not there. Folders in it are passed over, as all these tools do.
 * @param endings the tool reads them beside code, e.g. /\.sql$/
 * @throws TenancyError INVALID_MIGRATION for a file that no tool would read: it may be a migration that would never run
 */
export async function filesIn(folder: string, endings?: RegExp): Promise<ToolFile[]> {
  const names = (await plainFiles(folder)).filter((file) => !passedOver.test(file))
  return Promise.all(
    names.map(async (file) => {
      const path = join(folder, file)
      if (!codeFile.test(file) && endings?.test(file) !== true) {
        throw invalidMigration(path, 'is no migration that this tool reads. Move it out of the folder.')
      }
      const text = await readText(path)
      return { file, path, text, checksum: checksumOf(text) }
    }),
  )
}

/** The same file with what it exports. */
export async function loaded(file: ToolFile): Promise<CodeFile> {
  return { ...file, module: await importMigration(file.path, file.checksum) }
}

/** The functions `up` and `down` of a module, as most tools have them. */
export function upAndDown<A extends unknown[]>({ path, module }: CodeFile): { up: Run<A>; down?: Run<A> } {
  const { up, down } = module
  if (typeof up !== 'function')
    throw invalidMigration(path, 'exports no function `up`. Write one, or move the file out of the folder.')
  return { up: up as Run<A>, ...(typeof down === 'function' && { down: down as Run<A> }) }
}

export type Run<A extends unknown[]> = (...args: A) => unknown

/** @throws TenancyError INVALID_MIGRATION when two files have one name without their endings */
export function assertDistinct(folder: string, files: readonly { readonly name: string; readonly file: string }[]): void {
  const seen = new Map<string, string>()
  for (const { name, file } of files) {
    const other = seen.get(name)
    if (other !== undefined) {
      throw invalidMigration(folder, `holds ${other} and ${file}, which are one migration by name. Rename or remove one of them.`)
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

/** Kept beside migrations by people, compilers and tools, and never meant to be one. */
const passedOver = /^\.|^readme\.md$|\.d\.[cm]?ts$|\.map$|^(?:package|tsconfig)\.json$/i
